"""What comes again and again is told a bounded number of times, and no count is forgotten."""

import logging
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.events import Parked
from bot.console.feed import Feed
from bot.console.listener import Listener
from bot.console.timing import ConsoleTiming
from bot.errors import ConsoleRefused
from bot.repeats import _KEYS, Repeats

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@given(st.lists(st.floats(0, 1000), max_size=200), st.integers(1, 4))
def test_the_first_are_told_then_one_each_so_often_with_the_count_of_the_others(pauses, at_first):
    clock = Clock()
    repeats = Repeats(at_first=at_first, every=600, clock=clock)
    told, passed = [], 0
    for pause in pauses:
        clock.now += pause
        due = repeats.due()
        if due is None:
            passed += 1
        else:
            assert due == passed
            passed = 0
            told.append(clock.now)
    for begin in told:
        assert sum(begin <= moment < begin + 600 for moment in told) <= 2 * at_first
    assert len(told) >= min(len(pauses), at_first)


def test_kinds_are_told_apart_and_however_many_there_are_only_some_are_remembered():
    repeats = Repeats(at_first=1)
    assert [repeats.due("a"), repeats.due("b"), repeats.due("a")] == [0, 0, None]
    for number in range(10 * _KEYS):
        repeats.due(number)
    assert len(repeats._met) == _KEYS


@pytest.mark.parametrize("kinds", [_KEYS - 1, _KEYS, _KEYS + 1, 5 * _KEYS])
def test_more_kinds_than_are_told_apart_do_not_fill_the_log_in_turns(kinds):
    """As a defect does that strikes every guild each five seconds: one is met again once all others were."""
    clock, told, passed = Clock(), 0, 0
    repeats = Repeats(at_first=1, every=600, clock=clock)
    for _round in range(120):
        clock.now += 5
        for number in range(kinds):
            due = repeats.due(number)
            told += due is not None
            passed += due or 0
    assert told <= 2 * _KEYS
    clock.now += 6000
    later = [repeats.due(("another", number)) for number in range(2 * _KEYS)]
    assert later.count(None) == _KEYS  # those before are over: there is room again for almost as many
    assert told + passed + sum(due or 0 for due in later) == 120 * kinds  # no count was forgotten


def fails(how):
    if how == "one way":
        raise ValueError("a defect")
    raise ValueError("a defect")


def test_of_a_defect_that_lasts_one_traceback_is_told_and_of_another_one_too(caplog):
    clock = Clock()
    repeats, log = Repeats(at_first=1, every=600, clock=clock), logging.getLogger("test")
    for _ in range(1000):
        for how in ("one way", "another"):
            clock.now += 1
            try:
                fails(how)
            except ValueError as error:
                repeats.defect(log, error, "guild %s failed", 7)
    assert caplog.text.count("Traceback") == 2
    assert 4 <= len(caplog.records) <= 10
    assert "more were not told" in caplog.text


@pytest.mark.parametrize("parks", [False, True])
async def test_a_node_that_comes_and_goes_does_not_fill_the_log_but_is_told_each_time_to_those_who_listen(
    caplog, parks
):
    caplog.set_level(logging.INFO)
    feed = Feed("Castle", timing=ConsoleTiming(), now=lambda: NOW)
    listener = Listener(None, limit=1000, past=None)
    feed.attach(listener)
    for number in range(200):
        feed.hold()
        feed.asked()
        await feed.release()
        if parks:
            feed.parked(ConsoleRefused(f"No {number}."))
        feed.lost("Gone.")
    assert len(caplog.records) <= 8
    listener.end()
    assert sum(isinstance(event, Parked) for event in [event async for event in listener]) == 200 * parks
