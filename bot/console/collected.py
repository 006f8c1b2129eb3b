"""What comes from the moment a connection is accepted until its history has ended. No listeners, no sockets."""

from collections.abc import Set as AbstractSet

from bot.console.bounds import weight
from bot.console.events import ConsoleLine
from bot.console.marks import WINGS_HISTORY, digits

HELD_BYTES = 16 * 1024 * 1024
"""Of text collected while a history comes: more than a history of nothing but the longest lines."""
HELD_LINES = 10_000
"""Lines collected meanwhile: as many as wait for a listener, and many times a history, on nodes that keep more too."""
_EACH = 128
"""Bytes that a line takes beside its text, about."""
_ENOUGH = 3
"""So many known lines are the history's: one alone may have been said again just now."""


class Collected:
    """Lines in the order they came, live ones and the history's, up to a bound; the rest is counted.

    What came first is kept: by it the history is recognised.
    """

    def __init__(self) -> None:
        self.lines: list[ConsoleLine] = []
        self.dropped = 0
        """How many lines came behind the others and found no room."""
        self.early = 0
        """So many of the lines came before the history was asked for, so they are live."""
        self.blanks = 0
        """Lines without text since then: never delivered, but they count towards the length of the history."""
        self.asked = False
        self._bytes = self._dropped_early = self._recognised = 0
        self._known: AbstractSet[str] = frozenset()

    def ask(self, known: AbstractSet[str]) -> None:
        """The history has been asked for. `known`: the digests of lines that it may hold."""
        self.early, self.blanks, self.asked = len(self.lines), 0, True
        self._dropped_early = self.dropped
        self._known, self._recognised = known, 0

    def add(self, line: ConsoleLine) -> None:
        """Take a line; once there is no room, it and all that follow are only counted."""
        self._bytes += weight(line.text) + _EACH
        if self._bytes <= HELD_BYTES and len(self.lines) < HELD_LINES:
            self.lines.append(line)
        else:
            self.dropped += 1
        if self.asked and self._recognised < _ENOUGH and digits(line.text) in self._known:
            self._recognised += 1

    def __len__(self) -> int:
        """How many lines, blank ones included, came since the history was asked for."""
        return len(self.lines) - self.early + self.blanks + self.dropped - self._dropped_early

    @property
    def expects(self) -> bool:
        """Whether there are lines that the history may begin with."""
        return bool(self._known)

    @property
    def begun(self) -> bool:
        """Whether a history that begins with known lines has begun to come, as far as that can be told."""
        return self._recognised >= min(len(self._known), _ENOUGH) or len(self) >= WINGS_HISTORY
