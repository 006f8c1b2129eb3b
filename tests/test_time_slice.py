"""Time slices: bulk work goes on by the clock, one slice in each turn of the loop, in the order it was asked for."""

import asyncio
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import time_slice
from bot.time_slice import TimeSlices


class Clock:
    """Goes on only when somebody works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> None:
        self.now += seconds


async def ticker(clock: Clock, stretches: list[float]) -> None:
    """Note how much was worked between two turns of the loop."""
    while True:
        before = clock.now
        await asyncio.sleep(0)
        stretches.append(clock.now - before)


async def longest_stretch(clock: Clock, *workers: asyncio.Task[None]) -> float:
    stretches: list[float] = []
    watching = asyncio.create_task(ticker(clock, stretches))
    await asyncio.gather(*workers)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    return max(stretches)


@given(st.lists(st.lists(st.floats(0.0, 0.004), max_size=40), min_size=1, max_size=12))
async def test_no_turn_of_the_loop_holds_more_than_a_slice_and_the_piece_that_ends_it(
    pieces: list[list[float]],
) -> None:
    clock = Clock()
    slices = TimeSlices(0.005, clock)

    async def worker(costs: list[float]) -> None:
        for cost in costs:
            await slices.breathe()
            clock.work(cost)

    async with asyncio.timeout(5):
        longest = await longest_stretch(clock, *(asyncio.create_task(worker(costs)) for costs in pieces))
    assert longest <= 0.005 + 0.004
    assert clock.now == pytest.approx(sum(map(sum, pieces)))


async def test_many_that_are_woken_at_once_do_not_add_up() -> None:
    clock = Clock()
    slices = TimeSlices(0.005, clock)
    begin = asyncio.Event()

    async def worker() -> None:
        await begin.wait()
        await slices.breathe()
        clock.work(0.003)

    workers = [asyncio.create_task(worker()) for _ in range(100)]
    await asyncio.sleep(0)
    begin.set()
    assert await longest_stretch(clock, *workers) < 0.007


async def test_those_who_work_in_bulk_get_equal_shares() -> None:
    clock, done = Clock(), Counter[int]()
    slices = TimeSlices(0.005, clock)

    async def worker(number: int, cost: float) -> None:
        while clock.now < 3.0:
            await slices.breathe()
            clock.work(cost)
            done[number] += 1
            if number == 3:
                await asyncio.sleep(0)  # it has but little to do at a time

    await asyncio.gather(worker(0, 0.0001), worker(1, 0.002), worker(2, 0.0005), worker(3, 0.0001))
    shares = [done[0] * 0.0001, done[1] * 0.002, done[2] * 0.0005]
    assert max(shares) < 1.3 * min(shares)
    assert done[3] * 5 * 0.005 > 3.0


async def test_after_a_slice_that_was_used_up_the_loop_turns_some_times_for_others() -> None:
    clock = Clock()
    slices = TimeSlices(0.005, clock)

    async def bulk() -> None:
        for _ in range(200):
            await slices.breathe()
            clock.work(0.001)

    workers = [asyncio.create_task(bulk()) for _ in range(3)]
    await asyncio.sleep(0)
    before, turns = clock.now, 0
    while turns < 40:
        await asyncio.sleep(0)
        turns += 1
    assert clock.now - before <= 0.005 * turns / 3
    await asyncio.gather(*workers)


async def test_many_with_little_to_do_go_on_together() -> None:
    clock = Clock()
    slices = TimeSlices(0.005, clock)
    await slices.breathe()
    clock.work(0.005)

    async def small() -> None:
        await slices.breathe()
        clock.work(0.0001)

    tasks = [asyncio.create_task(small()) for _ in range(100)]
    turns = 0
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        turns += 1
    assert turns < 25


async def test_steps_are_worked_off_in_slices_and_their_result_is_returned() -> None:
    clock = Clock()
    slices = TimeSlices(0.005, clock)
    results: list[str] = []

    def steps() -> Generator[None, None, str]:
        for _ in range(100):
            clock.work(0.002)
            yield
        return "done"

    async def worker() -> None:
        results.append(await slices.work(steps()))

    assert await longest_stretch(clock, asyncio.create_task(worker())) <= 0.007
    assert results == [time_slice.finish(steps())]


async def test_what_is_done_aside_is_done_in_order_while_the_loop_turns() -> None:
    slices = TimeSlices()
    begun, order = threading.Event(), list[int]()

    def first() -> str:
        assert begun.wait(5)
        order.append(1)
        return "first"

    waiting = asyncio.create_task(slices.aside(first))
    second = asyncio.create_task(slices.aside(order.append, 2))
    await asyncio.sleep(0)
    begun.set()
    assert await waiting == "first"
    await second
    assert order == [1, 2]


async def test_short_work_alone_never_waits() -> None:
    clock = Clock()
    slices = TimeSlices(0.005, clock)
    for _ in range(1000):
        step = slices.breathe()
        with pytest.raises(StopIteration):  # it returns without having waited for anything
            step.send(None)
        clock.work(0.001)
        await asyncio.sleep(0)


async def test_who_is_cancelled_while_waiting_keeps_nobody_from_going_on() -> None:
    clock = Clock()
    slices = TimeSlices(0.005, clock)

    async def worker() -> None:
        await slices.breathe()
        clock.work(0.01)

    workers = [asyncio.create_task(worker()) for _ in range(7)]
    await asyncio.sleep(0)  # the first has worked, the others wait
    for task in workers[1:3]:
        task.cancel()
    await asyncio.sleep(0)  # the fourth is to go on, but does not know it yet
    workers[3].cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(*workers, return_exceptions=True)
        await slices.breathe()
    assert [task.cancelled() for task in workers] == [False, True, True, True, False, False, False]


async def test_all_rooms_share_the_slices_of_their_loop() -> None:
    mine = time_slice.shared()
    assert time_slice.shared() is mine

    async def other() -> TimeSlices:
        return time_slice.shared()

    assert await asyncio.to_thread(lambda: asyncio.run(other())) is not mine


async def test_an_owner_with_hundreds_of_workers_delays_another_by_a_slice_only() -> None:
    clock, order = Clock(), list[int]()
    slices = TimeSlices(0.005, clock)
    begin = asyncio.Event()

    async def worker(owner: int, pieces: int) -> None:
        time_slice.count_for(owner)
        await begin.wait()
        for _ in range(pieces):
            await slices.breathe()
            clock.work(0.005)
            order.append(owner)

    workers = [asyncio.create_task(worker(1, 3)) for _ in range(300)]
    workers += [asyncio.create_task(worker(owner, 10)) for owner in (2, 3)]
    await asyncio.sleep(0)
    begin.set()
    await asyncio.gather(*workers)
    for owner in (2, 3):
        places = [place for place, whose in enumerate(order) if whose == owner]
        assert places[-1] <= 3 * 10 + 3, "every third slice is its own"
    assert order.count(1) == 900


async def test_tasks_count_for_the_owner_of_the_task_that_started_them() -> None:
    owners: list[object] = []

    async def child() -> None:
        owners.append(time_slice._owner.get())

    async def parent(owner: int) -> None:
        time_slice.count_for(owner)
        await asyncio.create_task(child())

    await asyncio.gather(asyncio.create_task(parent(1)), asyncio.create_task(parent(2)))
    await asyncio.create_task(child())
    assert owners == [1, 2, None] or owners == [2, 1, None]


async def test_what_is_done_aside_is_shared_out_among_owners_and_whoever_gives_up_leaves_his_turn() -> None:
    slices, order = TimeSlices(), list[tuple[int, int]]()
    hold = threading.Event()

    async def call(owner: int, number: int) -> None:
        time_slice.count_for(owner)
        await slices.aside(order.append, (owner, number))

    first = asyncio.create_task(slices.aside(hold.wait))
    await asyncio.sleep(0)
    calls = [asyncio.create_task(call(1, number)) for number in range(50)]
    calls += [asyncio.create_task(call(2, number)) for number in range(3)]
    await asyncio.sleep(0)
    calls[0].cancel()
    hold.set()
    await asyncio.gather(first, *calls, return_exceptions=True)
    assert order[:6] == [(1, 1), (2, 0), (1, 2), (2, 1), (1, 3), (2, 2)]
    assert len(order) == 52
    assert await slices.aside(int, "7") == 7


async def test_a_call_whose_waiter_gave_up_keeps_the_thread_to_its_end() -> None:
    slices, order = TimeSlices(), list[tuple[int, int]]()
    begun, hold = threading.Event(), threading.Event()

    def lasting() -> None:
        begun.set()
        hold.wait(5)

    async def call(owner: int, number: int) -> None:
        time_slice.count_for(owner)
        await slices.aside(order.append, (owner, number))

    first = asyncio.create_task(slices.aside(lasting))
    await asyncio.sleep(0)
    calls = [asyncio.create_task(call(1, number)) for number in range(2)]
    await asyncio.sleep(0)
    assert begun.wait(5)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    for _turn in range(3):
        await asyncio.sleep(0)
    calls.append(asyncio.create_task(call(2, 0)))
    await asyncio.sleep(0)
    hold.set()
    await asyncio.gather(*calls)
    assert order == [(1, 0), (2, 0), (1, 1)], "nothing was handed to a thread that was busy"


async def test_aside_goes_on_after_those_who_gave_up_in_the_moment_of_their_turn() -> None:
    slices = TimeSlices()
    hold = threading.Event()
    first = asyncio.create_task(slices.aside(hold.wait))
    await asyncio.sleep(0)
    second, third = (asyncio.create_task(slices.aside(int, text)) for text in "23")
    await asyncio.sleep(0)
    slices._thread_free()  # as when the first is done
    second.cancel()
    hold.set()
    assert await third == 3
    assert await first
    assert second.cancelled()
