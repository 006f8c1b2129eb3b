"""Opening the database: what it makes, what it refuses, and the sentence it refuses with."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet
from sqlalchemy import Connection, make_url

from bot.errors import ExitCode, StartupError
from bot.store.database import make_engine, make_folder
from bot.store.migrate import MIGRATIONS, Standing, migrate
from bot.store.store import Store, inspect
from bot.store.tables import Base
from bot.terms import PanelKind


async def test_folder_and_tables_are_made_at_the_first_start(empty_url: str, keys: list[str]) -> None:
    store = await Store.open(empty_url, keys)
    await store.ping()
    assert await store.guilds.all() == []
    await store.close()
    assert await inspect(empty_url) is Standing.CURRENT


async def test_what_was_stored_is_there_after_a_restart(opened) -> None:
    async with opened() as store:
        await store.guilds.ensure(7)
    async with opened() as store:
        assert await store.guilds.all() == [7]


async def test_tables_and_migrations_cannot_drift(request, engine: str, url: str, empty_url: str) -> None:
    """Autogenerate finds nothing to do, and both ways make the same SQL, constraint names included."""

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    make_folder(empty_url)
    engine_, plain = make_engine(url), make_engine(empty_url)
    try:
        async with engine_.connect() as connection:
            assert await connection.run_sync(differences) == []
        async with plain.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
    finally:
        await engine_.dispose()
        await plain.dispose()
    assert _schema(request, url) == _schema(request, empty_url)


def _schema(request: pytest.FixtureRequest, url: str) -> dict[str, list[str]]:
    """The SQL of each table and index, as a sorted list of its parts: the order of constraints says nothing."""
    database = make_url(url)
    if database.get_backend_name() == "sqlite":
        return _sqlite_schema(Path(database.database))
    lines = [
        line.strip().rstrip(",")
        for line in request.getfixturevalue("postgresql").schema(database.database).splitlines()
    ]
    return {"": sorted(line for line in lines if not line.startswith("--") and "restrict" not in line)}


def _sqlite_schema(file: Path) -> dict[str, list[str]]:
    """Without the quotes that SQLite puts around the name of a table that was rebuilt, and without its own tables."""
    with sqlite3.connect(file) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    connection.close()
    return {
        name: sorted(line.strip().rstrip(",") for line in sql.replace('"', "").splitlines())
        for name, sql in rows
        if name != "alembic_version" and not name.startswith("sqlite_")
    }


async def test_every_constraint_has_a_name() -> None:
    """SQLite's batch migrations can only drop what has a name."""
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"


async def test_migrations_can_be_gone_back(request, url: str, empty_url: str) -> None:
    from alembic import command

    from bot.store.migrate import alembic_config

    make_folder(empty_url)
    engine, empty = make_engine(url, migrating=True), make_engine(empty_url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), "base"))
        async with empty.begin():
            pass
    finally:
        await engine.dispose()
        await empty.dispose()
    assert _schema(request, url) == _schema(request, empty_url)


BEFORE_SEPARATORS = (
    "INSERT INTO guilds VALUES (1, '2026-01-01')",
    "INSERT INTO panels VALUES (1, 1, 'https://p', 'pelican', 'Main', 'main', 'x', '2026-01-01')",
    "INSERT INTO servers VALUES (8, 1, 1, 'A', 'a', 'a', 'u-1', 'say {message}', '2026-01-01')",
    "INSERT INTO grants VALUES (1, 1, 5, '[]', 8, NULL, '[]', '2026-01-01')",
    "INSERT INTO relays VALUES (1, 1, 8, 5, 'plain', NULL, NULL, true, '2026-01-01', false, NULL, NULL, NULL)",
)


