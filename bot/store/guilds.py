"""Queries about guilds; everything else hangs on a guild's row and goes with it."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.locks import delete_relays, hold_guild, insert_new
from bot.store.tables import GrantRow, GuildRow, PanelRow, RelayMessageRow, RelayRow, RelayWaitingRow, ServerRow


class Guilds:
    """The guilds that have anything stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, guild_id: int) -> None:
        """Make sure the guild has its row."""
        async with self._database.writing() as session:
            await ensure_guild(session, guild_id)

    async def remove(self, guild_id: int) -> None:
        """Delete everything stored about the guild, its panel keys before all."""
        async with self._database.writing() as session:
            await hold_guild(session, guild_id)
            channels = (await session.scalars(select(RelayRow.channel_id).where(RelayRow.guild_id == guild_id))).all()
            await delete_relays(session, RelayRow.guild_id == guild_id)
            for table in (RelayMessageRow, RelayWaitingRow):
                await session.execute(delete(table).where(table.channel_id.in_(channels)))
            # The cascade would do it; saying it keeps keys from outliving a guild should a constraint ever be lost.
            for table in (GrantRow, ServerRow, PanelRow):
                await session.execute(delete(table).where(table.guild_id == guild_id))
            await session.execute(delete(GuildRow).where(GuildRow.id == guild_id))

    async def all(self) -> list[int]:
        """Return the ids of all guilds that have anything stored."""
        async with self._database.reading() as session:
            return list(await session.scalars(select(GuildRow.id).order_by(GuildRow.id)))


async def ensure_guild(session: AsyncSession, guild_id: int) -> None:
    """Make sure the guild has its row, and hold it: one writer per guild at a time (see `locks`)."""
    while not await hold_guild(session, guild_id):
        await insert_new(session, GuildRow, [{"id": guild_id}])
