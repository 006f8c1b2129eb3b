"""One channel's writer."""

import asyncio
import re
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from bot.console.marks import mark
from bot.relay.backlog import Backlog, Bounds, Item, Tally, Voice
from bot.relay.outbox import Outbox
from bot.relay.pace import Pace
from bot.relay.sink import ChannelForbidden, ChannelGone, MessageRefused, SinkUnavailable
from bot.relay.trail import Trail
from bot.relay.turns import Turns
from bot.terms import RelayStyle

from .conftest import GUILD, QUICK, MemoryJournal, until

PLAIN = RelayStyle.PLAIN


def free_pace():
    return Pace(limit=100_000, remaining=100_000, window=0.01)


@asynccontextmanager
async def outbox(sink, *, pace=None, timing=QUICK, **options):
    parked = []
    box = Outbox(
        1, sink=sink, pace=pace or free_pace(), turns=Turns(100_000).of(GUILD, 1), timing=timing,
        parked=lambda: parked.append(box.parked), **({"journal": MemoryJournal()} | options),
    )  # fmt: skip
    box.seen_parked = parked
    try:
        yield box
    finally:
        await box.close(1)


def fill(box, texts, tally=None, source="", trail=None, age=0):
    tally = tally or Tally()
    voice = Voice(1, PLAIN, source, tally, trail or Trail())
    now = asyncio.get_running_loop().time() - age
    for text in texts:
        box.put(Item(text, voice, now, marks=mark(text)))
    return tally


async def test_lines_arrive_complete_in_order_and_once(sink):
    sent = [f"line {n} " + "x" * (n % 200) for n in range(1000)]
    async with outbox(sink) as box:
        tally = fill(box, sent)
        await until(lambda: tally.delivered == 1000)
    assert sink.lines() == sent
    assert (tally.queued, tally.queued_bytes, tally.lost) == (0, 0, 0)
    assert len(sink.messages[1]) < 1000 / 15


async def test_the_first_line_of_a_quiet_console_goes_at_once(sink):
    async with outbox(sink, pace=Pace(), timing=None) as box:
        start = asyncio.get_running_loop().time()
        fill(box, ["hello"])
        await until(lambda: sink.messages)
        assert asyncio.get_running_loop().time() - start < 0.4
        assert box.lag == 0


async def test_a_transient_failure_is_repeated_with_the_same_nonce(sink):
    sink.failures[1] = [SinkUnavailable("later"), SinkUnavailable("later", retry_after=0.02)]
    async with outbox(sink) as box:
        tally = fill(box, ["a"])
        await until(lambda: tally.delivered == 1)
        fill(box, ["b"], tally)
        await until(lambda: tally.delivered == 2)
        assert box.last_error is None
    nonces = [nonce for _, _, nonce in sink.calls]
    assert nonces[0] == nonces[1] == nonces[2] != nonces[3]
    assert sink.lines() == ["a", "b"]


async def test_a_failure_after_acceptance_does_not_post_twice(sink):
    late = SinkUnavailable("the answer got lost")
    late.after = True
    sink.failures[1] = [late]
    async with outbox(sink) as box:
        tally = fill(box, ["a"])
        await until(lambda: tally.delivered == 1)
    assert sink.lines() == ["a"]
    assert len(sink.calls) == 2


async def test_a_request_without_an_answer_is_repeated(sink):
    sink.gate.clear()
    async with outbox(sink) as box:
        tally = fill(box, ["a"])
        await until(lambda: len(sink.calls) >= 2)
        assert isinstance(box.last_error, SinkUnavailable)
        assert box.lag > 0.4
        sink.gate.set()
        await until(lambda: tally.delivered == 1)
    assert sink.lines() == ["a"]


@pytest.mark.parametrize("error", [ChannelGone("gone"), ChannelForbidden("forbidden")])
async def test_a_dead_channel_parks_the_writer_and_is_said_once(sink, error):
    """What may not be posted now is not lost yet: it comes again once it may."""
    sink.failures[1] = [error]
    async with outbox(sink) as box:
        tally = fill(box, ["a", "b"])
        await until(lambda: box.parked)
        fill(box, ["c"], tally)
        assert box.seen_parked == [error]
        assert (tally.lost, tally.queued) == (0, 0)
    assert len(sink.calls) == 1


async def test_what_waits_for_a_channel_is_lost_when_discord_says_that_it_was_deleted(sink):
    sink.gate.clear()
    async with outbox(sink) as box:
        tally = fill(box, ["a", "b"])
        await until(lambda: sink.calls)
        box.channel_gone()
        fill(box, ["c"], tally)
        assert [type(error) for error in box.seen_parked] == [ChannelGone]
        assert (tally.lost, tally.queued) == (3, 0)


async def test_a_refused_message_is_counted_and_said_and_the_next_goes_on(sink):
    sink.failures[1] = [MessageRefused("no")]
    async with outbox(sink) as box:
        tally = fill(box, ["a", "b"])
        await until(lambda: tally.lost == 2)
        fill(box, ["c"], tally)
        await until(lambda: tally.delivered == 1)
    assert sink.messages[1] in (
        ["⚠ Discord refused 2 lines here.\n```\nc\n```"],
        ["⚠ Discord refused 2 lines here.", "```\nc\n```"],
    )


