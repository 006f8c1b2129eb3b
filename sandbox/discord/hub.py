"""Tells everybody that something happened: listeners get the change, waiters look at the world again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """One thing that happened, for a page or a log that shows the stand-in live.

    `kind` is one of: message_create, message_update, message_delete, interaction, interaction_update, commands,
    guild, request, gateway. `subject` is the record it is about (Message, Interaction, Guild, Request, text).
    """

    kind: str
    subject: Any


GLANCE = 0.1
"""Seconds after which waiters look again without a change: some conditions come true by time alone."""

Listener = Callable[[Change], None]


class Hub:
    """Listeners and waiters of one stand-in; everything happens in one event loop."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._waiters: set[asyncio.Future[None]] = set()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` at every change, until the returned function is called."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def tell(self, kind: str, subject: Any) -> None:
        """Announces a change."""
        change = Change(kind, subject)
        for listener in tuple(self._listeners):
            listener(change)
        self.wake()

    def wake(self) -> None:
        """Makes waiters look again without telling listeners."""
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait_until(self, condition: Callable[[], bool], *, timeout: float, describe: Callable[[], str]) -> None:
        """Waits until `condition` holds, looking again at every change and now and then.

        Raises TimeoutError with the text of `describe` after `timeout` seconds.
        """
        deadline = asyncio.get_running_loop().time() + timeout
        while not condition():
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise TimeoutError(f"not within {timeout:g} s: {describe()}")
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await asyncio.wait([waiter], timeout=min(left, GLANCE))
            finally:
                self._waiters.discard(waiter)
