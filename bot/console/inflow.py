"""A console's socket, as far as the node sends: what comes in is taken in small parts, when somebody wants it."""

import asyncio
from contextlib import suppress

from typing_extensions import override
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.typing import Data

from bot import time_slice

_PART = 512
"""Bytes. The library takes up to 30 µs for a frame, its answer included, and a frame may have two bytes."""


class Inflow(ClientConnection):
    """A connection that reads no faster than its messages are taken, and never holds the loop up over what it reads.

    The library parses all that the system hands over at once, a hundred thousand frames perhaps, answers the pings
    among them and queues the rest. Here it gets small parts, in slices, and only while somebody waits for a message.
    Meanwhile the socket is not read: TCP keeps the node from sending more, and Wings drops lines by itself. To be
    opened with `max_queue=None`, as there never is more to queue than one part brought.
    """

    _unread: bytearray
    _feeding: asyncio.Task[None] | None
    _asked: bool
    _ended: bool
    """The node sends no more."""
    _lost: bool
    _loss: Exception | None
    _writable: asyncio.Event
    _heard: int
    """How often something came in."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._unread, self._feeding, self._asked = bytearray(), None, False
        self._ended, self._lost, self._loss = False, False, None
        self._writable = asyncio.Event()
        self._writable.set()
        self._heard = 0
        super().connection_made(transport)

    async def next_message(self) -> Data:
        """Return the next message. Raises `ConnectionClosed`."""
        self._asked = True
        try:
            return await self.recv()
        finally:
            self._asked = False

    async def watch(self, interval: float, patience: float) -> None:
        """Ping a node that was silent for `interval` seconds; cut the connection if it stays so for `patience` more.

        The library's own pings would not do: the answer stands behind all that the node has sent and nobody has read.
        """
        while True:
            heard = self._heard
            await asyncio.sleep(interval)
            if self._is_alive(heard):
                continue
            with suppress(TimeoutError, ConnectionClosed):
                async with asyncio.timeout(patience):
                    await self.ping()
            await asyncio.sleep(patience)
            if not self._is_alive(heard):
                self.transport.abort()

    def _is_alive(self, heard: int) -> bool:
        """Whether something came in since, or is still to be read; not if the node takes nothing any more."""
        return self._writable.is_set() and (self._heard != heard or self._feeding is not None)

    @override
    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye, in twice the time that is given for the answer at most: a node may take no words any more."""
        try:
            async with asyncio.timeout(2 * (self.close_timeout or 0.0)):
                await super().close(code, reason)
        except TimeoutError:
            self.transport.abort()

    @override
    def data_received(self, data: bytes) -> None:
        self._heard += 1
        if len(data) <= _PART and self._feeding is None and self._wants_more and self._writable.is_set():
            super().data_received(data)
            return
        self._unread += data
        self.transport.pause_reading()
        if self._feeding is None:
            self._feeding = asyncio.create_task(self._feed(), name="console inflow")

    @property
    def _wants_more(self) -> bool:
        """Whether a message is waited for. In the opening and the closing handshake something always is."""
        return self._asked or self.protocol.state is not State.OPEN

    async def _feed(self) -> None:
        try:
            await self._feed_all()
        except Exception:
            # As asyncio does with what goes wrong in here: the connection ends.
            self._unread.clear()
            self.transport.abort()
            raise
        finally:
            self._feeding = None
            if self._ended:
                super().eof_received()
            if self._lost:
                super().connection_lost(self._loss)
            else:
                self.transport.resume_reading()

    async def _feed_all(self) -> None:
        slices = time_slice.shared()
        while self._unread:
            await self._writable.wait()  # or the answers to pings would heap up
            await slices.breathe()
            if self._wants_more:
                part = bytes(self._unread[:_PART])
                del self._unread[:_PART]
                super().data_received(part)
            await asyncio.sleep(0)  # now the reader works off what it has, in slices as well

    # The end of the connection comes behind all that was read before it.

    @override
    def eof_received(self) -> None:
        if self._feeding is None:
            super().eof_received()
        else:
            self._ended = True

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._lost, self._loss = True, exc
        self._writable.set()
        if self._feeding is None:
            super().connection_lost(exc)

    @override
    def send_data(self) -> None:
        if self._lost:
            self.protocol.data_to_send()  # answers to what was read before; asyncio would complain about each
        else:
            super().send_data()

    @override
    def pause_writing(self) -> None:
        self._writable.clear()
        super().pause_writing()

    @override
    def resume_writing(self) -> None:
        self._writable.set()
        super().resume_writing()
