"""How a channel is told of a process that ended by itself: as what it was, never as a stop."""

import asyncio
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.crash import Aftermath, Crash, CrashWatch, crash_text
from bot.console.events import ConsoleLine, StatusChanged
from bot.relay.power_news import PowerNews
from bot.terms import PowerState

from .conftest import wanted
from .test_supervisor import running

OFFLINE, STARTING, RUNNING, STOPPING = (
    PowerState.OFFLINE,
    PowerState.STARTING,
    PowerState.RUNNING,
    PowerState.STOPPING,
)
DETECTED = "---------- Detected server process in a crashed state! ----------"
TOO_OFTEN = "Aborting automatic restart, last crash occurred less than 60 seconds ago."
SWITCHED_OFF = "Aborting automatic restart, crash detection is disabled for this instance."


def daemon(text):
    return f"\x1b[33m\x1b[1m[Pterodactyl Daemon]:\x1b[39m {text}\x1b[0m"


def line(text):
    return ConsoleLine(text, datetime.now(UTC))


def recorded(name):
    """The states and lines of a crash as a real daemon told them."""
    for frame in (Path(__file__).parent / "crashes" / f"{name}.jsonl").read_text().splitlines():
        told = json.loads(frame)
        yield StatusChanged(PowerState(told["args"][0])) if told["event"] == "status" else line(told["args"][0])


@pytest.mark.parametrize("name", ["pterodactyl", "pelican"])
async def test_a_crash_as_real_daemons_tell_it_is_told_as_one(sink, name):
    async with running(sink, wanted()) as world:
        await world.opened()
        world.console().put(*recorded(name))
        await world.shows("crashed (exit code 3). Wings starts it again.")
        await world.shows("Done (1.0s)")
    assert "is offline" not in sink.text()
    assert sink.text().index("Out of memory: false") < sink.text().index("💥 **Survival** crashed")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([DETECTED, "Exit code: 139", "Out of memory: false", TOO_OFTEN], "crashed (exit code 139)"),
        ([DETECTED, "Exit code: 139", "Out of memory: false", TOO_OFTEN], "does not start it again"),
        ([DETECTED, "Exit code: 137", "Out of memory: true"], "ran out of memory"),
        ([DETECTED, "Exit code: 0", "Out of memory: false"], "⏹ **Survival** ended by itself"),
        ([SWITCHED_OFF], "crash detection is switched off"),
        ([], "⏹ **Survival** is offline"),
    ],
)
async def test_an_end_that_nobody_asked_for_is_told_by_what_wings_says_of_it(sink, lines, told):
    async with running(sink, wanted()) as world:
        await world.opened()
        states = StatusChanged(RUNNING), StatusChanged(OFFLINE)
        world.console().put(*states, *(line(daemon(text)) for text in lines))
        await world.shows(told)


async def test_an_end_is_told_although_the_relay_ends_in_the_same_moment(sink):
    async with running(sink, wanted()) as world:
        await world.opened()
        world.console().put(StatusChanged(RUNNING), StatusChanged(OFFLINE), line(daemon("Exit code: 3")), None)
        await world.shows("crashed (exit code 3)")


def test_what_a_game_prints_is_no_word_of_wings():
    watch = CrashWatch()
    watch.hear("<Mallory> [Pterodactyl Daemon]: Exit code: 3")
    watch.hear("Exit code: 3")
    assert watch.found is None


states = st.sampled_from(list(PowerState))
told_lines = st.sampled_from([DETECTED, "Exit code: 3", "Out of memory: false", TOO_OFTEN]).map(daemon)


@given(st.lists(st.one_of(states, told_lines), max_size=30))
def test_each_end_is_told_once_and_a_stop_never_as_a_crash(events):
    said = []

    async def play():
        news = PowerNews("Castle", say=said.append)
        for event in events:
            if isinstance(event, PowerState):
                news.observe(event)
            else:
                news.hear(event)
        news.flush()

    asyncio.run(play())
    seen = [event for event in events if isinstance(event, PowerState) and event is not PowerState.UNKNOWN]
    changes = [(a, b) for a, b in itertools.pairwise(seen) if a is not b]
    ends = [(a, b) for a, b in changes if b is OFFLINE]
    assert len(said) == len(changes)
    told = [text for text in said if any(word in text for word in ("crashed", "is offline", "ended by itself"))]
    assert len(told) == len(ends)
    for text, (before, _off) in zip(told, ends, strict=True):
        assert "crashed" not in text or before is not STOPPING


@given(st.integers(-1, 255), st.booleans(), st.sampled_from(Aftermath), st.one_of(st.none(), st.integers(0, 300)))
def test_every_crash_is_a_whole_sentence_with_what_comes_next(code, out_of_memory, aftermath, after):
    text = crash_text("**x**", Crash(code, out_of_memory, aftermath, within=60), after=after)
    assert "{" not in text and text.endswith(".") and "Wings" in text
    assert "after 0 s" not in text
