"""Who changes what in which order, where the database lets several do so at once: SQLite does not, PostgreSQL does.

Whatever belongs to a guild is changed only by who holds the guild's row. So what was looked up in a transaction (no
such label yet, that server exists) still holds when the same transaction stores what depends on it. The journal, which
writes for all guilds, holds the relays' rows instead; everybody takes those by rising id, before what hangs on them.
"""

from collections.abc import Collection
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Base, GrantRow, GuildRow, PanelRow, RelayRow, ServerRow

Row = TypeVar("Row", PanelRow, ServerRow, GrantRow, RelayRow)


async def hold_guild(session: AsyncSession, guild_id: int) -> bool:
    """Hold the guild's row until the end of the transaction; return False where it has none."""
    query = select(GuildRow.id).where(GuildRow.id == guild_id).with_for_update()
    return await session.scalar(query) is not None


async def hold(session: AsyncSession, table: type[Row], row_id: int) -> Row | None:
    """Return a guild's row of that id, holding its guild's; None where there is no such row (any more)."""
    guild_id = await session.scalar(select(table.guild_id).where(table.id == row_id))
    if guild_id is None or not await hold_guild(session, guild_id):
        return None
    return await session.get(table, row_id)  # as it is now, and stays


async def delete_relays(session: AsyncSession, condition: ColumnElement[bool]) -> None:
    """Delete the relays that fit, with what hangs on them."""
    held = await session.scalars(select(RelayRow.id).where(condition).order_by(RelayRow.id).with_for_update())
    await session.execute(delete(RelayRow).where(RelayRow.id.in_(held.all())))


async def insert_new(session: AsyncSession, table: type[Base], rows: Collection[dict[str, object]]) -> None:
    """Insert rows, but none whose primary key is there already, nor one that somebody else inserts at this moment."""
    if rows:
        await session.execute(_insert(session, table).on_conflict_do_nothing(), list(rows))


async def put(session: AsyncSession, table: type[Base], row: dict[str, object]) -> None:
    """Insert a row, in place of the one with its primary key where there is one."""
    keys = [column.name for column in table.__table__.primary_key]
    values = {name: value for name, value in row.items() if name not in keys}
    await session.execute(_insert(session, table).on_conflict_do_update(index_elements=keys, set_=values), row)


def _insert(session: AsyncSession, table: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    dialects = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    return dialects[session.get_bind().dialect.name](table)
