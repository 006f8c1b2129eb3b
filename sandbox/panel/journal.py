"""What happened inside the stand-in, for tests that look back and for pages that show it live."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """One HTTP request the panel received. Header names are lower-case; key and cookies are not kept, only noted."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    user: str | None
    status: int
    body: str
    time: float


@dataclass(frozen=True)
class Event:
    """Something that changed: ``kind`` is request, console, status, socket, ticket, command, signal or world."""

    time: float
    kind: str
    server: str | None
    text: str


@dataclass
class Journal:
    """Requests and events in order of arrival, with callbacks and waiting."""

    requests: list[Request] = field(default_factory=list[Request])
    events: deque[Event] = field(default_factory=lambda: deque[Event](maxlen=20_000))
    _callbacks: list[Callable[[Event], None]] = field(default_factory=list[Callable[[Event], None]])
    _waiters: set[asyncio.Future[None]] = field(default_factory=set[asyncio.Future[None]])

    def on_change(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``callback`` with every event from now on; returns a function that ends it."""
        self._callbacks.append(callback)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._callbacks.remove(callback)

        return stop

    def note(self, event: Event) -> None:
        """Record an event and wake whoever waits."""
        self.events.append(event)
        for callback in list(self._callbacks):
            callback(event)
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait_for(self, condition: Callable[[], object], timeout: float) -> None:
        """Return once ``condition()`` is true.

        It is looked at after every event, and every 50 ms for conditions about things outside the stand-in. Raises
        ``TimeoutError`` after ``timeout`` real seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not condition():
            remaining = deadline - loop.time()
            if remaining <= 0:
                recent = ", ".join(f"{event.kind}:{event.text[:60]!r}" for event in list(self.events)[-8:])
                raise TimeoutError(f"condition not met within {timeout} s; last events: {recent or 'none'}")
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.add(waiter)
            await asyncio.wait({waiter}, timeout=min(0.05, remaining))
            self._waiters.discard(waiter)
