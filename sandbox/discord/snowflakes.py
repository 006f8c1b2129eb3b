"""Ids as Discord makes them: a time since 2015 in the high bits, a counter in the low ones."""

from __future__ import annotations

import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000
"""2015-01-01T00:00:00Z, where Discord's time begins (Discord docs, reference: snowflakes)."""

WORLD_START_MS = 1_735_689_600_000
"""2025-01-01T00:00:00Z: guilds, roles, members and channels are 'made' from here on, one millisecond apart."""


def created_at(snowflake: int) -> datetime:
    """The moment an id was made, as an aware UTC time."""
    return datetime.fromtimestamp(((snowflake >> 22) + EPOCH_MS) / 1000, tz=UTC)


class Snowflakes:
    """Two id sources: one that is the same in every run, one that follows the clock.

    Whatever a test sets up (guilds, roles, members, channels) gets the same ids in each run. Messages and
    interactions carry the present time, because clients compute their age from the id.
    """

    def __init__(self) -> None:
        self._world_ms = WORLD_START_MS
        self._last = 0

    def fixed(self) -> int:
        """The next id of the deterministic kind."""
        self._world_ms += 1
        return (self._world_ms - EPOCH_MS) << 22

    def now(self) -> int:
        """An id with the present time in it, larger than every one given before."""
        fresh = (time.time_ns() // 1_000_000 - EPOCH_MS) << 22
        self._last = max(fresh, self._last + 1)
        return self._last
