"""What a client sends on a console socket: how much of it is heeded, and how it is read."""

import json
from typing import Any, cast

from sandbox.panel.clock import Clock
from sandbox.panel.limits import TokenBucket


class InboundThrottle:
    """Inbound budgets of Wings >= 1.12 (`wings router/websocket/limiter.go`)."""

    def __init__(self, clock: Clock) -> None:
        self._overall = TokenBucket(clock, 10, 0.2)
        self._buckets = {
            "auth": TokenBucket(clock, 2, 5.0),
            "send logs": TokenBucket(clock, 2, 5.0),
            "send command": TokenBucket(clock, 10, 1.0),
        }
        self._others = TokenBucket(clock, 4, 1.0)

    def refuses(self, event: str | None) -> str | None:
        """None lets the message pass; otherwise the name to report, empty when it has been reported already.

        A message that cannot be read (``event`` None) counts only towards the overall budget.
        """
        if not self._overall.take():
            return "global" if self._overall.first_refusal() else ""
        if event is None:
            return None
        bucket = self._buckets.get(event, self._others)
        if bucket.take():
            return None
        return event if bucket.first_refusal() else ""


def parse(text: str) -> tuple[str, str] | None:
    """Event and joined arguments; None for what Wings cannot read."""
    try:
        message: Any = json.loads(text)
    except ValueError:
        return None
    if not isinstance(message, dict):
        return None
    fields = cast("dict[str, Any]", message)
    event = fields.get("event", "")
    args: Any = fields.get("args")
    if args is None:
        args = []
    if not isinstance(event, str) or not isinstance(args, list):
        return None
    words = cast("list[Any]", args)
    if any(word is not None and not isinstance(word, str) for word in words):
        return None
    return event, "".join(word for word in words if word)
