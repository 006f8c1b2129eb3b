"""What a relay tells of its server's power: each new state once, and an end that nobody asked for as what it was."""

import asyncio
from collections.abc import Callable

from bot.console.crash import CrashWatch, crash_text
from bot.relay import notices
from bot.terms import PowerState

LAST_WORDS = 1.5
"""Seconds for which what Wings says about an end is awaited; it follows within milliseconds where it follows at all."""


class PowerNews:
    """Told of states and lines in the order in which they come, it says what is worth a line in the channel."""

    def __init__(self, server: str, *, say: Callable[[str], None]) -> None:
        """`server` is Markdown."""
        self._server = server
        self._say = say
        self._ended: CrashWatch | None = None
        """Listens to what is said about an end that has not been told yet."""
        self._timer: asyncio.TimerHandle | None = None
        self.power = PowerState.UNKNOWN
        """The newest state known."""

    def observe(self, state: PowerState) -> None:
        """Tell a state, unless it is no news: the one found at the first connection, or none at all."""
        if state is PowerState.UNKNOWN:
            return
        known, self.power = self.power, state
        if known is state:
            return
        self.flush()
        if state is PowerState.OFFLINE and known in {PowerState.STARTING, PowerState.RUNNING}:
            self._ended = CrashWatch()
            self._timer = asyncio.get_running_loop().call_later(LAST_WORDS, self.flush)
        elif known is not PowerState.UNKNOWN:
            self._tell(state)

    def hear(self, line: str) -> None:
        """Take note of a console line: it may say how a process ended."""
        if self._ended is not None:
            self._ended.hear(line)
            if self._ended.is_complete:
                self.flush()

    def flush(self) -> None:
        """Tell now, by what is known of it, an end that waits for being told."""
        ended, self._ended = self._ended, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if ended is None:
            return
        if ended.found is not None:
            self._say(crash_text(self._server, ended.found))
        else:
            self._tell(PowerState.OFFLINE)

    def _tell(self, state: PowerState) -> None:
        text = notices.state_changed(self._server, state)
        if text is not None:
            self._say(text)
