"""Measures what a hostile panel or a chatty game costs another guild: how soon `/status` is acknowledged there."""

import asyncio
import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.drive import drain, warm_up
from bench.figures import percentile
from bench.hostile import SERVERS, TROUBLES, going_on
from bench.lines import Writing
from bench.process import frozen_code
from bench.stretches import longest_since
from bench.table import grid
from bench.watch import Watch
from bench.world import World, open_neighbour, open_world

ACKNOWLEDGED = 0.3
"""Seconds within which Discord gets its answer, at the 95th percentile."""
GROWTH = 50.0
"""MB that strangers may cost."""
EVERY = 0.4
"""Seconds between two commands of the neighbour."""
LOG_BYTES = 200_000
SECONDS, QUICK_SECONDS = 20.0, 10.0
"""How long each trouble goes on."""
STRETCH = 0.05
"""Processor seconds for which the bot keeps its event loop to itself at most."""
LINES = 1.0
"""Seconds within which the neighbour's own lines arrive, at the 95th percentile."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What a trouble next door did. Times in seconds, memory in MB (2**20 bytes)."""

    trouble: str
    asked: int
    """How often `/status` was typed."""
    unanswered: int
    """How often Discord said that the application did not respond."""
    p50: float
    p95: float
    longest: float
    """Until Discord had the first answer; of those that came in time."""
    lines_p95: float
    """From print to acceptance, of the neighbour's own console at a line a second."""
    lines_missing: int
    stretch: float
    """The longest for which the bot kept its event loop to itself, in processor seconds; 0 where under 10 ms."""
    growth: float
    """Of resident memory, over what it was before the trouble."""
    log_bytes: int
    cpu: float
    """Processor seconds of the bot."""
    own_delay: float
    """By how much the benchmark itself was late at worst: more than a little, and it is the brake."""
    died: bool


def main(arguments: Sequence[str]) -> None:
    """Run what the command line asks for and print the figures."""
    options = _options(arguments)
    with frozen_code() as code:
        found = asyncio.run(measure_all(options.only, options.seconds, code))
    print(f"\n{report(found)}")
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")


async def measure_all(names: Sequence[str], seconds: float, code: Path) -> list[Neighbourhood]:
    """Measure each trouble with a fresh bot."""
    found: list[Neighbourhood] = []
    for name in names:
        print(f"strangers, {name} ...", end=" ", flush=True, file=sys.stderr)
        one = await measure(name, seconds, code)
        print(f"p95 {one.p95:.3f} s, {one.unanswered} of {one.asked} unanswered", file=sys.stderr)
        found.append(one)
    return found


async def measure(name: str, seconds: float, code: Path) -> Neighbourhood:
    """Let one trouble go on in one guild while another guild's member types `/status` and reads his console."""
    async with (
        open_world(1, code, module="bench.stretches", wide_limit=True) as world,
        open_neighbour(world, SERVERS.get(name, 1)) as stranger,
    ):
        watch = Watch(world, Writing())
        try:
            await world.set_up_bot()
            await stranger.set_up_guilds()
            await warm_up(world, watch)
            idle, written = world.child.memory, world.child.log.stat().st_size
            world.child.forget_peak()
            cpu, began = world.child.cpu, time.monotonic()
            async with going_on(stranger, TROUBLES[name]):
                answers, delay = await _live_beside(world, watch, seconds)
            cpu, peak, alive = world.child.cpu - cpu, world.child.peak, world.child.alive
            await drain(watch, world)
            late = [taken for of_one in watch.latencies().values() for taken in of_one]
            return Neighbourhood(
                trouble=name,
                asked=len(answers),
                unanswered=answers.count(None),
                p50=percentile([taken for taken in answers if taken is not None], 50),
                p95=percentile([3.0 if taken is None else taken for taken in answers], 95),
                longest=max((taken for taken in answers if taken is not None), default=0.0),
                lines_p95=percentile(late, 95),
                lines_missing=watch.emitted - len(late),
                stretch=longest_since(world.child.folder, began),
                growth=max(0.0, peak - idle),
                log_bytes=world.child.log.stat().st_size - written,
                cpu=cpu,
                own_delay=delay,
                died=not alive,
            )
        finally:
            watch.close()


