"""The open connections of the gateway, and the switches to disturb them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .connection import INVALID_SESSION, RECONNECT

if TYPE_CHECKING:
    from .connection import Connection
    from .hub import Hub
    from .sessions import Session

Json = dict[str, Any]


class Switches:
    """Trouble on demand. All methods act at once on all shards; only `down` and the missing acks last."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.available = True
        self.acks = True
        self.connections: list[Connection] = []
        self.sessions: dict[str, Session] = {}

    @property
    def connected(self) -> int:
        """How many shards are identified and connected now."""
        return sum(1 for connection in self.connections if connection.session and not connection.ended)

    def drop(self) -> None:
        """Cuts all connections without a word; sessions stay resumable."""
        for connection in tuple(self.connections):
            connection.abort()

    def close(self, code: int, reason: str = "") -> None:
        """Closes all connections with a code."""
        for connection in self.connections:
            connection.close(code, reason)

    def reconnect(self) -> None:
        """Asks the bot to reconnect and resume (op 7)."""
        for connection in self.connections:
            connection.send({"op": RECONNECT, "s": None, "t": None, "d": None})

    def invalidate(self, *, resumable: bool) -> None:
        """Declares all sessions invalid (op 9); not `resumable` ones are forgotten."""
        for connection in self.connections:
            connection.send(invalid_session(resumable=resumable))
        if not resumable:
            self.sessions.clear()

    def stop_acking_heartbeats(self) -> None:
        """Lets heartbeats go unanswered, on present and future connections, until `resume_acks`."""
        self._set_acks(acks=False)

    def resume_acks(self) -> None:
        """Answers heartbeats again."""
        self._set_acks(acks=True)

    def _set_acks(self, *, acks: bool) -> None:
        self.acks = acks
        for connection in self.connections:
            connection.acks = acks

    def down(self) -> None:
        """Cuts all connections and refuses new ones (HTTP 503) until `up`."""
        self.available = False
        self.drop()

    def up(self) -> None:
        """Accepts connections again."""
        self.available = True

    async def wait_connected(self, shards: int = 1, *, timeout: float = 15.0) -> None:
        """Waits until so many shards are identified or resumed."""
        await self._hub.wait_until(
            lambda: self.connected >= shards, timeout=timeout, describe=lambda: f"{self.connected} shards are connected"
        )


def invalid_session(*, resumable: bool) -> Json:
    """Op 9."""
    return {"op": INVALID_SESSION, "s": None, "t": None, "d": resumable}
