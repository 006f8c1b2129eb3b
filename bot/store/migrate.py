"""Brings the tables up to date at start, and tells how a database stands to this program."""

import logging
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from bot.errors import ExitCode, StartupError
from bot.i18n import _
from bot.store.database import make_engine

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

_ADVISORY_LOCK = 0x57494E47_4D494752
"""Whoever migrates holds this advisory lock of PostgreSQL ("WINGMIGR"); SQLite locks the whole file anyway."""
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


class Standing(StrEnum):
    """How the tables of a database stand to what this program expects."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


async def migrate(database_url: str) -> None:
    """Bring the tables up to date, in one transaction.

    Raises:
        StartupError: a newer program has already migrated this database.
        Exception: whatever the driver raises when the database does not open.
    """
    engine = make_engine(database_url, migrating=True)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
    match standing(connection):
        case Standing.CURRENT:
            return
        case Standing.NEWER:
            raise StartupError(
                _(
                    "The database was made by a newer version of this program: install that version again,"
                    " or restore the backup from before the update."
                ),
                exit_code=ExitCode.DATABASE_NEWER,
            )
        case Standing.EMPTY | Standing.OLDER:
            command.upgrade(alembic_config(connection), "head")
            log.info("The tables of the database were brought up to date")


def standing(connection: Connection) -> Standing:
    """Return how the database on this connection stands to this program."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory.from_config(alembic_config(connection))
    known = {revision.revision for revision in script.walk_revisions()}
    present = set(MigrationContext.configure(connection).get_current_heads())
    if not present:
        return Standing.EMPTY
    if not present <= known:
        return Standing.NEWER
    return Standing.CURRENT if present == set(script.get_heads()) else Standing.OLDER


def alembic_config(connection: Connection) -> "Config":
    """Return Alembic's configuration for the migrations of this program, run on the connection given."""
    # Imported here: 12 MB that are paid for only when something is to be migrated.
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
