"""Over restarts of the bot nothing is lost and nothing said twice: the journal, the tail, the message on its way."""

import asyncio
import logging
import re
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.events import Connected, ConsoleLine, Parked, StatusChanged
from bot.console.marks import mark
from bot.errors import ConsoleRefused
from bot.relay import packer
from bot.relay.backlog import Bounds, Item, Voice
from bot.relay.sink import ChannelForbidden, ChannelGone, MessageRefused, SinkUnavailable
from bot.relay.spool import Spool
from bot.relay.trail import Trail
from bot.store.values import Outgoing
from bot.terms import PowerState, RelayStyle
from bot.vitals import DeliveredTail, RelayState

from .conftest import GUILD, MemoryJournal, at, until, wanted
from .test_outbox import fill, outbox
from .test_supervisor import running


def marks(*lines):
    return b"".join(mark(line) for line in lines)


@asynccontextmanager
async def life(sink, journal, *relays, **options):
    """A life of the bot that ends as SIGKILL ends it: nothing is said or written any more."""
    async with running(sink, *relays, journal=journal, **options) as world:
        yield world
        for box in [box for guild in world.supervisor._guilds.values() for box in guild._channels]:
            box._task.cancel()
            await asyncio.gather(box._task, return_exceptions=True)
        frozen = dict(journal.messages), dict(journal.delivered), list(journal.batches)
    journal.messages, journal.delivered, journal.batches = frozen


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
        world.wake()
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


async def test_an_equal_message_before_is_not_taken_for_the_one_looked_for(sink):
    """A console says the same thing twice, and Discord is away for the second time: it must not be left out."""
    now = [packer.utc_now()]
    async with outbox(sink, now=lambda: now[0]) as box:
        tally = fill(box, ["Saved the game"])
        await until(lambda: tally.delivered == 1)
        sink.failures[1] = [SinkUnavailable("not now")] * 3
        fill(box, ["Saved the game"], tally)
        await until(lambda: len(sink.failures[1]) == 2)
        now[0] += timedelta(minutes=10)
        sink.forget_nonces()
        await until(lambda: tally.delivered == 2)
    assert sink.lines() == ["Saved the game", "Saved the game"]


async def test_nor_is_it_after_a_kill(sink):
    journal = MemoryJournal()
    made_at = packer.utc_now() - timedelta(minutes=10)
    left = Outgoing(
        1, "old-1", "```ansi\na\n```", None, None, made_at, {1: DeliveredTail(marks("a"), made_at)}, after=1
    )
    journal.messages[1] = left
    sink.messages[1] = [left.content]
    async with life(sink, journal) as world:
        await world.opened()
        await until(lambda: not journal.messages)
    assert sink.messages[1] == [left.content] * 2


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


@pytest.mark.parametrize("error", [ChannelGone("gone"), ChannelForbidden("no")])
async def test_a_refusal_deletes_nothing_that_was_to_be_said(sink, error):
    """One answer is no proof: rights come back, and what looks like Discord may be a proxy that has lost its way."""
    journal = MemoryJournal()
    sink.failures[1] = [error]
    async with outbox(sink, journal=journal) as box:
        fill(box, ["a"])
        await until(lambda: sink.calls)
        fill(box, ["b"])
        await until(lambda: box.parked)
    assert "a" in journal.messages[1].content
    assert journal.delivered == {}
    async with life(sink, journal) as world:
        await until(lambda: sink.lines()[:1] == ["a"])
        await world.opened()


async def test_a_deleted_channel_leaves_nothing_on_its_way(sink):
    journal = MemoryJournal()
    sink.gate.clear()
    async with outbox(sink, journal=journal) as box:
        fill(box, ["a"])
        await until(lambda: sink.calls)
        box.channel_gone()
    assert (journal.messages, journal.batches, journal.delivered) == ({}, [], {})


