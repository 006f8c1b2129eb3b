"""A listener's queue is bounded, and loses nothing but lines unless a node sends nonsense."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.events import (
    Connected,
    ConsoleLine,
    DaemonError,
    Disconnected,
    InstallOutput,
    LinesDropped,
    StatsUpdated,
    StatusChanged,
)
from bot.console.listener import WAITING_BYTES, WAITING_EVENTS, Listener
from bot.terms import PowerState

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def line(number):
    return ConsoleLine(f"line {number}", NOW)


async def drain(listener):
    listener.end()
    return [event async for event in listener]


async def test_overflow_drops_the_oldest_lines_and_counts_them_in_their_place():
    """Status events stay where they were."""
    listener = Listener(None, limit=3, past=None)
    for event in [line(0), StatusChanged(PowerState.RUNNING), *map(line, range(1, 6)), InstallOutput("x")]:
        listener.put(event)
    assert listener.waiting == 3
    assert await drain(listener) == [
        LinesDropped(1),
        StatusChanged(PowerState.RUNNING),
        LinesDropped(3),
        line(4),
        line(5),
        InstallOutput("x"),
    ]


async def test_of_stats_nobody_has_read_only_the_newest_is_kept():
    listener = Listener(None, limit=3, past=None)
    for number in range(5):
        listener.put(StatsUpdated(PowerState.RUNNING, number, 0.0, 0))
    listener.put(line(1))
    assert await drain(listener) == [StatsUpdated(PowerState.RUNNING, 4, 0.0, 0), line(1)]


async def test_a_listener_that_was_not_entered_says_so():
    with pytest.raises(RuntimeError):
        _ = Listener(None, limit=3, past=None).state


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=40))
async def test_every_line_is_delivered_or_counted_and_order_is_kept(limit, kinds):
    """Whatever comes: counted plus delivered is all, other events are complete, the queue is bounded."""
    listener = Listener(None, limit=limit, past=None)
    put = [line(n) if is_line else Disconnected(NOW, str(n)) for n, is_line in enumerate(kinds)]
    for event in put:
        listener.put(event)
    got = await drain(listener)
    dropped = sum(event.count for event in got if isinstance(event, LinesDropped))
    lines = [event for event in got if isinstance(event, ConsoleLine)]
    assert len(lines) <= limit
    assert dropped + len(lines) == sum(kinds)
    assert [event for event in got if not isinstance(event, LinesDropped | ConsoleLine)] == [
        event for event in put if not isinstance(event, ConsoleLine)
    ]
    assert lines == [event for event in put if isinstance(event, ConsoleLine)][dropped:]


@given(
    st.integers(1, 5),
    *[st.lists(st.booleans(), max_size=12)] * 3,
    st.integers(0, 12),
)
async def test_what_was_found_out_late_stands_where_its_place_was_kept(limit, before, filled, behind, read):
    """Lines behind it may have pushed it on: all are delivered or counted, in order, and none before its time."""
    listener = Listener(None, limit=limit, past=None)
    numbers = iter(range(100))

    def events(kinds):
        return [line(n) if is_line else Disconnected(NOW, str(n)) for is_line, n in zip(kinds, numbers, strict=False)]

    first, late, last = events(before), events(filled), events(behind)
    for event in first:
        listener.put(event)
    place = listener.reserve()
    for event in last:
        listener.put(event)
    got = []
    for _ in range(read):
        try:
            async with asyncio.timeout(0):
                got.append(await anext(listener))
        except TimeoutError:
            break
    assert not set(map(id, got)) & set(map(id, last))
    listener.fill(place, late)
    got += await drain(listener)
    put = [*first, *late, *last]
    lines = [event for event in got if isinstance(event, ConsoleLine)]
    dropped = sum(event.count for event in got if isinstance(event, LinesDropped))
    assert dropped + len(lines) == sum(isinstance(event, ConsoleLine) for event in put)
    assert lines == [event for event in put if event in lines]
    others = [event for event in put if not isinstance(event, ConsoleLine)]
    assert [event for event in got if not isinstance(event, LinesDropped | ConsoleLine)] == others


@pytest.mark.parametrize(("character", "size"), [("x", 1), ("\u20ac", 4)])
@pytest.mark.parametrize("kind", [lambda text: ConsoleLine(text, NOW), DaemonError])
async def test_the_texts_that_wait_are_bounded_in_bytes_and_what_is_dropped_is_counted(kind, character, size):
    listener = Listener(None, limit=10_000, past=None)
    for number in range(2_000):
        listener.put(kind(f"{number}".ljust(16 * 1024, character)))
    got = await drain(listener)
    assert isinstance(got[0], LinesDropped)
    assert got[0].count + len(got[1:]) == 2_000
    assert WAITING_BYTES * 0.9 < sum(len(event.text) for event in got[1:]) * size <= WAITING_BYTES
    assert got[-1].text.startswith("1999")


async def test_what_was_read_makes_room():
    listener = Listener(None, limit=10_000, past=None)
    async with asyncio.timeout(10):
        for _ in range(3 * WAITING_BYTES // 65536):
            listener.put(ConsoleLine("x" * 65536, NOW))
            assert isinstance(await anext(listener), ConsoleLine)


async def test_a_state_that_never_rests_does_not_fill_the_queue():
    """The newest of each class is kept, and every dropped line is counted once."""
    listener = Listener(None, limit=3, past=None)
    states = [PowerState.STARTING, PowerState.RUNNING]
    put = [StatusChanged(states[number % 2]) for number in range(5 * WAITING_EVENTS)]
    listener.put(Connected(NOW))
    for number, event in enumerate(put):
        listener.put(event)
        listener.put(line(number))
    got = await drain(listener)
    told = [event for event in got if isinstance(event, StatusChanged)]
    assert got[0] == Connected(NOW)
    assert WAITING_EVENTS // 2 <= len(told) <= WAITING_EVENTS
    assert told[-1] == put[-1]
    assert sum(event.count for event in got if isinstance(event, LinesDropped)) == len(put) - 3
    assert len(got) <= 2 * WAITING_EVENTS + 4
    assert got[-1] == line(len(put) - 1)
