"""What is known of servers' states without asking, and whom `/servers` asks."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services import states
from bot.services.states import Sightings
from bot.terms import PowerState
from sandbox.panel import Fault, faults


def of(number):
    """All that a memory of states looks at in a permit."""
    return SimpleNamespace(panel=SimpleNamespace(id=1), server=SimpleNamespace(id=number))


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(PowerState), st.floats(0, 3000)), max_size=40))
def test_the_newest_state_is_remembered_with_its_age_and_not_for_ever(events):
    now, last = 0.0, {}
    sightings = Sightings(clock=lambda: now, most=5)
    for number, state, pause in events:
        now += pause
        sightings.note(of(number), state)
        if state is not PowerState.UNKNOWN:
            last.pop(number, None)
            last[number] = state, now
    for number in range(10):
        found = sightings.of(of(number))
        kept = number in list(last)[-5:] and now - last[number][1] <= 3600
        assert (found is not None) == kept
        if found is not None:
            assert found == (last[number][0], timedelta(seconds=now - last[number][1]))


async def test_only_the_servers_that_are_shown_are_asked_for(place, admin):
    for name in ("Castle", "Tower", "Village"):
        place.server(name, running=True)
    await place.connect(admin)
    castle, tower, _village = [await place.link(admin, name) for name in ("Castle", "Tower", "Village")]
    servers = place.services.servers
    before = len(place.panel.requests)
    known = await servers.known(admin)
    assert [(row.state, row.pending) for row in known] == [(PowerState.UNKNOWN, True)] * 3
    assert len(place.panel.requests) == before
    rows = await servers.overview(admin, {castle.id, tower.id})
    assert {row.server.name: row.state for row in rows} == dict.fromkeys(["Castle", "Tower"], PowerState.RUNNING)
    assert sum(request.path.endswith("/resources") for request in place.panel.requests[before:]) == 2
    known = {row.server.name: row for row in await servers.known(admin)}
    assert known["Castle"].state is known["Tower"].state is PowerState.RUNNING
    assert timedelta() <= known["Castle"].age < timedelta(minutes=1)
    assert (known["Village"].state, known["Village"].age) == (PowerState.UNKNOWN, None)


async def test_where_a_panel_does_not_answer_what_was_known_stays_with_its_age(place, admin, monkeypatch):
    place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    assert (await place.status(admin, castle)).state is PowerState.RUNNING
    monkeypatch.setattr(states, "_OVERVIEW_SECONDS", 0.05)
    gate = asyncio.Event()
    place.panel.faults.add(Fault(faults.Hold(gate), path="/resources$", times=None))
    (entry,) = place.connections._pool._entries.values()
    entry.client._usage.clear()  # what it keeps for some seconds
    (row,) = await place.services.servers.overview(admin)
    gate.set()
    assert row.state is PowerState.RUNNING and row.age is not None
    assert row.note == "The panel did not answer in time."


async def test_an_open_console_is_newer_than_what_was_seen(place, admin):
    made = place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    await place.services.servers.overview(admin)
    async with place.hub.listen(place.relay_target(castle)) as listener:
        await listener.ready(5)
        (row,) = await place.services.servers.known(admin)
    assert (row.state, row.age) == (PowerState(made.state), None)


@pytest.mark.parametrize("age", [0, 59, 3600])
def test_a_servers_state_is_another_servers_for_nobody(age):
    now = 0.0
    sightings = Sightings(clock=lambda: now)
    sightings.note(of(1), PowerState.RUNNING)
    now = float(age)
    assert sightings.of(of(2)) is None
    assert sightings.of(of(1)) == (PowerState.RUNNING, timedelta(seconds=age))
