"""Power signals: checked, sent once, and followed to their end on the socket or, where there is none, by polling."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

from bot.console.listener import Listener
from bot.errors import ConsoleError, NodeUnreachable, NotSupported, PanelError
from bot.i18n import _
from bot.services.action_log import Attempt, attempt
from bot.services.beforehand import UntilOff, before_sending
from bot.services.connections import Connections, PermittedClient
from bot.services.following import Follower, PowerTiming, caught_up
from bot.services.lately import Lately
from bot.services.outcome import Outcome, Progress
from bot.services.permits import Permit
from bot.store.values import LinkedServer
from bot.terms import PowerState, Signal
from bot.text.markdown import escape


class Power:
    """Starts, stops, restarts and kills."""

    def __init__(
        self,
        connections: Connections,
        *,
        lately: Lately | None = None,
        timing: PowerTiming | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lately` is where others find out what was sent."""
        self._connections = connections
        self._lately = lately if lately is not None else Lately()
        self._timing = timing if timing is not None else PowerTiming()
        self._clock = clock
        self._closing = asyncio.Event()
        self._waiting: set[tuple[int, int]] = set()
        """Who waits for which server to be off: each member once, however often he presses."""

    async def close(self) -> None:
        """Let everyone who follows a signal say within half a second that the bot goes away; waits for nobody."""
        self._closing.set()

    async def follow(self, permit: Permit, *, when_off: bool = False) -> AsyncGenerator[Progress]:
        """Send the permit's signal once and yield how it goes; the last progress has `done`.

        `when_off`: wait first, for `OutcomeTiming.until_off` at most, until the server is off. Raises NotAllowed where
        the permit would not be given again in the moment of sending, and PanelError when the panel did not accept the
        signal.
        """
        signal = Signal(permit.action.value)
        async with AsyncExitStack() as stack:
            with attempt(permit) as noted:
                client = await self._connections.client(permit)
                listener = await self._hear(permit, stack)
                last = None
                if when_off:
                    async for last in self._until_off(permit, listener, client):
                        yield last
                    last = last if last is not None and last.done else None
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
            async for progress in self._follower.steps(listener, client, outcome):
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
        before, uptime = await _before(listener, client)
        sent_at = self._clock()
        answer = before_sending(signal, name, before, polled=listener is None)
        if answer is None:
            await client.send_signal()
        else:
            noted.outcome = f"not sent, because it is {before.value}"
            if answer.done:
                return answer, None
        timing, joined = self._timing.outcome, answer is not None
        return answer, Outcome(
            signal, name, before=before, uptime=uptime, sent_at=sent_at, timing=timing, joined=joined
        )

    async def _until_off(
        self, permit: Permit, listener: Listener | None, client: PermittedClient
    ) -> AsyncIterator[Progress]:
        """Wait until a signal can be sent; a progress that is `done` says why it will not be."""
        key, name = (permit.member.user_id, permit.server.id), escape(permit.server.name)
        if key in self._waiting:
            text = _("I am waiting already until **{server}** is off, to start it for you.")
            yield Progress(text.format(server=name), done=True, ok=False)
            return
        self._waiting.add(key)
        try:
            yield Progress(_("Waiting until **{server}** is off, to start it then …").format(server=name))
            async for progress in self._seen_off(name, listener, client):
                yield progress
        finally:
            self._waiting.discard(key)

    @property
    def _follower(self) -> Follower:
        return Follower(self._timing, self._clock, self._closing)

    async def _seen_off(self, name: str, listener: Listener | None, client: PermittedClient) -> AsyncIterator[Progress]:
        state = await caught_up(listener) if listener is not None else PowerState.UNKNOWN
        now = self._clock()
        waiting = UntilOff(name, since=now, timing=self._timing.outcome)
        waiting.observe(state, now)
        async for progress in self._follower.steps(listener, client, waiting):
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


async def _before(listener: Listener | None, client: PermittedClient) -> tuple[PowerState, timedelta | None]:
    """Return the state, and how long the process is up where that is known.

    By the panel's word where there is no console; then it raises what makes sending pointless, such as a suspended
    server.
    """
    if listener is not None:
        state = await caught_up(listener)
        return state, listener.stats.uptime if listener.stats is not None else None
    try:
        told = await client.resources()
    except (NotSupported, NodeUnreachable):  # Pelican says so for 20 s: what comes of the signal tells the truth
        return PowerState.UNKNOWN, None
    return told.state, told.uptime


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
