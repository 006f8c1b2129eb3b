"""Bounds how often one and the same trouble is told to the log, however often it comes."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

AT_FIRST = 3
EVERY = 600.0
"""Seconds between two lines about what goes on and on, and after which quiet makes it news again."""
_KEYS = 256
"""Troubles that are told apart. Further ones are as one while none of these is over: in turns, all would seem new."""
_OTHERS = object()


@dataclass(slots=True)
class _Met:
    at: float
    told_at: float
    told: int = 0
    passed_over: int = 0


class Repeats:
    """Which of many like events are told: the first ones, then one each so many minutes, with the count of the rest."""

    def __init__(
        self, *, at_first: int = AT_FIRST, every: float = EVERY, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_first, self._every, self._clock = at_first, every, clock
        self._met: OrderedDict[Hashable, _Met] = OrderedDict()

    def due(self, key: Hashable = None) -> int | None:
        """Note one more event of a kind; return how many were passed over since one was told, None to pass it over."""
        now = self._clock()
        if key not in self._met and not self._has_room(now):
            key = _OTHERS
        met = self._met.pop(key, None)
        if met is None or (now - met.at >= self._every and not met.passed_over):
            met = _Met(now, now)
        self._met[key] = met
        met.at = now
        if met.told >= self._at_first and now - met.told_at < self._every:
            met.passed_over += 1
            return None
        passed_over, met.passed_over = met.passed_over, 0
        met.told, met.told_at = met.told + 1, now
        return passed_over

    def _has_room(self, now: float) -> bool:
        """Whether one more kind can be told apart; that which was met longest ago is forgotten for it if it is over."""
        if len(self._met) < _KEYS - 1:
            return True
        oldest = next(key for key in self._met if key is not _OTHERS)
        if now - self._met[oldest].at < self._every:
            return False
        forgotten = self._met.pop(oldest)
        if forgotten.passed_over:
            self._met.setdefault(_OTHERS, _Met(now, now)).passed_over += forgotten.passed_over
        return True

    def defect(self, log: logging.Logger, error: Exception, text: str, *args: object) -> None:
        """Tell of a defect, with its traceback where it is new: one that lasts is met each time something is retried.

        `text` and `args` are those of a log line; lines with other ones are told apart.
        """
        passed_over = self.due((text, args, type(error), _place(error)))
        if passed_over:
            again = text + ": %r%s"
            log.error(again, *args, error, more(passed_over))
        elif passed_over is not None:
            log.error(text, *args, exc_info=error)


def more(passed_over: int) -> str:
    """Return what a line says of those that were not told."""
    return f" ({passed_over:,} more were not told)" if passed_over else ""


def _place(error: Exception) -> tuple[str, int] | None:
    """Return where it was raised."""
    trace = error.__traceback__
    if trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename, trace.tb_lineno
