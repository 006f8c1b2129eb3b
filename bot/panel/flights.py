"""Identical reads in flight are one request: late comers join the one under way."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.panel import sentences

T = TypeVar("T")


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[Any]
    waiting: int = 0


class Flights:
    """The reads under way, by key. A waiter that gives up does not disturb the others; the last one ends the read."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight] = {}

    async def join(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Return what the read under way for `key` brings, starting it with `read` if there is none."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._start(key, read)
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        except asyncio.CancelledError:
            if flight.task.cancelled() and not _is_being_cancelled():
                raise sentences.closing() from None
            raise
        finally:
            flight.waiting -= 1
            if not flight.waiting:
                self._leave(key, flight)
                flight.task.cancel()  # does nothing to a finished read

    async def close(self) -> None:
        """End every read; those who wait for one get PanelUnreachable."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> _Flight:
        async def fly() -> T:
            return await read()

        flight = _Flight(asyncio.create_task(fly(), name="panel read"))
        self._flights[key] = flight

        def land(task: asyncio.Task[T]) -> None:
            self._leave(key, flight)
            if not task.cancelled():
                task.exception()  # seen here, should everybody who waited have given up in the same moment

        flight.task.add_done_callback(land)
        return flight

    def _leave(self, key: Hashable, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
