"""How far a relay has come: what it has taken from its console, and how much of that Discord has accepted."""

from collections.abc import Iterable
from datetime import datetime

from bot.console.marks import DELIVERED_LINES, MARK_BYTES, is_daemon_line, mark
from bot.vitals import DeliveredTail

_LENGTH = DELIVERED_LINES * MARK_BYTES


class Trail:
    """Outlives the relay's restarts within the process; its delivered part outlives the process in the journal."""

    def __init__(self, past: DeliveredTail | None = None) -> None:
        self.begun = past is not None
        """Whether the console was ever reached: before that there is nothing to compare a history with."""
        self.offline = past is not None and past.offline
        """Whether the server is known to be off."""
        self.at = past.at if past is not None else None
        """When the newest line that was taken was read."""
        self._taken = bytearray(past.marks if past is not None else b"")
        self._delivered = bytes(self._taken)
        self._delivered_at, self._delivered_offline = self.at, self.offline

    def begin(self, before: Iterable[str], at: datetime) -> None:
        """Begin behind these lines, which are not the relay's."""
        self.begun = True
        self._taken = bytearray(b"".join(mark(line) for line in before if not is_daemon_line(line))[-_LENGTH:])
        self._delivered, self._delivered_at, self.at = bytes(self._taken), at, at
        self._delivered_offline = self.offline

    def take(self, text: str, at: datetime) -> bytes:
        """Note a console line as taken; return its mark, which its delivery is noted with. Empty for a daemon's."""
        self.at = at
        if is_daemon_line(text):
            return b""
        made = mark(text)
        self._taken += made
        if len(self._taken) > 2 * _LENGTH:
            del self._taken[:-_LENGTH]
        return made

    def resume(self, marks: bytes, at: datetime, *, offline: bool) -> None:
        """What an earlier life had taken and not delivered waits again; the newest of it was read at `at`."""
        self.begun = self.begun or bool(marks)  # a notice alone may come before the console was ever reached
        if marks or self.at is None or at >= self.at:  # behind a notice, lines that are not shown may have been noted
            self.offline = offline
        if marks or self.at is None:
            self.at = at
        self._taken = bytearray((bytes(self._taken) + marks)[-_LENGTH:])

    @property
    def taken(self) -> DeliveredTail | None:
        """Where a new listener must go on: behind what waits for delivery as well."""
        return DeliveredTail(bytes(self._taken[-_LENGTH:]), self.at, self.offline) if self.begun else None

    def after(self, marks: bytes, at: datetime | None, *, offline: bool) -> DeliveredTail:
        """Return the tail once lines with these marks, the newest read at `at`, are delivered as well.

        `offline`: the server was known to be off after them.
        """
        return DeliveredTail((self._delivered + marks)[-_LENGTH:], at or self._delivered_at, offline)

    def delivered(self, tail: DeliveredTail) -> None:
        """Note what `after` returned as delivered."""
        self._delivered, self._delivered_at, self._delivered_offline = tail.marks, tail.at, tail.offline

    def forget_waiting(self) -> None:
        """What was taken and not delivered never will be: a new listener is to get it again, if it can."""
        self._taken = bytearray(self._delivered)
        self.at, self.offline = self._delivered_at, self._delivered_offline
