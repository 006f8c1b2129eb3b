"""Measures one load from an empty database to the verdict."""

import time
from dataclasses import dataclass
from pathlib import Path

from bench.drive import cuts, drain, run_load, warm_up
from bench.figures import Result, percentile
from bench.loads import Load
from bench.matching import Verdict, judge
from bench.reading import read
from bench.watch import Watch, as_posted
from bench.world import World, open_world

BASELINE = "bench.baseline"


@dataclass(frozen=True, slots=True)
class _Effort:
    """What the run itself took."""

    set_up: float
    seconds: float
    cpu: float
    idle_memory: float
    peak_memory: float
    own_cpu: float
    own_delay: float


async def measure(load: Load, code: Path, *, baseline: bool = False, chaos: bool = False) -> Result:
    """Run one load with a fresh program from the folder `code` between fresh stand-ins."""
    module = BASELINE if baseline else "bot"
    async with open_world(load.servers, code, module=module, wide_limit=load.wide_limit) as world:
        began = time.monotonic()
        watch = Watch(world, load.writing)
        try:
            await (_start_baseline(world) if baseline else world.set_up_bot())
            await warm_up(world, watch, asks_history=not baseline)
            set_up = time.monotonic() - began
            effort = await _drive(world, watch, load, chaos=chaos, set_up=set_up)
            return _result(world, watch, load, effort, program="script" if baseline else "bot", chaos=chaos)
        finally:
            watch.close()


async def _start_baseline(world: World) -> None:
    console = world.consoles[0]
    world.child.tell(
        PANEL_URL=world.panel.url,
        PANEL_KEY=world.key,
        SERVER=console.server.identifier,
        CHANNEL=str(console.channel.id),
        DISCORD_GATEWAY_URL=world.discord.gateway_url,
    )
    await world.child.start()


async def _drive(world: World, watch: Watch, load: Load, *, chaos: bool, set_up: float) -> _Effort:
    child = world.child
    watch.forget_traffic()
    idle = child.memory
    child.forget_peak()
    cpu, own, began = child.cpu, time.process_time(), time.monotonic()
    async with cuts(world, watch, wanted=chaos):
        delay = await run_load(world, watch, load, chaos=chaos)
    busy = max(time.monotonic() - began, 1.0)
    own_cpu = 100.0 * (time.process_time() - own) / busy
    await drain(watch, world)
    return _Effort(
        set_up=set_up,
        seconds=time.monotonic() - began,
        cpu=child.cpu - cpu,
        idle_memory=idle,
        peak_memory=child.peak or idle,
        own_cpu=own_cpu,
        own_delay=delay,
    )


def verdicts(world: World, watch: Watch) -> dict[int, Verdict]:
    """Return the verdict on every console, by the server's index."""
    return {
        console.index: judge(
            read(as_posted(message) for message in console.channel.messages),
            console.index,
            len(watch.printed[console.index].times),
            lambda number, index=console.index: watch.writing.plain(index, number),
            watch.writing.repeated,
        )
        for console in world.consoles
    }


def beyond(watch: Watch, found: dict[int, Verdict]) -> int:
    """Count the lost lines that nobody could have got."""
    return sum(watch.printed[index].beyond(number) for index, verdict in found.items() for number in verdict.lost)


def _result(world: World, watch: Watch, load: Load, effort: _Effort, *, program: str, chaos: bool) -> Result:
    found = verdicts(world, watch)
    latencies = watch.latencies()
    everything = [seconds for of_one in latencies.values() for seconds in of_one]
    return Result(
        name=load.name,
        title=load.title,
        program=program,
        chaos=chaos,
        emitted=watch.emitted,
        delivered=sum(verdict.delivered for verdict in found.values()),
        lost=sum(len(verdict.lost) for verdict in found.values()),
        silent=sum(verdict.silent for verdict in found.values()),
        pending=sum(verdict.pending for verdict in found.values()),
        beyond=beyond(watch, found),
        counted=sum(verdict.counted for verdict in found.values()),
        duplicates=sum(verdict.duplicates for verdict in found.values()),
        disorder=sum(verdict.disorder for verdict in found.values()),
        damaged=sum(verdict.damaged for verdict in found.values()),
        p50=percentile(everything, 50),
        p95=percentile(everything, 95),
        longest=max(everything, default=0.0),
        worst_p95=max((percentile(of_one, 95) for of_one in latencies.values()), default=0.0),
        worst_delivered=min(100.0 * one.delivered / one.emitted for one in found.values() if one.emitted),
        messages=watch.messages,
        files=watch.files,
        refused=watch.refused,
        seconds=effort.seconds,
        cpu=effort.cpu,
        idle_memory=effort.idle_memory,
        peak_memory=effort.peak_memory,
        wings_dropped=watch.look_at_sockets(),
        own_cpu=effort.own_cpu,
        own_delay=effort.own_delay,
        set_up=effort.set_up,
        died=not world.child.alive,
    )
