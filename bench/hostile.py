"""What a hostile panel, a chatty game or a busy guild does to the bot: each trouble goes on until it is cancelled."""

import asyncio
import json
import struct
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from bench.world import World
from sandbox.discord.errors import ClientRefused
from sandbox.panel import Fault
from sandbox.panel.console import frame
from sandbox.panel.faults import Respond

Trouble = Callable[[World], Awaitable[None]]

LIST = r"^/api/client$"
ONE = r"^/api/client/servers/[^/]+$"
LONG_LINES = 150
LONG_LINE = 60_000
EVERY = 5.0
"""Seconds between two bursts of long lines: a game that prints its state now and then."""
RATE = 2**20
"""Bytes a second of a node that never falls silent."""
KEYSTROKE = 0.3
"""Seconds between two letters that somebody types."""


async def nothing(_world: World) -> None:
    """Nobody does anything: what the others are compared with."""
    await asyncio.Event().wait()


async def empty_entries(world: World) -> None:
    """The list of servers has 100,000 entries without anything in them, and is read again and again."""
    with _answering(world, LIST, {"object": "list", "data": [{}] * 100_000}):
        await _verify_forever(world)


async def tiny_servers(world: World) -> None:
    """The list of servers has pages without end, full of servers with nothing but an identifier."""
    page = [{"attributes": {"identifier": f"s{number:07}"}} for number in range(12_000)]
    pages = {"pagination": {"total": 1_200_000, "current_page": 1, "total_pages": 100}}
    with _answering(world, LIST, {"object": "list", "data": page, "meta": pages}):
        await _verify_forever(world)


async def fat_server(world: World) -> None:
    """A server has 100,000 addresses that are none, and its status is asked for again and again."""
    address: dict[str, Any] = {"attributes": {}}
    relationships = {"allocations": {"object": "list", "data": [address] * 100_000}}
    server = {"identifier": world.consoles[0].server.identifier, "name": "fat", "relationships": relationships}
    with _answering(world, ONE, {"object": "server", "attributes": server}):
        await _type_forever(world, "status", server=world.consoles[0].server.name)


async def monstrous_names(world: World) -> None:
    """Servers are called 3,000 times U+FDFA, which folds to 18 characters each, and somebody types a server's name."""
    names = [{"attributes": {"identifier": f"s{number:07}", "name": "\ufdfa" * 3_000}} for number in range(100)]
    with _answering(world, LIST, {"object": "list", "data": names}):
        await _verify(world)
        member, lobby = world.admin
        while True:
            with suppress(TimeoutError):
                await world.discord.autocomplete(member, lobby, "server link", option="server", typed="sur")
            await asyncio.sleep(KEYSTROKE)


async def long_lines(world: World) -> None:
    """A game prints 150 lines of 60,000 characters with addresses in them, each 5 s."""
    line = ("10.11.12.13:25565 joined as someone@example.org; " * (LONG_LINE // 48 + 1))[:LONG_LINE]
    while True:
        began = time.monotonic()
        for number in range(LONG_LINES):
            world.consoles[0].server.emit(f"{number} {line}")
            await asyncio.sleep(0)
        await asyncio.sleep(max(0.0, began + EVERY - time.monotonic()))


async def short_frames(world: World) -> None:
    """A node sends console lines of four letters, 1 MiB/s of them."""
    text = frame("console output", "tick")
    await _pour(world, _text_frame(text) * (RATE // 10 // len(text)))


async def long_frames(world: World) -> None:
    """A node sends console lines of almost 1 MiB, full of addresses, one a second."""
    line = "203.0.113.7:25565 and someone@example.org, " * (RATE // 43 - 4)
    await _pour(world, _text_frame(frame("console output", line)), times=1)


async def line_ends(world: World) -> None:
    """A node sends frames of 1 MiB that hold nothing but line ends and single letters."""
    await _pour(world, _text_frame(frame("console output", "a\n" * (RATE // 3 - 100))), times=1)


async def busy_channels(world: World) -> None:
    """A guild has 120 consoles that all print a line a second, each into a channel of its own."""
    while True:
        began = time.monotonic()
        for number, console in enumerate(world.consoles):
            console.server.emit(f"{number}: another second has passed at {began:.3f}")
            await asyncio.sleep(0.5 / len(world.consoles))
        await asyncio.sleep(max(0.0, began + 1.0 - time.monotonic()))


SERVERS = {"busy-channels": 120}
"""How many servers the strangers have; one where nothing is said."""

TROUBLES: dict[str, Trouble] = {
    "nothing": nothing,
    "empty-entries": empty_entries,
    "tiny-servers": tiny_servers,
    "fat-server": fat_server,
    "monstrous-names": monstrous_names,
    "long-lines": long_lines,
    "short-frames": short_frames,
    "long-frames": long_frames,
    "line-ends": line_ends,
    "busy-channels": busy_channels,
}


@asynccontextmanager
async def going_on(world: World, trouble: Trouble) -> AsyncGenerator[asyncio.Task[None]]:
    """Let a trouble go on; what ends it early is raised at the end."""

    async def run() -> None:
        await trouble(world)

    task = asyncio.create_task(run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class _answering:  # noqa: N801  reads as a word in a `with`
    """While it lasts, the panel answers GETs of a path with this, whatever is asked."""

    def __init__(self, world: World, path: str, body: dict[str, Any]) -> None:
        self._faults = world.panel.faults
        respond = Respond(200, json.dumps(body, ensure_ascii=False, separators=(",", ":")), "application/json")
        self._fault = Fault(respond, method="GET", path=path, times=None)

    def __enter__(self) -> None:
        self._faults.add(self._fault)

    def __exit__(self, *_error: object) -> None:
        self._faults.remove(self._fault)


async def _verify_forever(world: World) -> None:
    while True:
        await _verify(world)


async def _verify(world: World) -> None:
    """Enter the panel's key anew, for which its list of servers is read."""
    form = await _typed(world, "panel replace-key")
    if form is not None and form.modal is not None:
        reply = await form.submit(api_key=world.key)
        with suppress(TimeoutError):
            await reply.answered(timeout=20.0)


async def _type_forever(world: World, command: str, **options: Any) -> None:
    while True:
        reply = await _typed(world, command, **options)
        if reply is not None:
            with suppress(TimeoutError):
                await reply.answered(timeout=20.0)


async def _typed(world: World, command: str, **options: Any) -> Any:
    member, lobby = world.admin
    await asyncio.sleep(KEYSTROKE)
    with suppress(ClientRefused):
        return await world.discord.slash(member, lobby, command, **options)
    return None


async def _pour(world: World, frames: bytes, *, times: int = 10) -> None:
    """Send these frames into the console's socket `times` a second."""
    while True:
        began = time.monotonic()
        for session in world.panel.node.sessions(world.consoles[0].server):
            if session.ticket is not None:
                await session.pour(frames)
        await asyncio.sleep(max(0.0, began + 1 / times - time.monotonic()))


def _text_frame(text: str) -> bytes:
    """Return a websocket text frame as a server sends it (RFC 6455, 5.2)."""
    data = text.encode()
    if len(data) < 126:
        head = struct.pack("!BB", 0x81, len(data))
    elif len(data) < 2**16:
        head = struct.pack("!BBH", 0x81, 126, len(data))
    else:
        head = struct.pack("!BBQ", 0x81, 127, len(data))
    return head + data
