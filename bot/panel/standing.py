"""Whether the panel takes a key: once it was refused, what nobody waits for asks again ever more rarely."""

from collections.abc import Callable

from bot.errors import KeyRefused


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
        self._trying = False

    def require(self) -> None:
        """Raise KeyRefused, as the panel did, unless it is time for a try; then the caller's is the one."""
        if self._refused is None:
            return
        now = self._clock()
        if now < self._next_try:
            raise KeyRefused(str(self._refused))
        self._pause = min(2 * self._pause, self._most)
        self._next_try = now + self._pause
        self._trying = True

    def require_still(self) -> None:
        """Raise KeyRefused where the key was refused since `require`, unless this is the try."""
        if self._refused is not None and not self._trying:
            raise KeyRefused(str(self._refused))
        self._trying = False

    def refused(self, error: KeyRefused) -> None:
        """Note that the panel refused the key."""
        if self._refused is None:
            self._pause = self._first
            self._next_try = self._clock() + self._pause
        self._refused = error

    def accepted(self) -> None:
        """Note that the panel took the key."""
        self._refused = None
