"""Lets long work take turns: whatever comes from outside in bulk is worked off on the event loop in short slices."""

import asyncio
import time
from collections.abc import Callable, Generator, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from itertools import islice
from typing import ParamSpec, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from bot.fair_line import FairLine

SECONDS = 0.005
"""How long a slice lasts."""
_REST = 3
"""So many turns of the loop follow a slice that was used up: an acknowledgement takes some twenty turns until Discord
has it, and must not wait for as many slices. A turn in which nothing is done takes microseconds."""
_AT_ONCE = 16
"""So many of those who wait go on with a new slice: most have little to do."""

_owner: ContextVar[Hashable] = ContextVar("owner of bulk work", default=None)

_P = ParamSpec("_P")
_T = TypeVar("_T")
Steps: TypeAlias = Generator[None, None, _T]
"""Work that yields between pieces of it and returns its result: to be run in slices (`TimeSlices.work`) or at once
(`finish`)."""


def count_for(owner: Hashable) -> None:
    """Have the bulk work of this task, and of tasks that it starts from now on, count as that owner's: a guild's."""
    _owner.set(owner)


class _Waiter:
    """Somebody who waits for a slice, until it was really his."""

    __slots__ = ("wake",)

    def __init__(self) -> None:
        self.wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class TimeSlices:
    """One event loop's slices of bulk work: one at a time, however many work in bulk, and others have turns between.

    So bulk work never holds others up for longer than one slice. Owners of bulk work (see `count_for`) take turns, and
    within an owner it goes on in the order it was asked for: a guild with hundreds of chatty consoles delays those of
    others by some slices only. It goes by the time that has passed, for no count of items tells how long they take.
    """

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.perf_counter) -> None:
        self._seconds = seconds
        self._clock = clock
        self._loop = asyncio.get_running_loop()  # kept: asked anew for each line, it is a system call on Python 3.11
        self._began: float | None = None
        """When bulk work began in this turn of the loop; None if it did not."""
        self._resting = False
        self._looking = False
        """Whether the loop is going to call `_turned`."""
        self._waiting: FairLine[Hashable, None, _Waiter] = FairLine()
        self._thread: ThreadPoolExecutor | None = None
        self._thread_busy = False
        self._for_thread: FairLine[Hashable, None, asyncio.Future[None]] = FairLine()

    async def breathe(self) -> None:
        """Return at once while the present slice lasts, else when others had their turns and it is the caller's again.

        To be awaited before each piece of work from outside: an entry, a line, some KiB; what takes as long as a slice
        all by itself must be cut smaller (see `work`), or done elsewhere (see `aside`).
        """
        if self._may_work():
            return
        owner, waiter = _owner.get(), _Waiter()
        self._waiting.join(owner, None, waiter)
        try:
            await waiter.wake
            while not self._may_work():  # those before used up the slice
                waiter.wake = asyncio.get_running_loop().create_future()
                await waiter.wake
        except asyncio.CancelledError:
            self._waiting.leave(owner, None, waiter)
            raise
        self._waiting.serve(owner, None, waiter)

    async def work(self, steps: Steps[_T]) -> _T:
        """Do work in slices; return its result."""
        while True:
            await self.breathe()
            try:
                next(steps)
            except StopIteration as end:
                return end.value

    async def aside(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Call a pure function in a thread, which all such calls share, owner by owner; return what it returns.

        For work that cannot yield: the interpreter divides its time between threads by itself. Not the loop's own
        threads, as a name server that does not answer may keep those waiting.
        """
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        if self._thread_busy:
            waiter: asyncio.Future[None] = loop.create_future()
            self._for_thread.join(_owner.get(), None, waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if not waiter.cancelled():  # its turn came in the same moment: somebody else may have it
                    self._thread_free()
                raise
        self._thread_busy = True
        called = self._thread.submit(partial(function, *args, **kwargs))
        # Not when the waiting ends: who is cancelled leaves a call behind that keeps the thread to its end.
        called.add_done_callback(lambda _called: self._free_from_thread(loop))
        return await asyncio.wrap_future(called)

    def _free_from_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(self._thread_free)

    def _thread_free(self) -> None:
        waiter = _next(self._for_thread)
        self._thread_busy = waiter is not None
        if waiter is not None:
            waiter.set_result(None)

    def _may_work(self) -> bool:
        if self._resting:
            return False
        if self._began is None:
            self._began = self._clock()
            self._look_soon()
            return True
        return self._clock() - self._began < self._seconds

    def _look_soon(self) -> None:
        if not self._looking:
            self._looking = True
            self._loop.call_soon(self._turned)

    def _turned(self) -> None:
        """The loop has turned: those who wait go on, after a rest if the slice was used up."""
        self._looking = False
        used_up = self._began is not None and self._clock() - self._began >= self._seconds
        self._began = None
        if not self._waiting:
            return
        if used_up:
            self._resting = True
            self._rest(_REST)
        else:
            self._let_go_on()

    def _rest(self, turns: int) -> None:
        if turns:
            self._loop.call_soon(self._rest, turns - 1)
        else:
            self._resting = False
            self._let_go_on()

    def _let_go_on(self) -> None:
        let_go = list(islice(self._waiting.in_order(), _AT_ONCE))
        for _whose, _part, waiter in let_go:
            if not waiter.wake.done():  # not cancelled meanwhile
                waiter.wake.set_result(None)
        if let_go:
            self._look_soon()


def _next(line: FairLine[Hashable, None, asyncio.Future[None]]) -> asyncio.Future[None] | None:
    """Take whoever comes next out of the line; None where nobody waits."""
    while (first := line.first()) is not None:
        if not first[2].done():
            return line.pop()
        line.leave(*first)  # cancelled: nobody loses a turn by that
    return None


def finish(steps: Steps[_T]) -> _T:
    """Do work at once; return its result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, TimeSlices] = WeakKeyDictionary()


def shared() -> TimeSlices:
    """Return the slices of the running event loop, which all rooms share."""
    loop = asyncio.get_running_loop()
    slices = _of_loops.get(loop)
    if slices is None:
        slices = _of_loops[loop] = TimeSlices()
    return slices
