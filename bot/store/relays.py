"""Queries about relays: which server's console goes into which channel."""

from sqlalchemy import delete, select, update

from bot.errors import BadInput
from bot.i18n import _
from bot.store.database import Database
from bot.store.guilds import ensure_guild
from bot.store.tables import RelayRow, ServerRow
from bot.store.values import Pause, Relay
from bot.terms import RelayStyle


class Relays:
    """The consoles that go into channels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        guild_id: int,
        server_id: int,
        channel_id: int,
        style: RelayStyle = RelayStyle.COLOUR,
        *,
        include: str | None = None,
        exclude: str | None = None,
        redact: bool = True,
        collapse: bool = False,
    ) -> Relay:
        """Store a relay and return it.

        Raises:
            BadInput: that server goes to that channel already, or is not one of the guild's.
        """
        async with self._database.writing() as session:
            await ensure_guild(session, guild_id)
            server = await session.get(ServerRow, server_id)
            if server is None or server.guild_id != guild_id:
                raise BadInput(_("This guild has no such server any more; link it first with /server link."))
            same = select(RelayRow.id).where(RelayRow.server_id == server_id, RelayRow.channel_id == channel_id)
            if await session.scalar(same) is not None:
                raise BadInput(
                    _(
                        "The console of “{name}” goes to that channel already; remove that relay first to change it."
                    ).format(name=server.name)
                )
            row = RelayRow(
                guild_id=guild_id,
                server_id=server_id,
                channel_id=channel_id,
                style=style.value,
                include=include,
                exclude=exclude,
                redact=redact,
                collapse=collapse,
            )
            session.add(row)
            await session.flush()
            return _value(row)

    async def of_channel(self, channel_id: int) -> list[Relay]:
        """Return the relays into a channel, oldest first."""
        query = select(RelayRow).where(RelayRow.channel_id == channel_id).order_by(RelayRow.id)
        async with self._database.reading() as session:
            return [_value(row) for row in await session.scalars(query)]

    async def list(self, guild_id: int | None = None) -> list[Relay]:
        """Return the guild's relays, or those of all guilds, oldest first."""
        query = select(RelayRow).order_by(RelayRow.id)
        if guild_id is not None:
            query = query.where(RelayRow.guild_id == guild_id)
        async with self._database.reading() as session:
            return [_value(row) for row in await session.scalars(query)]

    async def pause(self, relay_id: int, pause: Pause) -> None:
        """Begin a pause, or move the end of one."""
        values = {"paused_since": pause.since, "paused_until": pause.until, "paused_skipped": pause.skipped}
        async with self._database.writing() as session:
            await session.execute(update(RelayRow).where(RelayRow.id == relay_id).values(values))

    async def save_skipped(self, relay_id: int, count: int) -> None:
        """Note how many lines the present pause has kept back, so that a restart of the bot does not forget them."""
        query = update(RelayRow).where(RelayRow.id == relay_id, RelayRow.paused_since.is_not(None))
        async with self._database.writing() as session:
            await session.execute(query.values(paused_skipped=count))

    async def forget_pause(self, relay_id: int, pause: Pause) -> None:
        """Forget a pause whose end was told; not one that was prolonged or begun meanwhile."""
        query = update(RelayRow).where(
            RelayRow.id == relay_id, RelayRow.paused_since == pause.since, RelayRow.paused_until == pause.until
        )
        async with self._database.writing() as session:
            await session.execute(query.values(paused_since=None, paused_until=None, paused_skipped=None))

    async def remove(self, relay_id: int) -> None:
        """Delete a relay."""
        async with self._database.writing() as session:
            await session.execute(delete(RelayRow).where(RelayRow.id == relay_id))


def _value(row: RelayRow) -> Relay:
    return Relay(
        id=row.id,
        guild_id=row.guild_id,
        server_id=row.server_id,
        channel_id=row.channel_id,
        style=RelayStyle(row.style),
        include=row.include,
        exclude=row.exclude,
        redact=row.redact,
        created_at=row.created_at,
        collapse=row.collapse,
        pause=_pause(row),
    )


def _pause(row: RelayRow) -> Pause | None:
    if row.paused_since is None or row.paused_until is None:
        return None
    return Pause(row.paused_since, row.paused_until, row.paused_skipped or 0)
