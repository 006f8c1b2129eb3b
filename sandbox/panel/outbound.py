"""What one console socket is told: gated by its ticket, buffered as little as Wings buffers, bent by faults."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.panel.console import frame
from sandbox.panel.faults import SocketEffect, SocketTrouble

HANDOVER_SECONDS = 0.01
STUCK_BYTES = 16 * 1024
BUFFERED = {"console output": 8, "install output": 4}
ONLY_WITH = {
    "install output": "admin.websocket.install",
    "transfer logs": "admin.websocket.transfer",
    "backup completed": "backup.read",
}


class Outbound:
    """The sending half of a socket.

    ``ticket_error`` says why nothing may be sent now (or None), ``may`` whether the ticket grants a permission. With
    ``drop`` False nothing is ever lost to a slow reader; ``dropped`` counts what was.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse[Any],
        request: web.Request,
        effects: list[SocketEffect],
        *,
        drop: bool,
        ticket_error: Callable[[], str | None],
        may: Callable[[str], bool],
    ) -> None:
        self.attached = False
        self.dropped = 0
        self._socket = socket
        self._request = request
        self._effects = effects
        self._drop = drop
        self._ticket_error = ticket_error
        self._may = may
        self._queue: deque[tuple[str, tuple[str, ...]]] = deque()
        self._filled = asyncio.Event()
        self._space = asyncio.Event()

    def offer(self, event: str, args: tuple[str, ...]) -> bool:
        """Queue an event for this socket if there is room; False asks for patience."""
        if self._drop and self._waiting(event) >= BUFFERED.get(event, 1):
            return False
        self._queue.append((event, args))
        self._filled.set()
        return True

    async def offer_patiently(self, event: str, args: tuple[str, ...]) -> None:
        """Wait 10 ms for room; then the oldest console line gives way, and any other event is lost.

        A stalled test process is not a slow reader: while the connection takes bytes, waiting goes on.
        """
        while not self.offer(event, args):
            self._space.clear()
            try:
                await asyncio.wait_for(self._space.wait(), HANDOVER_SECONDS)
            except TimeoutError:
                transport = self._request.transport
                if transport is None or transport.is_closing():
                    return
                if transport.get_write_buffer_size() < STUCK_BYTES:
                    continue
                self.dropped += 1
                if event not in BUFFERED:
                    return
                oldest = next((item for item in self._queue if item[0] == event), None)
                if oldest is not None:
                    self._queue.remove(oldest)

    @property
    def waiting(self) -> int:
        """Events queued for this socket."""
        return len(self._queue)

    def _waiting(self, event: str) -> int:
        if event in BUFFERED:
            return sum(1 for queued, _ in self._queue if queued == event)
        return sum(1 for queued, _ in self._queue if queued not in BUFFERED)

    async def hand_over(self) -> None:
        """Send what is queued, for as long as the socket lives."""
        while True:
            while self._queue:
                event, args = self._queue.popleft()
                self._space.set()
                await self._push(event, args)
            self._filled.clear()
            await self._filled.wait()

    async def _push(self, event: str, args: tuple[str, ...]) -> None:
        effects = self._effects
        if not effects:
            await self.tell(event, *args)
            return
        stopping = event == "status" and args == ("stopping",)
        if event == "status" and SocketTrouble.NO_STATUS in effects:
            return
        if stopping and SocketTrouble.NO_STOPPING in effects:
            return
        if SocketTrouble.JWT_FLOOD in effects:
            await self.write("jwt error", "jwt: exp claim is invalid")
            return
        await self.tell(event, *args)
        if stopping and SocketTrouble.DOUBLE_STOPPING in effects:
            await self.tell(event, *args)
        for text in _oddities(effects):
            await self._send_text(text)

    async def tell(self, event: str, *args: str) -> None:
        """Send an event as long as the ticket is good; otherwise what arrives is the reason why it is not."""
        error = self._ticket_error()
        if error is not None:
            await self.write("jwt error", error)
            return
        needed = ONLY_WITH.get(event)
        if needed is None or self._may(needed):
            await self.write(event, *args)

    async def write(self, event: str, *args: str) -> None:
        """Send an event whatever the ticket says."""
        await self._send_text(frame(event, *args))

    async def _send_text(self, text: str) -> None:
        # The other side may have gone at any moment; the reader notices and ends the session.
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self._socket.send_str(text)


def _oddities(effects: list[SocketEffect]) -> list[str]:
    texts: list[str] = []
    if SocketTrouble.UNKNOWN_EVENTS in effects:
        texts += [frame("moon phase", "full"), frame("status", "offline-ish", "extra"), frame("console input", "x")]
    if SocketTrouble.NULL_ARGS in effects:
        texts += [
            '{"event":"stats","args":null}\n',
            '{"event":"console output"}\n',
            '{"event":"status","args":[null]}\n',
            '{"event":"console output","args":[]}\n',
        ]
    if SocketTrouble.BROKEN_FRAMES in effects:
        texts += ["not json\n", "[]\n", '{"event":7,"args":["x"]}\n', '{"event":"stats","args":["{broken"]}\n']
    return texts
