"""The room's front door: one session per server, however many listen."""

import asyncio
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from random import Random, SystemRandom

from bot.console.events import StatsUpdated
from bot.console.listener import Listener, SessionHealth
from bot.console.session import ConsoleSession
from bot.console.target import ConsoleTarget
from bot.console.tickets import TicketCache
from bot.console.timing import ConsoleTiming
from bot.terms import PowerState
from bot.vitals import DeliveredTail

QUEUED_LINES = 10_000


def utc_now() -> datetime:
    """Return the present moment, UTC."""
    return datetime.now(UTC)


class ConsoleHub:
    """Starts a session for the first listener of a server and ends it a while after the last has left."""

    def __init__(
        self,
        *,
        allow_private: bool,
        timing: ConsoleTiming | None = None,
        now: Callable[[], datetime] = utc_now,
        random: Random | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._timing = timing or ConsoleTiming()
        self._now = now
        self._random = random or SystemRandom()
        self._sessions: dict[Hashable, ConsoleSession] = {}
        self._tickets: dict[Hashable, TicketCache] = {}
        self._lingering: dict[Hashable, asyncio.Task[None]] = {}
        self._stopping: set[asyncio.Task[None]] = set()
        self._listeners: set[Listener] = set()
        self._closed = False

    def listen(
        self, target: ConsoleTarget, *, limit: int = QUEUED_LINES, past: DeliveredTail | None = None
    ) -> Listener:
        """Return a listener; entering it attaches it, and starts the session if there is none.

        `limit`: queued lines beyond which the oldest are dropped. `past`: what this listener got in an earlier life of
        the program; what came since then follows as recovered lines.
        """
        return Listener(_Door(self, target), limit=limit, past=past)

    def session_health(self, key: Hashable) -> SessionHealth | None:
        """Return how the session of a target's key is doing; None if nobody listens to it."""
        session = self._sessions.get(key)
        return None if session is None else session.health

    def state(self, key: Hashable) -> PowerState:
        """Return the power state by the live console of a target's key; UNKNOWN where there is none."""
        session = self._sessions.get(key)
        return PowerState.UNKNOWN if session is None else session.state

    def stats(self, key: Hashable) -> StatsUpdated | None:
        """Return the newest stats of the live console of a target's key, a second or so old; None where it has none."""
        session = self._sessions.get(key)
        return None if session is None else session.stats

    def renew(self, key: Hashable) -> None:
        """Let the session of this key, if there is one, connect anew with a new ticket.

        The panel's key by which it came is not to be used any more.
        """
        tickets, session = self._tickets.get(key), self._sessions.get(key)
        if tickets is not None:
            tickets.forget()
        if session is not None:
            session.renew()

    async def close(self) -> None:
        """End all sessions and the iteration of all listeners. Takes no longer than one closing handshake."""
        self._closed = True
        for listener in self._listeners:
            listener.end()
        self._listeners.clear()
        lingering, self._lingering = list(self._lingering.values()), {}
        for task in lingering:
            task.cancel()
        sessions, self._sessions = list(self._sessions.values()), {}
        stops = [session.stop() for session in sessions]
        await asyncio.gather(*stops, *lingering, *self._stopping, return_exceptions=True)

    def enter(self, target: ConsoleTarget, listener: Listener) -> ConsoleSession:
        """Attach a listener. For listeners only."""
        if self._closed:
            raise RuntimeError("the hub is closed")
        waiting = self._lingering.pop(target.key, None)
        if waiting is not None:
            waiting.cancel()
        session = self._sessions.get(target.key)
        if session is None:
            session = self._sessions[target.key] = self._new_session(target)
            session.start()
        else:
            session.adopt(target)
        session.attach(listener)
        self._listeners.add(listener)
        return session

    def leave(self, target: ConsoleTarget, listener: Listener) -> None:
        """Detach a listener. For listeners only."""
        self._listeners.discard(listener)
        session = self._sessions.get(target.key)
        if session is None:
            return
        session.detach(listener)
        if not session.wanted and target.key not in self._lingering:
            self._lingering[target.key] = asyncio.create_task(self._linger(target.key, session))

    async def _linger(self, key: Hashable, session: ConsoleSession) -> None:
        # One that never came up has nothing that a next listener could use, and would go on asking for tickets.
        await asyncio.sleep(self._timing.linger if session.ever_live else 0)
        # From here on a new listener gets a new session, so this task must not be cancelled by one.
        del self._lingering[key]
        del self._sessions[key]
        stop = asyncio.create_task(session.stop())
        self._stopping.add(stop)
        stop.add_done_callback(self._stopping.discard)
        for old in [old for old, tickets in self._tickets.items() if old not in self._sessions and tickets.idle()]:
            del self._tickets[old]

    def _new_session(self, target: ConsoleTarget) -> ConsoleSession:
        tickets = self._tickets.get(target.key)
        if tickets is None:
            tickets = TicketCache(target.panel, target.identifier, timing=self._timing, now=self._now)
            self._tickets[target.key] = tickets
        # A key may have been replaced meanwhile; the panel's count goes on all the same.
        tickets.panel = target.panel
        return ConsoleSession(
            target,
            tickets=tickets,
            allow_private=self._allow_private,
            timing=self._timing,
            now=self._now,
            random=self._random,
        )


class _Door:
    """Remembers for a listener which server it wants."""

    def __init__(self, hub: ConsoleHub, target: ConsoleTarget) -> None:
        self._hub = hub
        self._target = target

    def enter(self, listener: Listener) -> ConsoleSession:
        return self._hub.enter(self._target, listener)

    def leave(self, listener: Listener) -> None:
        self._hub.leave(self._target, listener)
