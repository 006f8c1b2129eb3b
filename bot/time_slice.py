"""Lets long work take turns: whatever comes from outside in bulk is worked off on the event loop in short slices."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from weakref import WeakKeyDictionary

SECONDS = 0.005
"""How long a slice lasts. An interaction takes some twenty turns of the loop until Discord has its acknowledgement."""


class TimeSlices:
    """One event loop's slices of bulk work: at most one in each turn of the loop, however many work in bulk.

    So bulk work never holds others up for longer than one slice, and those who work in bulk come on in the order they
    asked. It goes by the time that has passed, for no count of items tells how long they take.
    """

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.perf_counter) -> None:
        self._seconds = seconds
        self._clock = clock
        self._began: float | None = None
        """When the slice of this turn of the loop began; None while it has none."""
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def breathe(self) -> None:
        """Return at once while the present slice lasts, else as soon as the loop has turned and others had theirs.

        To be awaited before each piece of work from outside: an entry, a line, some KiB; what takes as long as a slice
        all by itself must be cut smaller.
        """
        if self._began is None:
            self._begin()
            return
        if self._clock() - self._began < self._seconds:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter
        self._go_on()

    def _begin(self) -> None:
        self._began = self._clock()
        asyncio.get_running_loop().call_soon(self._turned)

    def _go_on(self) -> None:
        if self._began is not None:
            self._began = self._clock()  # what the loop did since the turn was given is no part of the slice

    def _turned(self) -> None:
        """The loop has turned: let the next of those who wait go on."""
        self._began = None
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():  # not cancelled meanwhile
                waiter.set_result(None)
                self._begin()
                return


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, TimeSlices] = WeakKeyDictionary()


def shared() -> TimeSlices:
    """Return the slices of the running event loop, which all rooms share."""
    loop = asyncio.get_running_loop()
    slices = _of_loops.get(loop)
    if slices is None:
        slices = _of_loops[loop] = TimeSlices()
    return slices
