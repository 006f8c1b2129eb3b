"""A panel that means harm: answers made to cost their reader time, memory, log or patience.

Switched on like every fault: ``panel.faults.add(Fault(Hostile.GZIP_BOMB, times=None))``, or ``--hostile gzip-bomb`` for
the stand-in run alone. What a trick does not concern is answered as always, so such a panel can be connected.
"""

import asyncio
import json
import re
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum
from functools import cache, lru_cache
from itertools import repeat

from aiohttp import web

MIB = 2**20
ENDLESS = 1_000_000
"""Pages that the panel claims to have."""
JSON = {"Content-Type": "application/json"}
_VIEW = re.compile(r"/api/client/servers/[^/]+")


class Hostile(StrEnum):
    """One trick each."""

    EMPTY_ENTRIES = "empty-entries"  # list: 100,000 times {} on each page, in half a KiB of gzip
    CROWDED_PAGES = "crowded-pages"  # list: 12,000 tiny servers on each page, however few were asked for, without end
    ENDLESS_PAGES = "endless-pages"  # list: as many tiny servers on a page as were asked for, without end
    SAME_PAGE = "same-page"  # list: pages without end that all hold the same server
    LONG_UUID = "long-uuid"  # list: one server whose uuid has 5,000,000 characters
    FOLDING_NAMES = "folding-names"  # list: names of 3,000 characters that become 54,000 when they are folded
    FAT_SERVERS = "fat-servers"  # list and server: 204,500 allocations
    MANY_PARTS = "many-parts"  # list: as many empty lists as fit into a MiB
    HUGE_NUMBERS = "huge-numbers"  # list: a MiB of numbers with 4,000 digits
    DEEP = "deep"  # list: lists in lists, 500,000 deep
    GZIP_BOMB = "gzip-bomb"  # every read: a MiB of gzip that unpacks to a GiB
    DRIP = "drip"  # every read: a byte a second and no end
    SMALL_CHUNKS = "small-chunks"  # every read: 2 MiB with each byte in a chunk of its own
    INTERIM = "interim"  # every read: 1xx answers as fast as they are taken, and never the real one
    FAT_ERRORS = "fat-errors"  # every read: 500 with a text of 5,000,000 characters

    def concerns(self, method: str, path: str) -> bool:
        """Tell whether the request gets the harmful answer."""
        if method != "GET" or not path.startswith("/api/client"):
            return False
        if self in _STREAMS or path == "/api/client":
            return True
        return self is Hostile.FAT_SERVERS and _VIEW.fullmatch(path) is not None


async def respond(trick: Hostile, request: web.Request) -> web.StreamResponse:
    """Send the harmful answer as far as its reader takes it; one without end ends with the connection."""
    if trick in _STREAMS:
        return await _STREAMS[trick](request)
    page, per_page = _number(request.query.get("page"), 1), _number(request.query.get("per_page"), 50)
    packed = await asyncio.to_thread(_packed, trick, request.path, page, min(per_page, 100))
    return web.Response(body=packed, headers={"Content-Encoding": "gzip", **JSON})


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() and 0 < int(text) <= ENDLESS else default


# -- whole answers ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _packed(trick: Hostile, path: str, page: int, per_page: int) -> bytes:
    """Return the answer in gzip. Kept: a measurement must not wait for the stand-in to make it again."""
    body = _ENTRIES[trick](page, per_page)
    if path == "/api/client":
        pagination = {"total": ENDLESS * per_page, "current_page": page, "total_pages": ENDLESS}
        body = f'{{"object":"list","data":[{body}],"meta":{{"pagination":{json.dumps(pagination)}}}}}'
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    return squeeze.compress(body.encode()) + squeeze.flush()


def _server(number: int, name: str = "x", uuid: str = "", more: str = "") -> str:
    uuid = uuid or f"00000000-0000-4000-8000-{number:012}"
    facts = f'"identifier":"{number:08x}","uuid":"{uuid}","name":"{name}","node":"n"{more}'
    return f'{{"object":"server","attributes":{{{facts}}}}}'


def _servers(page: int, count: int, name: str = "x") -> str:
    return ",".join(_server(number, name) for number in range((page - 1) * count + 1, page * count + 1))


def _fat(_page: int, _count: int) -> str:
    allocations = ",".join(['{"attributes":{"ip":"1","port":1}}'] * 204_500)
    return _server(1, more=f',"relationships":{{"allocations":{{"object":"list","data":[{allocations}]}}}}')


_ENTRIES: dict[Hostile, Callable[[int, int], str]] = {
    Hostile.EMPTY_ENTRIES: lambda _page, _count: ",".join(["{}"] * 100_000),
    Hostile.CROWDED_PAGES: lambda page, _count: _servers(page, 12_000),
    Hostile.ENDLESS_PAGES: _servers,
    Hostile.SAME_PAGE: lambda _page, _count: _server(1),
    Hostile.LONG_UUID: lambda _page, _count: _server(1, uuid="0" * 5_000_000),
    Hostile.FOLDING_NAMES: lambda page, count: _servers(page, count, "\ufdfa" * 3_000),
    Hostile.FAT_SERVERS: _fat,
    Hostile.MANY_PARTS: lambda _page, _count: ",".join(["[]"] * (MIB // 3 - 100)),
    Hostile.HUGE_NUMBERS: lambda _page, _count: ",".join(["9" * 4_000] * (MIB // 4_001 - 1)),
    Hostile.DEEP: lambda _page, _count: "[" * 500_000 + "]" * 500_000,
}


# -- answers that are harmful by how they are sent -------------------------------------------------------------


@cache
def _bomb() -> bytes:
    """Return a GiB of blanks in gzip; one MiB is packed and repeated, so that this takes no time."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = squeeze.compress(b" " * MIB) + squeeze.flush(zlib.Z_FULL_FLUSH)
    again = squeeze.compress(b" " * MIB) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return first + again * 1023


async def _send_bomb(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=_bomb(), headers={"Content-Encoding": "gzip", **JSON})


async def _send_fat_error(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"errors": [{"code": "X", "status": "500", "detail": "d" * 5_000_000}]}, status=500)


async def _drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers=JSON)
    await response.prepare(request)
    with suppress(ConnectionError):  # its reader has had enough
        await response.write(b"{")
        while True:
            await asyncio.sleep(1)
            await response.write(b" ")
    return response


async def _small_chunks(request: web.Request) -> web.StreamResponse:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"
    return await _raw(request, [head, *[b"1\r\n \r\n" * 16_384] * 128, b"1\r\n}\r\n0\r\n\r\n"])


async def _interim(request: web.Request) -> web.StreamResponse:
    return await _raw(request, repeat(b"HTTP/1.1 102 Processing\r\n\r\n" * 1_000))


async def _raw(request: web.Request, packets: Iterable[bytes]) -> web.StreamResponse:
    """Send bytes past the web server, as fast as they are taken, and end the connection."""
    for packet in packets:
        if request.transport is None or request.transport.is_closing():
            break
        request.transport.write(packet)
        try:
            await request.writer.drain()
        except ConnectionError:  # its reader has had enough
            break
    if request.transport is not None:
        request.transport.close()
    return web.Response()  # to nobody: the connection has ended


_STREAMS = {
    Hostile.GZIP_BOMB: _send_bomb,
    Hostile.DRIP: _drip,
    Hostile.SMALL_CHUNKS: _small_chunks,
    Hostile.INTERIM: _interim,
    Hostile.FAT_ERRORS: _send_fat_error,
}
