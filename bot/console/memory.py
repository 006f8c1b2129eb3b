"""The lines a session knows, and what it takes to tell after a gap which ones are new. No listeners, no sockets."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.console.bounds import weight
from bot.console.events import ConsoleLine
from bot.console.history import once, recover
from bot.console.marks import DELIVERED_LINES, WINGS_HISTORY, digits, folded, is_daemon_line, marked
from bot.vitals import DeliveredTail

RING_LINES = 1000
RING_BYTES = 2 * 1024 * 1024
"""Of text; a thousand lines of a usual length have a tenth of it."""
HELD_BYTES = 16 * 1024 * 1024
"""Of text collected while a history comes: more than a history of nothing but the longest lines."""
_EACH = 128
"""Bytes that a line takes beside its text, about."""
_ENOUGH = 3
"""So many known lines are the history's: one alone may have been said again just now."""
_START_MARGIN = timedelta(seconds=1)
"""How much later than the truth a computed start may be: `uptime` travels a while."""


class Memory:
    """A ring of lines in the order they were printed, and the history that is being collected, if one is."""

    def __init__(self, *, restart_margin: timedelta) -> None:
        self._restart_margin = restart_margin
        self._ring: deque[ConsoleLine] = deque()
        self._ring_bytes = 0
        self._faded: deque[str] = deque(maxlen=DELIVERED_LINES)
        """What the lines just before the ring's are compared by, where giant lines left too few whole ones in it."""
        self._held: list[ConsoleLine] | None = None
        self._held_bytes = 0
        self._dropped = self._dropped_early = 0
        self._torn = False
        self._early = 0
        self._blanks = 0
        self._asked = False
        self._blanks_at_first = 0
        self._known: set[str] = set()
        self._recognised = 0
        # The server's present run, and the one before the gap.
        self._started_at: datetime | None = None
        self._seen_at: datetime | None = None
        self._started_before: datetime | None = None
        self._seen_before: datetime | None = None

    def tail(self, count: int) -> list[ConsoleLine]:
        """Return up to `count` of the most recent lines, oldest first."""
        return list(self._ring)[-count:] if count > 0 else []

    def add(self, line: ConsoleLine) -> None:
        """Remember a line that was delivered: whole while there is room, then by what it is compared by."""
        self._ring.append(line)
        self._ring_bytes += weight(line.text)
        while len(self._ring) > RING_LINES or self._ring_bytes > RING_BYTES:
            oldest = self._ring.popleft().text
            self._ring_bytes -= weight(oldest)
            if len(self._ring) < DELIVERED_LINES:
                self._faded.append(folded(oldest))
            else:
                self._faded.clear()

    # The history

    @property
    def holding(self) -> bool:
        """Whether lines are collected instead of delivered."""
        return self._held is not None

    @property
    def collected(self) -> int:
        """How many lines, blank ones included, came since the history was asked for."""
        held = len(self._held or ()) - self._early
        return held + self._blanks + self._dropped - self._dropped_early

    @property
    def dropped(self) -> int:
        """How many lines came while the last history was collected, and found no room."""
        return self._dropped

    def hold(self) -> None:
        """Collect lines from now on: what comes may be live or history."""
        self._held, self._early, self._blanks, self._asked = [], 0, 0, False
        self._held_bytes = self._dropped = self._dropped_early = 0
        self._started_at = None

    def asked(self, pasts: Iterable[DeliveredTail] = ()) -> None:
        """The history has been asked for: what was collected so far is live.

        `pasts`: what the listeners had in an earlier life.
        """
        self._early, self._blanks, self._asked = len(self._held or ()), 0, True
        self._dropped_early = self._dropped
        self._known = {digits(line.text) for line in self._ring if not is_daemon_line(line.text)}
        if not self._ring:
            self._known.update(*(marked(past.marks) for past in pasts if not self._started_after(past.at)))
        self._recognised = 0

    def collect(self, line: ConsoleLine) -> None:
        """Take a line while holding; once there is no room, it and all that follow are only counted.

        What came first is what the history is recognised by.
        """
        if self._held is not None:
            self._held_bytes += weight(line.text) + _EACH
            if self._held_bytes <= HELD_BYTES:
                self._held.append(line)
            else:
                self._dropped += 1
            if self._asked and self._recognised < _ENOUGH and digits(line.text) in self._known:
                self._recognised += 1

    @property
    def arriving(self) -> bool:
        """Whether the history has begun to come, as far as that can be told: it begins with lines that are known.

        What came so far may be live lines: Docker takes its time to read a large log.
        """
        if not self.expects:
            return self.collected > 0
        return self._recognised >= min(len(self._known), _ENOUGH) or self.collected >= WINGS_HISTORY

    @property
    def expects(self) -> bool:
        """Whether there must be a history that begins with known lines, unless all of it is newer."""
        return bool(self._known) and not self._restarted()

    def blank(self) -> None:
        """Take a line without text: it is never delivered, but counts towards the length of the history."""
        self._blanks += 1

    def begin(self, pasts: Iterable[DeliveredTail]) -> None:
        """End the first history. `pasts`: what the listeners had in an earlier life."""
        held = self._collected()
        self._blanks_at_first = self._blanks
        tails = [marked(past.marks) for past in pasts if not self._started_after(past.at)]
        order = once([line.text for line in held], early=self._early, blanks=self._blanks, tails=tails)
        for index in order:
            self.add(held[index])

    def resume(self, *, was_offline: bool) -> tuple[list[ConsoleLine], bool]:
        """End a later history. Returns the lines that were missed, and whether that is all that was."""
        held = self._collected()
        found = recover(
            [*self._faded, *(folded(line.text) for line in self._ring)],
            [folded(line.text) for line in held],
            early=self._early,
            blanks=self._blanks,
            fresh=self._restarted(),
            was_offline=was_offline,
        )
        lines = [replace(held[index], recovered=True) for index in found.new]
        for line in lines:
            self.add(line)
        # A server that is off has no history to ask for: what it printed at its end is gone.
        complete = (found.complete if self._asked else was_offline) and not self._dropped
        return lines, complete

    def since(self, past: DeliveredTail) -> tuple[list[ConsoleLine], bool]:
        """Return the remembered lines that come after the delivered tail, and whether they are all there were."""
        known = list(self._ring)
        found = recover(
            marked(past.marks),
            [line.text for line in known],
            blanks=self._blanks_at_first if not self._faded else WINGS_HISTORY,  # the ring is not all there was
            fresh=self._started_after(past.at),
            was_offline=past.offline,
            remembered=True,
            by_marks=True,
        )
        # A server that is off has no history: if it was off before as well, there was nothing to miss.
        complete = (found.complete or (past.offline and not known)) and not self._torn
        return [replace(known[index], recovered=True) for index in found.new], complete

    def _collected(self) -> list[ConsoleLine]:
        """End a history; lines that found no room are missing from the ring from now on."""
        held, self._held = self._held or [], None
        self._torn = self._torn or self._dropped > 0
        return held

    def drop_held(self) -> None:
        """The connection broke while the history came: the next one will have it again."""
        self._held = None

    # The server's runs

    def seen(self, at: datetime) -> None:
        """Something arrived."""
        self._seen_at = at

    def running_since(self, started: datetime) -> None:
        """Note a computed start. Reports are late, never early: the earliest is the nearest to the truth."""
        self._started_at = started if self._started_at is None else min(self._started_at, started)

    def not_running(self) -> None:
        """The next start is another run."""
        self._started_at = None

    def gap_begins(self) -> None:
        """The connection is lost: remember which run this was."""
        self._started_before, self._seen_before = self._started_at, self._seen_at

    def _started_after(self, moment: datetime | None) -> bool:
        """Whether the present run is known to have begun after that moment."""
        return moment is not None and self._started_at is not None and self._started_at - moment > _START_MARGIN

    def _restarted(self) -> bool:
        """Whether the server is known to have been started during the gap, so that its history is a fresh one."""
        if self._started_at is None:
            return False
        if self._started_before is None:
            return self._seen_before is not None and self._started_at > self._seen_before
        return self._started_at - self._started_before > self._restart_margin