async def test_no_migration_forgets_rows_or_begins_to_count_ids_anew(engine: str, empty_url: str) -> None:
    """A table that SQLite makes anew loses its counter: an id of a removed row would be given to the next one."""
    from alembic import command

    from bot.store.migrate import alembic_config

    make_folder(empty_url)
    old = make_engine(empty_url, migrating=True)
    try:
        async with old.begin() as connection:
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0005"))
            for statement in BEFORE_SEPARATORS:
                await connection.exec_driver_sql(statement)
            if engine == "sqlite":
                await connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = 1000")
    finally:
        await old.dispose()
    await migrate(empty_url)
    new = make_engine(empty_url)
    try:
        async with new.connect() as connection:
            servers = await connection.exec_driver_sql("SELECT id, name, separators, is_minecraft FROM servers")
            assert servers.all() == [(8, "A", "checked", False)], "nobody has said anything of its separators yet"
            for table in ("grants", "relays"):
                assert (await connection.exec_driver_sql(f"SELECT server_id FROM {table}")).all() == [(8,)]  # noqa: S608
            if engine == "sqlite":
                counters = dict((await connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")).all())
                assert {counters.get(table) for table in ("panels", "servers", "grants", "relays")} == {1000}
    finally:
        await new.dispose()


async def test_several_processes_may_start_on_one_new_database_at_once(empty_url: str, keys: list[str]) -> None:
    stores = await asyncio.gather(*(Store.open(empty_url, keys) for _ in range(4)))
    for store in stores:
        await store.close()
    assert await inspect(empty_url) is Standing.CURRENT


@pytest.mark.parametrize(
    ("database_url", "sentence"),
    [
        ("nonsense", "not a database URL"),
        ("sqlite:///{tmp}/a.db", "driver that cannot be used"),
        ("frogs+legs:///a", "driver that cannot be used"),
        ("sqlite+aiosqlite:///{tmp}/file/inside.db", "cannot be opened"),
        ("sqlite+aiosqlite:///{tmp}/file", "file is not a database"),
        ("sqlite+aiosqlite:///{tmp}/folder", "unable to open database file"),
        ("sqlite+aiosqlite:////proc/wingcord/a.db", "cannot be opened"),
    ],
)
async def test_what_cannot_be_opened_is_told_in_one_line(
    database_url: str, sentence: str, tmp_path: Path, keys: list[str]
) -> None:
    (tmp_path / "file").write_text("this is a letter, not a database; " * 100)
    (tmp_path / "folder").mkdir()
    with pytest.raises(StartupError, match=sentence) as refused:
        await Store.open(database_url.format(tmp=tmp_path), keys)
    assert refused.value.exit_code == ExitCode.DATABASE
    assert "\n" not in str(refused.value)


async def test_a_database_on_a_network_share_is_told_as_such(
    tmp_path: Path, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite calls it a locking protocol, which is reported of NFS, CephFS and the like, and helps nobody."""

    def refused(_cursor: object) -> None:
        raise sqlite3.OperationalError("locking protocol")

    monkeypatch.setattr("bot.store.sqlite._use_wal", refused)
    with pytest.raises(StartupError, match="network share, where SQLite cannot lock it") as told:
        await Store.open(f"sqlite+aiosqlite:///{tmp_path}/a.db", keys)
    assert told.value.exit_code == ExitCode.DATABASE


async def test_the_password_of_a_database_url_is_not_told(keys: list[str]) -> None:
    url = "postgresql+asyncpg://bot:plantedpassword@127.0.0.1:1/wingcord"
    with pytest.raises(StartupError) as refused:
        await Store.open(url, keys)
    assert refused.value.exit_code == ExitCode.DATABASE
    assert "plantedpassword" not in str(refused.value)


@pytest.mark.parametrize("broken", [[], [""], ["planted-but-no-fernet-key"], ["ä" * 44]])
async def test_malformed_secret_keys_are_refused_without_being_shown(broken: list[str], url: str) -> None:
    with pytest.raises(StartupError) as refused:
        await Store.open(url, broken)
    assert refused.value.exit_code == ExitCode.SECRET_KEYS
    assert "planted" not in str(refused.value)


async def test_secret_keys_that_do_not_fit_are_found_at_the_start(opened) -> None:
    async with opened() as store:
        await store.panels.add(1, "https://panel.example", PanelKind.PTERODACTYL, "Main", "ptlc_planted")
    with pytest.raises(StartupError, match="other secret keys") as refused:
        async with opened([Fernet.generate_key().decode()]):
            pass
    assert refused.value.exit_code == ExitCode.SECRET_KEYS


async def test_a_new_secret_key_takes_over_at_the_next_start(opened, keys: list[str]) -> None:
    """After one start with new and old key, the old one can be thrown away."""
    async with opened() as store:
        await store.panels.add(1, "https://panel.example", PanelKind.PTERODACTYL, "Main", "ptlc_planted")
    newest = Fernet.generate_key().decode()
    async with opened([newest, *keys]) as store:
        assert await store.rotate_keys() == 0
    async with opened([newest]) as store:
        assert [found.key for found in (await store.panels.keys(1)).values()] == ["ptlc_planted"]


NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("guilds", recreate=recreate) as guilds:
        guilds.add_column(sa.Column("later", sa.Text()))
"""


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[None]]:
    """While entered, the program is a later one, with a migration that rebuilds the table of guilds."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = max(file.name for file in (folder / "versions").glob("*.py")).partition("_")[0]
    (folder / "versions" / "9999_later.py").write_text(NEXT.format(head=head))

    @contextmanager
    def enter() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr("bot.store.migrate.MIGRATIONS", folder)
            yield

    return enter


async def test_a_migration_that_rebuilds_a_table_does_not_take_its_children_along(
    opened, url: str, keys: list[str], next_version
) -> None:
    """With foreign keys on, SQLite empties the children of a table that a batch migration drops."""
    async with opened() as store:
        await store.panels.add(1, "https://panel.example", PanelKind.PTERODACTYL, "Main", "ptlc_planted")
    with next_version():
        assert await inspect(url) is Standing.OLDER
        async with opened() as store:
            assert len(await store.panels.list(1)) == 1
        assert await inspect(url) is Standing.CURRENT
    with pytest.raises(StartupError, match="newer version") as refused:
        await Store.open(url, keys)
    assert refused.value.exit_code == ExitCode.DATABASE_NEWER
    assert await inspect(url) is Standing.NEWER
