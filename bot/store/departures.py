"""Queries about guilds that Discord does not show any more; what is deleted of them is deleted here."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.database import Database
from bot.store.guilds import forget_guild
from bot.store.locks import hold_guild
from bot.store.tables import DepartureRow, GrantRow, GuildRow, PanelRow, RelayRow, ServerRow
from bot.store.values import Departure, Holdings


class Departures:
    """What is known of the guilds that the bot left. Deletes only what the caller has seen unchanged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> dict[int, Departure]:
        """Return the departures by guild id."""
        async with self._database.reading() as session:
            return {row.guild_id: _value(row) for row in await session.scalars(select(DepartureRow))}

    async def put(self, guild_id: int, departure: Departure) -> bool:
        """Store a departure in place of what was known; return False where nothing is stored about the guild."""
        async with self._database.writing() as session:
            if not await hold_guild(session, guild_id):
                return False
            await session.merge(_row(guild_id, departure))
            return True

    async def begin(self, guild_id: int, departure: Departure) -> bool:
        """Store a departure where none is known; return False, with nothing changed, where one is, or no guild."""
        async with self._database.writing() as session:
            if not await hold_guild(session, guild_id) or await session.get(DepartureRow, guild_id) is not None:
                return False
            session.add(_row(guild_id, departure))
            return True

    async def replace(self, guild_id: int, old: Departure, new: Departure) -> bool:
        """Store what is known now; return False, with nothing changed, where `old` does not hold any more."""
        async with self._database.writing() as session:
            return await _replace(session, guild_id, old, new)

    async def end(self, guild_id: int) -> bool:
        """Forget a departure: there is a sign of life, though the bot is no member; return whether there was one.

        A guild may have the bot's commands without the bot, and is not found missing again for that.
        """
        async with self._database.writing() as session:
            row = await session.get(DepartureRow, guild_id) if await hold_guild(session, guild_id) else None
            if row is None:
                return False
            await session.delete(row)
            await session.execute(update(GuildRow).where(GuildRow.id == guild_id).values(member=False))
            return True

    async def clear(self) -> None:
        """Forget all departures: what another application's bot left says nothing."""
        async with self._database.writing() as session:
            await session.execute(delete(DepartureRow))

    async def holdings(self, guild_id: int) -> Holdings:
        """Return how much is stored for a guild."""
        count = func.count()
        async with self._database.reading() as session:
            rows = [
                await session.scalar(select(count).select_from(table).where(table.guild_id == guild_id)) or 0
                for table in (PanelRow, ServerRow, GrantRow, RelayRow)
            ]
            keys = select(count).where(PanelRow.guild_id == guild_id, PanelRow.key_encrypted.is_not(None))
            panels, servers, grants, relays = rows
            return Holdings(panels, await session.scalar(keys) or 0, servers, grants, relays)

    async def delete_keys(self, guild_id: int, old: Departure, new: Departure) -> bool:
        """Delete the guild's panel keys, and nothing else; return as `replace`."""
        async with self._database.writing() as session:
            if not await _replace(session, guild_id, old, new):
                return False
            await session.execute(update(PanelRow).where(PanelRow.guild_id == guild_id).values(key_encrypted=None))
            return True

    async def delete_everything(self, guild_id: int, old: Departure) -> bool:
        """Delete everything stored about the guild; return as `replace`."""
        async with self._database.writing() as session:
            if not await _replace(session, guild_id, old, old):
                return False
            await forget_guild(session, guild_id)
            return True


async def _replace(session: AsyncSession, guild_id: int, old: Departure, new: Departure) -> bool:
    row = await session.get(DepartureRow, guild_id) if await hold_guild(session, guild_id) else None
    if row is None or _value(row) != old:
        return False
    await session.merge(_row(guild_id, new))
    return True


def _row(guild_id: int, departure: Departure) -> DepartureRow:
    return DepartureRow(
        guild_id=guild_id,
        since=departure.since,
        told_at=departure.told_at,
        confirmed_at=departure.confirmed_at,
        days=departure.days,
        keys_deleted=departure.keys_deleted,
    )


def _value(row: DepartureRow) -> Departure:
    return Departure(row.since, row.told_at, row.confirmed_at, row.days, row.keys_deleted)
