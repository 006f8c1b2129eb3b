"""One listener of a console session: a bounded queue of events and a view of what the session knows."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from bot.console.bounds import weight
from bot.console.events import (
    ConsoleEvent,
    ConsoleLine,
    DaemonError,
    DaemonMessage,
    InstallOutput,
    LinesDropped,
    StatsUpdated,
    TransferOutput,
)
from bot.errors import BotError
from bot.terms import PowerState
from bot.vitals import DeliveredTail


@dataclass(frozen=True, slots=True)
class SessionHealth:
    """How a console session is doing."""

    connected_since: datetime | None
    """When lines began to flow, UTC; None while they do not."""
    last_line_at: datetime | None
    reconnects: int
    """How often the console was lost and came back."""
    last_error: str | None
    """Why it was lost the last time, or why it cannot be had: a sentence."""
    parked: bool
    """True while trying again at once is hopeless."""


class Session(Protocol):
    """What a listener asks of its session."""

    @property
    def state(self) -> PowerState:
        """The power state; UNKNOWN while not live."""
        ...

    @property
    def stats(self) -> StatsUpdated | None:
        """The newest stats; None while not live."""
        ...

    @property
    def health(self) -> SessionHealth:
        """How the session is doing."""
        ...

    def tail(self, count: int) -> list[ConsoleLine]:
        """The most recent lines."""
        ...

    async def ready(self, timeout: float, *, besides: BotError | None = None) -> None:
        """Wait until lines flow."""
        ...


class Host(Protocol):
    """Where a listener enters and leaves: the hub."""

    def enter(self, listener: "Listener") -> Session:
        """Attach to the shared session, started if need be."""
        ...

    def leave(self, listener: "Listener") -> None:
        """Detach."""
        ...


_LINES = (ConsoleLine, InstallOutput, TransferOutput, DaemonMessage, DaemonError)
"""What carries a text of a node's choosing."""

WAITING_BYTES = 4 * 1024 * 1024
"""Bytes of text that wait for one listener: ten thousand lines of a usual length, or some dozen of the longest."""
WAITING_EVENTS = 1000
"""Events other than lines that wait for one listener; months of them, unless a node sends nonsense."""


class _LatestStats:
    """Stands in the queue for the newest stats: older ones nobody has read are of no use."""


class Place:
    """Stands in the queue for what is still being found out: the reader waits there."""


_Item = ConsoleEvent | _LatestStats | Place


