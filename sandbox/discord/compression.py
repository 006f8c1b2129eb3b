"""Transport compression of the gateway: one running stream per connection, flushed after each event."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

Pack = Callable[[bytes], bytes]


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
    """`compress=zstd-stream`: one frame for the whole connection, a block flush after each payload.

    discord.py asks for it wherever it finds a decompressor, so this end looks for a compressor in the same places.
    Raises ImportError, with a sentence, where there is none.
    """

    def __init__(self) -> None:
        pack = _zstd_of_python() or _zstd_of_package()
        if pack is None:
            raise ImportError(
                "there is neither Python's own compression.zstd (3.14 and newer) nor the package zstandard"
            )
        self._pack: Pack = pack

    def pack(self, payload: bytes) -> bytes:
        """Compresses and flushes."""
        return self._pack(payload)


def _zstd_of_python() -> Pack | None:
    try:
        zstd: Any = importlib.import_module("compression.zstd")
    except ImportError:  # older than 3.14, or built without the library
        return None
    stream: Any = zstd.ZstdCompressor()
    return partial(stream.compress, mode=stream.FLUSH_BLOCK)


def _zstd_of_package() -> Pack | None:
    try:
        zstandard: Any = importlib.import_module("zstandard")
    except ImportError:
        return None
    stream: Any = zstandard.ZstdCompressor().compressobj()
    return lambda payload: stream.compress(payload) + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


def compressor(kind: str | None) -> Compressor | None:
    """The stream for a connection's `compress` parameter, None for plain text.

    Raises ValueError for an unknown kind, ImportError for one that nothing on this machine can make.
    """
    if not kind:
        return None
    if kind == "zlib-stream":
        return ZlibStream()
    if kind == "zstd-stream":
        return ZstdStream()
    raise ValueError("no such compression")
