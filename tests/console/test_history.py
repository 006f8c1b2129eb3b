"""What is new in the history that Wings returned: nothing lost, nothing twice, in order."""

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.console.history import recover
from bot.console.marks import WINGS_HISTORY
from bot.console.overlap import LEAD

DAEMON = "\x1b[33m\x1b[1m[Pterodactyl Daemon]:\x1b[39m Finished pulling Docker container image\x1b[0m"


def numbered(first, last):
    return [f"[12:00:{number:02}] line {number}" for number in range(first, last)]


def new(delivered, received, **more):
    found = recover(delivered, received, **more)
    return [received[index] for index in found.new], found.complete


def test_only_lines_behind_the_tail_are_new():
    assert new(numbered(0, 50), numbered(0, 60)) == (numbered(50, 60), True)


def test_nothing_is_new_when_the_history_ends_with_the_tail():
    assert new(numbered(0, 50), numbered(0, 50)) == ([], True)


def test_a_history_that_begins_inside_the_tail_is_enough():
    assert new(numbered(0, 500), numbered(400, 400 + WINGS_HISTORY)) == (numbered(500, 550), True)


def test_a_tail_shorter_than_the_history_is_found_inside_it():
    """A tail remembered from an earlier life of the program may be short."""
    assert new(numbered(30, 40), numbered(0, 60)) == (numbered(40, 60), True)


def test_a_gap_longer_than_the_history_is_admitted():
    assert new(numbered(0, 100), numbered(300, 450)) == (numbered(300, 450), False)


def test_a_server_known_to_be_restarted_has_only_new_lines_even_if_they_look_the_same():
    """Boots without time stamps repeat themselves to the letter."""
    boot = ["Loading", "Ready", "Done"]
    assert new(boot, boot, fresh=True) == (boot, False)
    assert new(boot, boot, fresh=True, was_offline=True) == (boot, True)


def test_daemon_lines_in_the_tail_are_no_hindrance():
    """Wings' own lines are never in the history."""
    tail = [*numbered(0, 20), DAEMON, *numbered(20, 22), DAEMON]
    assert new(tail, numbered(0, 25)) == (numbered(22, 25), True)


def test_lines_that_wings_dropped_on_the_way_do_not_shift_the_match():
    """A slow reader loses single lines of the middle; they come late rather than never."""
    tail = [line for line in numbered(0, 40) if not line.endswith("17")]
    lines, complete = new(tail, numbered(0, 45))
    assert lines == [*numbered(17, 18), *numbered(40, 45)]
    assert complete


def test_a_repeated_end_of_the_tail_is_placed_by_what_stands_before_it():
    tail = ["a", "b", "start", "x", "y", "x", "y"]
    assert new(tail, ["start", "x", "y", "x", "y", "x", "y", "end"]) == (["x", "y", "end"], True)


def test_a_tail_that_occurs_twice_in_the_history_is_placed_by_where_the_history_begins():
    tail = [*numbered(0, 10), "a", "b"]
    assert new(tail, [*numbered(5, 10), "a", "b", "q", "a", "b", "r"]) == (["q", "a", "b", "r"], True)


def test_nothing_but_repetitions_is_never_delivered_twice_but_admitted_to_be_unsure():
    lines, complete = new(["tick"] * 200, ["tick"] * WINGS_HISTORY)
    assert lines == []
    assert not complete


def test_lines_after_pure_repetition_are_found():
    lines, _ = new(["tick"] * 200, [*["tick"] * 149, "tock"])
    assert lines == ["tock"]


def test_live_lines_that_overtook_the_history_come_once():
    """Between `auth` and the history, lines are live; the history read a moment later holds them too."""
    received = [*numbered(25, 28), *numbered(0, 28), *numbered(28, 30)]
    assert new(numbered(0, 20), received, early=3) == (numbered(20, 30), True)
    assert new(numbered(0, 20), received) == (numbered(20, 30), True)


def test_live_lines_that_overtook_an_unrelated_history_come_once():
    received = [*numbered(640, 650), *numbered(500, 650), *numbered(650, 655)]
    assert new(numbered(0, 20), received, early=4) == (numbered(500, 655), False)


def test_live_lines_that_repeat_the_end_of_a_full_history_come_once():
    """Docker writes its log and feeds Wings at the same time."""
    received = [*numbered(50, 200), *numbered(195, 210)]
    assert new(numbered(0, 100), received) == (numbered(100, 210), True)
    assert new(numbered(0, 10), received) == (numbered(50, 210), False)


def test_live_lines_that_reach_into_the_history_come_once():
    """On a flooded console more live lines come first than the history holds."""
    received = [*numbered(100, 400), *numbered(330, 480), *numbered(475, 500)]
    assert new(numbered(0, 10), received, early=200) == (numbered(100, 500), False)


