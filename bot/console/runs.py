"""Which run of the server this is: by the times that Wings reports. No listeners, no sockets."""

from datetime import datetime, timedelta

_START_MARGIN = timedelta(seconds=1)
"""How much later than the truth a computed start may be: `uptime` travels a while."""


class Runs:
    """The server's present run, and the one before the gap."""

    def __init__(self, *, restart_margin: timedelta) -> None:
        self._restart_margin = restart_margin
        self._started_at: datetime | None = None
        self._seen_at: datetime | None = None
        self._started_before: datetime | None = None
        self._seen_before: datetime | None = None

    def seen(self, at: datetime) -> None:
        """Something arrived."""
        self._seen_at = at

    def running_since(self, started: datetime) -> None:
        """Note a computed start. Reports are late, never early: the earliest is the nearest to the truth."""
        self._started_at = started if self._started_at is None else min(self._started_at, started)

    def unknown(self) -> None:
        """The next start that is reported may be another run's."""
        self._started_at = None

    def gap_begins(self) -> None:
        """The connection is lost: remember which run this was."""
        self._started_before, self._seen_before = self._started_at, self._seen_at

    def started_after(self, moment: datetime | None) -> bool:
        """Whether the present run is known to have begun after that moment."""
        return moment is not None and self._started_at is not None and self._started_at - moment > _START_MARGIN

    @property
    def restarted(self) -> bool:
        """Whether the server is known to have been started during the gap, so that its history is a fresh one."""
        if self._started_at is None:
            return False
        if self._started_before is None:
            return self._seen_before is not None and self._started_at > self._seen_before
        return self._started_at - self._started_before > self._restart_margin
