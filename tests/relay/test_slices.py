"""Floods and long lines are worked off in slices: whatever comes, others get their turns in between."""

import asyncio

import pytest

from bot import time_slice
from bot.console.events import Connected
from bot.relay.backlog import Bounds, Tally, Voice
from bot.relay.packer import Packer
from bot.relay.trail import Trail
from bot.terms import RelayStyle

from .conftest import at, masking, until
from .test_outbox import Item
from .test_supervisor import running

LONG = {
    "addresses": "203.0.113.9, " * 4600,
    "colours": "\x1b[1ma\x1b[0mb" * 6600,
    "keys": "key password: a " * 3700,
    "plain": "x" * 60_000,
}


@pytest.fixture
async def looks(monkeypatch):
    """A clock that goes on with each look at it: a slice is three looks. Returns how often the loop could turn."""
    clock = iter(range(10**9))
    slices = time_slice.TimeSlices(3, lambda: next(clock))
    monkeypatch.setattr(time_slice, "shared", lambda: slices)


async def turns_during(work):
    """Return how often the loop turned while something was done, and its result."""
    task, count = asyncio.create_task(work), 0
    while not task.done():
        await asyncio.sleep(0)
        count += 1
    return count, task.result()


def filled(*texts):
    packer = Packer(Bounds())
    voice = Voice(1, RelayStyle.COLOUR, "Survival", Tally(), Trail(), masking(1))
    for text in texts:
        packer.put(Item(text, voice, asyncio.get_running_loop().time()))
    return packer


@pytest.mark.parametrize("kind", LONG)
async def test_a_long_line_is_drawn_in_slices(looks, kind):
    packer = filled(LONG[kind], "behind")
    turns, parcel = await turns_during(packer.pack())
    assert turns > 10
    assert parcel.content
    packer.settle(parcel, accepted=True)


async def test_a_flood_is_filed_in_slices(looks):
    packer = filled(*(f"line {n}" for n in range(2000)))
    turns, parcel = await turns_during(packer.file())
    assert turns > 500
    assert parcel.attachment.data.decode().splitlines() == [f"line {n}" for n in range(2000)]


async def test_what_is_being_drawn_is_not_forgotten_when_the_drawing_is_cancelled(looks):
    packer = filled(LONG["addresses"])
    task = asyncio.create_task(packer.pack())
    for _ in range(5):
        await asyncio.sleep(0)
    assert packer and packer.units >= len(LONG["addresses"]) and packer.oldest_at is not None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    item = packer._drawing
    tally = item.voice.tally
    assert tally.queued == 1
    packer.give_up(lost=True)
    assert (tally.queued, tally.lost, packer.units) == (0, 1, 0)


async def test_a_console_that_never_pauses_is_read_in_slices(looks, sink):
    async with running(sink) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        world.console().say(*(f"line {n}" for n in range(1000)))
        turns, relay = 0, world.health()
        while relay.delivered + relay.queued_lines < 1000:
            await asyncio.sleep(0)
            turns, relay = turns + 1, world.health()
        assert turns > 250
        await until(lambda: world.health().delivered == 1000)
