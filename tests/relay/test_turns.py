"""The share of Discord's global limit: whose turn it is, and that it is never exceeded."""

import asyncio
from contextlib import suppress
from itertools import pairwise

import pytest

from bot.relay.turns import Turns, _Meter

RATE, BURST = 400, 4


class Noted(_Meter):
    """Notes by its own clock when each passed: what the machine is busy with besides cannot blur that."""

    def __init__(self, per_second, burst):
        super().__init__(per_second, burst)
        self.passed = []

    def _pass(self, now):
        super()._pass(now)
        self.passed.append(now)


async def test_a_guild_with_many_channels_delays_no_other():
    turns = Turns(per_second=RATE, burst=1)
    order = []

    async def channel(guild, number, count):
        mine = turns.of(guild, number)
        for _ in range(count):
            await mine.turn()
            await mine.door()
            order.append((guild, number))

    crowd = [channel(1, number, 3) for number in range(60)]
    await asyncio.gather(*crowd, channel(2, 1, 5), channel(3, 1, 5))
    for quiet in (2, 3):
        places = [place for place, (guild, _number) in enumerate(order) if guild == quiet]
        # Of three guilds, each has every third turn, and waits for both meters.
        assert places[0] <= 6 and all(later - earlier <= 8 for earlier, later in pairwise(places))
    for number in range(60):
        assert order.count((1, number)) == 3


async def test_the_channels_of_a_guild_take_turns():
    meter, order = _Meter(RATE, 1), []

    async def channel(number, count):
        for _ in range(count):
            await meter.through(1, number)
            order.append(number)

    await asyncio.gather(channel("flood", 40), channel("calm", 3))
    assert [place for place, name in enumerate(order) if name == "calm"][-1] <= 8


async def test_never_more_pass_than_the_rate_and_the_burst_allow_whoever_gives_up():
    meter = Noted(RATE, BURST)

    async def channel(guild, number):
        for count in range(4):
            waiting = asyncio.create_task(meter.through(guild, number))
            await asyncio.sleep(0)
            if (number + count) % 3 == 0:
                waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting

    await asyncio.gather(*(channel(guild, number) for guild in range(3) for number in range(10)))
    assert len(meter.passed) >= 80
    for first, last in zip(meter.passed, meter.passed[BURST:], strict=False):
        assert last - first >= (BURST - (BURST - 1)) / RATE - 1e-9
    assert meter.passed[-1] - meter.passed[0] >= (len(meter.passed) - BURST) / RATE - 1e-9


async def test_after_a_stall_not_all_that_was_due_goes_at_once():
    meter = Noted(RATE, BURST)
    waiting = [asyncio.create_task(meter.through(1, number)) for number in range(40)]
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    meter._due = loop.time() - 1  # as if the loop had stood still for a second
    await asyncio.gather(*waiting)
    assert meter.passed[-1] - meter.passed[BURST] >= (40 - 2 * BURST) / RATE - 1e-9


async def test_whoever_is_cancelled_in_the_moment_of_his_turn_leaves_it_to_the_next():
    meter = Noted(0.01, 1)  # one in 100 seconds
    await meter.through(1, 1)
    first, second = (asyncio.create_task(meter.through(guild, 1)) for guild in (1, 2))
    await asyncio.sleep(0)
    meter._due = float("-inf")
    meter._let_through()
    first.cancel()
    await second
    assert first.cancelled()
    assert not meter._line


async def test_cancelled_waiters_cost_the_others_no_turn():
    meter = _Meter(RATE, 1)
    await meter.through(1, 0)
    order = []

    async def channel(guild, number):
        await meter.through(guild, number)
        order.append((guild, number))

    tasks = {key: asyncio.create_task(channel(*key)) for key in ((1, 1), (1, 2), (2, 1), (2, 2))}
    await asyncio.sleep(0)
    tasks[1, 1].cancel()  # its guild is still the first
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    assert order == [(1, 2), (2, 1), (2, 2)]


async def test_the_queue_told_is_that_of_the_guild_which_asks():
    turns = Turns(per_second=10, burst=1)
    loop = asyncio.get_running_loop()
    crowd = [asyncio.create_task(turns.of(1, number).turn()) for number in range(31)]
    await asyncio.sleep(0)
    now = loop.time()
    assert turns.of(1, 99).queue(now) == pytest.approx(3.1, abs=0.2)
    assert turns.of(2, 1).queue(now) == pytest.approx(0.2, abs=0.15)
    for task in crowd:
        task.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    assert turns.of(1, 99).queue(loop.time()) <= 0.1


async def test_messages_that_were_held_up_together_do_not_go_at_once():
    """As many as have had their turn while the database was slow."""
    turns = Turns(per_second=100, burst=4)
    channels = [turns.of(7, number) for number in range(20)]
    for channel in channels:
        await channel.turn()
    loop = asyncio.get_running_loop()
    start = loop.time()
    await asyncio.gather(*(channel.door() for channel in channels))
    assert loop.time() - start >= (20 - 4) / 110
