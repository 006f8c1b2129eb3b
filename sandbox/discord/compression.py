"""Transport compression of the gateway: one running stream per connection, flushed after each event."""

from __future__ import annotations

import importlib
import zlib
from typing import Any, Protocol


class Compressor(Protocol):
    """Turns a payload into the bytes of one websocket message."""

    def pack(self, payload: bytes) -> bytes:
        """Compresses and flushes, so that the receiver can read the payload at once."""
        ...


class ZlibStream:
    """`compress=zlib-stream`: each payload ends with the Z_SYNC_FLUSH marker 00 00 FF FF."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def pack(self, payload: bytes) -> bytes:
        """Compresses and flushes."""
        return self._stream.compress(payload) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """`compress=zstd-stream`: one frame for the whole connection, a block flush after each payload."""

    def __init__(self) -> None:
        zstandard: Any = importlib.import_module("zstandard")  # optional; discord.py asks for it only if installed
        self._stream: Any = zstandard.ZstdCompressor().compressobj()
        self._block: Any = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def pack(self, payload: bytes) -> bytes:
        """Compresses and flushes."""
        packed: bytes = self._stream.compress(payload) + self._stream.flush(self._block)
        return packed


def compressor(kind: str | None) -> Compressor | None:
    """The stream for a connection's `compress` parameter, None for plain text.

    Raises ValueError for an unknown kind, ImportError if zstandard is not installed.
    """
    if not kind:
        return None
    if kind == "zlib-stream":
        return ZlibStream()
    if kind == "zstd-stream":
        return ZstdStream()
    raise ValueError(kind)
