"""The figures of a run, and how those of several runs become one."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One load, measured. Times in seconds, memory in MB (2**20 bytes), numbers of lines where nothing else is said."""

    name: str
    title: str
    program: str
    chaos: bool
    emitted: int
    delivered: int
    lost: int
    """Not in the channel when the run ended, and not pending."""
    silent: int
    """Lost without a word in the channel, other lines behind them being there."""
    pending: int
    """Not there when the run ended, behind all that is there, without a word."""
    beyond: int
    """Lost, and neither heard live nor held by a history that Wings was asked for."""
    counted: int
    """Lost by the channel's own count."""
    duplicates: int
    disorder: int
    damaged: int
    p50: float
    p95: float
    longest: float
    worst_p95: float
    """Of the channel that is worst off."""
    worst_delivered: float
    """Percent, of the channel that is worst off."""
    messages: int
    files: int
    refused: int
    """Answers 429."""
    seconds: float
    cpu: float
    """Processor seconds of the program while the load ran and drained."""
    idle_memory: float
    peak_memory: float
    wings_dropped: int
    """Lines that Wings dropped because its reader was slow."""
    own_cpu: float
    """Percent of one core that the bench process itself used while the load ran: near 100, it is the brake."""
    own_delay: float
    """By how much the load generator printed its worst line too late."""
    set_up: float
    """Seconds from the program's start until everything was relayed."""
    died: bool = False
    runs: int = 1

    @property
    def percent(self) -> float:
        """Lines delivered, in percent."""
        return 100.0 * self.delivered / self.emitted if self.emitted else 100.0

    @property
    def core(self) -> float:
        """Percent of one core for every 1,000 lines a second."""
        return 100_000.0 * self.cpu / self.emitted if self.emitted else 0.0

    @property
    def growth(self) -> float:
        """MB over the idle process."""
        return max(0.0, self.peak_memory - self.idle_memory)

    def per_thousand(self, count: int) -> float:
        """Return `count` per 1,000 lines."""
        return 1000.0 * count / self.emitted if self.emitted else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return all figures, and those that follow from them."""
        return asdict(self) | {"percent": self.percent, "core": self.core, "growth": self.growth}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Result":
        """Return the result that `as_json` wrote; names it does not know are ignored."""
        known = {field.name for field in fields(cls)}
        kept: dict[str, Any] = {name: value for name, value in values.items() if name in known}
        return cls(**kept)


# Of these, the worst of several runs counts, not the median: a guarantee that holds twice out of three times does not.
_WORST_IS_MOST = {"lost", "silent", "pending", "duplicates", "disorder", "damaged", "refused", "wings_dropped", "died"}
_WORST_IS_LEAST = {"delivered", "worst_delivered"}


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of all are not above (nearest rank); 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)] if ordered else 0.0


def combine(results: Sequence[Result]) -> Result:
    """Return one result of several runs of a load: medians, but the worst of what must never happen."""
    if len(results) == 1:
        return results[0]
    values: dict[str, Any] = {}
    for field in fields(Result):
        column = [getattr(result, field.name) for result in results]
        if field.name in _WORST_IS_MOST:
            values[field.name] = max(column)
        elif field.name in _WORST_IS_LEAST:
            values[field.name] = min(column)
        elif isinstance(column[0], str | bool):
            values[field.name] = column[0]
        else:
            middle = statistics.median(column)
            values[field.name] = round(middle) if isinstance(column[0], int) else middle
    # Lost and beyond belong together: what could have been had is their difference in one and the same run.
    values["beyond"] = values["lost"] - max(result.lost - result.beyond for result in results)
    values["runs"] = len(results)
    return Result(**values)
