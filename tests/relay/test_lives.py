"""Many lives of one channel's writer, each killed at a random moment: all that was printed is there, once, in order."""

import asyncio
import random
import re
from contextlib import asynccontextmanager

import pytest

from bot.console.marks import MARK_BYTES, mark
from bot.relay.backlog import Item, Tally, Voice
from bot.relay.outbox import Outbox, OutboxTiming
from bot.relay.pace import Pace
from bot.relay.packer import utc_now
from bot.relay.postman import PostTiming
from bot.relay.sink import ChannelForbidden, ChannelGone, SinkUnavailable
from bot.relay.trail import Trail
from bot.relay.turns import Turns
from bot.store.store import Store
from bot.terms import PanelKind, RelayStyle

from .conftest import MemoryJournal, ScriptedSink, lines_in, until

CHANNEL = 1
# No files: a file has its own place among the messages, and the order is what is looked at here.
TIMING = OutboxTiming(
    gather=0.002, behind=1e9, keep=0.01, post=PostTiming(send=5, retry_first=0.005, retry_most=0.02, slow=5)
)


class MoodySink(ScriptedSink):
    """Takes its time, fails before or after it has accepted a message, and now and then lets the bot post no more."""

    def __init__(self, rng):
        super().__init__()
        self.rng = rng
        self.away = self.last = False

    async def send(self, channel_id, content, *, nonce, attachment=None):
        await asyncio.sleep(self.rng.choice((0, 0, 0, 0.003)))
        if self.away or self.rng.random() < 0.15:
            raise SinkUnavailable("not now")
        if not self.last and self.rng.random() < 0.03:
            raise self.rng.choice((ChannelForbidden("no right"), ChannelGone("gone")))
        await super().send(channel_id, content, nonce=nonce, attachment=attachment)
        await asyncio.sleep(self.rng.choice((0, 0, 0.003)))
        if self.rng.random() < 0.15:
            raise SinkUnavailable("the answer got lost")


class Console:
    """What a game has printed, all of it remembered."""

    def __init__(self, rng):
        self.rng = rng
        self.printed = []

    def line(self):
        number = len(self.printed)
        words = self.rng.choice((1, 1, 1, 1, 1, 1, 5, 5, 5, 600))
        self.printed.append(" ".join(f"{number}.{word}" for word in range(words)))
        return self.printed[-1]

    def behind(self, tail):
        """The lines behind those that the tail knows."""
        if tail is None or not tail.marks:
            return self.printed
        newest = tail.marks[-MARK_BYTES:]
        return self.printed[[mark(line) for line in self.printed].index(newest) + 1 :]


@asynccontextmanager
async def life(journal, sink, console, relay_id):
    """One life; whoever leaves it kills it."""
    past = (await journal.tails([relay_id])).get(relay_id)
    waiting = (await journal.waiting()).get(CHANNEL, [])
    unsettled = (await journal.unsettled()).get(CHANNEL)
    trail = Trail(past)
    if not trail.begun:
        trail.begin((), utc_now())
        journal.note({relay_id: trail.after(b"", None, offline=False)})
    voice = Voice(relay_id, RelayStyle.PLAIN, "", Tally(), trail)
    box = Outbox(
        CHANNEL, sink=sink, pace=Pace(limit=100_000, remaining=100_000, window=0.01), turns=Turns(100_000).of(7, CHANNEL),
        journal=journal, unsettled=unsettled, parked=lambda: None, timing=TIMING,
    )  # fmt: skip

    def take(text, age=0):
        if box.parked is not None:
            return  # as a relay does: whoever writes next reads it again
        at = asyncio.get_running_loop().time() - age
        box.put(Item(text, voice, at, marks=trail.take(text, utc_now())))

    box.restore(waiting, {relay_id: voice})
    for text in console.behind(trail.taken):
        take(text)
    try:
        yield take, voice.tally
    finally:
        box._task.cancel()
        box._spool._stop()
        await asyncio.gather(box._task, return_exceptions=True)


async def play(seed, opened, lives=6):
    rng = random.Random(seed)
    console, sink = Console(rng), MoodySink(rng)
    for number in range(lives):
        async with opened() as (journal, relay_id), life(journal, sink, console, relay_id) as (take, tally):
            sink.last = number == lives - 1
            sink.away = not sink.last and rng.random() < 0.4
            for _ in range(rng.randrange(12)):
                for _ in range(rng.choice((1, 1, 2, 10))):
                    take(console.line(), age=rng.choice((0, 0, 0, 100)))
                await asyncio.sleep(rng.choice((0, 0.003, 0.02, 0.05)))
            if sink.last:
                take(console.line())
                await until(lambda tally=tally: tally.queued == 0)
    shown = re.sub(r"↩\n↪ ", "", "\n".join(lines_in(sink.messages[CHANNEL]))).split("\n")
    assert [line.split(" ")[0] for line in shown] == [line.split(" ")[0] for line in console.printed]
    assert shown == console.printed


@pytest.mark.parametrize("seed", range(12))
async def test_random_lives_lose_nothing_and_repeat_nothing(seed):
    kept = [MemoryJournal()]

    @asynccontextmanager
    async def opened():
        journal = MemoryJournal()
        journal.delivered, journal.messages, journal.batches = (
            dict(kept[0].delivered), dict(kept[0].messages), list(kept[0].batches),
        )  # fmt: skip
        kept[0] = journal
        yield journal, 1

    await play(seed, opened)


@pytest.mark.parametrize(("engine", "seed"), [("sqlite", 0), ("sqlite", 1), ("postgresql", 0), ("postgresql", 2)])
async def test_random_lives_with_a_real_database(seed, engine, url, keys):
    store = await Store.open(url, keys)
    panel = await store.panels.add(7, "https://panel.example", PanelKind.PELICAN, "P", "ptlc_key")
    server = await store.servers.link(7, panel.id, "S", "00000001", "u-1")
    relay = await store.relays.add(7, server.id, CHANNEL)
    await store.close()

    @asynccontextmanager
    async def opened():
        store = await Store.open(url, keys)
        try:
            yield store.journal, relay.id
        finally:
            if store.journal._writer is not None:  # killed: what is not written by now never will be
                store.journal._writer.cancel()
                await asyncio.gather(store.journal._writer, return_exceptions=True)
            await store._database.engine.dispose()

    await play(seed, opened)
