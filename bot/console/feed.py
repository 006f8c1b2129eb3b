"""What a session tells its listeners, and when: lines, power state, connection. No sockets in here."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.console.events import (
    Connected,
    ConsoleEvent,
    ConsoleLine,
    Disconnected,
    LinesDropped,
    Parked,
    StatsUpdated,
    StatusChanged,
)
from bot.console.listener import Listener, SessionHealth
from bot.console.marks import DELIVERED_LINES
from bot.console.memory import Memory
from bot.console.timing import ConsoleTiming
from bot.errors import BotError, ConsoleTimeout
from bot.i18n import _
from bot.metrics import console_reconnects, console_sessions
from bot.terms import PowerState

logger = logging.getLogger(__name__)


class Feed:
    """The part of a session that outlives its connections. Everything is synchronous: a reader must never wait."""

    def __init__(self, name: str, *, timing: ConsoleTiming, now: Callable[[], datetime]) -> None:
        self._name = name
        self._status_trust = timedelta(seconds=timing.status_trust)
        self._now = now
        self._listeners: list[Listener] = []
        self._changed = asyncio.Event()
        self.memory = Memory(restart_margin=timedelta(seconds=timing.restart_margin))
        self.stats: StatsUpdated | None = None
        self._state = PowerState.UNKNOWN
        self._told = PowerState.UNKNOWN
        self._status_at: datetime | None = None
        self._connected_since: datetime | None = None
        self._ever_live = False
        self._lost_at: datetime | None = None
        self._last_line_at: datetime | None = None
        self._reconnects = 0
        self._down = False
        self._reason: str | None = None
        self._error: BotError | None = None

    # Listeners

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def attach(self, listener: Listener) -> None:
        """Let a listener hear everything from now on, beginning with where things stand."""
        self._listeners.append(listener)
        if self._error is not None:
            listener.put(Parked(self._now(), self._error))
        elif self._connected_since is not None:
            self._greet(listener, self._connected_since)

    def detach(self, listener: Listener) -> None:
        """Forget a listener."""
        self._listeners = [other for other in self._listeners if other is not listener]

    @property
    def resuming(self) -> bool:
        """Whether what a listener had in an earlier life of the program is to be compared with the history."""
        return any(listener.past is not None for listener in self._listeners)

    @property
    def live(self) -> bool:
        """Whether lines are passed on."""
        return self._connected_since is not None

    @property
    def ever_live(self) -> bool:
        """Whether they ever were, so that a history will be compared with what was delivered."""
        return self._ever_live

    @property
    def state(self) -> PowerState:
        """The power state; UNKNOWN while the console is not live."""
        return self._state if self.live else PowerState.UNKNOWN

    @property
    def reported_state(self) -> PowerState:
        """What the present connection has reported, live or not."""
        return self._state

    @property
    def health(self) -> SessionHealth:
        """How the session is doing."""
        return SessionHealth(
            connected_since=self._connected_since,
            last_line_at=self._last_line_at,
            reconnects=self._reconnects,
            last_error=self._reason,
            parked=self._error is not None,
        )

    async def ready(self, timeout: float) -> None:
        """Wait until lines flow; raises what the session is parked for, or ConsoleTimeout after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not self.live:
                    if self._error is not None:
                        # One error serves all who ask: without this its traceback would grow with each of them.
                        raise self._error.with_traceback(None)
                    await self._changed.wait()
        except TimeoutError:
            reason = self._reason or _("The node has not answered yet.")
            raise ConsoleTimeout(
                _("The console of {name} could not be opened within {seconds} s. {reason}").format(
                    name=self._name, seconds=f"{timeout:g}", reason=reason
                )
            ) from None

    # What a connection reports

    def hold(self) -> None:
        """Authenticated: collect lines until `release`."""
        self.memory.hold()

    def asked(self) -> None:
        """The history has been asked for."""
        self.memory.asked(listener.past for listener in self._listeners if listener.past is not None)

    def line(self, line: ConsoleLine) -> None:
        """Take one console line."""
        self._last_line_at = line.at
        self.memory.seen(line.at)
        if self.memory.holding:
            self.memory.collect(line)
        elif self.live:
            self.memory.add(line)
            self._publish(line)

    def status(self, state: PowerState) -> None:
        """Take the power state as Wings reported it."""
        self._status_at = self._now()
        self.memory.seen(self._status_at)
        self._become(state)

    def take_stats(self, stats: StatsUpdated) -> None:
        """Take what the server uses; its state makes good for a `status` that never came."""
        now = self._now()
        self.memory.seen(now)
        self.stats = stats
        if stats.uptime:
            self.memory.running_since(now - stats.uptime)
        # Wings sends both from different queues: just after a `status`, other stats are older ones overtaken.
        if stats.state is not PowerState.UNKNOWN and (
            self._status_at is None or now - self._status_at > self._status_trust
        ):
            self._become(stats.state)
        if self.live:
            self._publish(stats)

    def pass_on(self, event: ConsoleEvent) -> None:
        """Take any other event."""
        self._publish(event)

    def release(self) -> None:
        """The history has ended: find what is new in it, announce the connection, and pass lines on from now on."""
        at = self._now()
        again, self._ever_live = self._ever_live, True
        console_sessions.inc(not self.live)
        self._connected_since, self._error, self._down = at, None, False
        if again:
            lines, complete = self.memory.resume(was_offline=self._told is PowerState.OFFLINE)
            self._reconnects += 1
            console_reconnects.inc()
            logger.info("console of %s: back, %d lines recovered", self._name, len(lines))
            self._publish(Connected(at, self._lost_at, len(lines), complete))
            for line in lines:
                self._publish(line)
            if self.memory.dropped:
                self._publish(LinesDropped(self.memory.dropped))
            self._tell_state()
            if self.stats is not None:
                self._publish(self.stats)
        else:
            self.memory.begin(listener.past for listener in self._listeners if listener.past is not None)
            logger.info("console of %s: connected", self._name)
            self._told = self._state
            for listener in self._listeners:
                self._greet(listener, at)
        self._lost_at = None
        self._announce()

    def lost(self, reason: str) -> None:
        """The connection is gone, or cannot be had; the session is trying again. Told once until it is back."""
        tell = self._error is not None or not self._down
        self._leave_live()
        self._reason, self._error = reason, None
        if tell:
            logger.warning("console of %s: lost: %s", self._name, reason)
            self._publish(Disconnected(self._now(), reason))
        self._announce()

    def parked(self, error: BotError) -> None:
        """Trying again at once is hopeless."""
        repeated = self._error is not None and str(self._error) == str(error)
        self._leave_live()
        self._reason, self._error = str(error), error
        if not repeated:
            logger.warning("console of %s: waiting: %s", self._name, error)
            self._publish(Parked(self._now(), error))
        self._announce()

    def ended(self) -> None:
        """Nobody listens any more, and the connection is closed."""
        self._leave_live()

    # Inside

    def _become(self, state: PowerState) -> None:
        if state is PowerState.OFFLINE:
            self.memory.not_running()
        self._state = state
        if self.live:
            self._tell_state()

    def _tell_state(self) -> None:
        """Tell of a change; after a gap it may be one of the meantime."""
        if self._state not in {self._told, PowerState.UNKNOWN}:
            previous, self._told = self._told, self._state
            self._publish(StatusChanged(self._state, None if previous is PowerState.UNKNOWN else previous))

    def _leave_live(self) -> None:
        if self.live:
            console_sessions.dec()
            self._lost_at = self._now()
            self.memory.gap_begins()
        self.memory.drop_held()
        self._down = True
        self._connected_since = self._status_at = self.stats = None
        self._state = PowerState.UNKNOWN

    def _greet(self, listener: Listener, at: datetime) -> None:
        lines: list[ConsoleLine] = []
        if listener.past is None:
            before = tuple(line.text for line in self.memory.tail(DELIVERED_LINES))
            listener.put(Connected(at, before=before))
        else:
            lines, complete = self.memory.since(listener.past)
            listener.put(Connected(at, None, len(lines), complete))
        for line in lines:
            listener.put(line)
        if self._state is not PowerState.UNKNOWN:
            listener.put(StatusChanged(self._state))
        if self.stats is not None:
            listener.put(self.stats)

    def _publish(self, event: ConsoleEvent) -> None:
        for listener in self._listeners:
            listener.put(event)

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
