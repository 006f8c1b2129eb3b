"""Discord's rate limits: buckets with fixed windows, the global limit, and the ban for too many invalid requests."""

from __future__ import annotations

import hashlib
import math
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

VIA = "1.1 google"
"""Discord's answers come through a proxy and say so; discord.py takes a 429 without it for a Cloudflare ban."""


@dataclass(frozen=True)
class Rule:
    """`limit` requests per `window` seconds, counted separately for each top-level resource."""

    name: str
    limit: int
    window: float


CREATE_MESSAGE = Rule("create-message", 5, 5.0)
EDIT_MESSAGE = Rule("edit-message", 5, 5.0)
INTERACTION_WEBHOOK = Rule("interaction-webhook", 5, 2.0)
EDIT_CHANNEL = Rule("edit-channel", 2, 600.0)
OTHER_LIMIT, OTHER_WINDOW = 50, 1.0
GLOBAL_LIMIT = 50


@dataclass(frozen=True)
class Denied:
    """A 429: how long to wait (s), for whom it holds (`user`, `global`, `shared`), and the headers to send."""

    retry_after: float
    scope: str
    headers: dict[str, str]

    def body(self) -> dict[str, Any]:
        """The JSON body of the 429."""
        return {
            "message": "You are being rate limited.",
            "retry_after": round(self.retry_after, 3),
            "global": self.scope == "global",
        }


@dataclass
class _Window:
    started: float
    used: int = 0


class Limits:
    """Counts requests. `time_scale` shortens (below 1) or stretches all windows."""

    def __init__(self, *, enabled: bool, time_scale: float) -> None:
        self.enabled = enabled
        self.time_scale = time_scale
        self.global_limit = GLOBAL_LIMIT
        self.invalid_limit = 10_000
        self._buckets: dict[tuple[str, str], _Window] = {}
        self._global = _Window(0.0)
        self._invalid: deque[float] = deque()

    def check_global(self) -> Denied | None:
        """Counts a request of the bot against the 50 a second; interaction endpoints must not come here."""
        now = time.monotonic()
        window = 1.0 * self.time_scale
        if now - self._global.started >= window:
            self._global = _Window(now)
        if self._global.used >= self.global_limit:
            return denied(self._global.started + window - now, "global")
        self._global.used += 1
        return None

    def take(self, rule: Rule, major: str) -> tuple[dict[str, str], Denied | None]:
        """Counts a request against its bucket: the headers for its answer, and the 429 if it came too early."""
        now = time.monotonic()
        window = rule.window * self.time_scale
        self._forget_old(now)
        bucket = self._buckets.get((rule.name, major))
        if bucket is None or now - bucket.started >= window:
            bucket = self._buckets[rule.name, major] = _Window(now)  # the window opens with its first request
        left = bucket.started + window - now
        if bucket.used >= rule.limit:
            return {}, denied(left, "user", _headers(rule, 0, left))
        bucket.used += 1
        return _headers(rule, rule.limit - bucket.used, left), None

    def _forget_old(self, now: float) -> None:
        if len(self._buckets) > 5000:
            longest = 600.0 * self.time_scale
            self._buckets = {key: item for key, item in self._buckets.items() if now - item.started < longest}

    def count_invalid(self, status: int, scope: str | None) -> None:
        """Notes a 401, 403 or 429 (not of scope `shared`): 10,000 of them in 10 minutes mean a ban."""
        if status in (401, 403) or (status == 429 and scope != "shared"):
            self._invalid.append(time.monotonic())

    @property
    def banned(self) -> bool:
        """Whether Cloudflare blocks the address for too many invalid requests."""
        horizon = time.monotonic() - 600.0 * self.time_scale
        while self._invalid and self._invalid[0] < horizon:
            self._invalid.popleft()
        return len(self._invalid) >= self.invalid_limit


def denied(retry_after: float, scope: str, headers: dict[str, str] | None = None) -> Denied:
    """A 429 with its headers; `Retry-After` is in whole seconds, rounded up, the body has the fraction."""
    retry_after = max(retry_after, 0.001)
    extra = {"Retry-After": str(math.ceil(retry_after)), "X-RateLimit-Scope": scope}
    if scope == "global":
        extra["X-RateLimit-Global"] = "true"
    return Denied(retry_after, scope, {**(headers or {}), **extra})


def _headers(rule: Rule, remaining: int, left: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(rule.limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": f"{time.time() + left:.3f}",
        "X-RateLimit-Reset-After": f"{left:.3f}",
        "X-RateLimit-Bucket": hashlib.md5(rule.name.encode(), usedforsecurity=False).hexdigest(),
    }
