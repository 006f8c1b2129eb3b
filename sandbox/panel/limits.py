"""Counting what a caller may still do: Laravel's fixed windows and Wings' token buckets."""

import math
from dataclasses import dataclass, field

from sandbox.panel.clock import Clock


@dataclass(frozen=True)
class Verdict:
    """The outcome of one hit. ``retry_after`` is in real whole seconds, ``reset`` a real unix time."""

    allowed: bool
    limit: int
    remaining: int
    retry_after: int
    reset: int

    def headers(self) -> dict[str, str]:
        """The rate-limit headers that Laravel's `ThrottleRequests` would send for this hit."""
        headers = {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.remaining)}
        if not self.allowed:
            headers["Retry-After"] = str(self.retry_after)
            headers["X-RateLimit-Reset"] = str(self.reset)
        return headers


@dataclass
class FixedWindow:
    """``limit`` hits per window and key; the window starts at the first hit and lasts ``seconds`` modelled seconds."""

    clock: Clock
    limit: int
    seconds: float = 60.0
    _windows: dict[str, tuple[float, int]] = field(default_factory=dict[str, tuple[float, int]])

    def hit(self, key: str) -> Verdict:
        """Count one request under ``key``; refused requests are not counted."""
        now = self.clock.now()
        ends, count = self._windows.get(key, (0.0, 0))
        if now >= ends:
            ends, count = now + self.clock.real(self.seconds), 0
        allowed = count < self.limit
        if allowed:
            count += 1
        self._windows[key] = (ends, count)
        return Verdict(allowed, self.limit, self.limit - count, max(1, math.ceil(ends - now)), math.ceil(ends))

    def used(self, key: str) -> int:
        """Hits counted in the running window of ``key``."""
        ends, count = self._windows.get(key, (0.0, 0))
        return count if self.clock.now() < ends else 0

    def reset(self) -> None:
        """Forget every window."""
        self._windows.clear()


class TokenBucket:
    """``size`` tokens, one added every ``every`` modelled seconds (`wings router/websocket/limiter.go`)."""

    def __init__(self, clock: Clock, size: int, every: float) -> None:
        self._clock = clock
        self._size = size
        self._every = every
        self._tokens = float(size)
        self._seen = clock.elapsed()
        self._told = False

    def take(self) -> bool:
        """Take a token if there is one."""
        now = self._clock.elapsed()
        self._tokens = min(float(self._size), self._tokens + (now - self._seen) / self._every)
        self._seen = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        self._told = False
        return True

    def first_refusal(self) -> bool:
        """True for the first refusal of an episode, which is the only one the client is told about."""
        if self._told:
            return False
        self._told = True
        return True
