"""Queries about guilds; everything else hangs on a guild's row and goes with it."""

from collections.abc import Collection, Iterable
from itertools import islice

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.locks import delete_relays, hold_guild, insert_new
from bot.store.tables import (
    DepartureRow,
    GrantRow,
    GuildRow,
    PanelRow,
    RelayMessageRow,
    RelayRow,
    RelayWaitingRow,
    ServerRow,
)

_AT_ONCE = 500
"""Ids in one statement: databases take only so many parameters."""


class Guilds:
    """The guilds that have anything stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, guild_id: int) -> None:
        """Make sure the guild has its row."""
        async with self._database.writing() as session:
            await ensure_guild(session, guild_id)

    async def present(self, guild_ids: Collection[int]) -> list[int]:
        """Note that the bot is a member of these guilds; return those that it had left, whose departure is over."""
        back: list[int] = []
        for ids in _in_parts(sorted(guild_ids)):
            members = select(GuildRow.id).where(GuildRow.id.in_(ids), GuildRow.member)
            gone = select(DepartureRow.guild_id).where(DepartureRow.guild_id.in_(ids)).limit(1)
            async with self._database.reading() as session:
                known = len((await session.scalars(members)).all())
                nothing_new = known == len(ids) and await session.scalar(gone) is None
            if not nothing_new:  # which is rare after a start
                async with self._database.writing() as session:
                    back += await _note_members(session, ids)
        return back

    async def members(self) -> set[int]:
        """Return the ids of the guilds that Discord has shown the bot as a member of, left ones included."""
        async with self._database.reading() as session:
            return set(await session.scalars(select(GuildRow.id).where(GuildRow.member)))

    async def all(self) -> list[int]:
        """Return the ids of all guilds that have anything stored."""
        async with self._database.reading() as session:
            return list(await session.scalars(select(GuildRow.id).order_by(GuildRow.id)))


async def ensure_guild(session: AsyncSession, guild_id: int) -> None:
    """Make sure the guild has its row, and hold it: one writer per guild at a time (see `locks`)."""
    while not await hold_guild(session, guild_id):
        await insert_new(session, GuildRow, [{"id": guild_id}])


async def forget_guild(session: AsyncSession, guild_id: int) -> None:
    """Delete everything stored about a guild that is held, its panel keys before all."""
    channels = (await session.scalars(select(RelayRow.channel_id).where(RelayRow.guild_id == guild_id))).all()
    await delete_relays(session, RelayRow.guild_id == guild_id)
    for table in (RelayMessageRow, RelayWaitingRow):
        await session.execute(delete(table).where(table.channel_id.in_(channels)))
    # The cascade would do it; saying it keeps keys from outliving a guild should a constraint ever be lost.
    for table in (GrantRow, ServerRow, PanelRow, DepartureRow):
        await session.execute(delete(table).where(table.guild_id == guild_id))
    await session.execute(delete(GuildRow).where(GuildRow.id == guild_id))


async def _note_members(session: AsyncSession, ids: Collection[int]) -> list[int]:
    await insert_new(session, GuildRow, [{"id": guild_id} for guild_id in ids])
    # By rising id, as whoever else holds several at once would.
    await session.execute(select(GuildRow.id).where(GuildRow.id.in_(ids)).order_by(GuildRow.id).with_for_update())
    await session.execute(update(GuildRow).where(GuildRow.id.in_(ids), ~GuildRow.member).values(member=True))
    over = (await session.scalars(select(DepartureRow.guild_id).where(DepartureRow.guild_id.in_(ids)))).all()
    await session.execute(delete(DepartureRow).where(DepartureRow.guild_id.in_(over)))
    return list(over)


def _in_parts(guild_ids: Iterable[int]) -> Iterable[tuple[int, ...]]:
    """Yield the ids in parts that one statement takes."""
    rest = iter(guild_ids)
    while part := tuple(islice(rest, _AT_ONCE)):
        yield part
