"""Databases that all rooms' tests share."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from .databases import PostgresServer, migrated_file, postgres_programs, sqlite_url


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database with all tables, to be copied."""
    return migrated_file(tmp_path_factory.mktemp("migrated"))


@pytest.fixture
def new_sqlite(migrated: Path) -> Callable[[Path], str]:
    """Make a database with all tables in a file, and return its URL."""

    def new(file: Path) -> str:
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(migrated, file)
        return sqlite_url(file)

    return new


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL for the whole session; see `postgres_programs` for where there is none."""
    server = PostgresServer(postgres_programs())
    try:
        server.create()
        yield server
    finally:
        server.remove()


@pytest.fixture
def new_postgresql(postgresql: PostgresServer) -> Iterator[Callable[..., str]]:
    """Make a database on PostgreSQL, with all tables or without any, and return its URL; gone after the test."""
    names: list[str] = []

    def new(*, migrated: bool = True) -> str:
        names.append(postgresql.new_database(migrated=migrated))
        return postgresql.url(names[-1])

    yield new
    for name in names:
        postgresql.drop_database(name)


@pytest.fixture
def engine() -> str:
    """Which database the test runs on; parametrize it with `["sqlite", "postgresql"]` where both must do."""
    return "sqlite"


@pytest.fixture
def url(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> str:
    """A database with all tables and nothing in them."""
    if engine == "sqlite":
        return request.getfixturevalue("new_sqlite")(tmp_path / "data" / "wingcord.db")
    return request.getfixturevalue("new_postgresql")()


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> str:
    """A database without any table; on SQLite without file and folder."""
    if engine == "sqlite":
        return sqlite_url(tmp_path / "new" / "wingcord.db")
    return request.getfixturevalue("new_postgresql")(migrated=False)


@pytest.fixture
def stored(request: pytest.FixtureRequest, engine: str, url: str, tmp_path: Path) -> Callable[[], bytes]:
    """What lies in the files of the test's database; not what lies in the key file beside it."""

    def read() -> bytes:
        if engine == "sqlite":
            return b"".join(file.read_bytes() for file in sorted((tmp_path / "data").glob("*.db*")))
        return request.getfixturevalue("postgresql").contents(make_url(url).database)

    return read


@pytest.fixture
def keys() -> list[str]:
    return [Fernet.generate_key().decode()]
