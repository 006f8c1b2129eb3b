"""Gateway sessions: what outlives a connection, so that a bot can resume and miss nothing."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .connection import Connection

Json = dict[str, Any]

REPLAY = 1000
"""How many events a session keeps for a resume."""


@dataclass(eq=False)
class Session:
    """One identified session of one shard. `connection` is None while the bot is away."""

    id: str
    shard: tuple[int, int]
    intents: int
    connection: Connection | None = None
    seq: int = 0
    sent: deque[Json] = field(default_factory=lambda: deque[Json](maxlen=REPLAY))

    def dispatch(self, event: str, data: Json) -> None:
        """Numbers an event, keeps it for a resume, and sends it if the bot is there."""
        self.seq += 1
        payload: Json = {"op": 0, "s": self.seq, "t": event, "d": data}
        self.sent.append(payload)
        if self.connection:
            self.connection.send(payload)

    def handles(self, guild_id: int) -> bool:
        """Whether events of that guild go to this shard."""
        return (guild_id >> 22) % self.shard[1] == self.shard[0]

    def missed_since(self, seq: int) -> list[Json] | None:
        """The events after number `seq`, None if some of them are no longer kept."""
        missed = [payload for payload in self.sent if payload["s"] > seq]
        return missed if len(missed) == self.seq - seq else None
