from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from bot.store.store import Store

Opener = Callable[..., AbstractAsyncContextManager[Store]]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Everything in here runs on one after the other."""
    return request.param


on_sqlite = pytest.mark.parametrize("engine", ["sqlite"])
"""For what is about SQLite's file."""
on_postgresql = pytest.mark.parametrize("engine", ["postgresql"])
"""For what is about a database server."""


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
