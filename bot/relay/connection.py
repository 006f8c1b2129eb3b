"""What a channel is told of its console's connection: lost for long, back, with or without a gap, or not to be had."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import metrics
from bot.console.events import Connected, Disconnected, Parked
from bot.relay import notices
from bot.relay.pause import Gate
from bot.vitals import RelayState


@dataclass(frozen=True, slots=True)
class RelayTiming:
    """In seconds."""

    announce_loss: float = 30.0
    """How long the console must be away before the channel hears of it."""


class Connection:
    """Follows one console's connection on a relay's behalf; `say` says something in the channel."""

    def __init__(
        self, server: str, *, say: Callable[[str], None], gate: Gate, filtered: bool, timing: RelayTiming
    ) -> None:
        """`server` is the server's name in Markdown; `filtered`: not every line of it is shown."""
        self.state = RelayState.CONNECTING
        self.since: datetime | None = None
        """When lines began to flow, UTC; None while they do not."""
        self.reconnects = 0
        self.last_error: str | None = None
        """Why there are no lines: a sentence."""
        self._server, self._say, self._gate, self._filtered = server, say, gate, filtered
        self._patience = timing.announce_loss
        self._lost_at: datetime | None = None
        self._announcement: asyncio.TimerHandle | None = None
        self._announced = False
        self._parked_for: str | None = None

    def failed(self, reason: str) -> None:
        """Note why the console cannot be listened to at all; for the health report."""
        self.state, self.since, self.last_error = RelayState.LOST, None, reason

    def lost(self, event: Disconnected) -> None:
        """Wait a while before anything is said: most losses are over by then."""
        self.failed(event.reason)
        if self._lost_at is None:
            self._lost_at = event.at
            self._announcement = asyncio.get_running_loop().call_later(self._patience, self._announce_loss)

    def _announce_loss(self) -> None:
        if self._lost_at is not None:
            self._announced = True
            self._say(notices.console_lost(self._server, self._lost_at, self.last_error or ""))

    def back(self, event: Connected, *, last_line_at: datetime | None) -> None:
        """Say what was missed, if the channel must know. `last_line_at`: when the relay took its last line, if ever."""
        lost_at = event.lost_at or self._lost_at or last_line_at
        if lost_at is not None:
            self.reconnects += event.lost_at is not None
            self._announce_return(event, lost_at)
        self.close()
        self.state, self.since, self.last_error = RelayState.LIVE, event.at, None
        self._lost_at, self._announced, self._parked_for = None, False, None

    def _announce_return(self, event: Connected, lost_at: datetime) -> None:
        away = event.at - lost_at
        restarted = event.lost_at is None
        # Where not all of them are shown, nobody could find in the channel what a number promises.
        counted = not self._filtered and not self._gate.closed
        if not event.complete:
            metrics.relay_gaps.inc()
            found = event.recovered if counted else 0
            self._say(notices.lines_missing(self._server, lost_at, event.at, found))
        elif self._announced:
            self._say(notices.console_back(self._server, away, event.recovered, counted=counted))
        elif restarted and event.recovered and away > timedelta(seconds=self._patience) and counted:
            self._say(notices.caught_up(self._server, lost_at, event.recovered))

    def parked(self, event: Parked) -> None:
        """Say at once why there is no console for now, once per reason."""
        reason = str(event.error)
        self.state, self.since, self.last_error = RelayState.PARKED, None, reason
        self._lost_at = self._lost_at or event.at
        self.close()
        if reason != self._parked_for:
            self._parked_for, self._announced = reason, True
            self._say(notices.parked(self._server, reason))

    def close(self) -> None:
        """Announce nothing more by itself."""
        if self._announcement is not None:
            self._announcement.cancel()
            self._announcement = None
