"""Runs the bot as `python -m bot` does, and writes down how long it kept its event loop to itself.

What Discord's acknowledgements wait for is one callback after the other: a stretch is what one of them took.
"""

import asyncio
import runpy
import time
from collections.abc import Callable
from pathlib import Path

_FILE = "stretches.txt"
_WORTH_NOTING = 0.01
"""Seconds. A slice of bulk work has 5 ms."""


def watch(folder: Path) -> None:
    """Note each long stretch of this process's event loops in a file of that folder, from now on."""
    run: Callable[[asyncio.Handle], None] = asyncio.Handle._run  # noqa: SLF001 - all that a loop does goes through it

    def timed(self: asyncio.Handle) -> None:
        # Processor time: what else runs on this machine is not the bot's doing.
        began = time.thread_time()
        run(self)
        taken = time.thread_time() - began
        if taken >= _WORTH_NOTING:
            with (folder / _FILE).open("a") as notes:
                notes.write(f"{time.monotonic()} {taken}\n")

    asyncio.Handle._run = timed  # noqa: SLF001


def longest_since(folder: Path, moment: float) -> float:
    """Return the processor seconds of the longest stretch that ended after `moment` (`time.monotonic()`).

    Stretches too short to be noted are 0.
    """
    notes = folder / _FILE
    if not notes.exists():
        return 0.0
    stretches = [[float(number) for number in line.split()] for line in notes.read_text().splitlines()]
    return max((taken for ended, taken in stretches if ended >= moment), default=0.0)


if __name__ == "__main__":
    watch(Path.cwd())
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
