"""A store, members to act as, and a place with a stand-in panel."""

from contextlib import AsyncExitStack

import pytest

from bot.console.hub import ConsoleHub
from bot.panel.pool import PanelPool
from bot.services.members import Member
from bot.store.store import Store
from sandbox.panel import PanelStandIn, Profile

from .place import Place

GUILD = 900


@pytest.fixture
async def store(url, keys):
    opened = await Store.open(url, keys)
    yield opened
    await opened.close()


@pytest.fixture
def admin():
    return Member(GUILD, 1, "Olivia", frozenset(), is_admin=True)


@pytest.fixture
def helper():
    return Member(GUILD, 2, "Hank", frozenset({70}), is_admin=False)


@pytest.fixture
def profile():
    return Profile.PTERO_1_12


@pytest.fixture
async def place(store, profile):
    async with AsyncExitStack() as stack:
        panel = await stack.enter_async_context(PanelStandIn(profile))
        pool = PanelPool(allow_private=True)
        stack.push_async_callback(pool.close)
        hub = ConsoleHub(allow_private=True)
        stack.push_async_callback(hub.close)
        place = Place(panel, store, pool, hub, [])
        stack.push_async_callback(place.services.panels.close)
        yield place
