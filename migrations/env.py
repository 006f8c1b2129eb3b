"""Runs the migrations: on the connection the bot gives, or on `DATABASE_URL` when a developer calls alembic."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from bot.store.database import make_engine, make_folder
from bot.store.tables import Base


def run(connection: Connection) -> None:
    """Run what alembic was asked for, in batch mode: SQLite cannot alter a column in place."""
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    """Run on a connection of our own, for `alembic revision --autogenerate` and its like."""
    url = os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///data/wingcord.db")
    make_folder(url)
    engine = make_engine(url, migrating=True)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(run_alone())
