"""Opens the database: engine, SQLite's settings, transactions, and errors told in one sentence."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import ExitCode, StartupError
from bot.i18n import _

BUSY_TIMEOUT_MS = 10_000
"""How long SQLite waits for another writer, in milliseconds."""
_WAL_ATTEMPTS = 40


class Database:
    """Hands out transactions; rows stay usable after the commit, nothing is ever loaded behind one's back."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._hasty = engine.execution_options(sqlite_synchronous="NORMAL")
        self._write = async_sessionmaker(engine, expire_on_commit=False)
        self._read = async_sessionmaker(engine.execution_options(sqlite_begin="BEGIN"), expire_on_commit=False)

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """Open a transaction that only reads: on SQLite it waits for nobody."""
        async with self._read.begin() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession]:
        """Open a transaction that may write: on SQLite it has the write lock from its first statement on."""
        async with self._write.begin() as session:
            yield session

    @asynccontextmanager
    async def writing_often(self) -> AsyncGenerator[AsyncConnection]:
        """Open a transaction for what is written many times a second.

        On SQLite its commit survives the end of the process at once, but a power failure only some seconds later.
        """
        async with self._hasty.begin() as connection:
            yield connection


def parse_url(database_url: str) -> URL:
    """Return the parsed URL.

    Raises:
        StartupError: it is not a database URL.
    """
    try:
        return make_url(database_url)
    except ArgumentError as error:
        raise StartupError(
            _("DATABASE_URL is not a database URL; write one such as sqlite+aiosqlite:///data/wingcord.db."),
            exit_code=ExitCode.DATABASE,
        ) from error


def sqlite_file(database_url: str) -> Path | None:
    """Return the file of an SQLite database, None for any other database.

    Raises:
        StartupError: it is not a database URL.
    """
    url = parse_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def make_folder(database_url: str) -> Path | None:
    """Make the folder of an SQLite database where it is missing; return the file, None for any other database.

    Raises:
        StartupError: the folder cannot be made.
    """
    file = sqlite_file(database_url)
    if file is not None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_open(database_url, error) from error
    return file


def try_file(database_url: str) -> None:
    """See whether an SQLite database opens at all, before the driver does it in a thread.

    The driver's thread outlives a failed opening and, with the event loop gone by then, ends in a traceback.

    Raises:
        StartupError: it does not open.
    """
    file = sqlite_file(database_url)
    if file is not None:
        try:
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("PRAGMA schema_version")
        except sqlite3.Error as error:
            raise cannot_open(database_url, error) from error


def make_engine(database_url: str, *, foreign_keys: bool = True) -> AsyncEngine:
    """Return an engine; it connects at its first use.

    Migrations ask for no foreign keys: where SQLite rebuilds a table, the dropped one would take its children with it.

    Raises:
        StartupError: the URL names no database that can be used from here.
    """
    url = parse_url(database_url)
    try:
        # Parameters stay out of errors: they are labels and names of other people's servers.
        engine = create_async_engine(url, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise StartupError(
            _("The database driver {name} is not installed; install it with: pip install {name}").format(
                name=error.name
            ),
            exit_code=ExitCode.DATABASE,
        ) from error
    except (NoSuchModuleError, InvalidRequestError) as error:
        raise StartupError(
            _(
                "DATABASE_URL names a driver that cannot be used ({name}): sqlite+aiosqlite and postgresql+asyncpg can."
            ).format(name=url.drivername),
            exit_code=ExitCode.DATABASE,
        ) from error
    if url.get_backend_name() == "sqlite":
        _prepare_sqlite(engine, foreign_keys=foreign_keys)
    return engine


def _prepare_sqlite(engine: AsyncEngine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:  # pyright: ignore[reportUnusedFunction]  the event calls it
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

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]  the event calls it
        options = connection.get_execution_options()
        synchronous = options.get("sqlite_synchronous", "FULL")
        if connection.info.get("synchronous", "FULL") != synchronous:
            connection.exec_driver_sql(f"PRAGMA synchronous = {synchronous}")
            connection.info["synchronous"] = synchronous
        connection.exec_driver_sql(options.get("sqlite_begin", "BEGIN IMMEDIATE"))


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


def cannot_open(database_url: str, error: BaseException) -> StartupError:
    """Return the one sentence for a database that does not open; passwords of the URL are hidden."""
    return StartupError(
        _(
            "The database {url} cannot be opened: {reason}. Check DATABASE_URL, and that the bot may write there."
        ).format(url=parse_url(database_url).render_as_string(hide_password=True), reason=_reason(error)),
        exit_code=ExitCode.DATABASE,
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
