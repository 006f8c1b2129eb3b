"""Whether the panel takes a key: once it was refused, what nobody waits for asks again ever more rarely."""

from collections.abc import Callable

from bot.errors import KeyRefused

_MOMENT = 1.0
"""Seconds in which what is asked for many servers at once is asked of the panel once."""


class Remembered(KeyRefused):
    """What the panel said of the key a while ago; it was not asked again."""


class KeyStanding:
    """Of one key, whatever number of servers hang on it.

    Who asks for himself is always let through, and what he finds out counts for all.
    """

    def __init__(self, *, first: float, most: float, clock: Callable[[], float]) -> None:
        """`first`: seconds from a refusal to the next try; each further pause is twice as long, up to `most`."""
        self._first, self._most, self._clock = first, most, clock
        self._refused: KeyRefused | None = None
        self._pause = first
        self._next_try = 0.0
        self._refused_at = 0.0
        self._trying = False

    def require(self) -> None:
        """Raise KeyRefused, as the panel did, unless it is time for a try; then the caller's is the one."""
        if self._refused is None:
            return
        now = self._clock()
        if now < self._next_try:
            raise Remembered(str(self._refused))
        self._pause = min(2 * self._pause, self._most)
        self._next_try = now + self._pause
        self._trying = True

    def require_still(self) -> None:
        """Raise KeyRefused where the key was refused since `require`, unless this is the try."""
        if self._refused is not None and not self._trying:
            raise Remembered(str(self._refused))
        self._trying = False

    def require_not_just_refused(self) -> None:
        """Raise KeyRefused where the panel has refused the key just now."""
        if self._refused is not None and self._clock() - self._refused_at < _MOMENT:
            raise Remembered(str(self._refused))

    def refused(self, error: KeyRefused) -> None:
        """Note that the panel refused the key."""
        if isinstance(error, Remembered):
            return
        if self._refused is None:
            self._pause = self._first
            self._next_try = self._clock() + self._pause
        self._refused, self._refused_at = error, self._clock()

    def accepted(self) -> None:
        """Note that the panel took the key."""
        self._refused = None
