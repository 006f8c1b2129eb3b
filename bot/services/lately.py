"""What was done to servers through the bot a moment ago: until it shows, the panel's answers are from before it."""

import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.services.outcome import CACHED_SECONDS
from bot.services.permits import Permit
from bot.terms import PowerState, Signal

_LIVE_LAG = 2.0
"""Seconds: a console tells stats about once in one."""
_MOST = 1000
"""Servers that are remembered; what is beyond is shown by the panel's word alone."""


@dataclass(slots=True)
class _Noted:
    signal: Signal
    at: float
    state: PowerState = PowerState.UNKNOWN
    arrived: bool = False
    ended_at: float | None = None
    """None while it is followed."""

    def is_old(self, now: float) -> bool:
        """Whether the panel knows by now."""
        return self.ended_at is not None and now - self.ended_at > CACHED_SECONDS


@dataclass(frozen=True, slots=True)
class Deed:
    """A signal that was sent through the bot."""

    signal: Signal
    age: float
    """Seconds since it was sent."""
    under_way: bool
    """Whether somebody still follows how it goes, and it has not got there yet."""
    state: PowerState
    """What the server has been seen in since, on its console; UNKNOWN where nothing was."""

    def may_precede(self, uptime: timedelta | None, *, lag: float) -> bool:
        """Whether what is told, up to `lag` seconds old, may be of a process that was there before the deed."""
        return uptime is None or uptime <= timedelta(0) or uptime >= timedelta(seconds=self.age - lag)

    def is_younger_than(self, uptime: timedelta | None) -> bool:
        """Whether a process that is up so long, by stats a second or so old, was there well before the deed."""
        return uptime is not None and uptime > timedelta(seconds=self.age + _LIVE_LAG)


class Saw(Protocol):
    """Takes a state that was seen."""

    def __call__(self, state: PowerState, *, arrived: bool) -> None:
        """Note it; `arrived`: that is what was asked for."""
        ...


class Lately:
    """Remembers the newest signal of each server, for as long as the panel may not have noticed it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._noted: OrderedDict[Hashable, _Noted] = OrderedDict()

    @contextmanager
    def sent(self, permit: Permit) -> Generator["Saw"]:
        """Note the permit's signal as under way, for as long as it is followed.

        What is given takes the states seen on the way, and whether the server is by now as was asked.
        """
        key, now = _key(permit), self._clock()
        noted = self._noted[key] = _Noted(Signal(permit.action.value), now)
        self._noted.move_to_end(key)
        self._make_room()

        def saw(state: PowerState, *, arrived: bool) -> None:
            noted.arrived = arrived
            if state is not PowerState.UNKNOWN:
                noted.state = state

        try:
            yield saw
        finally:
            noted.ended_at = self._clock()

    def of(self, permit: Permit) -> Deed | None:
        """Return what was done to the permit's server, None where nothing was lately."""
        noted, now = self._noted.get(_key(permit)), self._clock()
        if noted is None or noted.is_old(now):
            return None
        under_way = noted.ended_at is None and not noted.arrived
        return Deed(noted.signal, now - noted.at, under_way, noted.state)

    def _make_room(self) -> None:
        now = self._clock()
        for key in [key for key, noted in self._noted.items() if noted.is_old(now)]:
            del self._noted[key]
        while len(self._noted) > self._most:
            self._noted.popitem(last=False)


def _key(permit: Permit) -> Hashable:
    """The server, whichever key or guild it is acted on by; nobody's panel can claim to be another's."""
    return permit.panel.url, permit.server.uuid
