"""What SQLite needs to be told: how transactions begin, what a commit survives, and that its file must stay."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.store.troubles import DatabaseReplaced

BUSY_TIMEOUT_MS = 10_000
"""How long SQLite waits for another program, in milliseconds."""
_WAL_ATTEMPTS = 40
# Whoever begins to write is asked again and again from outside: nothing can cancel it in here.
_WRITE_TIMEOUT_MS = 250


def reading(engine: AsyncEngine) -> AsyncEngine:
    """Return the engine with transactions that wait for nobody, and must not write; others have the write lock."""
    return engine.execution_options(sqlite_begin="BEGIN")


def writing(engine: AsyncEngine) -> AsyncEngine:
    """Return the engine with transactions that give up soon where another program writes."""
    return engine.execution_options(sqlite_busy_timeout=_WRITE_TIMEOUT_MS)


def relaxed(engine: AsyncEngine) -> AsyncEngine:
    """Return the engine with commits that survive the end of the process, but not at once a power failure."""
    return engine.execution_options(sqlite_synchronous="NORMAL")


def prepare(engine: AsyncEngine, file: Path, *, foreign_keys: bool) -> None:
    """Set up every connection and transaction of an engine on a database file."""
    identity: tuple[int, int] | None = None

    def require_same_file() -> None:
        if identity is not None and _identity(file) != identity:
            raise DatabaseReplaced(f"another file, or none, is where {file} was")

    @event.listens_for(engine.sync_engine, "do_connect")
    def on_do_connect(*_: Any) -> None:  # pyright: ignore[reportUnusedFunction]  the event calls it
        require_same_file()  # SQLite would make an empty database

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:  # pyright: ignore[reportUnusedFunction]  the event calls it
        nonlocal identity
        try:
            # The driver's own transactions begin too late and lose updates; ours begin in on_begin.
            connection.isolation_level = None
            cursor = connection.cursor()
            _use_wal(cursor)
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
            cursor.execute("PRAGMA secure_delete = ON")  # a removed key leaves no readable trace in free pages
            cursor.close()
        except BaseException:
            connection.close()  # the pool does not know it yet, so nobody else would
            raise
        if identity is None:
            identity = _identity(file)

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]  the event calls it
        require_same_file()
        options = connection.get_execution_options()
        _set(connection, "synchronous", options.get("sqlite_synchronous", "FULL"), usual="FULL")
        _set(connection, "busy_timeout", options.get("sqlite_busy_timeout", BUSY_TIMEOUT_MS), usual=BUSY_TIMEOUT_MS)
        connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN IMMEDIATE"))


def _set(connection: Connection, pragma: str, value: str | int, *, usual: str | int) -> None:
    """Set what is not set so already."""
    if connection.info.get(pragma, usual) != value:
        connection.exec_driver_sql(f"PRAGMA {pragma} = {value}")
        connection.info[pragma] = value


def _identity(file: Path) -> tuple[int, int] | None:
    """Return what tells a file from all others, None where there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _use_wal(cursor: DBAPICursor) -> None:
    """Switch to write-ahead logging, which a database needs once.

    Two connections that do so at the same time each wait for the other to let go, until one gives up: so both wait only
    for a moment, again and again.
    """
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS // _WAL_ATTEMPTS}")
    for attempt in range(1, _WAL_ATTEMPTS + 1):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if attempt == _WAL_ATTEMPTS:
                raise
        else:
            return
