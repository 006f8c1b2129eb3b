"""Trouble on demand: failures of Discord's REST side, for chosen requests and a chosen number of times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Action = Literal["status", "reset", "hang", "limit", "cloudflare", "blocked"]
Body = Literal["html", "text", "json"]


@dataclass
class Fault:
    """One planned failure: applies to requests whose ``METHOD /path`` matches `route`, `count` times (None: always).

    `after` lets the request take effect first, so that the bot sees a failure for something that was done.
    """

    action: Action
    route: str
    count: int | None
    after: bool = False
    status: int = 500
    code: int = 0
    seconds: float = 1.0
    scope: str = "user"
    body: Body = "html"
    hits: int = 0

    def matches(self, request_line: str) -> bool:
        """Whether this fault is for that request, and not used up."""
        left = self.count is None or self.hits < self.count
        return left and re.search(self.route, request_line) is not None

    def cancel(self) -> None:
        """Ends the fault."""
        self.count = self.hits


class Faults:
    """The planned failures; the first that matches a request is used.

    `route` is a regular expression searched in ``POST /channels/123/messages`` (method, blank, path without the base).
    Each method returns the Fault; its `hits` count how often it struck.
    """

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def status(self, status: int = 502, route: str = "", *, count: int | None = 1, after: bool = False) -> Fault:
        """Answers with a bare server error (500, 502, 504, 524...), before or `after` doing what was asked."""
        return self._plan(Fault("status", route, count, after=after, status=status))

    def hang(self, seconds: float, route: str = "", *, count: int | None = 1, after: bool = False) -> Fault:
        """Does nothing for `seconds`, then goes on normally (with `after`: holds back the finished answer)."""
        return self._plan(Fault("hang", route, count, after=after, seconds=seconds))

    def reset(self, route: str = "", *, count: int | None = 1, after: bool = False) -> Fault:
        """Cuts the TCP connection instead of answering."""
        return self._plan(Fault("reset", route, count, after=after))

    def rate_limit(
        self, retry_after: float = 1.0, route: str = "", *, scope: str = "user", count: int | None = 1
    ) -> Fault:
        """An additional 429 of scope `user`, `shared` or `global`."""
        return self._plan(Fault("limit", route, count, seconds=retry_after, scope=scope))

    def cloudflare(self, route: str = "", *, retry_after: float = 60.0, count: int | None = 1) -> Fault:
        """A 429 as Cloudflare sends it: an HTML page and no `Via` header."""
        return self._plan(Fault("cloudflare", route, count, seconds=retry_after))

    def blocked(self, route: str = "", *, body: Body = "html", count: int | None = 1) -> Fault:
        """A 403 as Cloudflare gives it to a request that it does not like: a page, a line, or JSON with code 40333."""
        return self._plan(Fault("blocked", route, count, status=403, body=body))

    def refuse(self, status: int, code: int, route: str = "", *, count: int | None = 1) -> Fault:
        """Any status with any of Discord's JSON error codes."""
        return self._plan(Fault("status", route, count, status=status, code=code))

    def forbidden(self, route: str = "", *, code: int = 50013, count: int | None = 1) -> Fault:
        """A 403 with a JSON error code (50013 missing permissions, 50001 missing access)."""
        return self._plan(Fault("status", route, count, status=403, code=code))

    def not_found(self, route: str = "", *, code: int = 10003, count: int | None = 1) -> Fault:
        """A 404 with a JSON error code (10003 unknown channel, 10008 unknown message...)."""
        return self._plan(Fault("status", route, count, status=404, code=code))

    def clear(self) -> None:
        """Ends all planned failures."""
        self._planned.clear()

    def take(self, request_line: str) -> Fault | None:
        """The fault for this request, counted as used."""
        for fault in self._planned:
            if fault.matches(request_line):
                fault.hits += 1
                return fault
        return None

    def _plan(self, fault: Fault) -> Fault:
        self._planned.append(fault)
        return fault
