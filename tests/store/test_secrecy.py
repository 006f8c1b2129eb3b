"""Panel keys on the disk: never readable, and gone when they were removed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.store.store import Store
from bot.store.values import Departure
from bot.terms import PanelKind

from .conftest import on_sqlite

SECRET = "ptlc_plantedplantedplantedplanted"


async def test_no_key_is_readable_in_any_file_of_the_database(
    store: Store, engine: str, tmp_path: Path, keys: list[str], stored: Callable[[], bytes]
) -> None:
    panel = await store.panels.add(1, "https://panel.example", PanelKind.PTERODACTYL, "Main", SECRET)
    await store.panels.replace_key(panel.id, SECRET + "2")
    if engine == "sqlite":
        assert (tmp_path / "data/wingcord.db-wal").stat().st_size > 0
    await store.ping()
    written = stored()
    assert b"panel.example" in written
    assert SECRET.encode() not in written
    assert keys[0].encode() not in written


@on_sqlite
@pytest.mark.parametrize("how", ["keys", "everything"])
async def test_a_removed_key_leaves_no_trace_even_encrypted(opened, stored: Callable[[], bytes], how: str) -> None:
    async with opened() as store:
        await store.panels.add(1, "https://panel.example", PanelKind.PTERODACTYL, "Main", SECRET)
    before = stored()
    start = before.index(b"gAAAAA")
    encrypted = before[start : start + 100]
    left = Departure(datetime.now(UTC))
    async with opened() as store:
        await store.departures.put(1, left)
        if how == "keys":
            assert await store.departures.delete_keys(1, left, replace(left, keys_deleted=True))
        else:
            assert await store.departures.delete_everything(1, left)
    assert encrypted not in stored()


async def test_equal_keys_do_not_look_equal(store: Store) -> None:
    """A reader of the database cannot tell that two guilds use one key."""
    from sqlalchemy import select

    from bot.store.tables import PanelRow

    for guild in (1, 2):
        await store.panels.add(guild, "https://panel.example", PanelKind.PTERODACTYL, "Main", SECRET)
    async with store._database.reading() as session:
        first, second = await session.scalars(select(PanelRow.key_encrypted))
    assert first != second
