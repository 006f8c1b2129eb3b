"""Queries about relays: which server's console goes into which channel."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import BadInput
from bot.i18n import _
from bot.store.database import Database
from bot.store.guilds import ensure_guild
from bot.store.limits import refuse_more_relays
from bot.store.locks import delete_relays
from bot.store.servers import server_value
from bot.store.tables import PanelRow, RelayRow, ServerRow
from bot.store.values import Pause, Relay, RelayedServer
from bot.terms import RelayStyle
from bot.text.markdown import escape


class Relays:
    """The consoles that go into channels."""

    def __init__(self, database: Database, *, most: int) -> None:
        """`most`: how many a guild may have."""
        self._database = database
        self._most = most

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
            LimitReached: the guild has all the relays that it may have.
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
                        "The console of “{name}” goes to {channel} already; remove that relay first to change it."
                    ).format(name=escape(server.name), channel=f"<#{channel_id}>")
                )
            await refuse_more_relays(session, guild_id, self._most)
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

    async def of_channel(self, channel_id: int) -> Sequence[Relay]:
        """Return the relays into a channel, oldest first."""
        query = select(RelayRow).where(RelayRow.channel_id == channel_id).order_by(RelayRow.id)
        async with self._database.reading() as session:
            return [_value(row) for row in await session.scalars(query)]

    async def wanted(self, guild_id: int | None = None) -> Sequence[RelayedServer]:
        """Return the guild's relays, or those of all guilds, with what is needed to run each: one query, no key."""
        query = select(RelayRow, ServerRow, PanelRow.url).order_by(RelayRow.id)
        query = query.join(ServerRow, ServerRow.id == RelayRow.server_id)
        query = query.join(PanelRow, PanelRow.id == ServerRow.panel_id)
        if guild_id is not None:
            query = query.where(RelayRow.guild_id == guild_id)
        async with self._database.reading() as session:
            rows = await session.execute(query)
            return [RelayedServer(_value(relay), server_value(server), url) for relay, server, url in rows]

    async def list(self, guild_id: int | None = None) -> Sequence[Relay]:
        """Return the guild's relays, or those of all guilds, oldest first."""
        query = select(RelayRow).order_by(RelayRow.id)
        if guild_id is not None:
            query = query.where(RelayRow.guild_id == guild_id)
        async with self._database.reading() as session:
            return [_value(row) for row in await session.scalars(query)]

    async def pause(self, pauses: Mapping[int, Pause]) -> None:
        """Begin pauses, by relay id, or move the ends of some."""
        query = update(RelayRow).where(RelayRow.id == bindparam("relay"))
        query = query.values(
            paused_since=bindparam("since"), paused_until=bindparam("until"), paused_skipped=bindparam("skipped")
        )
        async with self._database.writing() as session:
            await _execute(
                session,
                query,
                [
                    {"relay": key, "since": pause.since, "until": pause.until, "skipped": pause.skipped}
                    for key, pause in pauses.items()
                ],
            )

    async def save_skipped(self, counts: Mapping[int, int]) -> None:
        """Note, by relay id, how many lines the present pause has kept back: a restart must not forget them."""
        query = update(RelayRow).where(RelayRow.id == bindparam("relay"), RelayRow.paused_since.is_not(None))
        query = query.values(paused_skipped=bindparam("count"))
        async with self._database.writing() as session:
            await _execute(session, query, [{"relay": key, "count": count} for key, count in counts.items()])

    async def forget_pauses(self, pauses: Mapping[int, Pause]) -> None:
        """Forget pauses, by relay id, whose end was told; not one that was prolonged or begun meanwhile."""
        query = update(RelayRow).where(
            RelayRow.id == bindparam("relay"),
            RelayRow.paused_since == bindparam("since"),
            RelayRow.paused_until == bindparam("until"),
        )
        query = query.values(paused_since=None, paused_until=None, paused_skipped=None)
        ends = [{"relay": key, "since": pause.since, "until": pause.until} for key, pause in pauses.items()]
        async with self._database.writing() as session:
            await _execute(session, query, ends)

    async def remove(self, relay_ids: Collection[int]) -> None:
        """Delete relays."""
        async with self._database.writing() as session:
            await delete_relays(session, RelayRow.id.in_(relay_ids))


async def _execute(session: AsyncSession, query: Update, rows: list[dict[str, Any]]) -> None:
    """Run a statement once per relay, in one go."""
    rows.sort(key=lambda row: row["relay"])  # see `locks`
    if rows:
        # On the connection: the ORM's session would have an update for several rows name their primary keys.
        await (await session.connection()).execute(query, rows)


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
