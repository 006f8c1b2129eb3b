"""Lines printed while the history is asked for come live and in the history: they are taken once, and none is lost."""

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.console.history import once, recover
from bot.console.marks import WINGS_HISTORY, mark, marked

from .test_history import new, numbered


@st.composite
def collections(draw, most_newer=8):
    """A stretch of printing, where in it the tail ends, Wings listens, reads its log; and how both parts arrive."""
    tail = draw(st.integers(0, 200))
    attached = tail + draw(st.integers(0, 40))
    snapshot = attached + draw(st.integers(0, 12))
    end = snapshot + draw(st.integers(0, most_newer))
    start = max(0, snapshot - WINGS_HISTORY)
    sources = [list(range(start, snapshot)), list(range(attached, snapshot))]
    # Up to where the live lines are when the history is asked for; then they may come anywhere beside it.
    early = draw(st.integers(0, len(sources[1])))
    received, sources[1] = sources[1][:early], sources[1][early:]
    while sources[0] and sources[1]:
        which, count = draw(st.sampled_from([0, 0, 1])), draw(st.integers(1, 200))
        received += sources[which][:count]
        del sources[which][:count]
    received += [*sources[0], *sources[1], *range(snapshot, end)]
    # A copy right behind its line reads like a line that was printed twice.
    assume(all(one != other for one, other in pairwise(received)))
    return tail, start, end, early, received


@given(collections())
@settings(max_examples=400)
def test_each_line_comes_once_and_in_order_however_both_arrive(case):
    tail, start, end, early, received = case
    log = numbered(0, end)
    found, complete = new(log[:tail], [log[index] for index in received], early=early)
    assert found == log[max(tail, start) :]
    if start > tail > 0:
        assert not complete


@given(collections())
@settings(max_examples=200)
def test_a_first_history_holds_each_line_once_whether_or_not_somebody_remembers_it(case):
    tail, start, end, early, received = case
    log = numbered(0, end)
    past = marked(b"".join(mark(line) for line in log[:tail]))
    texts = [log[index] for index in received]
    for tails in ([], [past]):
        kept = [texts[index] for index in once(texts, early=early, blanks=0, tails=tails)]
        found = recover(past, kept, by_marks=True, remembered=True)
        assert [kept[index] for index in found.new] == log[max(tail, start) :]


@st.composite
def groups(draw):
    """Like `collections`, every third line followed by one that always looks the same; windows are whole groups."""
    log = [line for n in range(200) for line in ([f"number {n}"] + (["Saved the game"] if n % 3 == 0 else []))]
    begins = [index for index, line in enumerate(log) if line.startswith("number")]
    first = draw(st.integers(0, 60))
    tail = first + draw(st.integers(1, 60))
    attached = tail + draw(st.integers(0, 10))
    snapshot = attached + draw(st.integers(0, 4))
    end = snapshot + draw(st.integers(0, 3))
    cut = [begins[number] for number in (first, tail, attached, snapshot, end)]
    history, live = log[cut[0] : cut[3]][-WINGS_HISTORY:], log[cut[2] : cut[3]]
    place = draw(st.sampled_from(["early", "before", "behind"]))
    both = [*live, *history] if place != "behind" else [*history, *live]
    early = len(live) if place == "early" else 0
    return log[cut[0] : cut[1]], log[cut[1] : cut[4]], both + log[cut[3] : cut[4]], early


@given(groups())
@settings(max_examples=400)
def test_lines_that_look_alike_stay_as_many_as_they_were(case):
    tail, fresh, received, early = case
    assert new(tail, received, early=early)[0] == fresh


def test_live_lines_behind_a_short_history_come_once():
    received = [*numbered(0, 60), *numbered(57, 62)]
    assert new(numbered(0, 50), received) == (numbered(50, 62), True)


def test_live_lines_amid_a_short_history_come_once():
    received = [*numbered(0, 55), *numbered(58, 60), *numbered(55, 60), *numbered(60, 61)]
    assert new(numbered(0, 50), received) == (numbered(50, 61), True)