def test_a_daemon_line_that_overtook_the_history_is_kept():
    received = [DAEMON, *numbered(0, 22)]
    assert new(numbered(0, 20), received, early=1) == ([*numbered(20, 22), DAEMON], True)


def test_without_a_tail_everything_is_new():
    assert new([], numbered(0, 5)) == (numbered(0, 5), True)
    assert new([], numbered(0, WINGS_HISTORY)) == (numbered(0, WINGS_HISTORY), False)
    assert new([], numbered(0, 5), blanks=WINGS_HISTORY)[1] is False


def test_a_chance_match_of_one_line_does_not_count_as_complete():
    lines, complete = new([*numbered(0, 50), ">"], [">", *numbered(300, 449)])
    assert lines == numbered(300, 449)
    assert not complete


lines = st.sampled_from(["a", "b", "c", "tick", DAEMON])
SIZE = 30


@given(st.integers(0, 400), st.integers(0, 200), st.sets(st.integers(0, 400)))
def test_distinct_lines_come_exactly_once_and_in_order(delivered, missed, daemon):
    """Whatever the lengths: delivered plus recovered is a gapless run, or the gap is admitted."""
    log = numbered(0, delivered + missed)
    tail = []
    for index, line in enumerate(log[:delivered]):
        tail += [line, DAEMON] if index in daemon else [line]
    history = log[-WINGS_HISTORY:] if log else []
    found, complete = new(tail, history)
    assert found == log[max(delivered, len(log) - WINGS_HISTORY) :]
    if len(log) > delivered and missed > WINGS_HISTORY:
        assert not complete
    if delivered > 0 and missed <= WINGS_HISTORY - 3:
        assert complete


@given(st.lists(lines, max_size=40), st.lists(lines, max_size=60), st.integers(0, 5), st.booleans())
def test_whatever_comes_each_received_line_is_taken_at_most_once(tail, received, early, was_offline):
    """Indices are distinct and valid, and what lies behind the last match is never dropped."""
    found = recover(tail, received, early=early, was_offline=was_offline)
    assert len(set(found.new)) == len(found.new)
    assert all(0 <= index < len(received) for index in found.new)


PRINTED = st.one_of(lines, st.sampled_from(numbered(0, 30)))


@given(st.lists(PRINTED, max_size=60), st.lists(PRINTED, max_size=12), st.integers(0, 5), st.integers(0, 6))
def test_a_line_that_was_never_delivered_is_never_left_out(tail, received, known, early):
    """However wild the order in which lines come: one that nothing before looks like is shown.

    But for many lines before the first known one: those are from before the tail.
    """
    received[3:3] = tail[max(0, len(tail) - known) :]
    found, _ = new(tail, received[:LEAD], early=min(early, len(received)))
    received = received[:LEAD]
    assert {line for line in received if line not in tail} <= set(found)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60), st.integers(0, 60))
def test_repetitive_lines_are_never_delivered_twice_when_all_that_was_delivered_is_known(log, cut):
    """The tail is the whole beginning of the log and the history all of it: an exact answer exists.

    Not for lines that come just twice: one of them may have overtaken the history.
    """
    assume(2 not in Counter(log).values())
    cut = min(cut, len(log))
    found, _ = new(log[:cut], log)
    assert len(found) <= len(log) - cut
    assert found == log[len(log) - len(found) :]


@given(st.lists(st.sampled_from("abc"), max_size=20), st.integers(0, 30))
def test_a_unique_last_line_makes_repetitive_tails_exact(log, more):
    """One line nobody else prints anchors everything."""
    tail = [*log, "anchor"]
    rest = ["c", "a"] * more
    assert new(tail, [*tail, *rest])[0] == rest


@pytest.mark.parametrize("blank", ["x  ", "x"])
def test_white_space_before_the_line_end_does_not_matter(blank):
    assert new(["one", "two", "x"], ["one", "two", blank, "new"])[0] == ["new"]


@pytest.mark.parametrize("kept", [300, 400, 700, 1000, 3000])
@pytest.mark.parametrize("missed", [0, 1, 40, 250])
@pytest.mark.parametrize("amid", [False, True])
def test_a_node_that_keeps_far_more_than_usual_repeats_nothing(kept, missed, amid):
    """`websocket_log_count` may be larger than what is remembered of what was delivered."""
    log = [f"line {number} of a long day" for number in range(5000)]
    delivered, history = log[: len(log) - missed], log[len(log) - kept :]
    if amid:
        history.insert(-5, "said while it was read 1")
    found = recover(delivered, history)
    new = [history[index] for index in found.new]
    assert sorted(new) == sorted(set(history) - set(delivered))
    assert found.complete