async def test_a_journal_in_trouble_stops_no_relay(sink, caplog):
    journal = MemoryJournal()
    journal.broken = True
    with caplog.at_level(logging.DEBUG):
        async with outbox(sink, journal=journal) as box:
            tally = fill(box, ["a"])
            await until(lambda: tally.delivered == 1)
    assert "written down" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}, "the journal tells the owner, once for all"


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


async def test_what_waits_is_posted_by_the_next_life_and_read_from_no_history(sink):
    """Discord takes nothing, life after life, and Wings forgets."""
    journal = MemoryJournal()
    sink.gate.clear()
    async with life(sink, journal) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        world.console().say("a")
        await until(lambda: sink.calls)
        world.console().say("b", "c")
        await until(lambda: journal.batches)
    async with life(sink, journal) as world:
        await world.opened()
        assert world.pasts[0].marks == marks("a", "b", "c")
        world.console().put(Connected(at(5)))
        world.console().say("d")
        await until(lambda: len(journal.batches) == 2)
        assert world.health().queued_lines == 3
    sink.gate.set()
    async with life(sink, journal) as world:
        await world.opened()
        assert world.pasts[0].marks == marks("a", "b", "c", "d")
        await until(lambda: sink.lines() == ["a", "b", "c", "d"])
        await until(lambda: not journal.messages and not journal.batches)
        assert world.health().queued_lines == 0
        assert journal.delivered[1].marks == marks("a", "b", "c", "d")


async def test_a_life_that_ends_in_peace_leaves_what_waits_to_the_next(sink):
    journal = MemoryJournal()
    sink.gate.clear()
    async with running(sink, journal=journal) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        world.console().say("a")
        await until(lambda: sink.calls)
        world.console().put(*(ConsoleLine(f"line {n}", at(0)) for n in range(2000)), StatusChanged(PowerState.OFFLINE))
        await until(lambda: world.health().queued_lines == 2001)
    sink.gate.set()
    async with running(sink, journal=journal) as world:
        await world.opened()
        assert world.pasts[0].marks[-8:] == mark("line 1999")
        assert world.pasts[0].offline
        await until(lambda: "line 1999" in sink.text() or sink.attachments)
        await until(lambda: world.health().queued_lines == 0)
    shown = sink.text() + "".join(file.data.decode() for file in sink.attachments.get(1, []))
    assert [int(n) for n in re.findall(r"line (\d+)$", shown, re.MULTILINE)] == list(range(2000))


def everything(sink):
    """What a reader sees of the lines: those in messages, then those in files."""
    return "\n".join([*sink.lines(), *(file.data.decode() for file in sink.attachments.get(1, []))])


@pytest.mark.parametrize("as_file", [False, True])
async def test_the_beginning_of_a_long_line_is_not_said_again(sink, as_file):
    """Killed between two of its parts: the next life goes on with the next part."""
    journal = MemoryJournal()
    long = "".join(f"{n:04} " for n in range(2000))
    async with life(sink, journal) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        await world.shows("is shown from here on")
        sink.failures[1] = [None, None] + [SinkUnavailable("not now")] * 1000
        world.console().say("before", long)
        await until(lambda: len(sink.failures[1]) < 1000 and journal.messages and journal.batches)
    sink.failures.clear()
    assert "0000" in sink.text() and "1999" not in sink.text()
    async with life(sink, journal) as world:
        await world.opened()
        world.console().say(*(f"flood_{n}_" for n in range(5000 * as_file)), "after")
        await until(lambda: "after" in everything(sink) and not journal.batches)
    shown = everything(sink)
    assert re.findall(r"\b\d{4}\b", re.sub(r"↩\n(?:after\n)?↪ ", "", shown)) == long.split()
    assert shown.count("before") == shown.count("after") == 1


