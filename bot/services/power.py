"""Power signals: checked, sent once, and followed to their end on the socket or, where there is none, by polling."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot import time_slice
from bot.console.events import ConsoleEvent, ConsoleLine, Parked, StatsUpdated, StatusChanged
from bot.console.listener import Listener
from bot.errors import BotError, ConsoleError, NodeUnreachable, NotAllowed, NotSupported, PanelError, RateLimited
from bot.i18n import _
from bot.services.action_log import Attempt, attempt
from bot.services.beforehand import UntilOff, before_sending
from bot.services.connections import Connections, PermittedClient
from bot.services.lately import Lately
from bot.services.outcome import Outcome, OutcomeTiming, Progress
from bot.services.permits import Permit
from bot.store.values import LinkedServer
from bot.terms import PowerState, Signal
from bot.text.markdown import escape


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


class Power:
    """Starts, stops, restarts and kills."""

    def __init__(
        self,
        connections: Connections,
        *,
        lately: Lately | None = None,
        timing: PowerTiming = PowerTiming(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lately` is where others find out what was sent."""
        self._connections = connections
        self._lately = lately if lately is not None else Lately()
        self._timing = timing
        self._clock = clock
        self._closing = asyncio.Event()

    async def close(self) -> None:
        """Let everyone who follows a signal say within half a second that the bot goes away; waits for nobody."""
        self._closing.set()

    async def follow(self, permit: Permit, *, when_off: bool = False) -> AsyncGenerator[Progress]:
        """Send the permit's signal once and yield how it goes; the last progress has `done`.

        `when_off`: wait first, for `OutcomeTiming.until_off` at most, until the server is off. Raises NotAllowed where
        the permit would not be given again in the moment of sending, and PanelError when the panel did not accept the
        signal.
        """
        signal, name = Signal(permit.action.value), escape(permit.server.name)
        async with AsyncExitStack() as stack:
            with attempt(permit) as noted:
                client = await self._connections.client(permit)
                listener = await self._hear(permit, stack)
                last = None
                if when_off:
                    yield Progress(_("Waiting until **{server}** is off, to start it then …").format(server=name))
                    async for last in self._until_off(listener, client, name):
                        yield last
                answer, outcome = last, None
                if answer is None:
                    answer, outcome = await self._send(noted, client, listener)
                else:
                    noted.outcome = f"not sent: {answer.sentence}"
            if answer is not None and answer is not last:
                yield answer
            if outcome is None:
                return
            saw = stack.enter_context(self._lately.sent(permit))
            if answer is None:
                yield Progress(_sent(signal, permit.server))
            async for progress in self._steps(listener, client, outcome, outcome.sent_at):
                state = outcome.state if listener is not None else PowerState.UNKNOWN
                saw(state, arrived=progress.ok is True)
                yield progress
                if progress.done:
                    return
            yield Progress(_goodbye(permit.server), done=True)  # without a last step, it is the bot that ends

    async def _send(
        self, noted: Attempt, client: PermittedClient, listener: Listener | None
    ) -> tuple[Progress | None, Outcome | None]:
        """Send the signal where that makes sense; return what is to be said instead, and what is to be followed."""
        signal, name = Signal(noted.permit.action.value), escape(noted.permit.server.name)
        before = await _caught_up(listener) if listener else await _polled_state(client)
        sent_at = self._clock()
        answer = before_sending(signal, name, before, polled=listener is None)
        if answer is None:
            await client.send_signal()
        else:
            noted.outcome = f"not sent, because it is {before.value}"
            if answer.done:
                return answer, None
        timing, joined = self._timing.outcome, answer is not None
        return answer, Outcome(signal, name, before=before, sent_at=sent_at, timing=timing, joined=joined)

    async def _until_off(
        self, listener: Listener | None, client: PermittedClient, name: str
    ) -> AsyncIterator[Progress]:
        """Wait until a signal can be sent; yield only why it will not be."""
        state = await _caught_up(listener) if listener is not None else PowerState.UNKNOWN
        now = self._clock()
        waiting = UntilOff(name, since=now, timing=self._timing.outcome)
        waiting.observe(state, now)
        async for progress in self._steps(listener, client, waiting, now):
            if progress.done and not progress.ok:
                yield progress
            if progress.done:
                return
        yield Progress(_("I am going offline; nothing was sent to **{server}**.").format(server=name), done=True)

    async def _hear(self, permit: Permit, stack: AsyncExitStack) -> Listener | None:
        """A listener whose socket is up, or None where polling has to do."""
        try:
            return await self._connections.hear(permit, stack, within=self._timing.socket)
        except (ConsoleError, PanelError):
            return None

    async def _steps(
        self, listener: Listener | None, client: PermittedClient, outcome: Outcome | UntilOff, sent_at: float
    ) -> AsyncIterator[Progress]:
        if listener is not None:
            async for progress in self._watch(listener, outcome):
                yield progress
            if not listener.health.parked:
                return  # it is the bot that ends
        async for progress in self._poll(client, outcome, sent_at):
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

    async def _poll(
        self, client: PermittedClient, outcome: Outcome | UntilOff, sent_at: float
    ) -> AsyncIterator[Progress]:
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
                fresh = _younger(resources.uptime, now - sent_at)
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


async def _caught_up(listener: Listener) -> PowerState:
    """Pass over what was read before now, and return the state: what comes later comes after the signal."""
    slices, events = time_slice.shared(), aiter(listener)
    with suppress(_EndedError):
        while await _next_within(events, 0) is not None:
            await slices.breathe()
    return listener.state


async def _polled_state(client: PermittedClient) -> PowerState:
    """The state by the panel's word; raises what makes sending pointless, such as a suspended server."""
    try:
        return (await client.resources()).state
    except (NotSupported, NodeUnreachable):  # Pelican says so for 20 s: what comes of the signal tells the truth
        return PowerState.UNKNOWN


def _younger(uptime: timedelta | None, seconds: float) -> bool:
    """Whether the process started after the signal; the margin covers the age of a cached answer."""
    return uptime is not None and timedelta(0) < uptime < timedelta(seconds=seconds)


def _sent(signal: Signal, server: LinkedServer) -> str:
    texts = {
        Signal.START: _("Starting **{server}** …"),
        Signal.STOP: _("Stopping **{server}** …"),
        Signal.RESTART: _("Restarting **{server}** …"),
        Signal.KILL: _("Killing **{server}** …"),
    }
    return texts[signal].format(server=escape(server.name))


def _goodbye(server: LinkedServer) -> str:
    return _("I am going offline and cannot follow **{server}** any longer; see `/status` when I am back.").format(
        server=escape(server.name)
    )
