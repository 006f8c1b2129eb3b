"""The way into the database: opens it, brings it up to date, and hands out one object per aggregate."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Self

from sqlalchemy import exists, select, text

from bot.errors import StartupError
from bot.store import sqlite
from bot.store.database import Database, cannot_open, make_engine, make_folder, sqlite_file, try_file
from bot.store.departures import Departures
from bot.store.grants import Grants
from bot.store.guilds import Guilds
from bot.store.journal import Journal
from bot.store.limits import Limits, most_per_guild
from bot.store.masking import MaskingSecret
from bot.store.migrate import Standing, migrate, standing
from bot.store.panels import Panels
from bot.store.places import file_there
from bot.store.relays import Relays
from bot.store.rights import Rights
from bot.store.servers import Servers
from bot.store.sole_bot import SoleBot
from bot.store.state import State
from bot.store.tables import PanelRow
from bot.store.vault import Vault


class Store:
    """Everything that outlives the process."""

    def __init__(self, database: Database, vault: Vault, limits: Limits) -> None:
        self._database = database
        self.guilds = Guilds(database)
        self.departures = Departures(database)
        self.panels = Panels(database, vault, most=limits.panels)
        self.servers = Servers(database, most=limits.servers)
        self.grants = Grants(database, most=limits.grants)
        self.relays = Relays(database, most=limits.relays)
        self.rights = Rights(database)
        self.journal = Journal(database, vault)
        self.state = State(database)
        self.masking_secret = MaskingSecret(database, vault)

    @classmethod
    async def open(cls, database_url: str, secret_keys: Sequence[str], limits: Limits | None = None) -> Self:
        """Open the database, make or migrate its tables, and encrypt with the newest secret key what is not.

        Args:
            database_url: Any SQLAlchemy URL with an async driver.
            secret_keys: Fernet keys, newest first.
            limits: How many of each thing a guild may have.

        Raises:
            StartupError: it cannot be opened, is newer than this program, or the secret keys do not fit.
        """
        store = cls.attach(database_url, secret_keys, limits)
        make_folder(database_url)
        try_file(database_url)
        try:
            await migrate(database_url)
            # Before anything is changed: what wrong secret keys cannot open must not be taken for damaged.
            if not await store.panels.secret_keys_fit():
                await store.journal.require_fitting_keys()
            await store.masking_secret.get()  # made before any key is rotated
            await store.rotate_keys()
        except StartupError:
            await store.close()
            raise
        except Exception as error:  # each driver raises errors of its own here
            await store.close()
            raise cannot_open(database_url, error) from error
        return store

    @classmethod
    def attach(cls, database_url: str, secret_keys: Sequence[str], limits: Limits | None = None) -> Self:
        """Return the store of a database that `inspect` found current: nothing is migrated, nothing encrypted anew.

        Raises:
            StartupError: the URL or the secret keys cannot be used.
        """
        return cls(Database(make_engine(database_url)), Vault(secret_keys), limits or Limits())

    async def stay_alone(self, sole_bot: SoleBot) -> None:
        """Watch until cancelled that no other bot works on the database; write nothing while that is not sure.

        Raises:
            StartupError: another one does.
        """
        await sole_bot.stay(self._database)

    async def close(self) -> None:
        """Write what is still to be written and close all connections."""
        await self.journal.close()
        await self._database.engine.dispose()

    async def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            Exception: there was none; for the health page, which shows only that it failed.
        """
        async with self._database.reading() as session:
            await session.execute(text("SELECT 1"))

    async def most_per_guild(self) -> Limits:
        """Return the most that any guild has of each thing that is limited."""
        async with self._database.reading() as session:
            return await most_per_guild(session)

    async def rotate_keys(self) -> int:
        """Encrypt with the newest secret key what an older one encrypted; return how many panel keys that were.

        Raises:
            StartupError: a stored key was encrypted with none of the secret keys.
        """
        await self.journal.rotate_keys()
        await self.masking_secret.rotate()
        return await self.panels.rotate_keys()


async def peek(database_url: str, fact: str) -> str | None:
    """Return a fact that an existing database keeps (see `State`), changing nothing; None where there is none.

    Raises:
        StartupError: it cannot be opened.
    """
    async with _existing(database_url) as database:
        return None if database is None else await State(database).get(fact)


async def holds_keys(database_url: str) -> bool:
    """Return whether panel keys are stored in an existing database, which some secret key encrypted; changing nothing.

    Raises:
        StartupError: it cannot be opened.
    """
    query = select(exists().where(PanelRow.key_encrypted.is_not(None)))
    async with _existing(database_url) as database:
        if database is None:
            return False
        async with database.reading() as session:
            return bool(await session.scalar(query))


@asynccontextmanager
async def _existing(database_url: str) -> AsyncGenerator[Database | None]:
    """Open a database as it is, to look something up; None where there is none, or none that this program knows."""
    if sqlite_file(database_url) is not None and file_there(database_url) is None:
        yield None
        return
    if await inspect(database_url) in {Standing.EMPTY, Standing.NEWER}:
        yield None
        return
    database = Database(make_engine(database_url))
    try:
        yield database
    except Exception as error:  # each driver raises errors of its own here
        raise cannot_open(database_url, error) from error
    finally:
        await database.engine.dispose()


async def inspect(database_url: str) -> Standing:
    """Return how an existing database stands to this program, changing nothing.

    Raises:
        StartupError: it cannot be opened.
    """
    engine = make_engine(database_url)
    try_file(database_url)
    try:
        async with sqlite.reading(engine).connect() as connection:
            return await connection.run_sync(standing)
    except Exception as error:  # each driver raises errors of its own here
        raise cannot_open(database_url, error) from error
    finally:
        await engine.dispose()