async def _live_beside(world: World, watch: Watch, seconds: float) -> tuple[list[float | None], float]:
    """Type `/status` for so long, printing a line a second; return how soon each was acknowledged, and the worst delay.

    None stands for a command that was not acknowledged in Discord's 3 s.
    """
    member, lobby = world.admin
    console = world.consoles[0]
    answers: list[float | None] = []
    delays: list[float] = []

    async def ask() -> None:
        reply = await world.discord.slash(member, lobby, "status", server=console.server.name)
        answers.append(None if reply.failed else reply.acknowledged_after)

    async with asyncio.TaskGroup() as group:
        group.create_task(_print(watch, world, seconds))
        group.create_task(_measure_own_delay(delays, seconds))
        began = time.monotonic()
        for number in range(int(seconds / EVERY)):
            await asyncio.sleep(max(0.0, began + number * EVERY - time.monotonic()))
            group.create_task(ask())
    return answers, max(delays, default=0.0)


async def _print(watch: Watch, world: World, seconds: float) -> None:
    for _ in range(int(seconds)):
        watch.emit(world.consoles[0])
        await asyncio.sleep(1.0)


async def _measure_own_delay(delays: list[float], seconds: float) -> None:
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        await asyncio.sleep(0.01)
        delays.append(time.monotonic() - now - 0.01)


def missed(one: Neighbourhood) -> list[str]:
    """Return what must not be, one short phrase each."""
    checks = (
        (one.died, "the bot died"),
        (one.unanswered, f"{one.unanswered} commands unanswered"),
        (one.p95 >= ACKNOWLEDGED, f"p95 {one.p95:.3f} instead of < {ACKNOWLEDGED:g} s"),
        (one.lines_p95 >= LINES, f"lines p95 {one.lines_p95:.2f} instead of < {LINES:g} s"),
        (one.stretch > STRETCH, f"{one.stretch * 1000:.0f} ms of the event loop in one piece"),
        (one.growth > GROWTH, f"{one.growth:.0f} MB more instead of {GROWTH:.0f}"),
        (one.lines_missing, f"{one.lines_missing} of the neighbour's lines missing"),
        (one.log_bytes > LOG_BYTES, f"{one.log_bytes:,} bytes of log"),
    )
    return [phrase for wrong, phrase in checks if wrong]


def report(found: Sequence[Neighbourhood]) -> str:
    """Return the table, its legend and what missed its target."""
    rows = [
        [
            one.trouble + (" (died)" if one.died else ""),
            *(str(number) for number in (one.asked, one.unanswered)),
            *(f"{taken:.3f}" for taken in (one.p50, one.p95, one.longest)),
            f"{one.lines_p95:.2f}",
            str(one.lines_missing),
            f"{one.stretch * 1000:.0f}",
            f"{one.growth:.0f}",
            f"{one.log_bytes / 1000:.0f}",
            f"{one.cpu:.1f}",
            f"{one.own_delay:.2f}",
        ]
        for one in found
    ]
    gaps = [f"  {one.trouble}: {'; '.join(phrases)}" for one in found if (phrases := missed(one))]
    verdict = "Missed:\n" + "\n".join(gaps) if gaps else "Strangers stop nobody: every target is reached."
    return f"{grid([_HEADING, *rows])}\n\n{_LEGEND}\n\n{verdict}"


_HEADING = [
    *("strangers", "asked", "unanswered", "p50 s", "p95 s", "max s"),
    *("lines p95", "missing", "stretch ms", "growth", "log kB", "CPU s", "late s"),
]
_LEGEND = f"""\
Each trouble goes on in one guild, while in another `/status` is typed each {EVERY:g} s and a game prints a line a
second. p50, p95, max: seconds until Discord had the first answer (3.0 where there was none); lines p95: from that
game's print to its channel. stretch: for how long the bot kept its event loop to itself at most, in
processor time (0: never 10 ms). growth: MB over what it used before; late s: how late the benchmark itself was at
worst."""


def _options(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m bench strangers", description=__doc__)
    parser.add_argument("--only", type=_names, default=list(TROUBLES), metavar="NAME,NAME", help=", ".join(TROUBLES))
    parser.add_argument("--seconds", type=float, default=SECONDS, metavar="S", help="how long each trouble goes on")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in TROUBLES]
    if unknown:
        raise ArgumentTypeError(f"no such trouble: {', '.join(unknown)}; there are: {', '.join(TROUBLES)}")
    return names