def test_a_delivered_line_that_is_printed_again_at_the_end_is_no_echo():
    """The first line of the history, which is in the tail, was not printed just now."""
    tail = ["Steve joined", *numbered(0, 20)]
    received = [*tail, *numbered(20, 25), "Steve joined"]
    assert new(tail, received) == ([*numbered(20, 25), "Steve joined"], True)


def test_the_last_delivered_line_printed_again_does_not_hide_what_came_between():
    tail = [*numbered(0, 3), "Saved"]
    received = [*tail, "a", "b", "Saved"]
    assert new(tail, received) == (["a", "b", "Saved"], True)
    past = marked(b"".join(mark(line) for line in tail))
    assert once(received, early=0, blanks=0, tails=[past]) == list(range(len(received)))


def test_a_line_of_the_kind_that_repeats_is_no_echo_though_it_came_just_twice():
    received = [*numbered(0, 5), "Saved the game", *numbered(5, 8), "Saved the game", *numbered(8, 9)]
    assert new(numbered(0, 2), received) == (received[2:], True)


def test_any_line_that_overtook_the_history_comes_once_and_in_its_place():
    """Also when there is a gap before the history, and the line has nothing that tells it from others."""
    received = ["after the gap", *numbered(251, 400), "after the gap"]
    assert new(numbered(0, 20), received) == (received[1:], False)


def test_a_line_that_always_looks_the_same_comes_once_also_behind_a_gap():
    """Live before a history that nothing is known of, and its last line."""
    log = [line for number in range(200) for line in (f"number {number}", "Saved the game")]
    history = log[100:250]
    for behind in ([], log[250:255]):
        assert new(log[:20], [history[-1], *history, *behind]) == ([*history, *behind], False)


def test_lines_that_repeat_far_from_the_end_were_printed_twice():
    trace = ["Exception in thread", "  at a", "  at b"]
    received = [*numbered(0, 20), *trace, *numbered(20, 25), *trace, *numbered(25, 45)]
    assert new(numbered(0, 15), received)[0] == received[15:]


def test_what_is_remembered_may_begin_with_the_line_that_the_tail_ends_with():
    """A line that is said again and again is no second end of the tail."""
    log = [line for number in range(100) for line in (f"number {number}", "Saved the game")]
    past = marked(b"".join(mark(line) for line in log[:150]))
    for first in (1, 51, 101, 141):
        found = recover(past, log[first:170], by_marks=True, remembered=True)
        assert [log[first + index] for index in found.new] == log[150:170]
        assert found.complete


def test_what_is_remembered_is_not_searched_for_echoes():
    """Lines in the session's memory were told apart when they came."""
    known = [*numbered(0, 200), "twice", "twice"]
    found = recover(numbered(0, 190), known, remembered=True)
    assert [known[index] for index in found.new] == [*numbered(190, 200), "twice", "twice"]


def deep(number):
    """A stack trace whose frames repeat one another."""
    frames = ["\tat game.Bar.baz(Bar.java)", "\tat game.Bar.qux(Bar.java)"] * 3 + ["\tat game.Bar.rec(Bar.java)"] * 4
    return [f"[12:00:{number:02}] [Server thread/ERROR]: boom number {number}", *frames]


def plain(number):
    """A stack trace that is the same each time but for its first line."""
    return [f"[12:00:{number:02}] [main/ERROR]: broken {number}", *[f"\tat game.C.m{n}(C.java:{n})" for n in range(8)]]


def arrivals(live, history):
    """How lines that are in the history as well may come live: before, behind or around it."""
    half = len(live) // 2
    yield [*live, *history], len(live)
    yield [*live, *history], 0
    yield [*history, *live], 0
    yield [*live[:half], *history, *live[half:]], half


@pytest.mark.parametrize("trace", [deep, plain])
@pytest.mark.parametrize("before", [3, 6, 12, 20])
@pytest.mark.parametrize("count", [1, 2])
def test_stack_traces_printed_while_a_console_comes_back_come_once(trace, before, count):
    tail = [line for number in range(before) for line in trace(number)]
    live = [line for number in range(before, before + count) for line in trace(number)]
    history = [*tail, *live][-WINGS_HISTORY:]
    for received, early in arrivals(live, history):
        assert new(tail, received, early=early) == (live, True)
