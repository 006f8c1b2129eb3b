"""A listener's queue is bounded for lines, and never loses anything else."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.events import ConsoleLine, Disconnected, InstallOutput, LinesDropped, StatsUpdated, StatusChanged
from bot.console.listener import Listener
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
