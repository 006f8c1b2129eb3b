"""Queries about small facts that the program keeps for itself."""

from bot.store.database import Database
from bot.store.locks import put
from bot.store.tables import StateRow


class State:
    """Facts by key, such as the hash of the last synced command tree."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        """Return the fact, None where there is none yet."""
        async with self._database.reading() as session:
            row = await session.get(StateRow, key)
            return row.value if row is not None else None

    async def set(self, key: str, value: str) -> None:
        """Store the fact in place of what was there."""
        async with self._database.writing() as session:
            await put(session, StateRow, {"key": key, "value": value})
