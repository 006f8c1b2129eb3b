"""Looks host names up: few at once for each domain, and in threads that nothing else waits for.

Whose name servers never answer holds a look-up for half a minute, and anybody may name such a host. asyncio's own
look-ups share a handful of threads, so that a few of those would keep the bot from Discord and every panel.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

SECONDS = 10.0
"""For one look-up, waiting for its turn included."""
AT_ONCE = 64
AT_ONCE_PER_DOMAIN = 4

Found = Sequence[tuple[int, int, int, str, tuple[Any, ...]]]


async def look_up(host: str, port: int) -> Found:
    """Return what `socket.getaddrinfo` tells about TCP connections to the host.

    Raises OSError when the name has no address or is not found in time (TimeoutError), ValueError when it is none.
    """
    async with asyncio.timeout(SECONDS):
        return await _turns().look_up(host, port)


def domain_of(host: str) -> str:
    """Return the domain whose owner decides how fast the host is found: `example.com`, `example.co.uk`."""
    labels = host.lower().rstrip(".").split(".")
    return ".".join(labels[-3 if len(labels) > 2 and len(labels[-2]) <= 3 else -2 :])


class _Turns:
    """The look-ups of one event loop."""

    def __init__(self) -> None:
        self._all = asyncio.Semaphore(AT_ONCE)
        self._domains: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def look_up(self, host: str, port: int) -> Found:
        domain = self._domains.setdefault(domain_of(host), asyncio.Semaphore(AT_ONCE_PER_DOMAIN))
        await domain.acquire()
        try:
            await self._all.acquire()
        except asyncio.CancelledError:
            domain.release()
            raise

        def ended() -> None:
            self._all.release()
            domain.release()

        return await _in_thread(host, port, ended)


async def _in_thread(host: str, port: int, ended: Callable[[], None]) -> Found:
    """Look up in a thread that is not waited for at the end of the program; `ended` is told when it is done at last."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Found] = loop.create_future()

    def settle(found: Found | None, error: Exception | None) -> None:
        ended()
        if result.done():  # given up meanwhile
            return
        if error is not None:
            result.set_exception(error)
        else:
            result.set_result(found or ())

    def work() -> None:
        found: Found | None = None
        error: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as exc:  # a UnicodeError is a ValueError
            error = exc
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, found, error)

    try:
        threading.Thread(target=work, name="name look-up", daemon=True).start()
    except RuntimeError as exc:
        ended()
        raise OSError("no thread can be started") from exc
    return await result


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()


def _turns() -> _Turns:
    return _of_loops.setdefault(asyncio.get_running_loop(), _Turns())
