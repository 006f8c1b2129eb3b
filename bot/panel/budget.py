"""The local view of the panel's rate limits, one per key, shared by every feature that uses the key."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.errors import RateLimited
from bot.i18n import ngettext
from bot.panel.timing import ACTIONS_AT_ONCE, READS_AT_ONCE

GENERAL = "general"
_MOST_BUCKETS = 100
_LONGEST_HEADER = 64
"""Characters; an HTTP date has 29."""
_LONGEST = 900.0  # no panel window is longer; a proxy's absurd value must not silence a guild for a day
_OWN_LIMIT_BELOW = (
    60  # limits smaller than this belong to one route (5 tickets, 15 or 20 utilizations), not to the user
)


@dataclass(slots=True)
class _Bucket:
    closed_until: float = 0.0  # on the loop's clock
    limit: int | None = None
    remaining: int | None = None


class Budget:
    """What the panel still allows this key.

    Sources: panel `app/Providers/RouteServiceProvider.php`, `app/Enum/ResourceLimit.php`; 0.7 `app/Http/Kernel.php`.
    Routes with a limit of their own (`websocket` per server, 0.7's `utilization`) have their own bucket.
    """

    def __init__(self, *, default_retry_after: float) -> None:
        self._default_retry_after = default_retry_after
        self._buckets: dict[str, _Bucket] = {}
        self.reads = asyncio.Semaphore(READS_AT_ONCE)
        self.actions = asyncio.Semaphore(ACTIONS_AT_ONCE)

    async def admit(self, bucket: str, *, deadline: float) -> None:
        """Wait until the panel takes requests again; RateLimited at once if that is after `deadline` (loop time)."""
        loop = asyncio.get_running_loop()
        while (until := self._closed_until(bucket)) > (now := loop.time()):
            if until > deadline:
                raise rate_limited(until - now)
            await asyncio.sleep(until - now)

    def note(self, bucket: str, headers: Mapping[str, str]) -> None:
        """Take down what an answer says about the requests left."""
        limit, remaining = _number(headers.get("X-RateLimit-Limit")), _number(headers.get("X-RateLimit-Remaining"))
        if limit is None or remaining is None:
            return
        entry = self._bucket(bucket if limit < _OWN_LIMIT_BELOW else GENERAL)
        entry.limit, entry.remaining = int(limit), int(remaining)

    def close(self, bucket: str, headers: Mapping[str, str]) -> RateLimited:
        """Close the bucket that a 429 is about until it says to come back; return the error to raise."""
        limit = _number(headers.get("X-RateLimit-Limit"))
        seconds = _retry_after(headers, default=self._default_retry_after)
        entry = self._bucket(GENERAL if limit is not None and limit >= _OWN_LIMIT_BELOW else bucket)
        entry.closed_until = max(entry.closed_until, asyncio.get_running_loop().time() + seconds)
        return rate_limited(seconds)

    def is_scarce(self, bucket: str) -> bool:
        """Tell whether less than a third of a bucket, or of the general one, is left."""
        return any(
            entry.limit is not None and entry.remaining is not None and entry.remaining * 3 < entry.limit
            for name in (bucket, GENERAL)
            if (entry := self._buckets.get(name)) is not None
        )

    def _bucket(self, name: str) -> _Bucket:
        if name not in self._buckets and len(self._buckets) >= _MOST_BUCKETS:
            self._forget_open_ones()
        return self._buckets.setdefault(name, _Bucket())

    def _forget_open_ones(self) -> None:
        """Drop the buckets of single servers that hold nothing up: each server that was ever asked about has one."""
        now = asyncio.get_running_loop().time()
        self._buckets = {
            name: entry for name, entry in self._buckets.items() if ":" not in name or entry.closed_until > now
        }

    def _closed_until(self, bucket: str) -> float:
        return max(
            (self._buckets[name].closed_until for name in (bucket, GENERAL) if name in self._buckets), default=0.0
        )


def rate_limited(seconds: float) -> RateLimited:
    """Return the error for a panel that will take requests again in so many seconds."""
    whole = max(1, round(seconds))
    text = ngettext(
        "The panel has had too many requests with this key (people in its web pages count too): try again in {n} "
        "second.",
        "The panel has had too many requests with this key (people in its web pages count too): try again in {n} "
        "seconds.",
        whole,
    )
    return RateLimited(text.format(n=whole), retry_after=seconds)


def _retry_after(headers: Mapping[str, str], *, default: float) -> float:
    """Read `Retry-After` (seconds or an HTTP date), else `X-RateLimit-Reset` (unix time), else the default."""
    value = headers.get("Retry-After", "")[:_LONGEST_HEADER]
    seconds = _number(value)
    if seconds is None and value:
        try:
            when = parsedate_to_datetime(value)
            seconds = (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        except (ValueError, OverflowError):
            seconds = None
    if seconds is None and (reset := _number(headers.get("X-RateLimit-Reset"))) is not None:
        seconds = reset - time.time()
    if seconds is None:
        seconds = default
    return min(max(seconds, 0.0), _LONGEST)


def _number(text: str | None) -> float | None:
    try:
        value = float(text[:_LONGEST_HEADER]) if text else None
    except ValueError:
        return None
    return value if value is not None and abs(value) < 1e12 else None
