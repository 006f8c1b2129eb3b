"""The lines a session knows, and what it takes to tell after a gap which ones are new. No listeners, no sockets."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeAlias

from bot.console.bounds import weight
from bot.console.collected import Collected
from bot.console.events import ConsoleLine
from bot.console.history import once, recover
from bot.console.marks import DELIVERED_LINES, WINGS_HISTORY, digits, folded, is_daemon_line, marked
from bot.console.runs import Runs
from bot.vitals import DeliveredTail

RING_LINES = 1000
RING_BYTES = 2 * 1024 * 1024
"""Of text; a thousand lines of a usual length have a tenth of it."""

Missed: TypeAlias = tuple[list[ConsoleLine], bool]
"""The lines that were missed, and whether that is all that was."""


class Memory:
    """A ring of lines in the order they were printed, and the history that is being collected, if one is.

    The comparisons are returned as calls of a pure function over what is known at that moment: they take long, so that
    another thread may have to do them.
    """

    def __init__(self, *, restart_margin: timedelta) -> None:
        self.runs = Runs(restart_margin=restart_margin)
        self._ring: deque[ConsoleLine] = deque()
        self._ring_bytes = 0
        self._faded: deque[str] = deque(maxlen=DELIVERED_LINES)
        """What the lines just before the ring's are compared by, where giant lines left too few whole ones in it."""
        self._since_tear: int | None = None
        """How many lines were added since some were missing for good; None if none are."""
        self._held: Collected | None = None
        self._holds = 0
        self._blanks_at_first = 0

    def tail(self, count: int) -> list[ConsoleLine]:
        """Return up to `count` of the most recent lines, oldest first."""
        return list(self._ring)[-count:] if count > 0 else []

    def add(self, line: ConsoleLine) -> None:
        """Remember a line that was delivered: whole while there is room, then by what it is compared by."""
        self._ring.append(line)
        self._ring_bytes += weight(line.text)
        if self._since_tear is not None:
            self._since_tear += 1
        while len(self._ring) > RING_LINES or self._ring_bytes > RING_BYTES:
            oldest = self._ring.popleft().text
            self._ring_bytes -= weight(oldest)
            if len(self._ring) < DELIVERED_LINES:
                self._faded.append(folded(oldest))
            else:
                self._faded.clear()

    def tear(self) -> None:
        """Note that lines which come behind the newest one are missing for good."""
        self._since_tear = 0

    # The history

    @property
    def holding(self) -> bool:
        """Whether lines are collected instead of delivered."""
        return self._held is not None

    @property
    def holds(self) -> int:
        """How often collecting began or broke off: while it is the same, it is the same history."""
        return self._holds

    @property
    def collected(self) -> int:
        """How many lines, blank ones included, came since the history was asked for."""
        return 0 if self._held is None else len(self._held)

    def hold(self) -> None:
        """Collect lines from now on: what comes may be live or history."""
        self._held, self._holds = Collected(), self._holds + 1

    def asked(self, pasts: Iterable[DeliveredTail] = ()) -> None:
        """The history has been asked for: what was collected so far is live.

        `pasts`: what the listeners had in an earlier life.
        """
        known = {digits(line.text) for line in self._ring if not is_daemon_line(line.text)}
        if not self._ring:
            known.update(*(marked(past.marks) for past in pasts if not self.runs.started_after(past.at)))
        if self._held is not None:
            self._held.ask(known)

    def collect(self, line: ConsoleLine) -> None:
        """Take a line while holding."""
        if self._held is not None:
            self._held.add(line)

    def blank(self) -> None:
        """Take a line without text: it is never delivered, but counts towards the length of the history."""
        if self._held is not None:
            self._held.blanks += 1

    @property
    def arriving(self) -> bool:
        """Whether the history has begun to come, as far as that can be told: it begins with lines that are known.

        What came so far may be live lines: Docker takes its time to read a large log.
        """
        if self._held is None:
            return False
        return self._held.begun if self.expects else len(self._held) > 0

    @property
    def expects(self) -> bool:
        """Whether there must be a history that begins with known lines, unless all of it is newer."""
        return self._held is not None and self._held.expects and not self.runs.restarted

    def take(self) -> Collected:
        """Return what was collected so far, and go on collecting."""
        taken, self._held = self._held or Collected(), Collected()
        return taken

    def drop_held(self) -> None:
        """Nothing is collected any more; after a connection that broke the next history will have it again."""
        self._held, self._holds = None, self._holds + 1

    def first(self, taken: Collected, pasts: Iterable[DeliveredTail]) -> Callable[[], list[ConsoleLine]]:
        """Return what tells the lines of the first history, to be added.

        `pasts`: what the listeners had in an earlier life.
        """
        self._blanks_at_first = taken.blanks
        return partial(_first, taken, [past.marks for past in pasts if not self.runs.started_after(past.at)])

    def missed(self, taken: Collected, *, was_offline: bool = False, after_gap: bool = True) -> Callable[[], Missed]:
        """Return what tells the lines of a later history that were missed, to be added.

        Not `after_gap`: the connection was there all the time.
        """
        fresh = after_gap and self.runs.restarted
        return partial(_missed, [*self._faded], [*self._ring], taken, fresh=fresh, was_offline=was_offline)

    def since(self, past: DeliveredTail) -> Callable[[], Missed]:
        """Return what tells the remembered lines that come after the delivered tail."""
        torn_at = None if self._since_tear is None else len(self._ring) - self._since_tear
        # If lines faded, the ring is not all there was.
        blanks = self._blanks_at_first if not self._faded else WINGS_HISTORY
        fresh = self.runs.started_after(past.at)
        return partial(_since, [*self._ring], past, blanks=blanks, fresh=fresh, torn_at=torn_at)


# Pure: what a history tells. Each may take long.


def _first(taken: Collected, pasts: Iterable[bytes]) -> list[ConsoleLine]:
    tails = [marked(marks) for marks in pasts]
    order = once([line.text for line in taken.lines], early=taken.early, blanks=taken.blanks, tails=tails)
    return [taken.lines[index] for index in order]


def _missed(faded: list[str], ring: list[ConsoleLine], taken: Collected, *, fresh: bool, was_offline: bool) -> Missed:
    found = recover(
        [*faded, *(folded(line.text) for line in ring)],
        [folded(line.text) for line in taken.lines],
        early=taken.early,
        blanks=taken.blanks,
        fresh=fresh,
        was_offline=was_offline,
    )
    # A server that is off has no history to ask for: what it printed at its end is gone.
    complete = (found.complete if taken.asked else was_offline) and not taken.dropped
    return [replace(taken.lines[index], recovered=True) for index in found.new], complete


def _since(known: list[ConsoleLine], past: DeliveredTail, *, blanks: int, fresh: bool, torn_at: int | None) -> Missed:
    found = recover(
        marked(past.marks),
        [line.text for line in known],
        blanks=blanks,
        fresh=fresh,
        was_offline=past.offline,
        remembered=True,
        by_marks=True,
    )
    torn = torn_at is not None and torn_at >= (found.new[0] if found.new else len(known))
    # A server that is off has no history: if it was off before as well, there was nothing to miss.
    complete = (found.complete or (past.offline and not known)) and not torn
    return [replace(known[index], recovered=True) for index in found.new], complete
