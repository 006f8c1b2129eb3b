"""Lets long work take turns: whatever comes from outside in bulk is worked off on the event loop in short slices."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

SECONDS = 0.005
"""How long a slice lasts."""
_REST = 3
"""So many turns of the loop follow a slice that was used up: an acknowledgement takes some twenty turns until Discord
has it, and must not wait for as many slices. A turn in which nothing is done takes microseconds."""
_AT_ONCE = 16
"""So many of those who wait go on with a new slice: most have little to do."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class TimeSlices:
    """One event loop's slices of bulk work: one at a time, however many work in bulk, and others have turns between.

    So bulk work never holds others up for longer than one slice, and those who work in bulk come on in the order they
    asked. It goes by the time that has passed, for no count of items tells how long they take.
    """

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.perf_counter) -> None:
        self._seconds = seconds
        self._clock = clock
        self._began: float | None = None
        """When bulk work began in this turn of the loop; None if it did not."""
        self._resting = False
        self._looking = False
        """Whether the loop is going to call `_turned`."""
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._passed_over: deque[asyncio.Future[None]] = deque()
        """Whose turn had come when those before them used up the slice."""
        self._thread: ThreadPoolExecutor | None = None

    async def breathe(self) -> None:
        """Return at once while the present slice lasts, else when others had their turns and it is the caller's again.

        To be awaited before each piece of work from outside: an entry, a line, some KiB; what takes as long as a slice
        all by itself must be cut smaller (see `work`), or done elsewhere (see `aside`).
        """
        queue = self._waiting
        while not self._may_work():
            waiter = asyncio.get_running_loop().create_future()
            queue.append(waiter)
            await waiter
            queue = self._passed_over

    async def work(self, steps: Generator[None, None, _T]) -> _T:
        """Run a generator that yields between pieces of its work, in slices; return what it returns."""
        while True:
            await self.breathe()
            try:
                next(steps)
            except StopIteration as end:
                return end.value

    async def aside(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Call a pure function in a thread, which all such calls share, one after the other; return what it returns.

        For work that cannot yield: the interpreter divides its time between threads by itself. Not the loop's own
        threads, as a name server that does not answer may keep those waiting.
        """
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(function, *args, **kwargs))

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
            asyncio.get_running_loop().call_soon(self._turned)

    def _turned(self) -> None:
        """The loop has turned: those who wait go on, after a rest if the slice was used up."""
        self._looking = False
        self._waiting.extendleft(reversed(self._passed_over))
        self._passed_over.clear()
        used_up = self._began is not None and self._clock() - self._began >= self._seconds
        self._began = None
        if self._waiting and used_up:
            self._resting = True
            self._rest(_REST)
        else:
            self._let_go_on()

    def _rest(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._rest, turns - 1)
        else:
            self._resting = False
            self._let_go_on()

    def _let_go_on(self) -> None:
        let_go = 0
        while self._waiting and let_go < _AT_ONCE:
            waiter = self._waiting.popleft()
            if not waiter.done():  # not cancelled meanwhile
                waiter.set_result(None)
                let_go += 1
        if let_go:
            self._look_soon()


def finish(steps: Generator[None, None, _T]) -> _T:
    """Run a generator that yields between pieces of its work to its end at once; return what it returns."""
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
