"""Over restarts of the bot nothing is lost and nothing said twice: the journal, the tail, the message on its way."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.console.events import Connected, ConsoleLine, StatusChanged
from bot.console.marks import mark
from bot.relay import packer
from bot.relay.sink import ChannelGone, SinkUnavailable
from bot.store.values import Outgoing
from bot.terms import PowerState
from bot.vitals import DeliveredTail

from .conftest import MemoryJournal, at, until, wanted
from .test_outbox import fill, outbox
from .test_supervisor import running


def marks(*lines):
    return b"".join(mark(line) for line in lines)


@asynccontextmanager
async def life(sink, journal, *relays, **options):
    """A life of the bot that ends as SIGKILL ends it: nothing is said or written any more."""
    async with running(sink, *relays, journal=journal, **options) as world:
        yield world
        for box in list(world.supervisor._outboxes.values()):
            box._task.cancel()
            await asyncio.gather(box._task, return_exceptions=True)
        frozen = dict(journal.messages), dict(journal.delivered)
    journal.messages, journal.delivered = frozen


async def test_a_relay_begins_with_what_comes_and_goes_on_behind_what_it_delivered(sink):
    journal = MemoryJournal()
    async with life(sink, journal) as world:
        await world.opened()
        world.console().put(Connected(at(0), before=("old 1", "old 2")))
        world.console().say("a", "b")
        await until(lambda: sink.lines() == ["a", "b"])
        await until(lambda: not journal.messages)
    async with life(sink, journal) as world:
        await world.opened()
        assert world.pasts[0].marks == marks("old 1", "old 2", "a", "b")
        assert not world.pasts[0].offline
    assert sink.lines() == ["a", "b"]


async def test_a_silent_relay_goes_on_where_it_began(sink):
    journal = MemoryJournal()
    async with life(sink, journal) as world:
        await world.opened()
        world.console().put(Connected(at(0)), StatusChanged(PowerState.OFFLINE))
        await until(lambda: journal.delivered.get(1) and journal.delivered[1].offline)
    async with life(sink, journal) as world:
        await world.opened()
        assert world.pasts == [DeliveredTail(b"", at(0), offline=True)]


async def test_lines_that_are_not_shown_belong_to_the_tail(sink):
    journal = MemoryJournal()
    relay = wanted(include="shown")
    async with life(sink, journal, relay) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        world.console().say("hidden 1", "shown 2", "hidden 3")
        await until(lambda: sink.lines() == ["shown 2"] and world.health().queued_lines == 0)
        world.console().say(*(f"hidden {n}" for n in range(4, 103)), "hidden 103")
        await until(
            lambda: 1 in journal.delivered and journal.delivered[1].marks[-8:] == mark("hidden 102")
        )  # noted in groups
        assert journal.delivered[1].marks[:24] == marks("hidden 1", "shown 2", "hidden 3")
    assert sink.lines() == ["shown 2"]


async def test_a_restarted_relay_goes_on_behind_what_waits_for_delivery(sink):
    async with running(sink) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        sink.gate.clear()
        world.console().say("a", "b")
        await until(lambda: world.health().queued_lines == 2)
        world.relays = [wanted(exclude="x")]
        world.supervisor.wake()
        await until(lambda: world.console().opened == 2)
        assert world.pasts[1].marks == marks("a", "b")
        sink.gate.set()


async def test_a_message_on_its_way_is_sent_again_with_its_nonce_and_first(sink):
    journal = MemoryJournal()
    late = SinkUnavailable("the answer got lost")
    late.after = True
    async with life(sink, journal) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        sink.failures[1] = [late] * 1000
        world.console().say("a")
        await until(lambda: sink.lines() == ["a"])
    sink.failures.clear()
    (message,) = journal.messages.values()
    async with life(sink, journal) as world:
        await world.opened()
        assert world.pasts[0].marks == marks("a")
        world.console().put(Connected(at(5)), ConsoleLine("b", at(5), recovered=True))
        await until(lambda: sink.lines() == ["a", "b"])
    assert {nonce for _, content, nonce in sink.calls if content == message.content} == {message.nonce}


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_message_whose_nonce_is_forgotten_is_looked_for_in_the_channel(sink, arrived):
    journal = MemoryJournal()
    made_at = packer.utc_now() - timedelta(minutes=10)
    left = Outgoing(1, "old-1", "```ansi\na\n```", None, None, made_at, {1: DeliveredTail(marks("a"), made_at)})
    journal.messages[1] = left
    if arrived:
        sink.messages[1] = [left.content]
    async with life(sink, journal) as world:
        await world.opened()
        await until(lambda: not journal.messages)
    assert sink.messages[1] == [left.content]
    assert sink.looked == [(1, left.content, made_at)]
    assert journal.delivered[1].marks == marks("a")


async def test_a_long_outage_after_an_acceptance_posts_nothing_twice(sink):
    """The nonce is forgotten while Discord is away: the retry looks before it posts."""
    late = SinkUnavailable("the answer got lost")
    late.after = True
    now = [packer.utc_now()]
    async with outbox(sink, now=lambda: now[0]) as box:
        sink.failures[1] = [late]
        sink.gate.set()
        tally = fill(box, ["a"])
        await until(lambda: sink.calls)
        now[0] += timedelta(minutes=10)
        sink.forget_nonces()
        await until(lambda: tally.delivered == 1)
    assert sink.lines() == ["a"]


async def test_a_dead_channel_leaves_nothing_on_its_way(sink):
    journal = MemoryJournal()
    sink.failures[1] = [ChannelGone("gone")]
    async with outbox(sink, journal=journal) as box:
        fill(box, ["a"])
        await until(lambda: box.parked)
    assert journal.messages == {}
    assert journal.delivered == {}


async def test_a_journal_in_trouble_stops_no_relay(sink, caplog):
    journal = MemoryJournal()
    journal.broken = True
    async with outbox(sink, journal=journal) as box:
        tally = fill(box, ["a"])
        await until(lambda: tally.delivered == 1)
    assert "written down" in caplog.text


async def test_a_gap_after_a_restart_is_told_with_its_times(sink):
    journal = MemoryJournal()
    journal.delivered[1] = DeliveredTail(marks("a"), at(5))
    async with life(sink, journal) as world:
        await world.opened()
        world.console().put(Connected(at(65), recovered=150, complete=False))
        await world.shows("may be missing")
    since, until_ = (int(at(s).timestamp()) for s in (5, 65))
    assert f"between <t:{since}:T> and <t:{until_}:T> may be missing. 150 missed lines were found." in sink.text()


async def test_lines_caught_up_long_after_they_came_are_introduced(sink):
    journal = MemoryJournal()
    journal.delivered[1] = DeliveredTail(marks("a"), at(5))
    async with life(sink, journal) as world:
        await world.opened()
        world.console().put(Connected(at(500), recovered=2), ConsoleLine("b", at(500)), ConsoleLine("c", at(500)))
        await until(lambda: sink.lines() == ["b", "c"])
    assert f"The bot was away; 2 lines of **Survival** from after <t:{int(at(5).timestamp())}:T> follow." in sink.text()
