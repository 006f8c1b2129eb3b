"""A guild's relays that cannot run: why, until when, and whom that was told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.errors import BotError
from bot.relay.sink import ChannelForbidden, ChannelGone
from bot.relay.wanted import WantedRelay
from bot.text.markdown import plain
from bot.vitals import RelayHealth, RelayState

_log = logging.getLogger(__name__)

Report = Callable[[WantedRelay, BotError], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ParkedRelay:
    """A relay, and how it stands."""

    wanted: WantedRelay
    health: RelayHealth
    until: float
    """When to try again, on the loop's clock."""


class Parking:
    """Holds parked relays by id; `report` is told why, once per reason until lines arrive again.

    `recheck`, `hasten`: see `SupervisorTiming`.
    """

    def __init__(
        self, report: Report | None, *, recheck: float, hasten: float, clock: Callable[[], float] | None = None
    ) -> None:
        self.relays: dict[int, ParkedRelay] = {}
        self._report = report
        self._clock = clock or asyncio.get_running_loop().time
        self._recheck, self._first_gap = recheck, hasten
        self._reported: dict[int, tuple[str, int]] = {}
        """By relay id: the reason, and how many lines had been delivered then."""
        self._gap = hasten
        self._next_try = float("-inf")
        self._hastened = False

    async def park(self, wanted: WantedRelay, error: BotError, health: RelayHealth) -> None:
        """Park a relay: for a while where the bot may not post, for rights come back without a word, else for good."""
        relay_id, reason = wanted.relay.id, str(error)
        until = self._clock() + self._patience(error)
        gone = isinstance(error, ChannelGone)
        parked = replace(health, state=RelayState.PARKED, connected_since=None, last_error=reason, channel_gone=gone)
        self.relays[relay_id] = ParkedRelay(wanted, parked, until)
        told = self._reported.get(relay_id)
        self._reported[relay_id] = (reason, health.delivered)
        if told == (reason, health.delivered):
            return
        _log.warning("relay %s is parked: %s", relay_id, plain(reason))
        if self._report is not None:
            try:
                await self._report(wanted, error)
            except Exception:  # noqa: BLE001 - telling people is best effort
                _log.exception("the parking of relay %s could not be reported", relay_id)

    def _patience(self, error: BotError) -> float:
        """After how many seconds to try again unasked."""
        if not isinstance(error, ChannelForbidden):
            return float("inf")
        return self._recheck if error.retry_after is None else min(self._recheck, error.retry_after)

    def hasten(self, channel_id: int | None = None) -> float:
        """Have the parked relays tried again, those into one channel or (None) all of them.

        Return when, on the loop's clock: inf if there are none.

        At once, but ever later if that is asked for again and again: each try may be a request that Discord refuses,
        and 10,000 of those in 10 minutes, whichever the guild, would shut the bot out everywhere.
        """
        meant = [key for key, one in self.relays.items() if channel_id in {None, one.wanted.relay.channel_id}]
        if not meant:
            return float("inf")
        now = self._clock()
        if now >= self._next_try + self._recheck:
            self._gap = self._first_gap
        when = max(now, self._next_try)
        for relay_id in meant:
            parked = self.relays[relay_id]
            self.relays[relay_id] = replace(parked, until=min(parked.until, when))
        self._hastened = True
        return when

    def release(self, wanted: Mapping[int, WantedRelay]) -> None:
        """Let go of relays that are not wanted any more, or otherwise, and of those whose time has come."""
        now = self._clock()
        due = {relay_id for relay_id, parked in self.relays.items() if now >= parked.until}
        if due and self._hastened:
            self._hastened = False
            self._next_try, self._gap = now + self._gap, min(2 * self._gap, self._recheck)
        for relay_id, parked in list(self.relays.items()):
            if relay_id in due or wanted.get(relay_id) != parked.wanted:
                del self.relays[relay_id]

    def health(self, relay_id: int) -> RelayHealth | None:
        """Return how a parked relay stands, and when it is tried again; None for one that is not parked."""
        parked = self.relays.get(relay_id)
        if parked is None:
            return None
        seconds = parked.until - self._clock()
        if seconds == float("inf"):
            return parked.health
        return replace(parked.health, again_at=datetime.now(UTC) + timedelta(seconds=max(0.0, seconds)))

    def forget(self, relay_id: int) -> None:
        """Let go of a relay, and tell again if it is parked again."""
        self.relays.pop(relay_id, None)
        self._reported.pop(relay_id, None)

    @property
    def wait(self) -> float:
        """After how many seconds the first relay's time has come; inf if none is parked for a time."""
        return min((parked.until - self._clock() for parked in self.relays.values()), default=float("inf"))
