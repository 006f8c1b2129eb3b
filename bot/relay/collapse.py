"""Shows identical lines in a row once and says how many followed: nothing is left out, only not repeated."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.i18n import ngettext
from bot.text import ansi, clocks

# Of longer lines the colours are compared as well.
_LONG = 8000
_DIM = "\x1b[30m{}\x1b[0m"


@dataclass(frozen=True, slots=True)
class CollapseTiming:
    """In seconds."""

    quiet: float = 3.0
    """After this without another one, the count is told."""
    most: float = 15.0
    """No repetition waits longer than this to be told."""


class Repetitions:
    """Counts identical lines in a row. Pure: times come from outside, on any clock that only goes forward."""

    def __init__(self, timing: CollapseTiming) -> None:
        self._timing = timing
        self._key: str | None = None
        self._count = 0
        self._last = ""
        self._clock = ""
        self._since = self._until = 0.0

    @property
    def due(self) -> float | None:
        """When `flush` should be called; None while nothing is kept back."""
        return min(self._until, self._since + self._timing.most) if self._count else None

    def take(self, line: str, at: float) -> tuple[list[str], bool]:
        """Take a line; return what is to be said of those before it, and whether it is to be shown itself.

        A line is identical to the one before if all but the clock at its beginning is the same (see `bot.text.clocks`).
        Blank lines are never counted: they are there to be seen.
        """
        plain = ansi.strip(line) if len(line) <= _LONG else line
        # Games begin each line with a clock: lines that say the same thing would never be identical letter by letter.
        text, clock = clocks.take_apart(plain)
        if text != self._key or not plain.strip():
            said = self.flush()
            self._key = text
            return said, True
        said = self.flush() if self._count and at >= self._since + self._timing.most else []
        if not self._count:
            self._since = at
        self._count += 1
        self._last, self._clock, self._until = line, clock, at + self._timing.quiet
        return said, False

    def flush(self) -> list[str]:
        """Return what tells of the lines kept back so far: the line itself for one, a dim count for more."""
        count, self._count = self._count, 0
        if count < 2:
            return [self._last] * count
        if self._clock:
            text = ngettext("↻ {count} time more, last at {clock}", "↻ {count} times more, last at {clock}", count)
        else:
            text = ngettext("↻ {count} time more", "↻ {count} times more", count)
        return [_DIM.format(text.format(count=count, clock=self._clock))]


class Collapse:
    """Counts repetitions, and sees to it by itself that a count is told in time, through `put`."""

    def __init__(self, put: Callable[[str], None], timing: CollapseTiming | None = None) -> None:
        self._put = put
        self._repetitions = Repetitions(timing or CollapseTiming())
        self._timer: asyncio.TimerHandle | None = None

    @property
    def counting(self) -> bool:
        """Whether there are lines that are counted and not told yet."""
        return self._repetitions.due is not None

    def shows(self, line: str) -> bool:
        """Whether a line is to be shown itself; if not, it was counted. What is to be said before it is put here."""
        loop = asyncio.get_running_loop()
        said, shown = self._repetitions.take(line, loop.time())
        for text in said:
            self._put(text)
        due = self._repetitions.due
        if due is not None and self._timer is None:
            self._timer = loop.call_at(due, self._look)
        return shown

    def flush(self) -> None:
        """Tell now what was counted: something else is about to be said, or nothing more will come."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for text in self._repetitions.flush():
            self._put(text)

    def _look(self) -> None:
        """A timer is not moved with each repetition: it looks when it rings whether it was too early."""
        self._timer = None
        loop, due = asyncio.get_running_loop(), self._repetitions.due
        if due is None:
            return
        if due <= loop.time():
            self.flush()
        else:
            self._timer = loop.call_at(due, self._look)
