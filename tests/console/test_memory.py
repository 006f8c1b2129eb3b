"""What a session remembers is bounded in bytes, and still tells what is new after a gap."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.collected import HELD_BYTES, HELD_LINES
from bot.console.events import ConsoleLine, LinesDropped
from bot.console.feed import Feed
from bot.console.listener import Listener
from bot.console.marks import LONGEST_UNFOLDED, WINGS_HISTORY, folded, key, mark
from bot.console.memory import RING_BYTES, RING_LINES, Memory
from bot.console.timing import ConsoleTiming
from bot.vitals import DeliveredTail

NOW = datetime(2026, 5, 1, tzinfo=UTC)
GIANT = 60_000


def line(text):
    return ConsoleLine(text, NOW)


def giant(number, character="x"):
    """Unlike all others in its end only: all have the same beginning."""
    return line("12:00:00 ".ljust(GIANT, character) + str(number))


def remembering(lines):
    memory = Memory(restart_margin=timedelta(seconds=5))
    memory.hold()
    memory.asked()
    assert memory.first(memory.take(), [])() == []
    memory.drop_held()
    for one in lines:
        memory.add(one)
    return memory


def back(memory, history):
    """What a history tells after a gap: the texts that were missed, and whether they are all."""
    memory.runs.gap_begins()
    memory.hold()
    memory.asked()
    for one in history:
        memory.collect(one)
    taken = memory.take()
    missed, complete = memory.missed(taken, was_offline=False)()
    memory.drop_held()
    for one in missed:
        memory.add(one)
    if taken.dropped:
        memory.tear()
    memory.test_dropped = taken.dropped
    return [one.text for one in missed], complete


@pytest.mark.parametrize(("character", "size"), [("x", 1), ("\u20ac", 4)])
def test_giant_lines_are_kept_up_to_a_size_and_the_newest_of_them(character, size):
    memory = remembering(giant(number, character) for number in range(RING_LINES))
    kept = memory.tail(RING_LINES)
    assert RING_BYTES * 0.8 < sum(len(one.text) for one in kept) * size <= RING_BYTES
    assert kept[-1] == giant(RING_LINES - 1, character)


def test_lines_of_a_usual_length_are_all_kept():
    lines = [line(f"{number}".ljust(1024)) for number in range(RING_LINES)]
    assert remembering(lines).tail(RING_LINES) == lines


@pytest.mark.parametrize("missed", [0, 1, 20, WINGS_HISTORY - 10])
def test_after_a_gap_giant_lines_come_once_though_most_were_forgotten(missed):
    log = [giant(number) for number in range(400)]
    seen = len(log) - missed
    texts, complete = back(remembering(log[:seen]), log[-WINGS_HISTORY:])
    assert texts == [one.text for one in log[seen:]]
    assert complete


def test_small_lines_that_giant_ones_drove_out_are_known_again():
    small = [line(f"line {number}") for number in range(100)]
    log = [*small, *(giant(number) for number in range(RING_BYTES // GIANT + 2))]
    memory = remembering(log)
    assert small[-1] not in memory.tail(RING_LINES)
    new = [giant(number) for number in range(1000, 1003)]
    assert back(memory, [*log, *new]) == ([one.text for one in new], True)


def test_giant_lines_that_are_all_alike_are_placed_by_what_came_before_them():
    log = [*(line(f"line {number}") for number in range(50)), *[giant(0)] * (RING_BYTES // GIANT + 20)]
    texts, complete = back(remembering(log), [*log, *[giant(0)] * 5])
    assert texts == [giant(0).text] * 5
    assert complete


def test_a_listener_that_had_none_of_what_is_kept_whole_is_told_that_lines_are_missing():
    log = [giant(number) for number in range(RING_BYTES // GIANT + 10)]
    past = DeliveredTail(b"".join(mark(one.text) for one in log[:3]), NOW, offline=True)
    lines, complete = remembering(log).since(past)()
    assert 0 < len(lines) < len(log) - 3
    assert not complete


@pytest.mark.parametrize(("known", "complete"), [(40, False), (49, False), (50, True), (59, True)])
def test_lines_that_were_missing_for_good_matter_to_those_only_who_had_none_behind_them(known, complete):
    log = [line(f"line {number}") for number in range(60)]
    memory = remembering(log[:50])
    memory.tear()
    for one in log[50:]:
        memory.add(one)
    past = DeliveredTail(b"".join(mark(one.text) for one in log[: known + 1]), NOW)
    assert memory.since(past)() == ([replace(one, recovered=True) for one in log[known + 1 :]], complete)


TEXTS = st.builds(
    lambda head, size, end, blank: head.ljust(size, "x") + end + blank,
    st.sampled_from(["", "a"]),
    st.sampled_from([0, LONGEST_UNFOLDED - 1, LONGEST_UNFOLDED, 3 * LONGEST_UNFOLDED]),
    st.sampled_from(["", "b", "c"]),
    st.sampled_from(["", " ", " " * LONGEST_UNFOLDED]),
)


@given(TEXTS, TEXTS)
def test_folded_lines_are_the_same_where_whole_ones_are(one, other):
    assert (key(folded(one)) == key(folded(other))) == (key(one) == key(other))
    assert len(folded(one)) < LONGEST_UNFOLDED + 100


def test_what_comes_with_a_history_is_held_up_to_a_size_and_the_rest_counted():
    """The beginning is kept: by it the history is recognised."""
    log = [line(f"line {number}") for number in range(100)]
    memory = remembering(log)
    flood = [giant(number) for number in range(HELD_BYTES // GIANT + 300)]
    texts, complete = back(memory, [*log, *flood])
    assert texts == [one.text for one in flood[: len(texts)]]
    assert HELD_BYTES * 0.9 < sum(map(len, texts)) <= HELD_BYTES
    assert len(texts) + memory.test_dropped == len(flood)
    assert not complete
    assert not memory.since(DeliveredTail(mark(flood[len(texts) - 1].text), NOW))()[1]
    assert back(memory, [flood[len(texts) - 1], line("new")])[0] == ["new"]
    assert memory.test_dropped == 0


def test_tiny_lines_are_bounded_as_well_and_all_count_as_come():
    memory = remembering([])
    memory.hold()
    memory.collect(line("early"))
    memory.asked()
    one = line(".")
    for _ in range(200_000):
        memory.collect(one)
    assert memory.collected == 200_000
    taken = memory.take()
    assert len(taken.lines) == HELD_LINES
    assert taken.dropped == 200_001 - HELD_LINES


def test_the_longest_history_there_is_finds_room():
    log = [giant(number) for number in range(WINGS_HISTORY + 100)]
    texts, complete = back(remembering(log[:120]), log[100:])
    assert texts == [one.text for one in log[120:]]
    assert complete


async def test_a_listener_is_told_how_many_lines_found_no_room_beside_a_history(monkeypatch):
    monkeypatch.setattr("bot.console.collected.HELD_BYTES", 10_000)
    feed = Feed("Castle", timing=ConsoleTiming(), now=lambda: NOW)
    listener = Listener(None, limit=1000, past=None)
    feed.attach(listener)
    for lines in ([], [line("x" * 1000 + str(number)) for number in range(100)]):
        feed.hold()
        feed.asked()
        for one in lines:
            feed.line(one)
        await feed.release()
        feed.lost("Gone.")
    listener.end()
    got = [event async for event in listener]
    told = [event.count for event in got if isinstance(event, LinesDropped)]
    assert len(told) == 1
    assert told[0] + sum(isinstance(event, ConsoleLine) for event in got) == 100
    assert told[0] > 50
