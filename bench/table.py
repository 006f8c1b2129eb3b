"""Results as text: the table, what missed its target, and two runs side by side."""

from collections.abc import Callable, Sequence

from bench.figures import Result
from bench.loads import LOADS, Target


def _title(result: Result) -> str:
    return result.title + (", with cuts" if result.chaos else "")


_Column = tuple[str, Callable[[Result], str]]
_TARGETS = {load.name: load.target for load in LOADS}
_COLUMNS: tuple[_Column, ...] = (
    ("load", _title),
    ("program", lambda r: r.program + (" (died)" if r.died else "")),
    ("lines", lambda r: f"{r.emitted:,}"),
    ("delivered", lambda r: f"{_floor(r.percent)} %"),
    ("lost", lambda r: f"{r.lost:,}"),
    ("beyond", lambda r: f"{r.beyond:,}"),
    ("silent", lambda r: f"{r.silent:,}"),
    ("pending", lambda r: f"{r.pending:,}"),
    ("counted", lambda r: f"{r.counted:,}"),
    ("twice", lambda r: f"{r.duplicates:,}"),
    ("order", lambda r: f"{r.disorder:,}"),
    ("damaged", lambda r: f"{r.damaged:,}"),
    ("p50 s", lambda r: f"{r.p50:.2f}"),
    ("p95 s", lambda r: f"{r.p95:.2f}"),
    ("max s", lambda r: f"{r.longest:.2f}"),
    ("worst ch.", lambda r: f"{r.worst_p95:.2f}"),
    ("msg/k", lambda r: f"{r.per_thousand(r.messages):.1f}"),
    ("file/k", lambda r: f"{r.per_thousand(r.files):.2f}"),
    ("429", lambda r: str(r.refused)),
    ("CPU s", lambda r: f"{r.cpu:.2f}"),
    ("%core/k/s", lambda r: f"{r.core:.0f}"),
    ("peak MB", lambda r: f"{r.peak_memory:.0f}"),
    ("growth", lambda r: f"{r.growth:.0f}"),
    ("dropped", lambda r: str(r.wings_dropped)),
    ("bench %", lambda r: f"{r.own_cpu:.0f}"),
    ("late s", lambda r: f"{r.own_delay:.2f}"),
)
LEGEND = """\
lost: not in the channel, though later lines are; of these, beyond: printed while the socket was cut and in no history
that Wings was asked for; silent: lost with nothing in their place that says so. pending: not there when the run ended,
behind all that is there: late, or lost. counted: lost by the channel's own count.
With cuts: all console sockets break without a word every 5 s, and once in the midst of a burst.
Latency: from the game's print (Wings' send) to Discord's acceptance of the message or file with the end of the line;
only lines that arrived. worst ch.: p95 of the worst channel. msg/k, file/k: messages and attachments per 1,000 lines.
%core/k/s: percent of one core per 1,000 lines a second (CPU s counts from the first line until the last has arrived;
for slow loads that is the idle cost). growth: MB over the idle process. dropped: by Wings, for a slow reader.
bench %: the stand-ins' and generator's own use of one core; late s: its worst line. Near 100 %, the bench is the
brake, not the bot.
Discord's own limits: a channel takes 5 messages of 2,000 characters in 5 s, which is 24 lines of 80 characters a second
(less in colour); more can only go as files. The bot may ask 50 times a second in all: 1,000 channels that all have
something to say get a message each 20 s at best, so that a line waits 10 s in the middle and 19 s at the 95th
percentile."""


def table(results: Sequence[Result]) -> str:
    """Return the results as a table for a wide terminal."""
    return grid([[name for name, _ in _COLUMNS], *([show(result) for _, show in _COLUMNS] for result in results)])


def grid(rows: Sequence[Sequence[str]]) -> str:
    """Return rows in columns, the first row as the heading; the first two columns flush left, the others right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def missed(result: Result) -> list[str]:
    """Return what a result of the bot misses, one short phrase each."""
    if result.program != "bot":
        return []
    found = [f"{count:,} {what}" for count, what in _never(result) if count]
    if result.chaos:
        return found
    target = _TARGETS.get(result.name, Target())
    found += [
        f"{what} {value:.3g} instead of < {limit:g} {unit}"
        for what, value, limit, unit in (
            ("p95", result.p95, target.p95, "s"),
            ("growth", result.growth, target.growth, "MB"),
            ("processor", result.core, target.core, "% of a core per 1,000 lines/s"),
            ("memory", result.peak_memory, target.memory, "MB"),
        )
        if limit is not None and value >= limit
    ]
    if target.no_429 and result.refused:
        found.append(f"{result.refused} answers 429")
    return found


def _never(result: Result) -> list[tuple[int, str]]:
    """Return what must be zero under every load."""
    return [
        (int(result.died), "death of the process"),
        (result.lost - result.beyond, "lines lost that could have been had"),
        (result.pending, "lines not there when the run ended"),
        (result.silent, "lines lost without a word"),
        (result.duplicates, "lines twice"),
        (result.disorder, "lines out of order"),
        (result.damaged, "lines damaged"),
    ]


def verdict(results: Sequence[Result]) -> str:
    """Return what missed its target, load by load."""
    lines = [f"  {_title(result)}: {'; '.join(gaps)}" for result in results if (gaps := missed(result))]
    return "Missed:\n" + "\n".join(lines) if lines else "Every target is reached."


def comparison(old: Sequence[Result], new: Sequence[Result]) -> str:
    """Return the loads that both runs have, old figure and new one, for what matters most."""
    before = {(one.name, one.program, one.chaos): one for one in old}
    rows = [["load", "program", "delivered", "silent", "twice", "p50 s", "p95 s", "msg/k", "429", "CPU s", "peak MB"]]
    for one in new:
        other = before.get((one.name, one.program, one.chaos))
        if other is not None:
            rows.append([_title(one), one.program, *(_pair(show(other), show(one)) for show in _COMPARED)])
    return grid(rows) if len(rows) > 1 else "The two runs have no load in common."


_COMPARED: tuple[Callable[[Result], str], ...] = (
    lambda r: _floor(r.percent),
    lambda r: f"{r.silent:,}",
    lambda r: f"{r.duplicates:,}",
    lambda r: f"{r.p50:.2f}",
    lambda r: f"{r.p95:.2f}",
    lambda r: f"{r.per_thousand(r.messages):.1f}",
    lambda r: str(r.refused),
    lambda r: f"{r.cpu:.2f}",
    lambda r: f"{r.peak_memory:.0f}",
)


def _pair(old: str, new: str) -> str:
    return new if old == new else f"{old} > {new}"


def _floor(percent: float) -> str:
    """Return a percentage that says 100 only when it is."""
    return "100" if percent == 100.0 else f"{int(percent * 100) / 100:.2f}"
