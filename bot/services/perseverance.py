"""Does things again until they work: what must not be forgotten because a database was locked for a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from bot.errors import StoreUnavailable

_log = logging.getLogger(__name__)
_LAST_STEP = 1.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between attempts."""

    first: float = 1.0
    """After the first failure; twice as long after each further one ..."""
    longest: float = 30.0
    """... up to this."""


async def until_it_works(what: str, step: Callable[[], Awaitable[object]], backoff: Backoff) -> None:
    """Take a step again and again until it raises nothing. `what` is what the log calls it."""
    failures = 0
    while True:
        try:
            await _unbroken(step)
        except Exception as error:  # noqa: BLE001 - whatever it is, giving up would be worse
            failures += 1
            _tell(what, error, failures)
            await asyncio.sleep(_pause(failures, backoff))
        else:
            if failures:
                _log.info("%s: done now, after %s failed attempts", what, failures)
            return


async def for_ever(what: str, step: Callable[[], Awaitable[float]], woken: asyncio.Event, backoff: Backoff) -> None:
    """Take a step whenever `woken` is set, and when the time has come that the step before returned, in seconds.

    A step that raises is taken again after a while, sooner than what it would have waited for.
    """

    async def once() -> None:
        nonlocal wait
        woken.clear()
        wait = await step()

    wait = 0.0
    while True:
        await until_it_works(what, once, backoff)
        with suppress(TimeoutError):
            async with asyncio.timeout(None if wait == float("inf") else wait):
                await woken.wait()


async def _unbroken(step: Callable[[], Awaitable[object]]) -> None:
    """Take a step; when cancelled, let it end if that is near: a transaction that is cut in its midst makes noise."""
    task = asyncio.ensure_future(step())
    try:
        await asyncio.shield(task)
    finally:
        if not task.done():
            await asyncio.wait({task}, timeout=_LAST_STEP)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _pause(failures: int, backoff: Backoff) -> float:
    return min(backoff.first * 2 ** min(failures - 1, 30), backoff.longest)


def _tell(what: str, error: Exception, failures: int) -> None:
    """Tell of the first failure, and of later ones ever more rarely. A defect of ours comes with its traceback."""
    if failures & (failures - 1):
        return
    reason = (str(error).strip().splitlines() or [""])[0]
    _log.warning(
        "%s: it did not work (attempt %s; %s: %s); it is tried until it does",
        what,
        failures,
        type(error).__name__,
        reason,
        exc_info=None if isinstance(error, StoreUnavailable | OSError) else error,
    )
