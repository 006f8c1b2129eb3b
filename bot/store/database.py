"""Opens the database: engine, transactions that wait for one another in order, and errors told in one sentence."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from bot.errors import ExitCode, StartupError, StoreTrouble, StoreUnavailable
from bot.i18n import _
from bot.store import sqlite
from bot.store.troubles import Doing, TroubleLog, first_line, trouble_of, unavailable

PATIENCE = 10.0
"""Seconds that a transaction waits for its turn, and as long again for whoever else uses the database."""
PATIENCE_OFTEN = 2.0
"""The same for what is written many times a second: a message should not wait long for its writing down."""
_BETWEEN = 0.05
_WRITERS = 4
"""How many transactions write at once where the database locks rows: others find free connections to read by."""
_COMMAND_SECONDS = 30.0


class Database:
    """Hands out transactions; rows stay usable after the commit, nothing is ever loaded behind one's back.

    Whatever keeps the database from being used just now is raised as StoreUnavailable out of each of them, and told in
    the log. Those that write wait for their turn here, first come, first served, and without a connection in hand: else
    none would be left for those that read.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._turns = asyncio.Semaphore(1 if self._is_sqlite else _WRITERS)
        self._troubles = TroubleLog()
        self._held_back = False
        self._reading = async_sessionmaker(
            sqlite.reading(engine) if self._is_sqlite else engine.execution_options(isolation_level="REPEATABLE READ"),
            expire_on_commit=False,
        )
        writing = sqlite.writing(engine)
        self._writing = async_sessionmaker(writing, expire_on_commit=False)
        self._writing_often = async_sessionmaker(sqlite.relaxed(writing), expire_on_commit=False)

    def hold_back(self) -> None:
        """Refuse to write: another bot may work on the database."""
        self._held_back = True

    def go_on(self) -> None:
        """Write again."""
        self._held_back = False

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """Open a transaction that only reads, and sees one moment however often; on SQLite it waits for nobody."""
        try:
            async with self._reading.begin() as session:
                yield session
        except Exception as error:
            self._tell(error, Doing.READING)
            raise
        self._troubles.over(Doing.READING)

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession]:
        """Open a transaction that may write: on SQLite it has the write lock from its first statement on."""
        async with self._transaction(self._writing, PATIENCE) as session:
            yield session

    @asynccontextmanager
    async def writing_often(self) -> AsyncGenerator[AsyncConnection]:
        """Open a transaction for what is written many times a second.

        It is not waited for long. On SQLite its commit survives the end of the process at once, but a power failure
        only some seconds later.
        """
        async with self._transaction(self._writing_often, PATIENCE_OFTEN) as session:
            yield await session.connection()

    @asynccontextmanager
    async def _transaction(
        self, sessions: async_sessionmaker[AsyncSession], patience: float
    ) -> AsyncGenerator[AsyncSession]:
        doing = Doing.WRITING
        try:
            async with self._turn(patience), sessions() as session:
                if self._held_back:
                    raise unavailable(StoreTrouble.UNREACHABLE, doing)
                await self._begin(session, patience)
                yield session
                doing = Doing.COMMITTING
                await session.commit()
        except Exception as error:
            self._tell(error, doing)
            raise
        self._troubles.over(doing)

    @asynccontextmanager
    async def _turn(self, patience: float) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(patience):
                await self._turns.acquire()
        except TimeoutError as error:
            raise unavailable(StoreTrouble.BUSY, Doing.WRITING) from error
        try:
            yield
        finally:
            self._turns.release()

    async def _begin(self, session: AsyncSession, patience: float) -> None:
        """Begin the transaction; on SQLite, wait for other programs that write, and give up at once when cancelled."""
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            try:
                await session.connection()
            except DBAPIError as error:
                over = asyncio.get_running_loop().time() > deadline
                if over or not self._is_sqlite or trouble_of(error) is not StoreTrouble.BUSY:
                    raise
                await session.rollback()
                await asyncio.sleep(_BETWEEN)
            else:
                return

    def _tell(self, error: Exception, doing: Doing) -> None:
        """Raise what says why the database cannot be used; return where the error says something else."""
        if isinstance(error, StoreUnavailable):
            self._troubles.note(error, doing, error.__cause__)
            return
        reason = trouble_of(error)
        if reason is not None:
            trouble = unavailable(reason, doing)
            self._troubles.note(trouble, doing, error)
            raise trouble from error


def parse_url(database_url: str) -> URL:
    """Return the parsed URL.

    Raises:
        StartupError: it is not a database URL.
    """
    refused = StartupError(
        _("DATABASE_URL is not a database URL; write one such as sqlite+aiosqlite:///data/wingcord.db."),
        exit_code=ExitCode.DATABASE,
    )
    if "\0" in database_url:  # no file can have such a name
        raise refused
    try:
        return make_url(database_url)
    except ArgumentError as error:
        raise refused from error


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


def make_engine(database_url: str, *, migrating: bool = False) -> AsyncEngine:
    """Return an engine; it connects at its first use.

    Migrations may take their time, and have no foreign keys: where SQLite rebuilds a table, the dropped one would take
    its children with it.

    Raises:
        StartupError: the URL names no database that can be used from here.
    """
    url = parse_url(database_url)
    file = sqlite_file(database_url)
    if file is None and url.get_backend_name() == "sqlite":
        raise StartupError(
            _("DATABASE_URL names no file: what is kept in memory alone would be lost with every connection."),
            exit_code=ExitCode.DATABASE,
        )
    try:
        # Parameters stay out of errors: they are labels and names of other people's servers.
        engine = create_async_engine(
            url, hide_parameters=True, pool_timeout=PATIENCE, **_server_options(url, migrating=migrating)
        )
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
    if file is not None:
        sqlite.prepare(engine, file, foreign_keys=not migrating)
    return engine


def _server_options(url: URL, *, migrating: bool) -> dict[str, Any]:
    """What a database server's connections need: it restarts, it is far away, others lock its tables."""
    if url.get_backend_name() == "sqlite":
        return {}
    options: dict[str, Any] = {"pool_pre_ping": True}
    if url.get_driver_name() == "asyncpg":
        options["connect_args"] = {
            "timeout": PATIENCE,
            "command_timeout": None if migrating else _COMMAND_SECONDS,
            "server_settings": {"lock_timeout": str(int(PATIENCE * 1000))},
        }
    return options


def cannot_open(database_url: str, error: BaseException) -> StartupError:
    """Return the one sentence for a database that does not open; passwords of the URL are hidden."""
    return StartupError(
        _(
            "The database {url} cannot be opened: {reason}. Check DATABASE_URL, and that the bot may write there."
        ).format(url=parse_url(database_url).render_as_string(hide_password=True), reason=_reason(error)),
        exit_code=ExitCode.DATABASE,
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, StoreUnavailable) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if "locking protocol" in str(error):  # SQLite's own words for it help nobody
        return _("it seems to lie on a network share, where SQLite cannot lock it; put it on a disk of this machine")
    return first_line(error)