async def test_a_notice_that_waits_does_not_make_a_new_relay_an_old_one(sink):
    """It was never connected, so what its console printed before is still none of its business."""
    journal = MemoryJournal()
    sink.gate.clear()
    async with life(sink, journal) as world:
        await world.opened()
        world.console().put(Parked(at(0), ConsoleRefused("No access.")))
        await until(lambda: sink.calls)
        world.console().put(Parked(at(0), ConsoleRefused("Still none.")))
        await until(lambda: journal.batches)
    sink.gate.set()
    async with life(sink, journal) as world:
        await world.opened()
        assert world.pasts == [None]
        world.console().put(Connected(at(5), before=("old",)))
        await world.shows("is shown from here on")
    assert sink.text().index("No access") < sink.text().index("Still none") < sink.text().index("from here on")


async def test_relays_of_one_channel_wait_together_and_one_that_is_gone_waits_no_more(sink):
    journal = MemoryJournal()
    sink.gate.clear()
    relays = [wanted(1, 1, name="One"), wanted(2, 2, name="Two"), wanted(3, 3, name="Three")]
    async with life(sink, journal, *relays) as world:
        await world.opened(1, 2, 3)
        for n in (1, 2, 3):
            world.console(n).put(Connected(at(0)))
        await until(lambda: sink.calls)
        for n in (1, 3, 2, 1):
            world.console(n).say(f"of {n}")
            await asyncio.sleep(0.01)
        await until(lambda: sum(len(batch.items) for batch in journal.batches) >= 4)
    sink.gate.set()
    async with life(sink, journal, relays[0], wanted(2, 2, name="Two", include="x(")) as world:
        await world.opened()
        await until(lambda: len(sink.lines()) == 3)
        await until(lambda: not journal.batches)
    assert sink.lines() == ["of 1", "of 2", "of 1"]  # a bad pattern hinders nothing that was read before
    assert re.findall(r"^-# (\w+)$", sink.text(), re.MULTILINE)[-3:] == ["One", "Two", "One"]


async def test_a_channel_that_is_forbidden_or_gone_keeps_nothing(sink):
    journal = MemoryJournal()
    sink.gate.clear()
    async with outbox(sink, journal=journal) as box:
        fill(box, ["a"])
        await until(lambda: sink.calls)
        fill(box, ["b"])
        await until(lambda: journal.batches)
        box.channel_gone()
        assert journal.batches == []


async def test_a_defect_of_ours_leaves_everything_to_the_next_life(sink, caplog):
    """Nobody knows what became of the message: it must neither come twice nor be forgotten."""
    journal = MemoryJournal()
    sink.gate.clear()
    odd = ValueError("an answer nobody foresaw")
    odd.after = True
    async with life(sink, journal) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        await until(lambda: sink.calls)
        sink.failures[1] = [odd]
        world.console().say("a")
        await until(lambda: world.health().queued_lines == 1)
        sink.gate.set()
        await until(lambda: sink.lines() == ["a"])
        await until(lambda: world.reports)
        assert world.health().state is RelayState.PARKED and not world.console().open
        assert "defect in the bot" in world.health().last_error
        reads = len(world.reads)
        world.supervisor.rights_changed(GUILD)  # whoever tries it again in the same life throws nothing away
        assert world.health() is not None
        await until(lambda: len(world.reads) > reads and world.health() is not None)
        assert world.health().state is RelayState.PARKED
        assert "a" in journal.messages[1].content
    async with life(sink, journal) as world:
        await world.opened()
        assert world.pasts[0].marks == marks("a")
        world.console().say("b")
        await until(lambda: sink.lines() == ["a", "b"])


def left_over():
    """The message with line "a" that an earlier life was sending."""
    now = packer.utc_now()
    return Outgoing(1, "old-1", "```\na\n```", None, None, now, {1: DeliveredTail(marks("a"), now)})


async def test_a_message_of_an_earlier_life_that_is_refused_is_told(sink):
    journal = MemoryJournal()
    journal.messages[1] = left_over()
    sink.failures[1] = [MessageRefused("no")]
    async with life(sink, journal) as world:
        await world.opened()
        await world.shows("Discord refused a message with console lines here.")


