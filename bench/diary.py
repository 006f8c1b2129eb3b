"""One console's run as a diary: what was printed, when sockets ended and histories were asked for, what was shown."""

import time
from pathlib import Path

from bench.watch import Watch, as_posted
from bench.world import Console, World


def keep(folder: Path, name: str, world: World, watch: Watch) -> None:
    """Write a diary for each console, and what the program said, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for console in world.consoles:
        (folder / f"{name}-{console.index}.txt").write_text(diary(console, watch))
    if world.child.log.exists():
        (folder / f"{name}-log.txt").write_bytes(world.child.log.read_bytes())


def diary(console: Console, watch: Watch) -> str:
    """Return what happened, in order; times are seconds of the world's clock, as in the program's log."""
    printed = watch.printed[console.index]
    ahead = time.time() - time.monotonic()
    entries = [
        (at + ahead, f"printed  {number:6} {watch.writing.plain(console.index, number)}")
        for number, at in enumerate(printed.times)
    ]
    entries += [(at + ahead, "SOCKET ENDED") for at in printed.endings]
    entries += [(at + ahead, f"HISTORY ASKED FOR after {count} lines") for at, count in printed.histories]
    for message in console.channel.messages:
        posted = as_posted(message)
        text = "\n".join([posted.content, *(f"[file]\n{file}" for file in posted.files)])
        entries.append((message.created_at.timestamp(), "shown\n" + _indented(text)))
    entries.sort(key=lambda entry: entry[0])
    return "".join(f"{_clock(at)} {text}\n" for at, text in entries)


def _indented(text: str) -> str:
    return "\n".join("    | " + line for line in text.split("\n"))


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at)) + f".{int(at % 1 * 1000):03}"
