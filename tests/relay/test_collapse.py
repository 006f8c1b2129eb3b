"""Identical lines in a row become one with a count."""

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.events import Connected, StatusChanged
from bot.console.marks import MARK_BYTES, mark
from bot.relay.collapse import Collapse, CollapseTiming, Repetitions
from bot.terms import PowerState
from bot.text import ansi

from .conftest import MemoryJournal, at, masking, until, wanted
from .test_supervisor import running

TIMING = CollapseTiming(quiet=3.0, most=15.0)
NOTE = re.compile(r"↻ (\d+) times? more(?:, last at (\S+))?")


def shown(lines, timing=TIMING, pause=0.01):
    """What a channel shows of lines that come one after the other."""
    repeats, found = Repetitions(timing), []
    for number, line in enumerate(lines):
        said, itself = repeats.take(line, number * pause)
        found += [*said, line] if itself else said
    return [ansi.strip(line) for line in [*found, *repeats.flush()]]


def spelled_out(lines):
    """The lines that a reader can tell from what is shown."""
    found = []
    for line in lines:
        note = NOTE.fullmatch(line)
        found += [found[-1]] * int(note[1]) if note else [line]
    return found


def test_a_run_becomes_the_line_and_a_count():
    assert shown(["a", *["tick"] * 37, "b"]) == ["a", "tick", "↻ 36 times more", "b"]


def test_a_single_repetition_is_shown_as_it_is():
    assert shown(["tick", "tick", "b"]) == ["tick", "tick", "b"]


def test_the_clock_at_the_beginning_does_not_make_lines_different():
    lines = [f"[12:00:{second:02}] [Server thread/WARN]: Can't keep up!" for second in range(10)]
    assert shown([*lines, "b"]) == [lines[0], "↻ 9 times more, last at 12:00:09", "b"]
    assert shown(["12:00:01 a", "12:00:02 b", "12:00:03 a"]) == ["12:00:01 a", "12:00:02 b", "12:00:03 a"]


@pytest.mark.parametrize(
    "clock",
    [
        "[01Jan2024 12:00:0{}.123] [Server thread/INFO] ",  # Forge
        "[2024.01.01-12.00.0{}:123][ 12]LogNet: ",  # Unreal: ARK, Palworld, Satisfactory
        "> 12:00:0{} ",
        "2024-01-01T12:00:0{}Z ",
    ],
)
def test_clocks_of_all_kinds_of_games_are_passed_over(clock):
    lines = [clock.format(second) + "tick" for second in range(4)]
    found = shown([*lines, "b"])
    assert (found[0], found[2]) == (lines[0], "b")
    assert found[1].startswith("↻ 3 times more, last at ")


def test_a_number_elsewhere_makes_lines_different():
    lines = [f"Saved chunk {n} at 12:00:0{n}" for n in range(5)]
    assert shown(lines) == lines


def test_colours_do_not_make_lines_different():
    assert shown(["\x1b[31mtick\x1b[0m", "tick", "\x1b[32mtick\x1b[0m"]) == ["tick", "↻ 2 times more"]


def test_blank_lines_are_left_as_they_are():
    assert shown(["", "", "", " ", " ", "a"]) == ["", "", "", " ", " ", "a"]


def test_a_run_without_an_end_is_told_again_and_again():
    found = shown(["tick"] * 100, pause=1.0)
    counts = [int(NOTE.fullmatch(line)[1]) for line in found[1:]]
    assert sum(counts) == 99
    assert set(counts[:-1]) == {15}


def test_the_count_is_due_after_quiet_and_never_later_than_the_longest_wait():
    repeats = Repetitions(TIMING)
    repeats.take("tick", 0)
    assert repeats.due is None
    repeats.take("tick", 1)
    assert repeats.due == 4
    for second in range(2, 15):
        repeats.take("tick", second)
    assert repeats.due == 16


words = st.lists(st.sampled_from(["a", "b", "", "[12:00:01] x", "x", "\x1b[31ma\x1b[0m"]), max_size=60)


