"""What a session tells its listeners, and when: lines, power state, connection. No sockets in here."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bot.console.audience import Audience
from bot.console.ending import Ending, Lapsed
from bot.console.events import (
    Connected,
    ConsoleEvent,
    ConsoleLine,
    Disconnected,
    LinesDropped,
    LinesThrottled,
    Parked,
    StatsUpdated,
)
from bot.console.listener import Listener, SessionHealth
from bot.console.memory import RING_LINES, Memory
from bot.console.power import Power
from bot.console.standing import Standing
from bot.console.timing import ConsoleTiming
from bot.errors import BotError
from bot.terms import PowerState


class Feed:
    """The part of a session that outlives its connections. What a reader calls is synchronous: it must never wait."""

    def __init__(self, name: str, *, timing: ConsoleTiming, now: Callable[[], datetime]) -> None:
        self._now = now
        self._standing = Standing(name)
        self.memory = Memory(restart_margin=timedelta(seconds=timing.restart_margin))
        self._audience = Audience(self.memory)
        self._power = Power(self.memory.runs, trust=timedelta(seconds=timing.status_trust), now=now)
        self._ending = 0
        """By `Memory.holds`: the history that has ended last."""
        self._all_shown = False
        """Whether the history that is held again goes back to where lines were dropped."""
        self._coming_back = False
        """Whether the end of a gap was told, and what was missed is being."""
        self._last_line_at: datetime | None = None

    # Listeners

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._audience)

    def attach(self, listener: Listener) -> None:
        """Let a listener hear everything from now on, beginning with where things stand."""
        self._audience.join(listener)
        if self._standing.error is not None:
            listener.put(Parked(self._now(), self._standing.error))
        elif self._standing.live_since is not None:
            self._greet(self._standing.live_since)

    def detach(self, listener: Listener) -> None:
        """Forget a listener."""
        self._audience.leave(listener)

    @property
    def resuming(self) -> bool:
        """Whether what a listener had in an earlier life of the program is to be compared with the history."""
        return bool(self._audience.pasts)

    @property
    def live(self) -> bool:
        """Whether lines are passed on."""
        return self._standing.live_since is not None

    @property
    def ever_live(self) -> bool:
        """Whether they ever were, so that a history will be compared with what was delivered."""
        return self._standing.ever_live

    @property
    def state(self) -> PowerState:
        """The power state; UNKNOWN while the console is not live."""
        return self._power.state if self.live else PowerState.UNKNOWN

    @property
    def stats(self) -> StatsUpdated | None:
        """What the present connection has reported last."""
        return self._power.stats

    @property
    def reported_state(self) -> PowerState:
        """What the present connection has reported, live or not."""
        return self._power.state

    @property
    def health(self) -> SessionHealth:
        """How the session is doing."""
        return self._standing.health(self._last_line_at)

    async def ready(self, timeout: float, *, besides: BotError | None = None) -> None:
        """Wait until lines flow; raises what the session is parked for, or ConsoleTimeout after `timeout` seconds.

        `besides`: a reason that does not count any more, for the session is looking again.
        """
        await self._standing.ready(timeout, besides=besides)

    # What a connection reports

    def hold(self) -> None:
        """Authenticated: collect lines until `release`."""
        self.memory.hold()
        self.memory.runs.unknown()

    def hold_again(self, *, shows_all: bool) -> None:
        """Lines were dropped on a good connection: collect until `release`, which finds the end of them.

        `shows_all`: whether a history goes back to where that began.
        """
        self._all_shown = shows_all
        self.memory.hold()

    def throttled(self) -> None:
        """Lines were dropped, and there is no history to ask for."""
        self.memory.tear()
        self._audience.tell_greeted(LinesThrottled())

    def asked(self) -> None:
        """The history has been asked for."""
        self.memory.asked(self._audience.pasts)

    def line(self, line: ConsoleLine) -> None:
        """Take one console line."""
        self._last_line_at = line.at
        self.memory.runs.seen(line.at)
        if self.memory.holding:
            self.memory.collect(line)
        elif self.live:
            self.memory.add(line)
            self._audience.tell_greeted(line)

    def status(self, state: PowerState) -> None:
        """Take the power state as Wings reported it."""
        self._power.take_status(state)
        if self.live:
            self._tell_state()

    def take_stats(self, stats: StatsUpdated) -> None:
        """Take what the server uses."""
        self._power.take_stats(stats)
        if self.live:
            self._tell_state()
            self._audience.tell(stats)

    def pass_on(self, event: ConsoleEvent) -> None:
        """Take any other event."""
        self._audience.tell(event)

    async def release(self) -> None:
        """The history has ended: find what is new in it, announce the connection, and pass lines on from now on.

        Where the connection breaks meanwhile, what was not passed on by then is left to the next history.
        """
        if not self.memory.holding or self._ending == self.memory.holds:
            return
        self._ending = self.memory.holds
        with suppress(Lapsed):
            ending = Ending(self.memory)
            if self.live:
                await self._fill_in(ending)
            elif self.ever_live:
                await self._come_back(ending)
            else:
                await self._come_first(ending)
            for rest in ending.rest():
                await ending.pass_on(rest.lines, self._audience.tell_greeted)
                self._admit(rest.dropped)

    async def _come_first(self, ending: Ending) -> None:
        """Remember a history: nobody who listens is missing anything, unless he did in an earlier life."""
        lines = await ending.find(self.memory.first(ending.taken, self._audience.pasts))
        for line in lines[-RING_LINES:]:  # in one go: half a history would be one
            self.memory.add(line)
        self._admit(ending.taken.dropped)
        self._standing.come()
        self._power.told = self._power.state
        self._go_live(self._now())

    async def _come_back(self, ending: Ending) -> None:
        was_offline = self._power.told is PowerState.OFFLINE
        lines, complete = await ending.find(self.memory.missed(ending.taken, was_offline=was_offline))
        at = self._now()
        self._standing.back(len(lines))
        self._audience.tell_greeted(Connected(at, self._standing.lost_at, len(lines), complete))
        self._coming_back = True
        if not complete:
            self.memory.tear()
        await ending.pass_on(lines, self._audience.tell_greeted)
        self._admit(ending.taken.dropped)
        self._tell_state()
        if self.stats is not None:
            self._audience.tell_greeted(self.stats)
        self._go_live(at)

    async def _fill_in(self, ending: Ending) -> None:
        """Pass on the end of what was dropped, which the history has."""
        lines, complete = await ending.find(self.memory.missed(ending.taken, after_gap=False))
        if not (complete and self._all_shown):
            self.throttled()
        await ending.pass_on(lines, self._audience.tell_greeted)
        self._admit(ending.taken.dropped)

    def _admit(self, dropped: int) -> None:
        """Tell of lines that found no room."""
        if dropped:
            self.memory.tear()
            self._audience.tell_greeted(LinesDropped(dropped))

    def _go_live(self, at: datetime) -> None:
        self._coming_back = False
        self._standing.live(at)
        self._greet(at)

    def lost(self, reason: str) -> None:
        """The connection is gone, or cannot be had; the session is trying again. Told once until it is back."""
        news = self._standing.lost(reason)
        self._leave_live()
        if news:
            self._audience.tell(Disconnected(self._now(), reason))
        self._standing.tell_waiting()

    def parked(self, error: BotError) -> None:
        """Trying again at once is hopeless."""
        news = self._standing.parked(error)
        self._leave_live()
        if news:
            self._audience.tell(Parked(self._now(), error))
        self._standing.tell_waiting()

    def ended(self) -> None:
        """Nobody listens any more, and the connection is closed."""
        self._leave_live()
        self._audience.stop()

    # Inside

    def _tell_state(self) -> None:
        change = self._power.change()
        if change is not None:
            self._audience.tell(change)

    def _leave_live(self) -> None:
        if self._coming_back:
            self._tell_state()  # it is known which run the lines were of that were passed on
        if self.live or self._coming_back:
            self._standing.lost_at, self._coming_back = self._now(), False
            self.memory.runs.gap_begins()
        self._standing.leave()
        self.memory.drop_held()
        self._power.forget()

    def _greet(self, at: datetime) -> None:
        """Tell those who were not told yet where things stand."""
        self._audience.greet(Connected(at), self._power.standing())