class Listener:
    """An async context manager that yields the console's events while it is open.

    A reader too slow for its queue (`limit` lines, `WAITING_BYTES` of text) loses the oldest lines and gets one
    LinesDropped in their place. Other events are kept, up to `WAITING_EVENTS`: of the older half of more than those
    only the newest of each class is.
    """

    def __init__(self, host: Host, *, limit: int, past: DeliveredTail | None) -> None:
        self._host = host
        self._limit = limit
        self.past = past
        """What this listener already had in an earlier life; None if it had none."""
        self._session: Session | None = None
        self._front: deque[_Item] = deque()
        """What stands before the oldest line, as far as lines were dropped: older than all of the queue."""
        self._queue: deque[_Item] = deque()
        self._lines = self._bytes = self._others = 0
        self._stats: StatsUpdated | None = None
        self._filled = asyncio.Event()
        self._closed = False

    async def __aenter__(self) -> Self:
        self._session = self._host.enter(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._host.leave(self)
        self.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ConsoleEvent:
        while not (self._front or self._queue) or isinstance((self._front or self._queue)[0], Place):
            if self._closed:  # what stands behind a place would be told as if nothing stood there
                raise StopAsyncIteration
            self._filled.clear()
            await self._filled.wait()
        item = (self._front or self._queue).popleft()
        if isinstance(item, _LINES):
            self._lines -= 1
            self._bytes -= weight(item.text)
        elif isinstance(item, _LatestStats | Place):
            stats, self._stats = self._stats, None
            if stats is None or isinstance(item, Place):
                raise AssertionError("a place with nothing to put in it")
            return stats
        elif not isinstance(item, LinesDropped):
            self._others -= 1
        return item

    @property
    def state(self) -> PowerState:
        """The power state; UNKNOWN while the console is not live."""
        return self._opened.state

    @property
    def stats(self) -> StatsUpdated | None:
        """The newest stats; None while the console is not live."""
        return self._opened.stats

    @property
    def health(self) -> SessionHealth:
        """How the session behind this listener is doing."""
        return self._opened.health

    def tail(self, count: int) -> list[ConsoleLine]:
        """Return up to `count` of the most recent lines known, oldest first, history included."""
        return self._opened.tail(count)

    async def ready(self, timeout: float, *, besides: BotError | None = None) -> None:
        """Return as soon as lines flow.

        Raises the error the session is parked for (ConsoleRefused or a PanelError) unless it is the one given as
        `besides`, or ConsoleTimeout after `timeout` seconds, with the last reason.
        """
        await self._opened.ready(timeout, besides=besides)

    @property
    def waiting(self) -> int:
        """How many lines are queued and not yet read."""
        return self._lines

    def put(self, event: ConsoleEvent) -> None:
        """Queue an event. For the session only."""
        if self._closed:
            return
        if isinstance(event, StatsUpdated):
            if self._stats is None:
                self._queue.append(_LatestStats())
            self._stats = event
        else:
            self._queue_up(event)
        self._filled.set()

    def reserve(self) -> Place:
        """Keep a place in the queue for events to come; whatever is put meanwhile stands behind it.

        For the session only.
        """
        place = Place()
        self._queue.append(place)
        return place

    def fill(self, place: Place, events: Iterable[ConsoleEvent]) -> None:
        """Put events where a place was kept for them. For the session only."""
        if self._closed:
            return
        waiting = [*self._front, *self._queue]
        at = waiting.index(place)
        self._front.clear()
        self._queue.clear()
        self._lines = self._bytes = self._others = 0
        for item in waiting[:at]:
            self._queue_up(item)
        for event in events:
            if not isinstance(event, StatsUpdated) or self._stats is None:  # newer ones have come meanwhile
                self.put(event)
        for item in waiting[at + 1 :]:
            self._queue_up(item)
        self._filled.set()

    def end(self) -> None:
        """Let the iteration end once the queue is empty. For the hub only."""
        self._closed = True
        self._filled.set()

    @property
    def _opened(self) -> Session:
        if self._session is None:
            raise RuntimeError("the listener has not been entered")
        return self._session

    def _queue_up(self, item: _Item) -> None:
        if isinstance(item, _LINES):
            size = weight(item.text)
            while self._lines and (self._lines >= self._limit or self._bytes + size > WAITING_BYTES):
                self._drop_oldest_line()
            self._lines += 1
            self._bytes += size
            self._queue.append(item)
        elif isinstance(item, LinesDropped | _LatestStats | Place):
            _append(self._queue, item)
        else:
            self._others += 1
            self._queue.append(item)
            if self._others > WAITING_EVENTS:
                self._drop_superseded()

    def _drop_oldest_line(self) -> None:
        while not isinstance(item := self._queue.popleft(), _LINES):
            self._front.append(item)
        self._lines -= 1
        self._bytes -= weight(item.text)
        _append(self._front, LinesDropped(1))

    def _drop_superseded(self) -> None:
        """Of the older half of the events that are not lines, keep the newest of each class only."""
        kept: deque[_Item] = deque()
        newest: set[type] = set()
        passed = self._others = 0
        for item in reversed((*self._front, *self._queue)):
            if not isinstance(item, (*_LINES, LinesDropped, _LatestStats, Place)):
                passed += 1
                if passed > WAITING_EVENTS // 2:
                    if type(item) in newest:
                        continue
                    newest.add(type(item))
                self._others += 1
            kept.appendleft(item)
        self._front.clear()
        self._queue.clear()
        for item in kept:
            _append(self._queue, item)


def _append(queue: deque[_Item], item: _Item) -> None:
    """Append, or add to the count of dropped lines that the queue ends with."""
    if isinstance(item, LinesDropped) and queue and isinstance(last := queue[-1], LinesDropped):
        queue[-1] = LinesDropped(last.count + item.count)
    else:
        queue.append(item)
