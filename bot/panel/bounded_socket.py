"""A socket that hands over what arrives in small pieces, and no more of it than the present request may cost.

The HTTP library works off in one go whatever one read brings, and a panel chooses what that is: the 256 KiB that
asyncio reads at once can hold 10,000 interim answers or 40,000 chunks of a byte, a tenth of a second of parsing. The
library also goes on reading where nothing was asked for. Neither can be bounded from above it, so it is done below.
"""

import errno
import socket
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from typing_extensions import Buffer, override

PIECE = 8 * 2**10
"""Bytes handed over in one turn of the event loop."""


class Allowance:
    """How many bytes may still arrive in answer to a request."""

    def __init__(self, size: int) -> None:
        self._left = size

    @property
    def is_used_up(self) -> bool:
        """Whether more was sent than was allowed."""
        return self._left < 0

    def take(self, size: int) -> None:
        """Count what arrived; OSError once it was too much, which ends the connection."""
        self._left -= size
        if self._left < 0:
            raise OSError(errno.EMSGSIZE, "the peer sent more than was asked for")


_allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


def allow(size: int) -> Allowance:
    """Allow so many bytes for what the current task sends from now on, until it is told anew."""
    allowance = Allowance(size)
    _allowance.set(allowance)
    return allowance


class BoundedSocket(socket.socket):
    """A stream socket under an allowance that each sending renews. asyncio reads and writes through these methods."""

    _allowed: Allowance | None = None

    @override
    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = super().recv(min(bufsize, PIECE), flags)
        self._count(len(data))
        return data

    @override
    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        count = super().recv_into(buffer, min(nbytes or memoryview(buffer).nbytes, PIECE), flags)
        self._count(count)
        return count

    @override
    def send(self, data: Buffer, flags: int = 0, /) -> int:
        self._allowed = _allowance.get()
        return super().send(data, flags)

    @override
    def sendmsg(self, buffers: Iterable[Buffer], *rest: Any) -> int:
        self._allowed = _allowance.get()
        return super().sendmsg(buffers, *rest)

    def _count(self, size: int) -> None:
        if self._allowed is not None:
            self._allowed.take(size)
