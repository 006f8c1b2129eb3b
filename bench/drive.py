"""Drives a load: warms up, prints by the schedule, cuts sockets if asked, and waits for the rest to arrive."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bench.loads import Load
from bench.watch import WARM_UP, Watch
from bench.world import World

CUT_EVERY = 5.0
WARM_PATIENCE = 300.0
AFTER_HISTORY = 1.0
"""Seconds after the bot has asked for a console's history when lines are sure to be new to it."""
AGAIN = 30.0
"""Seconds after which a server that has not shown its warm-up line prints it again."""
SETTLE = 6.0
"""Seconds before the load: Discord's window of 5 s in which the warm-up lines were posted must be over."""
QUIET = 20.0
"""Seconds without a message after which nothing more is expected."""
LATE = 0.05
IN_BURST = 0.05
"""Seconds for what was printed before the cut in the midst of a burst to be heard."""
DRAIN = 60.0
"""Seconds after which what has not arrived counts as lost."""


async def warm_up(world: World, watch: Watch, *, asks_history: bool = True) -> None:
    """Wait until every console is relayed, shown by a line of its own; then until all windows are fresh."""
    deadline = time.monotonic() + WARM_PATIENCE
    asked: dict[int, float] = {}
    while len(watch.warm) < len(world.consoles):
        now = time.monotonic()
        if now > deadline:
            raise RuntimeError(f"after {WARM_PATIENCE:g} s {_progress(world, watch)}; {world.child.last_words}")
        for console in world.consoles:
            histories = watch.printed[console.index].histories
            if asks_history:
                listening = bool(histories) and now - histories[-1][0] > AFTER_HISTORY
            else:
                listening = world.panel.node.authenticated(console.server) > 0
            if console.index not in watch.warm and listening and now - asked.get(console.index, -AGAIN) >= AGAIN:
                asked[console.index] = now
                console.server.emit(WARM_UP)
        await asyncio.sleep(0.25)
    await asyncio.sleep(SETTLE)


def _progress(world: World, watch: Watch) -> str:
    asked = sum(bool(printed.histories) for printed in watch.printed.values())
    return (
        f"of {len(world.consoles)} consoles {world.panel.node.authenticated()} are open, {asked} were asked for their "
        f"history and {len(watch.warm)} are relayed"
    )


async def run_load(world: World, watch: Watch, load: Load, *, chaos: bool) -> float:
    """Print by the schedule; return how late the worst line was, in seconds: the load generator's own weakness.

    `chaos`: cut in the midst of a burst, which is over before any other cut.
    """
    began = time.monotonic()
    latest = 0.0
    middle = load.burst * load.servers // 2 if chaos else 0
    for number, (due, index) in enumerate(load.schedule()):
        if middle and number == middle:
            await asyncio.sleep(IN_BURST)
            began += IN_BURST
            cut(world, watch)
        ahead = began + due - time.monotonic()
        if ahead > 0 or ahead < -LATE:
            await asyncio.sleep(max(ahead, 0.0))  # when late already, the stand-ins must get their turn all the same
        latest = max(latest, -ahead)
        watch.emit(world.consoles[index])
    return latest


async def drain(watch: Watch, world: World, *, quiet: float = QUIET, longest: float = DRAIN) -> None:
    """Wait until everything has arrived, nothing has moved for `quiet` seconds, or `longest` seconds are over."""
    watch.last_change = began = time.monotonic()
    while time.monotonic() - began < longest and time.monotonic() - watch.last_change < quiet:
        if watch.complete or not world.child.alive:
            break
        await asyncio.sleep(0.2)
    await asyncio.sleep(1.0)  # a duplicate would follow on its heels


@asynccontextmanager
async def cuts(world: World, watch: Watch, *, wanted: bool) -> AsyncGenerator[None]:
    """Cut every 5 s, if wanted."""
    task = asyncio.create_task(_cut(world, watch)) if wanted else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _cut(world: World, watch: Watch) -> None:
    while True:
        await asyncio.sleep(CUT_EVERY)
        cut(world, watch)


def cut(world: World, watch: Watch) -> None:
    """Break all console sockets without a close frame."""
    watch.look_at_sockets()
    world.panel.node.drop_sockets()
