from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.store.store import Store

Opener = Callable[..., AbstractAsyncContextManager[Store]]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/data/wingcord.db"


@pytest.fixture
def keys() -> list[str]:
    return [Fernet.generate_key().decode()]


@pytest.fixture
def opened(url: str, keys: list[str]) -> Opener:
    """Open the test's database as often as wanted, each time closed again."""

    @asynccontextmanager
    async def open_store(secret_keys: list[str] | None = None) -> AsyncIterator[Store]:
        store = await Store.open(url, keys if secret_keys is None else secret_keys)
        try:
            yield store
        finally:
            await store.close()

    return open_store


@pytest.fixture
async def store(opened: Opener) -> AsyncIterator[Store]:
    async with opened() as store:
        yield store
