"""Power signals: checked, sent once, and followed to their end on the socket or, where there is none, by polling."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from bot.console.events import ConsoleEvent, ConsoleLine, StatsUpdated, StatusChanged
from bot.console.hub import Listener
from bot.errors import BotError, ConsoleError, NotSupported, PanelError, RateLimited
from bot.i18n import _
from bot.panel.client import PanelClient
from bot.services.access import Access
from bot.services.connections import Connections
from bot.services.members import Member
from bot.services.outcome import Outcome, OutcomeTiming, Progress, needless
from bot.store.values import LinkedServer
from bot.terms import Action, PowerState, Signal
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


class Power:
    """Starts, stops, restarts and kills."""

    def __init__(
        self,
        access: Access,
        connections: Connections,
        *,
        timing: PowerTiming = PowerTiming(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._connections = connections
        self._timing = timing
        self._clock = clock
        self._closing = asyncio.Event()

    async def close(self) -> None:
        """Let everyone who follows a signal say within half a second that the bot goes away; waits for nobody."""
        self._closing.set()

    async def follow(self, member: Member, server: LinkedServer, signal: Signal) -> AsyncGenerator[Progress]:
        """Send the signal once and yield how it goes; the last progress has `done`.

        Raises NotAllowed before anything is sent, and PanelError when the panel did not accept the signal.
        """
        permit = await self._access.require(member, Action(signal.value), server)
        client = await self._connections.client_for(server, permit)
        async with AsyncExitStack() as stack:
            listener = await self._hear(server, stack)
            before = listener.state if listener else await _polled_state(client, server)
            if (answer := needless(signal, escape(server.name), before)) is not None:
                yield answer
                return
            sent_at = self._clock()
            await client.send_signal(
                server.identifier,
                signal,
                confirm=partial(self._access.confirm, permit, member, Action(signal.value), server),
            )
            yield Progress(_sent(signal, server))
            outcome = Outcome(signal, escape(server.name), before=before, sent_at=sent_at, timing=self._timing.outcome)
            steps = self._watch(listener, outcome) if listener else self._poll(client, server, outcome, sent_at)
            async for progress in steps:
                yield progress
                if progress.done:
                    return
            yield Progress(_goodbye(server), done=True)  # without a last step, it is the bot that ends

    async def _hear(self, server: LinkedServer, stack: AsyncExitStack) -> Listener | None:
        """A listener whose socket is up, or None where polling has to do."""
        try:
            listener = await stack.enter_async_context(await self._connections.listen(server))
            await listener.ready(self._timing.socket)
        except (ConsoleError, PanelError):
            return None
        return listener

    async def _watch(self, listener: Listener, outcome: Outcome) -> AsyncIterator[Progress]:
        """Follow on the socket; a socket lost meanwhile comes back by itself and then tells the state."""
        events = aiter(listener)
        while not self._closing.is_set():
            try:
                event = await _next_within(events, 0.5)
            except _EndedError:
                return
            progress = _take(event, outcome, self._clock()) if event else None
            if progress is not None and outcome.crashed:
                yield await self._last_words(events, outcome)
                return
            progress = progress or outcome.overdue(self._clock())
            if progress is not None:
                yield progress
                if progress.done:
                    return

    async def _last_words(self, events: AsyncIterator[ConsoleEvent], outcome: Outcome) -> Progress:
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
        self, client: PanelClient, server: LinkedServer, outcome: Outcome, sent_at: float
    ) -> AsyncIterator[Progress]:
        """Follow by asking the panel, whose answers may be 20 s old."""
        pause = self._timing.poll
        while not await self._closes_within(pause):
            now = self._clock()
            progress = None
            try:
                resources = await client.resources(server.identifier)
            except RateLimited as error:
                pause = max(self._timing.poll, min(error.retry_after, 60.0))
            except BotError:
                pass  # the node may be busy with the very signal; the deadline ends the waiting
            else:
                fresh = _younger(resources.uptime, now - sent_at)
                progress = outcome.observe(resources.state, now, fresh=fresh)
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


def _take(event: ConsoleEvent, outcome: Outcome, now: float) -> Progress | None:
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


async def _polled_state(client: PanelClient, server: LinkedServer) -> PowerState:
    """The state by the panel's word; raises what makes sending pointless, such as a suspended server."""
    try:
        return (await client.resources(server.identifier)).state
    except NotSupported:
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
