"""A kill in the midst of a migration: the next start finds all of it or nothing of it, and works."""

import asyncio
import re
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from bot.store.database import make_engine, make_folder
from bot.store.migrate import alembic_config
from bot.store.store import Store
from bot.store.vault import Vault
from tests.databases import sqlite_url

from .conftest import on_sqlite
from .test_open import BEFORE_SEPARATORS

DIES = """
import asyncio, os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from bot.store.migrate import migrate

left = int(sys.argv[2])

def step(*_):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(Engine, "before_cursor_execute", step)
event.listen(Engine, "commit", step)
asyncio.run(migrate(sys.argv[1]))
print(int(sys.argv[2]) - left)
"""


async def migrated_by_another(file: Path, *, dies_at: int) -> tuple[int, int]:
    """Migrate in a process that kills itself before its n-th statement; return how it ended and how many there were."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIES, sqlite_url(file), str(dies_at), stdout=asyncio.subprocess.PIPE, cwd=Path.cwd()
    )
    said, _ = await program.communicate()
    return program.returncode or 0, int(said or 0)


async def rows_of_an_earlier_version(file: Path, keys: list[str]) -> None:
    make_folder(sqlite_url(file))
    engine = make_engine(sqlite_url(file), migrating=True)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0005"))
        for statement in BEFORE_SEPARATORS:
            await connection.exec_driver_sql(statement)
        await connection.exec_driver_sql("UPDATE panels SET key_encrypted = ?", (Vault(keys).encrypt("key"),))
    await engine.dispose()


def everything(file: Path) -> list[list[str]]:
    """All statements that would make the database, each with its words in order: that of constraints is chance."""
    with closing(sqlite3.connect(file)) as connection:
        return sorted(sorted(re.split(r"[\s,]+", statement)) for statement in connection.iterdump())


@on_sqlite
@pytest.mark.parametrize("earlier", [False, True])
async def test_a_kill_in_the_midst_of_a_migration_leaves_all_or_nothing(engine, tmp_path, keys, earlier):
    origin = tmp_path / "origin" / "wingcord.db"
    if earlier:
        await rows_of_an_earlier_version(origin, keys)
    else:
        make_folder(sqlite_url(origin))
        origin.touch()
    whole = tmp_path / "whole.db"
    shutil.copy(origin, whole)
    ended, steps = await migrated_by_another(whole, dies_at=0)
    assert ended == 0
    assert steps > 20
    before, after = everything(origin), everything(whole)
    for dies_at in sorted({*range(2, steps, steps // 5), steps - 1, steps}):
        file = tmp_path / f"{dies_at}.db"
        shutil.copy(origin, file)
        ended, _ = await migrated_by_another(file, dies_at=dies_at)
        assert ended == -signal.SIGKILL
        assert everything(file) in (before, after)
        store = await Store.open(sqlite_url(file), keys)
        assert len(await store.panels.list(1)) == earlier
        await store.close()
        assert [one for one in everything(file) if "CREATE" in one] == [one for one in after if "CREATE" in one]
