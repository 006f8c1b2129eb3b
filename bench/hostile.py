"""What a hostile panel, a chatty game or a busy guild does to the bot: each trouble goes on until it is cancelled."""

import asyncio
import struct
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial

from bench.world import World
from sandbox.discord import Reply
from sandbox.discord.errors import ClientRefused
from sandbox.panel import Fault, Hostile
from sandbox.panel.console import frame

Trouble = Callable[[World], Awaitable[None]]

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


async def verifying(world: World, trick: Hostile) -> None:
    """The panel plays a trick, and its list of servers is read again and again."""
    with _playing(world, trick):
        while True:
            await _verify(world)


async def fat_servers(world: World) -> None:
    """A server has 204,500 addresses, and its status is asked for again and again."""
    with _playing(world, Hostile.FAT_SERVERS):
        while True:
            reply = await _typed(world, "status", server=world.consoles[0].server.name)
            await _answered(reply)


async def folding_names(world: World) -> None:
    """Servers have names of 3,000 characters that fold to 54,000, and somebody types a server's name."""
    with _playing(world, Hostile.FOLDING_NAMES):
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

_READ_AGAIN_AND_AGAIN = (
    *(Hostile.EMPTY_ENTRIES, Hostile.CROWDED_PAGES, Hostile.ENDLESS_PAGES, Hostile.LONG_UUID),
    *(Hostile.MANY_PARTS, Hostile.HUGE_NUMBERS, Hostile.DEEP, Hostile.GZIP_BOMB, Hostile.SMALL_CHUNKS),
    *(Hostile.INTERIM, Hostile.FAT_ERRORS),
)
TROUBLES: dict[str, Trouble] = {
    "nothing": nothing,
    **{trick.value: partial(verifying, trick=trick) for trick in _READ_AGAIN_AND_AGAIN},
    "fat-servers": fat_servers,
    "folding-names": folding_names,
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


@contextmanager
def _playing(world: World, trick: Hostile) -> Generator[None]:
    """While it lasts, the panel plays the trick."""
    fault = world.panel.faults.add(Fault(trick, times=None))
    try:
        yield
    finally:
        world.panel.faults.remove(fault)


async def _verify(world: World) -> None:
    """Enter the panel's key anew, for which its list of servers is read."""
    form = await _typed(world, "panel replace-key")
    if form is not None and form.modal is not None:
        await _answered(await form.submit(api_key=world.key))


async def _typed(world: World, command: str, **options: str) -> Reply | None:
    """Type a command; None where a client would not let it be typed."""
    member, lobby = world.admin
    await asyncio.sleep(KEYSTROKE)
    with suppress(ClientRefused):
        return await world.discord.slash(member, lobby, command, **options)
    return None


async def _answered(reply: Reply | None) -> None:
    if reply is not None and not reply.failed:
        with suppress(TimeoutError):
            await reply.answered(timeout=20.0)


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
