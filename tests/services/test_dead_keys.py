"""A key that stopped working, with many consoles hanging on it: real sessions, a stand-in panel and its node."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from bot.console.events import Connected, Parked
from bot.console.hub import ConsoleHub
from bot.console.timing import ConsoleTiming
from bot.errors import KeyRefused
from bot.panel.pool import PanelPool
from bot.panel.timing import PanelTiming
from sandbox.panel import PanelStandIn

from .place import Place

SERVERS = 12
RECHECK = 0.1


@pytest.fixture
def pauses():
    """Between the tries of a refused key: the first, and the longest."""
    return 0.2, 0.8


@pytest.fixture
async def place(store, profile, pauses):
    """Consoles look again ten times a second whether they can be had."""
    async with AsyncExitStack() as stack:
        panel = await stack.enter_async_context(PanelStandIn(profile))
        pool = PanelPool(allow_private=True, timing=PanelTiming(key_retry_first=pauses[0], key_retry_most=pauses[1]))
        stack.push_async_callback(pool.close)
        hub = ConsoleHub(allow_private=True, timing=ConsoleTiming(recheck=RECHECK))
        stack.push_async_callback(hub.close)
        place = Place(panel, store, pool, hub, [])
        stack.push_async_callback(place.services.panels.close)
        yield place


async def listen(place, server, seen):
    async with place.hub.listen(place.relay_target(server)) as events:
        async for event in events:
            seen.append(event)


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what consoles tell, and what a panel was asked
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("pauses", [(1000.0, 1000.0)])
async def test_who_wants_to_see_a_console_asks_the_panel_himself(place, admin):
    """Whatever the pause of those that look by themselves."""
    place.server("Castle", running=True)
    await place.connect(admin)
    server = await place.link(admin, "Castle")
    key = place.panel.registry.keys.pop(place.key)
    seen = []
    relay = asyncio.create_task(listen(place, server, seen))
    try:
        await until(lambda: any(isinstance(event, Parked) for event in seen))
        with pytest.raises(KeyRefused):
            await place.last_lines(admin, server, 5)
        place.panel.registry.keys[place.key] = key
        await place.last_lines(admin, server, 5)
        await until(lambda: any(isinstance(event, Connected) for event in seen))
    finally:
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)


async def test_all_consoles_of_a_dead_key_ask_the_panel_together_and_come_back_together(place, admin):
    names = [f"Castle {number}" for number in range(SERVERS)]
    for name in names:
        place.server(name, running=True)
    await place.connect(admin)
    servers = [await place.link(admin, name) for name in names]
    seen = {name: [] for name in names}
    tasks = [asyncio.create_task(listen(place, server, seen[server.name])) for server in servers]
    try:
        await until(lambda: all(any(isinstance(e, Connected) for e in events) for events in seen.values()))

        key = place.panel.registry.keys.pop(place.key)  # deleted in the panel, as far as the bot can tell
        place.panel.nodes[0].drop_sockets()
        for cache in place.hub._tickets.values():
            cache.forget()
        await until(lambda: all(any(isinstance(e, Parked) for e in events) for events in seen.values()))
        assert all(isinstance(e.error, KeyRefused) for events in seen.values() for e in events if isinstance(e, Parked))
        asked = len(place.panel.journal.requests)
        await asyncio.sleep(2.0)  # in which each console looks some twenty times
        assert 1 <= len(place.panel.journal.requests) - asked <= 5  # after 0.2, 0.6, 1.4 s and so on

        place.panel.registry.keys[place.key] = key
        parked = {name: len(events) for name, events in seen.items()}
        await until(lambda: all(any(isinstance(e, Connected) for e in seen[n][parked[n] :]) for n in names))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
