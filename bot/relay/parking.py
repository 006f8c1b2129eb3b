"""Relays that cannot run: why, until when, and whom that was told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from bot.errors import BotError
from bot.relay.sink import ChannelForbidden
from bot.relay.wanted import WantedRelay
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
    """Holds parked relays by id; `report` is told why, once per reason. `recheck`: see `SupervisorTiming`."""

    def __init__(self, report: Report | None, *, recheck: float) -> None:
        self.relays: dict[int, ParkedRelay] = {}
        self._report = report
        self._recheck = recheck
        self._reported: dict[int, str] = {}

    async def park(self, wanted: WantedRelay, error: BotError, health: RelayHealth) -> None:
        """Park a relay: for a while where the bot may not post, for rights come back without a word, else for good."""
        relay_id = wanted.relay.id
        until = _now() + self._recheck if isinstance(error, ChannelForbidden) else float("inf")
        parked = replace(health, state=RelayState.PARKED, connected_since=None, last_error=str(error))
        self.relays[relay_id] = ParkedRelay(wanted, parked, until)
        if self._reported.get(relay_id) == str(error):
            return
        self._reported[relay_id] = str(error)
        _log.warning("relay %s is parked: %s", relay_id, error)
        if self._report is not None:
            try:
                await self._report(wanted, error)
            except Exception:  # noqa: BLE001 - telling people is best effort
                _log.exception("the parking of relay %s could not be reported", relay_id)

    def release(self, wanted: Mapping[int, WantedRelay]) -> None:
        """Let go of relays that are not wanted any more, or otherwise, and of those whose time has come."""
        for relay_id, parked in list(self.relays.items()):
            if wanted.get(relay_id) != parked.wanted or _now() >= parked.until:
                del self.relays[relay_id]

    def forget(self, relay_id: int) -> None:
        """Let go of a relay, and tell again if it is parked again."""
        self.relays.pop(relay_id, None)
        self._reported.pop(relay_id, None)

    @property
    def wait(self) -> float:
        """After how many seconds the first relay's time has come; inf if none is parked for a time."""
        return min((parked.until - _now() for parked in self.relays.values()), default=float("inf"))


def _now() -> float:
    return asyncio.get_running_loop().time()
