"""One websocket connection of the bot to the gateway: hello, heartbeats, identify or resume, until it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from .compression import Compressor
    from .gateway import Gateway
    from .sessions import Session

Json = dict[str, Any]

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, REQUEST_MEMBERS = 1, 2, 3, 4, 6, 7, 8
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11
CLOSE_PATIENCE = 2.0
"""Seconds for the bot to answer a close frame."""
SLACK = 0.5
"""Seconds on top of two heartbeat intervals, so that very short intervals in tests do not trip over a busy machine."""
MAX_PAYLOAD = 4096
"""Bytes of one event from the bot; longer ones are closed with 4002."""


class CloseWith(Exception):
    """Ends the connection with a gateway close code."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{code} {reason}")


class Connection:
    """Reads what the bot sends; a second task writes what it shall get, in order."""

    def __init__(
        self, gateway: Gateway, request: web.Request, ws: web.WebSocketResponse, pack: Compressor | None
    ) -> None:
        self._gateway = gateway
        self._request = request
        self._ws = ws
        self._pack = pack
        self._out: asyncio.Queue[Json | CloseWith] = asyncio.Queue()
        self._received: deque[float] = deque()
        self._last_beat = time.monotonic()
        self.session: Session | None = None
        self.acks = True
        self.ended = False
        self._closing: CloseWith | None = None

    def send(self, payload: Json) -> None:
        """Queues a payload for the bot."""
        if not self.ended:
            self._out.put_nowait(payload)

    def close(self, code: int, reason: str = "") -> None:
        """Closes after everything queued so far has been sent."""
        self._end(CloseWith(code, reason))

    def abort(self) -> None:
        """Cuts the TCP connection without a close frame."""
        self.ended = True
        if self._request.transport is not None:
            self._request.transport.abort()

    async def run(self) -> None:
        """Serves the connection to its end."""
        self.send(
            {
                "op": HELLO,
                "s": None,
                "t": None,
                "d": {"heartbeat_interval": int(self._gateway.heartbeat_interval * 1000)},
            }
        )
        writer = asyncio.create_task(self._write())
        watcher = asyncio.create_task(self._watch_heartbeats())
        try:
            await self._read()
        finally:
            self.ended = True
            if self._closing:
                await asyncio.wait([writer], timeout=CLOSE_PATIENCE)  # let the close frame go out
            for task in (writer, watcher):
                task.cancel()
            await asyncio.gather(writer, watcher, return_exceptions=True)
            self._gateway.left(self, self._closing.code if self._closing else None, self._ws.close_code)

    async def _read(self) -> None:
        async for message in self._ws:
            try:
                if message.type is not WSMsgType.TEXT:
                    raise CloseWith(4002, "Error while decoding payload.")
                self._receive(message.data)
            except CloseWith as end:
                self._end(end)
                return

    def _receive(self, raw: str) -> None:
        now = time.monotonic()
        self._received.append(now)
        while self._received[0] < now - 60.0:
            self._received.popleft()
        if len(self._received) > self._gateway.events_per_minute:
            raise CloseWith(4008, "You are being rate limited.")
        if len(raw.encode()) > MAX_PAYLOAD:
            raise CloseWith(4002, "Error while decoding payload.")
        try:
            payload: Json = json.loads(raw)
            op, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            raise CloseWith(4002, "Error while decoding payload.") from None
        self._handle(op, data)

    def _handle(self, op: int, data: Any) -> None:
        if op == HEARTBEAT:
            self._last_beat = time.monotonic()
            self._gateway.heard_heartbeat()
            if self.acks:
                self.send({"op": HEARTBEAT_ACK, "s": None, "t": None, "d": None})
        elif op == IDENTIFY:
            self._gateway.identify(self, data)
        elif op == RESUME:
            self._gateway.resume(self, data)
        elif self.session is None:
            raise CloseWith(4003, "Not authenticated.")
        elif op == REQUEST_MEMBERS:
            self._gateway.send_members(self.session, data)
        elif op not in (PRESENCE, VOICE):
            raise CloseWith(4001, "Unknown opcode.")

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):  # the bot is gone; the reader notices too
            while True:
                item = await self._out.get()
                if isinstance(item, CloseWith):
                    await self._ws.close(code=item.code, message=item.reason.encode())
                    return
                text = json.dumps(item, ensure_ascii=False)
                if self._pack:
                    await self._ws.send_bytes(self._pack.pack(text.encode()))
                else:
                    await self._ws.send_str(text)

    def _end(self, end: CloseWith) -> None:
        if not self.ended:
            self.ended = True
            self._closing = end
            self._out.put_nowait(end)

    async def _watch_heartbeats(self) -> None:
        """Closes with 4009 a bot that has been silent for two intervals."""
        patience = self._gateway.heartbeat_interval * 2 + SLACK
        while True:
            left = self._last_beat + patience - time.monotonic()
            if left <= 0:
                self.close(4009, "Session timed out.")
                return
            await asyncio.sleep(left)
