"""What a connection has reported of a server's power, and what was told of it. No listeners, no sockets."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.console.events import StatsUpdated, StatusChanged
from bot.console.runs import Runs
from bot.terms import PowerState


class Power:
    """The state and the stats that the present connection has reported."""

    def __init__(self, runs: Runs, *, trust: timedelta, now: Callable[[], datetime]) -> None:
        """`trust`: so long a `status` is believed against stats that say otherwise."""
        self._runs, self._trust, self._now = runs, trust, now
        self.state = PowerState.UNKNOWN
        self.told = PowerState.UNKNOWN
        """The state that was told last, by any connection."""
        self.stats: StatsUpdated | None = None
        self._status_at: datetime | None = None

    def take_status(self, state: PowerState) -> None:
        """Take the power state as Wings reported it."""
        self._status_at = self._now()
        self._runs.seen(self._status_at)
        self._become(state)

    def take_stats(self, stats: StatsUpdated) -> None:
        """Take what the server uses; its state makes good for a `status` that never came."""
        now = self._now()
        self._runs.seen(now)
        self.stats = stats
        if stats.uptime:
            self._runs.running_since(now - stats.uptime)
        # Wings sends both from different queues: just after a `status`, other stats are older ones overtaken.
        if stats.state is not PowerState.UNKNOWN and (self._status_at is None or now - self._status_at > self._trust):
            self._become(stats.state)

    def forget(self) -> None:
        """The connection is gone, and with it what it reported."""
        self.state, self.stats, self._status_at = PowerState.UNKNOWN, None, None

    def change(self) -> StatusChanged | None:
        """Return what there is to tell: a change, after a gap perhaps one of the meantime. It counts as told."""
        if self.state in {self.told, PowerState.UNKNOWN}:
            return None
        previous, self.told = self.told, self.state
        return StatusChanged(self.state, None if previous is PowerState.UNKNOWN else previous)

    def standing(self) -> list[StatusChanged | StatsUpdated]:
        """Return what somebody is to be told who begins to listen."""
        state = [] if self.state is PowerState.UNKNOWN else [StatusChanged(self.state)]
        return [*state, *([] if self.stats is None else [self.stats])]

    def _become(self, state: PowerState) -> None:
        if state is PowerState.OFFLINE:
            self._runs.unknown()
        self.state = state
