"""Databases for tests: fresh ones by copying one that is migrated already, on SQLite and on a real PostgreSQL."""

import asyncio
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.store.migrate import migrate

_USER = "wingcord"
_TEMPLATE = "template_migrated"
_QUICK = ("fsync=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=32MB")
"""Nothing of this server's outlives the tests."""
_MEMORY = Path("/dev/shm")
_ENOUGH = 1 << 30


def sqlite_url(file: Path) -> str:
    """Return the URL of an SQLite database in a file."""
    return f"sqlite+aiosqlite:///{file}"


def migrated_file(folder: Path) -> Path:
    """Return an SQLite database with all tables, to be copied: that takes a hundredth of making one."""
    file = folder / "migrated.db"
    asyncio.run(migrate(sqlite_url(file)))
    return file


def postgres_programs(environment: Mapping[str, str] = os.environ, debian: Path = Path("/usr/lib/postgresql")) -> Path:
    """Return the folder with PostgreSQL's programs; without them the test is skipped, but where tests must run it fails."""
    found = sorted(debian.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))[-1:]
    if not found and (on_path := shutil.which("initdb", path=environment.get("PATH", ""))):
        found = [Path(on_path).resolve()]
    if found:
        return found[0].parent
    sentence = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if environment.get("CI") == "true":
        pytest.fail(f"{sentence}, and where CI=true its tests must not be skipped", pytrace=False)
    pytest.skip(sentence)


class PostgresServer:
    """A PostgreSQL in a folder of its own, reached by a socket in there: no port, no password, nobody else.

    PostgreSQL refuses to be root, so where the tests are, it is another user's.
    """

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # A database is copied ten times as fast where no disk is asked.
        in_memory = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH
        self._folder = Path(tempfile.mkdtemp(prefix="wingcord-postgresql-", dir=_MEMORY if in_memory else None))
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, Any] = {"cwd": self._folder}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._as |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def create(self) -> None:
        """Make the server's files, start it, and make the database that others are copied from."""
        options = ("--username", _USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
        self._call("initdb", "--pgdata", "data", *options)
        self.start()
        self.sql(f"CREATE DATABASE {_TEMPLATE}")
        asyncio.run(migrate(self.url(_TEMPLATE)))

    def start(self) -> None:
        """Start it, and wait until it answers. It ends with the thread that calls this."""
        options = [option for value in ("listen_addresses=", *_QUICK) for option in ("-c", value)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", "data", "-k", self._folder, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_die_with_parent, **self._as,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while subprocess.run(
            [self._programs / "pg_isready", "--quiet", "--host", self._folder], check=False
        ).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start:\n{(self._folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self, *, kindly: bool = False) -> None:
        """End it: by cutting every connection, or `kindly`, which waits until the last one is closed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM if kindly else signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        """End it and remove its files."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql+asyncpg://{_USER}@/{database}?host={self._folder}"

    def new_database(self, *, migrated: bool = True) -> str:
        """Make a database, with all tables or without any, and return its name."""
        name = f"test_{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE if migrated else 'template0'}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, and whoever uses it still."""
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def sql(self, command: str, database: str = "postgres") -> str:
        """Run a command and return what it prints: columns parted by `|`, rows by line ends."""
        options = ("--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set", "ON_ERROR_STOP=1")
        return self._call("psql", *options, "-h", str(self._folder), "-U", _USER, "-d", database, "-c", command).strip()

    @contextmanager
    def session(self, database: str) -> Iterator[Callable[[str], None]]:
        """Open a session that stays, such as one that holds locks; commands are done when the call returns."""
        options = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1")
        with subprocess.Popen(
            [self._programs / "psql", *options, "-h", self._folder, "-U", _USER, "-d", database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, **self._as,
        ) as process:  # fmt: skip
            assert process.stdin is not None and process.stdout is not None

            def run(command: str) -> None:
                process.stdin.write(f"{command};\n\\echo done\n")
                process.stdin.flush()
                while (line := process.stdout.readline()) != "done\n":
                    assert line, f"{command} failed"

            yield run
            process.stdin.close()
            process.wait(10)

    def schema(self, database: str) -> str:
        """Return the SQL that makes a database's tables."""
        connection = ("-h", str(self._folder), "-U", _USER)
        return self._call("pg_dump", *connection, "--schema-only", "--exclude-table=alembic_version", database)

    def contents(self, database: str) -> bytes:
        """Return what lies in a database's files."""
        self.sql("CHECKPOINT")
        oid = self.sql("SELECT oid FROM pg_database WHERE datname = current_database()", database)
        files = sorted((self._folder / "data" / "base" / oid).iterdir())
        return b"".join(file.read_bytes() for file in files)

    def _call(self, program: str, *arguments: str) -> str:
        done = subprocess.run([self._programs / program, *arguments], check=False, capture_output=True, **self._as)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode()


def _die_with_parent() -> None:
    """What the server's process does first: ask Linux to end it when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