async def test_a_message_of_an_earlier_life_waits_until_the_bot_may_post_again(sink):
    journal = MemoryJournal()
    journal.messages[1] = left_over()
    sink.failures[1] = [ChannelForbidden("no"), ChannelForbidden("no")]
    async with life(sink, journal) as world:
        await until(lambda: sink.lines() == ["a"])
        world.console().say("b")
        await until(lambda: sink.lines() == ["a", "b"])
        assert world.pasts[-1].marks == marks("a")


async def test_a_message_of_an_earlier_life_goes_with_its_relay(sink):
    journal = MemoryJournal()
    journal.messages[1] = left_over()
    sink.failures[1] = [ChannelForbidden("no")]
    async with life(sink, journal) as world:
        await until(lambda: world.health() and world.health().state is RelayState.PARKED)
        assert 1 in journal.messages  # whoever kills the bot now loses nothing either
        world.relays = []
        world.wake()
        await until(lambda: not journal.messages)
        world.relays = [wanted(2, 2, name="Other")]
        world.wake()
        await world.opened(2)
        world.console(2).put(Connected(at(0)))
        await world.shows("shown from here on")
    assert sink.lines() == []


def test_a_server_that_is_off_is_not_known_to_be_while_lines_before_wait():
    """Or what is lost of those would be missed by nobody."""
    trail = Trail()
    trail.begin((), at(0))
    trail.take("last words", at(1))
    trail.offline = True
    assert trail.taken.offline
    trail.forget_waiting()
    assert not trail.taken.offline
    assert trail.taken.marks == b""


async def test_what_does_not_fit_is_not_kept_nor_what_comes_behind_it_until_it_is_on_its_way():
    journal = MemoryJournal()
    spool = Spool(1, journal, packer.utc_now, bounds=Bounds(lines=3, units=1000))
    voice = Voice(1, RelayStyle.PLAIN, "")

    def put(text):
        spool.put(Item(text, voice, asyncio.get_running_loop().time()))

    def kept():
        return [[item.text for item in batch.items] for batch in journal.batches]

    for text in ("a", "b", "c", "d"):
        put(text)
    spool.write()
    assert kept() == [["a", "b", "c"]]
    assert spool.leaves(2) == (2, 0)
    put("e")  # d waits before it, and is not kept
    spool.write()
    assert kept() == [["a", "b", "c"]]
    assert spool.leaves(5) == (5, 0)
    for text in ("f", "y" * 1000, "g"):
        put(text)
    spool.write()
    assert kept() == [["a", "b", "c"], ["f"]]
    assert spool.leaves(8) == (8, 0)
    assert spool.leaves(0) == (0, 0)


@given(st.lists(st.one_of(st.just("put"), st.just("write"), st.integers(1, 5)), max_size=60))
def test_what_is_kept_begins_behind_what_is_on_its_way_and_has_no_holes(steps):
    """Whenever a SIGKILL comes: what is missing between two kept lines would be missed by nobody."""

    async def play():
        journal = MemoryJournal()
        spool = Spool(1, journal, packer.utc_now, bounds=Bounds(lines=4, units=1000))
        voice = Voice(1, RelayStyle.PLAIN, "")
        last = gone = 0
        for step in steps:
            if step == "put":
                last += 1
                spool.put(Item(str(last), voice, 0.0))
            elif step == "write":
                spool.write()
            else:
                gone = min(last, gone + step)
                spool.leaves(gone)
            kept = [int(item.text) for batch in journal.batches for item in batch.items]
            waiting = [number for number in kept if number > gone]
            assert waiting == list(range(gone + 1, gone + 1 + len(waiting)))
            assert len(waiting) <= 4
        spool.write()
        spool.forget()

    asyncio.run(play())
