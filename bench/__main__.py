"""`python -m bench` measures the relay under loads; with `kill` it is killed until it lies, with `strangers` beset."""

import asyncio
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from bench import kill, strangers
from bench.figures import Result, combine
from bench.hostile import TROUBLES
from bench.loads import LOADS, Load, choose
from bench.measure import measure
from bench.process import frozen_code
from bench.table import LEGEND, comparison, table, verdict

STRANGERS = "strangers"
"""The load that is none: what happens next door."""
Job = tuple[Load, bool, bool]
"""A load, whether the script drives it, whether sockets are cut."""


def main() -> None:
    """Run what the command line asks for."""
    arguments = sys.argv[1:]
    for name, programme in (("kill", kill.main), ("strangers", strangers.main)):
        if arguments[:1] == [name]:
            programme(arguments[1:])
            return
    options = _options(arguments)
    try:
        loads, beset = chosen(options.only)
    except ValueError as error:
        sys.exit(str(error))
    planned = jobs(loads, chaos=options.chaos, baseline=not options.no_baseline)
    if options.quick:
        planned = [(load.shortened(), baseline, chaos) for load, baseline, chaos in planned]
    with frozen_code() as code:
        results, failures = asyncio.run(_run(planned, options, code))
        if results:
            report(results, options)
        if beset:
            seconds = strangers.QUICK_SECONDS if options.quick else strangers.SECONDS
            print("\n" + strangers.report(asyncio.run(strangers.measure_all(list(TROUBLES), seconds, code))))
    if failures:
        sys.exit("\nCould not be run:\n" + "\n".join(failures))


def chosen(only: str | None) -> tuple[list[Load], bool]:
    """Return the loads with these names, comma-separated, or all, and whether strangers are to beset the bot as well.

    Raises ValueError for a name that nothing has.
    """
    if not only:
        return choose(None), True
    names = [name.strip() for name in only.split(",")]
    loads = [name for name in names if name != STRANGERS]
    return choose(",".join(loads)) if loads else [], STRANGERS in names


def jobs(loads: list[Load], *, chaos: str, baseline: bool) -> list[Job]:
    """Return what to run: every load, with cuts if `chaos` is yes or only, and the script where it fits."""
    planned: list[Job] = []
    for load in loads:
        if chaos != "only":
            planned.append((load, False, False))
            if baseline and load.baseline:
                planned.append((load, True, False))
        if chaos != "no":
            planned.append((load, False, True))
            if baseline and load.baseline and load.name == "10":
                planned.append((load, True, True))
    return planned


def report(results: list[Result], options: Namespace) -> None:
    """Print the table and what follows from it."""
    print(f"\n{table(results)}\n\n{LEGEND}\n\n{_notes(options)}\n\n{verdict(results)}")
    if options.compare:
        old = json.loads(options.compare.read_text())["results"]
        print(f"\nAgainst {options.compare}:\n\n{comparison([Result.from_json(one) for one in old], results)}")


async def _run(planned: list[Job], options: Namespace, code: Path) -> tuple[list[Result], list[str]]:
    """Return the results, and a line for every run that did not come about; write the file as they come."""
    results: list[Result] = []
    failures: list[str] = []
    for number, (load, baseline, chaos) in enumerate(planned, 1):
        runs: list[Result] = []
        turns = 1 if baseline else options.repeat  # the script is there to be compared with, not to be measured closely
        for turn in range(turns):
            name = f"{load.title}{', with cuts' if chaos else ''}, {'script' if baseline else 'bot'}"
            again = f", run {turn + 1} of {turns}" if turns > 1 else ""
            print(f"[{number}/{len(planned)}] {name}{again} ...", end=" ", flush=True, file=sys.stderr)
            began = time.monotonic()
            try:
                result = await measure(load, code, baseline=baseline, chaos=chaos)
            except (RuntimeError, TimeoutError, ExceptionGroup) as error:
                print("could not be run", file=sys.stderr)
                failures.append(f"  {name}: {error}")
                continue
            runs.append(result)
            print(f"{result.percent:.2f} % in {time.monotonic() - began:.0f} s", file=sys.stderr)
        if runs:
            results.append(combine(runs))
            if options.json:
                _write(options.json, results)
    return results, failures


def _options(arguments: list[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", metavar="NAME,NAME", help="loads: " + ", ".join([*(load.name for load in LOADS), STRANGERS])
    )
    parser.add_argument(
        "--chaos",
        default="yes",
        choices=("no", "yes", "only"),
        help="each load again with cuts (yes if left out); `only`: nothing but that",
    )
    parser.add_argument("--no-baseline", action="store_true", help="leave the ten-line script out")
    parser.add_argument("--quick", action="store_true", help="shorter loads")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="runs of each load; the table shows medians")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--compare", type=Path, metavar="OLD", help="print the figures beside those of an older file")
    return parser.parse_args(arguments)


def _notes(options: Namespace) -> str:
    notes = [
        "One guild for 250 servers, everything set up through slash commands; a fresh bot and database for each load.",
        "With 20 servers and more the panel's limit of 256 requests a minute is lifted (1,000 servers behind one key",
        "need four minutes for their tickets alone). All other limits of panel, Wings and Discord are in force.",
    ]
    if options.repeat > 1:
        notes.append(f"Medians of {options.repeat} runs; of what must not be the worst. The script ran once.")
    if options.quick:
        notes.append("Quick run: 10 s a load (20 s for hundreds of servers).")
    return "\n".join(notes)


def _write(path: Path, results: list[Result]) -> None:
    content = {"when": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "results": [result.as_json() for result in results]}
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