@given(words, st.floats(0, 20))
def test_nothing_is_lost_added_or_moved(lines, pause):
    """Colours and clocks aside, what is shown says exactly what came."""
    said = [re.sub(r"^\[12:00:01\]", "", ansi.strip(line)) for line in lines]
    told = [re.sub(r"^\[12:00:01\]", "", line) for line in spelled_out(shown(lines, pause=pause))]
    assert told == said


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 10)), max_size=60))
def test_no_line_waits_longer_than_promised(events):
    """With `flush` called whenever it is due, as the timer does."""
    repeats, now, waiting = Repetitions(TIMING), 0.0, []

    def told(found, at):
        if found and waiting:
            assert at - waiting[0] <= TIMING.most + 1e-6
            waiting.clear()

    for line, pause in events:
        while repeats.due is not None and repeats.due <= now + pause:
            due = repeats.due
            told(repeats.flush(), due)
        now += pause
        said, itself = repeats.take(line, now)
        told(said, now)
        if not itself:
            waiting.append(now)


@pytest.fixture
def passed():
    return []


async def test_a_count_is_told_by_itself_after_quiet(passed):
    collapse = Collapse(passed.append, CollapseTiming(quiet=0.05, most=10))
    assert [collapse.shows("tick") for _ in range(5)] == [True, False, False, False, False]
    assert passed == [] and collapse.counting
    await until(lambda: passed)
    assert [ansi.strip(text) for text in passed] == ["↻ 4 times more"]
    assert not collapse.counting


async def test_an_endless_run_is_told_in_time(passed):
    collapse = Collapse(passed.append, CollapseTiming(quiet=10, most=0.1))
    loop = asyncio.get_running_loop()
    start, sent = loop.time(), 0
    while len(passed) < 3 and loop.time() - start < 10:
        sent += not collapse.shows("tick")
        await asyncio.sleep(0.005)
    collapse.flush()
    assert len(passed) >= 3
    assert len(spelled_out(["tick", *map(ansi.strip, passed)])) == sent + 1


async def test_flushing_leaves_no_timer_behind(passed):
    collapse = Collapse(passed.append, CollapseTiming(quiet=0.02, most=1))
    assert collapse.shows("tick")
    assert not collapse.shows("tick")
    collapse.flush()
    collapse.flush()
    await asyncio.sleep(0.05)
    assert passed == ["tick"]


async def test_a_relay_collapses_and_tells_the_count_before_anything_else(sink):
    async with running(sink, wanted(collapse=True)) as world:
        await world.opened()
        world.console().say("a", *["\x1b[31mtick\x1b[0m"] * 37)
        world.console().put(Connected(at(0)), StatusChanged(PowerState.RUNNING), StatusChanged(PowerState.OFFLINE))
        await world.shows("is offline")
        world.console().say("tick", "tick", "tick", "b")
        await world.shows("b\n")
        assert world.health().queued_lines == 0
    assert [ansi.strip(line) for line in sink.lines()] == ["a", "tick", "↻ 36 times more", "↻ 3 times more", "b"]
    assert sink.text().index("36 times") < sink.text().index("is offline") < sink.text().index("3 times more\x1b[0m\nb")


async def test_closing_tells_the_count_and_notes_its_lines_as_delivered(sink):
    journal = MemoryJournal()
    async with running(sink, wanted(collapse=True), journal=journal) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        world.console().say(*["tick"] * 80)
        await world.shows("tick")
        await until(lambda: world.health().queued_lines == 0 and world.console()._events.empty())
        noted = journal.delivered[1].marks
        assert len(noted) < 80 * MARK_BYTES, "counted and not told yet: after a SIGKILL they must come again"
    assert [ansi.strip(line) for line in sink.lines()] == ["tick", "↻ 79 times more"]
    assert journal.delivered[1].marks == mark("tick") * 80


async def test_a_mask_hides_what_a_count_repeats(sink):
    async with running(sink, wanted(collapse=True)) as world:
        await world.opened()
        world.console().say(*["from 203.0.113.9"] * 2, *["from 198.51.100.7"] * 3, "end")
        await world.shows("end")
    shown = [ansi.strip(line) for line in sink.lines()]
    first, other = (masking(1).redact(f"from {address}") for address in ("203.0.113.9", "198.51.100.7"))
    assert first != other
    assert shown == [first, first, other, "↻ 2 times more", "end"]
