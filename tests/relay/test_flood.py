"""What messages cannot carry in time goes out as a file, in its place, and messages follow it."""

import asyncio
from dataclasses import replace

from bot.relay.backlog import Bounds, Tally, Voice
from bot.relay.logfile import LogFile
from bot.relay.outbox import Outbox, OutboxTiming
from bot.relay.pace import Pace
from bot.relay.trail import Trail
from bot.relay.turns import Turns
from bot.terms import RelayStyle
from bot.time_slice import finish

from .conftest import GUILD, QUICK, MemoryJournal, lines_in, masking, until
from .test_outbox import Item, fill, outbox

FLOOD = replace(QUICK, behind=5.5, lull=0.05, between_files=0.2)


def everything(sink, channel_id=1):
    """All lines as a reader finds them, files opened where they stand."""
    files = iter(sink.attachments.get(channel_id, []))
    found = []
    for content in sink.messages.get(channel_id, []):
        found += next(files).data.decode().splitlines() if "📎" in content else lines_in([content])
    return found


async def test_a_flood_goes_out_as_a_file_in_its_place(sink):
    sent = [f"line {n} " + "x" * 90 for n in range(5000)]
    async with outbox(sink, pace=Pace(), timing=FLOOD) as box:
        tally = fill(box, sent)
        await until(lambda: tally.delivered == 5000)
        fill(box, ["afterwards"], tally)
        await until(lambda: tally.delivered == 5001)
    assert everything(sink) == [*sent, "afterwards"]
    assert len(sink.attachments[1]) == 1
    assert len(sink.messages[1]) <= 3
    assert "afterwards" in sink.messages[1][-1]


async def test_what_messages_can_carry_in_time_stays_readable(sink):
    async with outbox(sink, pace=Pace(), timing=FLOOD) as box:
        tally = fill(box, [f"line {n} " + "x" * 70 for n in range(80)])
        await until(lambda: tally.delivered == 80)
    assert not sink.attachments


async def test_a_lasting_flood_costs_few_files_and_no_messages_between(sink):
    timing = replace(QUICK, behind=0.01, lull=0.1, between_files=0.5)
    async with outbox(sink, pace=Pace(), timing=timing) as box:
        tally, sent = Tally(), []
        for number in range(100):
            lines = [f"{number}-{n} " + "x" * 100 for n in range(40)]
            sent += lines
            fill(box, lines, tally)
            await asyncio.sleep(0.01)
        await until(lambda: tally.delivered == len(sent))
    assert everything(sink) == sent
    assert len(sink.messages[1]) <= 8
    assert tally.queued == tally.queued_bytes == 0


async def test_the_summary_tells_what_is_in_the_file(sink):
    lines = ["[12:00 INFO]: fine", "[12:00 WARN]: hm", "[12:00 ERROR]: no", "java.lang.IllegalStateException: x"] * 300
    async with outbox(sink, pace=Pace(remaining=0, reset_at=1e12, window=100), timing=FLOOD) as box:
        box._pace.reset_at = asyncio.get_running_loop().time() + 0.3
        tally = fill(box, [line + " " * 50 + "x" for line in lines])
        await until(lambda: tally.delivered == 1200)
    summary = next(content for content in sink.messages[1] if "📎" in content)
    assert "**1,200 lines**" in summary
    assert "600 errors, 300 warnings" in summary
    assert "\n" not in summary


def test_a_file_is_plain_and_masked_as_messages_are():
    voice = Voice(1, RelayStyle.COLOUR, "Survival", Tally(), Trail(), masking(1))
    log = LogFile(headers=True, source="")
    finish(log.add(Item("\x1b[31mfrom 203.0.113.9\x1b[0m", voice, 0.0)))
    finish(log.add(Item("🔄 **Survival** is starting", voice, 0.0, notice=True)))
    finish(log.add(Item("to 203.0.113.9", voice, 0.0)))
    mark = masking(1).redact("203.0.113.9")
    assert log.data().decode() == f"--- Survival ---\nfrom {mark}\n🔄 **Survival** is starting\nto {mark}\n"
    assert log.lines == 2


async def test_beyond_the_bound_a_flood_keeps_head_and_tail_and_says_what_it_lost(sink):
    sink.gate.clear()
    async with outbox(sink, pace=Pace(), timing=FLOOD, bounds=Bounds(lines=1000)) as box:
        tally = fill(box, [f"{n} " + "x" * 90 for n in range(5000)])
        await until(lambda: sink.calls)
        sink.gate.set()
        await until(lambda: tally.queued == 0)
    shown = everything(sink)
    (place,) = [index for index, line in enumerate(shown) if line.startswith("✂")]
    numbers = [int(line.split(" ")[0]) for line in shown if not line.startswith("✂")]
    assert numbers == sorted(set(numbers)) and numbers[0] == 0 and numbers[-1] == 4999
    assert shown[place].startswith(f"✂ {tally.lost} lines left out here")
    assert tally.delivered + tally.lost == 5000 and tally.delivered == len(numbers)


async def test_a_flood_in_one_channel_does_not_delay_another(sink):
    """Both wait for nothing but their own pace."""
    turns, tallies = Turns(), [Tally(), Tally()]
    boxes = [
        Outbox(channel, sink=sink, pace=Pace(), turns=turns.of(GUILD, channel), journal=MemoryJournal(), timing=OutboxTiming(),
               parked=lambda: None)
        for channel in (1, 2)
    ]  # fmt: skip
    try:
        fill(boxes[0], [f"{n} " + "x" * 100 for n in range(20_000)], tallies[0])
        fill(boxes[1], ["hello"], tallies[1])
        await until(lambda: tallies[1].delivered)
        assert len(sink.messages.get(1, [])) <= 2, "no more than a quiet console's share of the flood is over"
    finally:
        for box in boxes:
            await box.close(2)
