"""Paused relays: lines are kept back and counted, everything else is told, and the end says what was left out."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.console.events import Connected, Disconnected, LinesDropped, StatusChanged
from bot.relay.connection import RelayTiming
from bot.relay.pause import Gate, Pauses
from bot.store.values import Pause
from bot.terms import PowerState

from .conftest import START, at, until, wanted
from .test_supervisor import running


class Book:
    """Keeps pauses as the store does; fails as often as told."""

    def __init__(self):
        self.saved = {}
        self.forgotten = []
        self.fails = 0

    async def save_skipped(self, counts):
        self._maybe_fail()
        self.saved |= counts

    async def forget_pauses(self, pauses):
        self._maybe_fail()
        self.forgotten += pauses.items()

    def _maybe_fail(self):
        if self.fails:
            self.fails -= 1
            raise RuntimeError("the database is locked")


def paused(one, pause):
    return replace(one, relay=replace(one.relay, pause=pause))


def clock(moment):
    return f"<t:{int(moment.timestamp())}:f>"


@pytest.fixture
def book():
    return Book()


def lasting(seconds=3600.0, skipped=0):
    now = datetime.now(UTC)
    return Pause(now, now + timedelta(seconds=seconds), skipped)


async def pause(world, pause, relay_id=1):
    """Change the row as the command does."""
    world.relays = [paused(one, pause) if one.relay.id == relay_id else one for one in world.relays]
    world.wake()


async def test_a_pause_keeps_lines_back_and_its_end_by_command_says_how_many(sink, book):
    async with running(sink, pauses=book) as world:
        await world.opened()
        world.console().say("before")
        await world.shows("before")
        begun = lasting()
        await pause(world, begun)
        await world.shows(f"⏸ The console of **Survival** is paused until {clock(begun.until)}")
        world.console().say(*(f"hidden {n}" for n in range(37)))
        await until(lambda: world.health().skipped == 37)
        assert world.console().opened == 1, "a pause is no reason to listen anew"
        over = replace(begun, until=datetime.now(UTC))
        await pause(world, over)
        await world.shows("shown again")
        world.console().say("after")
        await world.shows("after")
        assert world.health().skipped == world.health().lost == 0
        assert book.forgotten == [(1, over)]
        await pause(world, None)
    assert sink.lines() == ["before", "after"]
    assert f"; 37 lines were left out between {clock(begun.since)} and {clock(over.until)}." in sink.text()
    assert sink.text().count("⏸") == sink.text().count("⏯") == 1


async def test_a_pause_ends_by_itself(sink, book):
    async with running(sink, pauses=book) as world:
        await world.opened()
        begun = lasting(0.3)
        await pause(world, begun)
        await world.shows("is paused")
        world.console().say("hidden")
        await world.shows("shown again; 1 line was left out")
        assert datetime.now(UTC) >= begun.until
        world.console().say("after")
        await world.shows("after")
    assert sink.lines() == ["after"]


async def test_states_and_losses_are_told_during_a_pause_and_no_line_is_promised(sink, book):
    async with running(sink, pauses=book, relay_timing=RelayTiming(announce_loss=0.05)) as world:
        await world.opened()
        await pause(world, lasting())
        await world.shows("is paused")
        world.console().put(Connected(at(0)), StatusChanged(PowerState.RUNNING), StatusChanged(PowerState.OFFLINE))
        await world.shows("**Survival** is offline")
        world.console().put(Disconnected(at(5), "The node is away."))
        await world.shows("I keep trying")
        world.console().put(Connected(at(185), lost_at=at(5), recovered=2))
        world.console().say("missed", "missed too")
        world.console().put(LinesDropped(5))
        await until(lambda: world.health().skipped == 7)
        await world.shows("is back after 3 minutes.")
        assert world.health().lost == 0
    assert sink.lines() == []
    assert "follow" not in sink.text() and "left out here" not in sink.text()


async def test_lines_that_the_filter_hides_are_not_counted(sink, book):
    async with running(sink, wanted(include="chat"), pauses=book) as world:
        await world.opened()
        await pause(world, lasting())
        await world.shows("is paused")
        world.console().say("noise", "chat: hello", "noise")
        await until(lambda: world.health().skipped)
        await asyncio.sleep(0)
        assert world.health().skipped == 1


async def test_a_pause_survives_a_restart_of_the_bot_with_its_count(sink, book):
    begun = lasting(skipped=30)
    async with running(sink, paused(wanted(), begun), pauses=book) as world:
        await world.opened()
        world.console().say(*(f"hidden {n}" for n in range(7)))
        await until(lambda: world.health().skipped == 37)
        assert sink.text() == "", "the channel knows already"
    assert book.saved == {1: 37}
    ended = replace(begun, until=begun.since, skipped=37)
    async with running(sink, paused(wanted(), ended), pauses=book) as world:
        await world.shows("about 37 lines were left out")
        await world.opened()
        world.console().say("after")
        await world.shows("after")
    assert sink.lines() == ["after"]
    assert "the bot was restarted meanwhile" in sink.text()


async def test_a_pause_of_one_relay_is_none_of_the_others(sink, book):
    async with running(sink, wanted(1), wanted(2, 2, 2), pauses=book) as world:
        await world.opened(1, 2)
        await pause(world, lasting())
        await world.shows("is paused")
        world.console(1).say("hidden")
        world.console(2).say("open")
        await world.shows("open", 2)
        await until(lambda: world.health(1).skipped == 1)
    assert sink.lines(1) == []


async def test_a_prolonged_pause_goes_on_counting(sink, book):
    async with running(sink, pauses=book) as world:
        await world.opened()
        begun = lasting()
        await pause(world, begun)
        await world.shows("is paused")
        world.console().say("hidden")
        await until(lambda: world.health().skipped == 1)
        longer = replace(begun, until=begun.until + timedelta(hours=1))
        await pause(world, longer)
        await world.shows(clock(longer.until))
        world.console().say("hidden too")
        await until(lambda: world.health().skipped == 2)
    assert book.saved == {1: 2}


async def test_a_database_in_trouble_neither_ends_relays_nor_repeats_the_notice(sink, book, caplog):
    async with running(sink, wanted(1), pauses=book) as world:
        await world.opened()
        await pause(world, lasting())
        await world.shows("is paused")
        book.fails = 1
        over = lasting(0)
        await pause(world, over)
        await world.shows("shown again")
        assert "cannot be forgotten" in caplog.text
        world.wake()
        await until(lambda: book.forgotten)
        world.console().say("after")
        await world.shows("after")
    assert sink.text().count("shown again") == 1


class Speaker:
    server = "Survival"

    def __init__(self):
        self.said = []

    def announce(self, text):
        self.said.append(text)


async def test_the_next_look_is_at_the_end_or_when_counts_are_to_be_saved(book):
    now = START
    pauses, speaker = Pauses(book, lambda: now), Speaker()
    relay = wanted().relay
    assert await pauses.look([(relay, speaker)]) == float("inf")
    relay = replace(relay, pause=Pause(START, START + timedelta(seconds=90)))
    assert await pauses.look([(relay, speaker)]) == 60
    pauses.gate(relay).stops(5)
    now += timedelta(seconds=60)
    assert await pauses.look([(relay, speaker)]) == 30
    assert book.saved == {1: 5}
    now += timedelta(seconds=30)
    assert await pauses.look([(relay, speaker)]) == float("inf")
    assert len(speaker.said) == 2


def test_a_gate_counts_only_while_it_is_closed():
    gate = Gate(None, START)
    assert not gate.stops()
    gate.close(Pause(START, at(5)))
    assert gate.stops() and gate.stops(4)
    gate.close(Pause(START, at(9)))
    assert gate.skipped == 5
    gate.close(Pause(at(1), at(9)))
    assert gate.skipped == 0
    gate.open()
    assert not gate.stops() and gate.skipped == 0
