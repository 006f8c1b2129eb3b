"""A flood as one plain text file, with the line in the channel that says what is in it."""

from datetime import datetime, timedelta

from bot.relay import notices
from bot.relay.backlog import Item
from bot.text.levels import Level, level_of
from bot.time_slice import Steps

LARGEST = 8 << 20
"""Bytes; Discord takes 10 MiB a file where nobody has boosted."""

OLD = 60.0
"""Seconds. Of what has waited longer the channel is told: Discord shows when it was posted, not when it was said."""


class LogFile:
    """Takes items in order; what it carries is plain text, masked as in messages."""

    def __init__(self, *, headers: bool, source: str) -> None:
        self.lines = self.warnings = self.errors = 0
        self.source = source
        """Whose line is the last one."""
        self._headers = headers
        self._data = bytearray()
        self._first_at = self._last_at = 0.0

    @property
    def full(self) -> bool:
        """Whether there is no room for a line of the usual kind any more."""
        return len(self._data) >= LARGEST

    def add(self, item: Item) -> Steps[None]:
        """Add a line as it came, or a notice."""
        voice = item.voice
        plain = item.text if item.notice or voice is None else (yield from voice.plain(item.text))
        self.add_plain(plain, item, whole=True)

    def add_plain(self, plain: str, item: Item, *, whole: bool) -> None:
        """Add text that is drawn already; `whole` is False for all but the last part of a long line."""
        voice = item.voice
        if voice is not None and not item.notice:
            if self._headers and voice.source != self.source:
                self._append(f"--- {voice.source} ---")
                self.source = voice.source
            if whole:
                self._count(plain, item.at)
        self._append(plain)

    def _count(self, plain: str, at: float) -> None:
        if not self.lines:
            self._first_at = at
        self._last_at = at
        self.lines += 1
        level = level_of(plain)
        self.errors += level is Level.ERROR
        self.warnings += level is Level.WARNING

    def _append(self, text: str) -> None:
        self._data += text.encode()
        self._data += b"\n"

    def data(self) -> bytes:
        """Return the file."""
        return bytes(self._data)

    def summary(self, loop_now: float, now: datetime, *, stopping: bool) -> str:
        """Return the line for the channel; the clocks are the loop's and the world's, read together."""
        since = now - timedelta(seconds=loop_now - self._first_at)
        until = now - timedelta(seconds=loop_now - self._last_at)
        old = loop_now - self._first_at > OLD
        text = notices.lines_in_file(self.lines, since, until, self.warnings, self.errors, old=old)
        return f"{text} {notices.stopping()}" if stopping else text
