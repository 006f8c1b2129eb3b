"""Follows what comes of a signal: on the console's socket or, where there is none, by asking the panel."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot import time_slice
from bot.console.events import ConsoleEvent, ConsoleLine, Parked, StatsUpdated, StatusChanged
from bot.console.listener import Listener
from bot.errors import BotError, NotAllowed, RateLimited
from bot.i18n import _
from bot.services.beforehand import UntilOff
from bot.services.connections import PermittedClient
from bot.services.outcome import Outcome, OutcomeTiming, Progress
from bot.terms import PowerState


@dataclass(frozen=True, slots=True)
class PowerTiming:
    """Waiting times in seconds; tests scale them."""

    outcome: OutcomeTiming = field(default_factory=OutcomeTiming)
    socket: float = 4.0
    """How long to wait for the socket before polling instead."""
    poll: float = 8.0
    """Between polls: the panel caches 20 s, and 0.7 allows 15 a minute for all servers together."""
    last_words: float = 1.5
    """How long after a crash Wings' lines about it are awaited."""
    quick: float = 15.0
    """A server that was up sooner may only be called so: Wings calls many up as soon as they print anything."""
    holds: float = 5.0
    """How long one of those must stay up."""


class Follower:
    """Tells an outcome, or a waiting, what is seen, until that has its end or the bot its own."""

    def __init__(self, timing: PowerTiming, clock: Callable[[], float], closing: asyncio.Event) -> None:
        self._timing = timing
        self._clock = clock
        self._closing = closing

    async def steps(
        self, listener: Listener | None, client: PermittedClient, outcome: Outcome | UntilOff
    ) -> AsyncIterator[Progress]:
        """Yield how it goes; where the last one is not `done`, it is the bot that ends."""
        if listener is not None:
            async for progress in self._watch(listener, outcome):
                yield progress
            if not listener.health.parked:
                return  # it is the bot that ends
        async for progress in self._poll(client, outcome):
            yield progress

    async def _watch(self, listener: Listener, outcome: Outcome | UntilOff) -> AsyncIterator[Progress]:
        """Follow on the socket, until it cannot be had any more.

        One that is lost meanwhile comes back by itself and then tells the state.
        """
        events = aiter(listener)
        while not self._closing.is_set():
            try:
                event = await _next_within(events, 0.5)
            except _EndedError:
                return
            if isinstance(event, Parked):
                return
            progress = _take(event, outcome, self._clock()) if event else None
            if progress is not None and outcome.crashed:
                yield await self._last_words(events, outcome)
                return
            progress = progress or outcome.overdue(self._clock())
            if progress is not None and isinstance(outcome, Outcome) and self._may_fail_yet(progress, outcome):
                async for each in self._see_whether_it_holds(events, outcome, progress):
                    yield each
                return
            if progress is not None:
                yield progress
                if progress.done:
                    return

    def _may_fail_yet(self, last: Progress, outcome: Outcome) -> bool:
        up = last.done and last.ok is True and outcome.state is PowerState.RUNNING
        return up and self._clock() - outcome.sent_at < self._timing.quick

    async def _see_whether_it_holds(
        self, events: AsyncIterator[ConsoleEvent], outcome: Outcome, up: Progress
    ) -> AsyncIterator[Progress]:
        """Tell at once that a server is up, and whether it failed right afterwards."""
        yield replace(up, done=False)
        until = self._clock() + self._timing.holds
        while outcome.state is PowerState.RUNNING and (left := until - self._clock()) > 0:
            try:
                event = await _next_within(events, min(left, 0.5))
            except _EndedError:
                break
            if self._closing.is_set() or isinstance(event, Parked):
                break
            if event is not None:
                _take(event, outcome, self._clock())
            if outcome.crashed:
                yield await self._last_words(events, outcome)
                return
        yield up

    async def _last_words(self, events: AsyncIterator[ConsoleEvent], outcome: Outcome | UntilOff) -> Progress:
        until = self._clock() + self._timing.last_words
        crashed_at = self._clock()
        while (left := until - self._clock()) > 0:
            try:
                event = await _next_within(events, left)
            except _EndedError:
                break
            if isinstance(event, ConsoleLine):
                outcome.hear(event.text)
        return outcome.crash(crashed_at)

    async def _poll(self, client: PermittedClient, outcome: Outcome | UntilOff) -> AsyncIterator[Progress]:
        """Follow by asking the panel, whose answers may be 20 s old."""
        pause = self._timing.poll
        while not await self._closes_within(pause):
            now = self._clock()
            progress = None
            try:
                resources = await client.resources()
            except RateLimited as error:
                pause = max(self._timing.poll, min(error.retry_after, 60.0))
            except NotAllowed as error:
                if isinstance(outcome, UntilOff):
                    raise
                text = _("{reason} The signal had been sent; how it ends is not followed any longer.")
                raise NotAllowed(text.format(reason=error)) from error
            except BotError:
                pass  # the node may be busy with the very signal; the deadline ends the waiting
            else:
                fresh = outcome.is_fresh(resources.uptime, now)
                progress = outcome.observe(resources.state, now, fresh=fresh, polled=True)
            progress = progress or outcome.overdue(now)
            if progress is not None:
                yield progress
                if progress.done:
                    return

    async def _closes_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._closing.wait()
        return False


class _EndedError(Exception):
    """The console hub was closed: no event will ever come."""


def _take(event: ConsoleEvent, outcome: Outcome | UntilOff, now: float) -> Progress | None:
    match event:
        case ConsoleLine(text=text):
            outcome.hear(text)
            return None
        case StatusChanged(state=state):
            return outcome.observe(state, now)
        case StatsUpdated(state=state):
            return outcome.observe(state, now)
        case _:
            return None


async def _next_within(events: AsyncIterator[ConsoleEvent], seconds: float) -> ConsoleEvent | None:
    """Return the next event, None when there was none in time; _EndedError when there will be none."""
    try:
        async with asyncio.timeout(seconds):
            return await anext(events)
    except TimeoutError:
        return None
    except StopAsyncIteration:
        raise _EndedError from None


async def caught_up(listener: Listener) -> PowerState:
    """Pass over what was read before now, and return the state: what comes later comes after the signal."""
    slices, events = time_slice.shared(), aiter(listener)
    with suppress(_EndedError):
        while await _next_within(events, 0) is not None:
            await slices.breathe()
    return listener.state
