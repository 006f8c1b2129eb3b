"""The end of a history: nothing of it holds the loop up, and nothing is lost where the connection breaks meanwhile."""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import time_slice
from bot.console.events import Connected, ConsoleLine, Disconnected, LinesDropped, StatusChanged
from bot.console.feed import Feed
from bot.console.listener import Listener
from bot.console.marks import DELIVERED_LINES, mark
from bot.console.memory import RING_LINES
from bot.console.timing import ConsoleTiming
from bot.terms import PowerState
from bot.vitals import DeliveredTail

from .conftest import DEADLINE

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LONGEST = 0.05
"""Seconds of this thread's time that may pass between two turns of the loop."""


def line(text):
    return ConsoleLine(text, NOW)


def usual(number):
    return f"[12:{number // 60 % 60:02}:{number % 60:02}] [Server thread/INFO]: line {number}"


def dense(number):
    """As costly to look at as a line can be."""
    return f"{number} " + "".join(f"\x1b[3{i % 8}mab" for i in range(8000))


def started():
    return Feed("Castle", timing=ConsoleTiming(), now=lambda: NOW)


def listening(feed, past=None, limit=10_000):
    listener = Listener(None, limit=limit, past=past)
    feed.attach(listener)
    return listener


def fetch(feed, texts):
    feed.hold()
    feed.asked()
    for text in texts:
        feed.line(line(text))


async def heard(listener):
    """What waits for a listener, without waiting for more."""
    events = []
    while not listener._closed:
        try:
            async with asyncio.timeout(0):
                events.append(await anext(listener))
        except TimeoutError:
            return events
    return events


def texts(events):
    return [event.text for event in events if isinstance(event, ConsoleLine)]


class ShortSlices(time_slice.TimeSlices):
    """Three steps each, and what is done aside takes a turn of the loop."""

    def __init__(self):
        ticks = count()
        super().__init__(seconds=3, clock=lambda: next(ticks))

    async def aside(self, function, *args, **kwargs):
        await asyncio.sleep(0)
        return function(*args, **kwargs)


class Turns:
    """The longest stretch of this thread's time between two turns of the loop; other threads' is not counted."""

    def __init__(self):
        self.longest = 0.0

    async def __aenter__(self):
        self._task = asyncio.create_task(self._count())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_):
        await asyncio.sleep(0)
        self._task.cancel()

    async def _count(self):
        while True:
            began = time.thread_time()
            await asyncio.sleep(0)
            self.longest = max(self.longest, time.thread_time() - began)


# -- nothing long at once ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feeds", "before", "history"),
    [
        pytest.param(100, [usual(n) for n in range(1000)], [usual(n) for n in range(950, 1100)], id="a node restarts"),
        pytest.param(2, [dense(n) for n in range(150)], [dense(n) for n in range(75, 225)], id="costly lines"),
        pytest.param(1, [usual(n) for n in range(1000)], [str(n) for n in range(120_000)], id="a flood"),
        pytest.param(2, ["x"] * 1000, ["x"] * 9000, id="all alike"),
    ],
)
async def test_no_end_of_a_history_holds_the_loop_up(feeds, before, history):
    consoles = [(feed := started(), listening(feed)) for _ in range(feeds)]
    for feed, _listener in consoles:
        fetch(feed, before)
        await feed.release()
        feed.lost("Gone.")
        fetch(feed, history)
    async with Turns() as turns, asyncio.timeout(DEADLINE * 3):
        await asyncio.gather(*(feed.release() for feed, _ in consoles))
    assert all(feed.live for feed, _ in consoles)
    assert turns.longest < LONGEST


async def test_many_with_a_past_are_told_what_they_missed_without_holding_the_loop_up():
    feed, log = started(), [usual(number) for number in range(RING_LINES)]
    fetch(feed, log)
    await feed.release()
    past = DeliveredTail(b"".join(map(mark, log[:DELIVERED_LINES])), NOW)
    async with Turns() as turns, asyncio.timeout(DEADLINE * 3):
        listeners = [listening(feed, past) for _ in range(20)]
        feed.line(line("live"))
        for listener in listeners:
            while await anext(listener) != line("live"):
                pass
    assert turns.longest < LONGEST


# -- nothing lost, nothing twice -----------------------------------------------------------------------------


