"""How long-running things fare, as values that every room may hand on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RelayState(StrEnum):
    """How a relay is doing, in one word."""

    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class RelayHealth:
    """How a relay is doing."""

    state: RelayState
    connected_since: datetime | None
    """When lines began to flow, UTC; None while they do not."""
    last_line_at: datetime | None
    lag: float
    """Age in seconds of the oldest line of this channel that Discord has not accepted yet."""
    queued_lines: int
    queued_bytes: int
    delivered: int
    lost: int
    reconnects: int
    last_error: str | None
