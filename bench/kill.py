"""Kills the bot at random moments, troubles all around it, and compares what was printed with what is shown."""

import asyncio
import json
import random
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.diary import keep
from bench.drive import drain, warm_up
from bench.figures import percentile
from bench.lines import Writing
from bench.measure import beyond, verdicts
from bench.process import frozen_code
from bench.table import grid
from bench.troubles import TROUBLES
from bench.watch import Watch
from bench.world import World, open_world

SERVERS = 2
BURST_CHANCE = 0.02
BURST = 40
APART = {"wings": 13.0}
"""Seconds between rounds at least: a restarted Wings takes no older tickets, and of new ones there are 5 a minute."""
LONGEST_WAIT = 90.0
"""Seconds that the bot gets to listen again after a round."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a kind of trouble did in all its rounds. Numbers of lines; times in seconds."""

    trouble: str
    rounds: int
    emitted: int
    delivered: int
    beyond: int
    avoidable: int
    """Lost although they were heard live, or in a history that Wings gave."""
    silent: int
    pending: int
    counted: int
    duplicates: int
    disorder: int
    damaged: int
    p95: float
    longest: float
    back: float
    """The longest time from the trouble's beginning until every console was listened to again."""
    starved: int = 0
    """Rounds after which the bot did not listen again in time."""


def main(arguments: Sequence[str]) -> None:
    """Run the rounds that the command line asks for and print the figures."""
    options = _options(arguments)
    with frozen_code() as code:
        outcomes = asyncio.run(_all(options, code))
    print(f"\n{_table(outcomes)}\n\n{_LEGEND}")
    if options.json:
        content = {"seed": options.seed, "outcomes": [asdict(outcome) for outcome in outcomes]}
        options.json.write_text(json.dumps(content, indent=1) + "\n")


async def _all(options: Namespace, code: Path) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for name in options.only:
        print(f"{name}: {options.rounds} rounds ...", end=" ", flush=True, file=sys.stderr)
        rng = random.Random(f"{options.seed} {name}")
        outcome = await torment(name, code, rng, options)
        print(f"{outcome.delivered:,} of {outcome.emitted:,} lines", file=sys.stderr)
        outcomes.append(outcome)
    return outcomes


async def torment(name: str, code: Path, rng: random.Random, options: Namespace) -> Outcome:
    """Give one fresh bot rounds of a trouble, as the options say, and compare both ends."""
    async with open_world(SERVERS, code, wide_limit=True, wide_tickets=True) as world:
        watch = Watch(world, Writing(width=70, repeats=True, longest=options.long))
        try:
            await world.set_up_bot()
            await warm_up(world, watch)
            printing = asyncio.create_task(_print(world, watch, random.Random(rng.random()), options.rate))
            back, starved = await _rounds(world, name, rng, options)
            await asyncio.sleep(rng.uniform(0.0, options.seconds))
            printing.cancel()
            await asyncio.gather(printing, return_exceptions=True)
            world.discord.faults.clear()
            for console in world.consoles:
                watch.close_with_a_numbered_line(console)  # of the others nobody can tell when they have arrived
            await drain(watch, world)
            if options.keep:
                keep(options.keep, name, world, watch)
            return _outcome(name, world, watch, back=back, starved=starved)
        finally:
            watch.close()


async def _rounds(world: World, name: str, rng: random.Random, options: Namespace) -> tuple[list[float], int]:
    back: list[float] = []
    starved, began = 0, float("-inf")
    for _ in range(options.rounds):
        rest = began + APART.get(name, 0.0) - time.monotonic()
        await asyncio.sleep(max(rest, rng.uniform(0.2, options.seconds)))
        began = time.monotonic()
        await TROUBLES[name](world, rng)
        if await _listening(world):
            back.append(time.monotonic() - began)
        else:
            starved += 1
    return back, starved


async def _listening(world: World) -> bool:
    """Wait until every console has an authenticated socket; False when that takes too long."""
    node = world.panel.node
    deadline = time.monotonic() + LONGEST_WAIT
    while not all(node.authenticated(console.server) for console in world.consoles):
        if time.monotonic() > deadline or not world.child.alive:
            return False
        await asyncio.sleep(0.05)
    return True


async def _print(world: World, watch: Watch, rng: random.Random, rate: float) -> None:
    """Print at irregular intervals, now and then many lines at once, on every console."""
    while True:
        await asyncio.sleep(rng.expovariate(rate * len(world.consoles)))
        console = rng.choice(world.consoles)
        for _ in range(rng.randint(2, BURST) if rng.random() < BURST_CHANCE else 1):
            watch.emit(console)


def _outcome(name: str, world: World, watch: Watch, *, back: list[float], starved: int) -> Outcome:
    found = verdicts(world, watch)
    lost = sum(len(verdict.lost) for verdict in found.values())
    gone = beyond(watch, found)
    latencies = [seconds for of_one in watch.latencies().values() for seconds in of_one]
    return Outcome(
        trouble=name,
        rounds=len(back) + starved,
        emitted=watch.emitted,
        delivered=sum(verdict.delivered for verdict in found.values()),
        beyond=gone,
        avoidable=lost - gone,
        silent=sum(verdict.silent for verdict in found.values()),
        pending=sum(verdict.pending for verdict in found.values()),
        counted=sum(verdict.counted for verdict in found.values()),
        duplicates=sum(verdict.duplicates for verdict in found.values()),
        disorder=sum(verdict.disorder for verdict in found.values()),
        damaged=sum(verdict.damaged for verdict in found.values()),
        p95=percentile(latencies, 95),
        longest=max(latencies, default=0.0),
        back=max(back, default=0.0),
        starved=starved,
    )


def _table(outcomes: Sequence[Outcome]) -> str:
    heading = (
        "trouble rounds lines delivered beyond avoidable silent pending counted "
        "twice order damaged p95 max back starved"
    )
    rows = [
        [
            one.trouble,
            str(one.rounds),
            *(
                f"{n:,}"
                for n in (one.emitted, one.delivered, one.beyond, one.avoidable, one.silent, one.pending, one.counted)
            ),
            *(f"{n:,}" for n in (one.duplicates, one.disorder, one.damaged)),
            *(f"{seconds:.1f}" for seconds in (one.p95, one.longest, one.back)),
            str(one.starved),
        ]
        for one in outcomes
    ]
    return grid([heading.split(), *rows])


_LEGEND = """\
beyond: lost, printed while nobody listened, and in no history that Wings was asked for; avoidable: all other losses.
silent: lost with nothing in their place that says so; pending: not there at the end, behind all that is there;
counted: lost by the channel's own count. Three of eight lines look the same: a bot that matches lines by their text
must get repeated ones right too. p95, max: seconds from print to acceptance; back: the longest until all consoles were
listened to again. The panel's 5 tickets a minute and server are lifted: a bot that is killed more often than that could
only wait. A restarted Wings takes no older tickets and is given time for new ones. The seed fixes what happens and
when; how far the processes have come by then is theirs."""


def _options(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m bench kill", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="of each trouble")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="S", help="a round begins within S seconds")
    parser.add_argument("--rate", type=float, default=8.0, help="lines a second from each server")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--long", type=int, default=0, metavar="N", help="of forty lines one has N characters")
    parser.add_argument("--only", type=_names, default=list(TROUBLES), metavar="NAME,NAME", help=", ".join(TROUBLES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="write what was printed and shown when, to look into"
    )
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in TROUBLES]
    if unknown:
        raise ArgumentTypeError(f"no such trouble: {', '.join(unknown)}; there are: {', '.join(TROUBLES)}")
    return names