async def test_what_comes_while_a_history_is_compared_follows_it_in_order():
    feed = started()
    listener = listening(feed)
    fetch(feed, ["old"])
    await feed.release()
    feed.lost("Gone.")
    fetch(feed, ["old", "missed 1", "missed 2"])
    feed.status(PowerState.RUNNING)
    ending = asyncio.create_task(feed.release())
    await asyncio.sleep(0)
    feed.line(line("live 1"))
    assert not feed.live
    assert feed.state is PowerState.UNKNOWN
    await ending
    assert feed.live
    feed.line(line("live 2"))
    events = await heard(listener)
    kinds = [type(event) for event in events if isinstance(event, ConsoleLine | Connected | StatusChanged)]
    assert texts(events) == ["missed 1", "missed 2", "live 1", "live 2"]
    assert [event.recovered for event in events if isinstance(event, ConsoleLine)] == [True, True, False, False]
    assert kinds == [Connected, Connected, ConsoleLine, ConsoleLine, StatusChanged, ConsoleLine, ConsoleLine]


async def test_whoever_comes_amid_what_was_missed_gets_none_of_it():
    feed = started()
    fetch(feed, [usual(0)])
    await feed.release()
    feed.lost("Gone.")
    during = listening(feed)
    fetch(feed, [usual(number) for number in range(100)])
    await feed.release()
    feed.line(line("live"))
    events = await heard(during)
    assert events == [Connected(NOW), line("live")]
    assert events[0].before[-1] == usual(99)


async def test_a_past_is_heard_of_though_its_listener_comes_while_the_connection_is_lost():
    """What was missed before the gap belongs to it as well."""
    feed = started()
    fetch(feed, [usual(number) for number in range(50)])
    await feed.release()
    feed.lost("Gone.")
    heir = listening(feed, DeliveredTail(b"".join(mark(usual(number)) for number in range(40)), NOW))
    fetch(feed, [usual(number) for number in range(60)])
    await feed.release()
    connected = await anext(heir)
    assert (connected.recovered, connected.complete) == (20, True)
    assert texts(await heard(heir)) == [usual(number) for number in range(40, 60)]


async def test_a_closed_listener_tells_nothing_that_stands_behind_what_is_still_being_found():
    """Its next life would begin behind it, and what was missed would be lost."""
    feed = started()
    fetch(feed, [usual(number) for number in range(50)])
    await feed.release()
    heir = listening(feed, DeliveredTail(mark(usual(10)), NOW))
    feed.line(line("live"))
    heir.end()
    assert [event async for event in heir] == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 140), st.integers(0, 200), st.integers(0, 40), st.booleans()), min_size=1, max_size=5
    ),
    st.integers(0, 5),
)
def test_wherever_the_connection_breaks_each_line_comes_once_or_is_admitted(gaps, live):
    asyncio.run(breaking(gaps, live))


async def breaking(gaps, live):
    """Lose the console, print some lines, and break off its coming back after some turns of the loop, again and again."""
    time_slice._of_loops[asyncio.get_running_loop()] = ShortSlices()
    feed = started()
    listener = listening(feed)
    log = [usual(0)]
    fetch(feed, log)
    await feed.release()
    endings = []
    for missed, turns, meanwhile, state in gaps:
        feed.lost("Gone.")
        log += [usual(len(log) + number) for number in range(missed)]
        fetch(feed, log[-150:])
        if state:
            feed.status(PowerState.RUNNING)
        endings.append(asyncio.create_task(feed.release()))
        for number in range(turns):
            await asyncio.sleep(0)
            if number < meanwhile:
                log.append(usual(len(log)))
                feed.line(line(log[-1]))
    await asyncio.gather(*endings)
    for _ in range(live):
        log.append(usual(len(log)))
        feed.line(line(log[-1]))
    events = await heard(listener)
    lines = texts(events)
    assert max(Counter(lines).values(), default=1) == 1
    assert lines == [text for text in log if text in set(lines)]
    came = [event for event in events if isinstance(event, Connected | Disconnected)]
    assert all(type(one) is not type(other) for one, other in pairwise(came))
    if all(event.complete for event in events if isinstance(event, Connected)):
        assert not any(isinstance(event, LinesDropped) for event in events)
        assert lines == log[1:]
