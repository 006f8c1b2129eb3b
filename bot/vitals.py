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
class DeliveredTail:
    """The end of what a relay has delivered, for life after a restart."""

    marks: bytes
    """Digests of the last console lines, oldest first, `bot.console.marks.MARK_BYTES` each: lines hold secrets."""
    at: datetime | None
    """When the newest of them was read, UTC; None if there is none."""
    offline: bool = False
    """Whether the server was known to be off then, so that nothing could be missed until it starts."""


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
    skipped: int = 0
    """How many lines the present pause has kept back."""
    channel_gone: bool = False
    """Whether it is parked because Discord says that its channel does not exist any more."""
    again_at: datetime | None = None
    """When one that is parked is tried again unasked, UTC; None where it is not."""