async def test_a_defect_in_the_sink_ends_this_writer_only_and_is_said(sink, caplog):
    sink.failures[1] = [ZeroDivisionError()]
    async with outbox(sink) as box:
        fill(box, ["a"])
        await until(lambda: box.parked)
    assert "defect" in str(box.seen_parked[0])
    assert "ZeroDivisionError" in caplog.text


async def test_beyond_the_bound_the_middle_is_cut_and_counted(sink):
    sink.gate.clear()
    async with outbox(sink, bounds=Bounds(lines=100)) as box:
        tally = fill(box, ["first"])
        await until(lambda: sink.calls)
        fill(box, [f"{n:03}" for n in range(1000)], tally)
        sink.gate.set()
        await until(lambda: tally.queued == 0)
    shown = sink.lines()
    assert shown == ["first", *(f"{n:03}" for n in range(50)), *(f"{n:03}" for n in range(950, 1000))]
    assert sink.text().count("✂ 900 lines left out here") == 1
    assert sink.text().index("\n049\n") < sink.text().index("✂") < sink.text().index("\n950\n")
    assert (tally.delivered, tally.lost) == (101, 900)


def test_the_bound_holds_in_bytes_too():
    backlog, tally = Backlog(Bounds(units=1000)), Tally()
    for n in range(100):
        backlog.put(Item(f"{n:02} " + "x" * 96, Voice(1, PLAIN, "", tally), 0.0))
    assert backlog.units <= 1000
    assert tally.queued_bytes == backlog.units
    assert (tally.queued, tally.lost) == (10, 90)
    seen = [backlog.pop().text[:2] for _ in range(11)]
    assert seen == ["00", "01", "02", "03", "04", "✂ ", "95", "96", "97", "98", "99"]
    assert not backlog


async def test_closing_delivers_what_fits_the_slots_that_are_left(sink):
    pace = Pace()
    async with outbox(sink, pace=pace) as box:
        tally = fill(box, [f"{n} " + "x" * 1500 for n in range(5)])
        await until(lambda: tally.delivered == 4)  # one slot is kept back
        start = asyncio.get_running_loop().time()
        await box.close(3.5)
        assert asyncio.get_running_loop().time() - start < 1
    assert len(sink.messages[1]) == 5
    assert tally.delivered == 5
    assert not sink.attachments


async def test_closing_under_a_backlog_sends_the_rest_as_one_file(sink):
    sent = [f"\x1b[31m{n}\x1b[0m ``` " + "x" * 100 for n in range(500)]
    async with outbox(sink, pace=Pace(), timing=replace(QUICK, behind=1000)) as box:
        tally = fill(box, sent)
        await until(lambda: tally.delivered > 0 and len(sink.messages[1]) == 4)
        await box.close(3.5)
    assert tally.delivered == 500
    (file,) = sink.attachments[1]
    assert file.filename == "console.log"
    text = [line for line in file.data.decode().split("\n") if line]
    shown = [line.replace("\u200b", "") for line in sink.lines()[: -0 or None]]
    assert [line.split(" ")[0] for line in shown + text] == [str(n) for n in range(500)]
    assert f"📎 **{len(text)} lines**" in sink.messages[1][-1] and "The bot is stopping" in sink.messages[1][-1]


async def test_closing_a_hanging_channel_ends_in_time(sink):
    sink.gate.clear()
    journal = MemoryJournal()
    async with outbox(sink, journal=journal) as box:
        tally = fill(box, ["a", "b"])
        await until(lambda: sink.calls)
        fill(box, ["c"], tally)
        start = asyncio.get_running_loop().time()
        await box.close(0.3)
        assert asyncio.get_running_loop().time() - start < 1
    assert (tally.delivered, tally.lost, tally.queued) == (0, 0, 0)
    assert "a\nb" in journal.messages[1].content
    assert [item.text for batch in journal.batches for item in batch.items] == ["c"]


async def test_old_lines_are_introduced_once_and_tell_how_old_they_are(sink):
    """Discord shows when a message was posted; a reader must not take that for when the lines were printed."""
    sink.gate.clear()
    async with outbox(sink) as box:
        tally = fill(box, ["0"])
        await until(lambda: sink.calls)
        fill(box, ["x" * 1500, "y" * 1500], tally, age=3600)
        sink.gate.set()
        await until(lambda: tally.delivered == 3)
        fill(box, ["new"], tally)
        await until(lambda: tally.delivered == 4)
    since = re.search(r"is from <t:(\d+):f> on", sink.messages[1][1])
    assert abs(time.time() - 3600 - int(since[1])) < 100
    assert sink.text().count("could not be posted earlier") == 1
    assert sink.lines() == ["0", "x" * 1500, "y" * 1500, "new"]


async def test_closing_an_idle_outbox_takes_no_time(sink):
    async with outbox(sink) as box:
        start = asyncio.get_running_loop().time()
        await box.close(3.5)
        assert asyncio.get_running_loop().time() - start < 0.2
    assert not sink.calls


async def test_a_discord_that_takes_its_time_is_no_secret(sink):
    """As long as it does; discord.py tries again by itself for half a minute before it says a word."""
    sink.gate.clear()
    timing = replace(QUICK, post=replace(QUICK.post, slow=0.0, send=30))
    async with outbox(sink, timing=timing) as box:
        tally = fill(box, ["a"])
        await until(lambda: sink.calls)
        assert "has not taken a message for 0 s" in str(box.last_error)
        sink.gate.set()
        await until(lambda: tally.delivered == 1)
        assert box.last_error is None
