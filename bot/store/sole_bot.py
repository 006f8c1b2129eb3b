"""Sees to it that only one bot works on a database server's database: two would post every console line twice.

An advisory lock of PostgreSQL is held for as long as the connection lives that took it. So that connection is one of
its own, and is watched. Without it nothing is written: in that time another bot may have begun.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any, Self

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StartupError
from bot.instance_lock import another_bot
from bot.store.database import Database, cannot_open, make_engine, parse_url
from bot.store.troubles import trouble_of

_log = logging.getLogger(__name__)
_CLASS = 0x57494E47
"""Of the lock's two numbers the first ("WING"); the second is the schema's, each of which holds tables of its own."""
_PATIENCE = 5.0
"""Seconds to wait for a lock: the server may not have noticed yet that a killed bot is gone."""
_BETWEEN = 0.25
_HEARTBEAT = 10.0
"""Seconds between signs of life, and for each: a connection can be lost without a word."""
_SCHEMA = func.hashtext(func.coalesce(func.current_schema(), ""))
_TRY = select(func.pg_try_advisory_lock(_CLASS, _SCHEMA), func.pg_backend_pid())
_HOLDER = text(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = :class AND objsubid = 2 AND granted"
    " AND objid = (hashtext(coalesce(current_schema(), ''))::bigint & 4294967295)"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
# The server notices within a minute that a bot's machine is gone, instead of two hours later.
_KEEPALIVES = text(
    "SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),"
    " set_config('tcp_keepalives_count', '3', false)"
)


class SoleBot:
    """Holds the lock while it is entered. Where the database is a file, `instance_lock` does that instead."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._is_server = parse_url(database_url).get_backend_name() == "postgresql"
        self._engine = make_engine(database_url)
        self._connection: AsyncConnection | None = None
        self._backend: int | None = None
        self._cut = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Take the lock.

        Raises:
            StartupError: another bot has it, or the database cannot be reached.
        """
        try:
            if self._is_server and not await self._take():
                raise self._refused()
        except StartupError:
            await self._engine.dispose()
            raise
        except Exception as error:  # each driver raises errors of its own here
            await self._engine.dispose()
            raise cannot_open(self._url, error) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give the lock back."""
        await self._let_go()
        await self._engine.dispose()

    async def stay(self, database: Database) -> None:
        """Watch the lock until cancelled, and take it again where its connection was lost.

        Raises:
            StartupError: another bot was faster.
        """
        while True:
            await self._until_lost()
            database.hold_back()
            _log.warning(
                "the connection was lost that keeps other bots from this database: nothing is written until it is back"
            )
            await self._let_go()
            await self._get_back()
            _log.warning("the database is this bot's alone again")
            database.go_on()

    async def _until_lost(self) -> None:
        """Wait until the connection is lost; for ever where there is none."""
        while self._connection is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_HEARTBEAT):
                    await self._cut.wait()
                    return
            try:
                async with asyncio.timeout(_HEARTBEAT):
                    await self._connection.execute(text("SELECT 1"))
            except Exception:  # noqa: BLE001 - whatever it is, the lock cannot be relied on any more
                return
        await asyncio.Event().wait()

    async def _get_back(self) -> None:
        """Take the lock again, as soon as the database can be reached."""
        while True:
            try:
                taken = await self._take()
            except Exception as error:
                if trouble_of(error) is None:
                    raise
                await asyncio.sleep(_BETWEEN)
            else:
                if not taken:
                    raise self._refused()
                return

    async def _take(self) -> bool:
        """Take the lock, by a new connection; return False where another bot has it, and keeps it."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        connection = await self._engine.connect()
        try:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            while not await self._tried(connection):
                if asyncio.get_running_loop().time() > deadline:
                    return False
                await self._end_former_self(connection)
                await asyncio.sleep(_BETWEEN)
            await connection.execute(_KEEPALIVES)
            await self._watch(connection)
            self._connection = connection
        finally:
            if self._connection is not connection:
                await connection.close()
        return True

    async def _tried(self, connection: AsyncConnection) -> bool:
        taken, backend = (await connection.execute(_TRY)).one()
        if taken:
            self._backend = backend
        return taken

    async def _end_former_self(self, connection: AsyncConnection) -> None:
        """Where the lock is held by this bot's lost connection, which the server believes to be alive, end that."""
        holder = await connection.scalar(_HOLDER, {"class": _CLASS})
        if holder is not None and holder == self._backend:
            await connection.execute(select(func.pg_terminate_backend(holder)))

    async def _watch(self, connection: AsyncConnection) -> None:
        self._cut = cut = asyncio.Event()
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if hasattr(driver, "add_termination_listener"):  # asyncpg; others are found out by the next sign of life
            driver.add_termination_listener(lambda *_: cut.set())  # pyright: ignore[reportUnknownLambdaType]

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.invalidate()
            with suppress(Exception):
                await connection.close()

    def _refused(self) -> StartupError:
        return another_bot(parse_url(self._url).render_as_string(hide_password=True))
