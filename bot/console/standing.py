"""Whether a console is to be had, since when, and why not."""

import asyncio
import logging
from datetime import datetime

from bot.console.listener import SessionHealth
from bot.errors import BotError, ConsoleTimeout
from bot.i18n import _
from bot.metrics import console_reconnects, console_sessions
from bot.repeats import Repeats, more
from bot.text.markdown import escape, plain

logger = logging.getLogger(__name__)


class Standing:
    """One console's, through all its connections; the log is told of what changes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.live_since: datetime | None = None
        """When lines began to flow, UTC; None while they do not."""
        self.ever_live = False
        self.lost_at: datetime | None = None
        self.error: BotError | None = None
        """What it is parked for, while it is."""
        self._reason: str | None = None
        self._reconnects = 0
        self._down = False
        self._changed = asyncio.Event()
        self._repeats = Repeats()
        self._logged = False
        """Whether the log was told of the last trouble."""

    def health(self, last_line_at: datetime | None) -> SessionHealth:
        """Return how the session is doing."""
        return SessionHealth(
            connected_since=self.live_since,
            last_line_at=last_line_at,
            reconnects=self._reconnects,
            last_error=self._reason,
            parked=self.error is not None,
        )

    async def ready(self, timeout: float, *, besides: BotError | None = None) -> None:
        """Wait until lines flow; raises what the session is parked for, or ConsoleTimeout after `timeout` seconds.

        `besides`: a reason that does not count any more, for the session is looking again.
        """
        try:
            async with asyncio.timeout(timeout):
                while self.live_since is None:
                    if self.error is not None and str(self.error) != str(besides):
                        # One error serves all who ask: without this its traceback would grow with each of them.
                        raise self.error.with_traceback(None)
                    await self._changed.wait()
        except TimeoutError:
            reason = self._reason or _("Panel and node have not let me in yet: try again in a minute.")
            brief = _("The console of {name} could not be opened within {seconds} s.").format(
                name=escape(self._name), seconds=f"{timeout:g}"
            )
            raise ConsoleTimeout(f"{brief} {reason}", brief=brief) from None

    def come(self) -> None:
        """It is there for the first time, and will be live at once."""
        self._down = False
        logger.info("console of %s: connected", self._name)

    def back(self, recovered: int) -> None:
        """It is there again, and will be live as soon as the lines that were missed are passed on."""
        self._down, self.error = False, None
        self._reconnects += 1
        console_reconnects.inc()
        level = logging.INFO if self._logged else logging.DEBUG
        logger.log(level, "console of %s: back, %d lines recovered", self._name, recovered)

    def live(self, at: datetime) -> None:
        """Lines flow."""
        console_sessions.inc()
        self.live_since, self.ever_live = at, True
        self.error = self.lost_at = None
        self._announce()

    def leave(self) -> None:
        """Lines do not flow any more, if they did."""
        if self.live_since is not None:
            console_sessions.dec()
        self._down, self.live_since = True, None

    def lost(self, reason: str) -> bool:
        """The connection is gone, or cannot be had; return whether that is news."""
        news = self.error is not None or not self._down
        self._reason, self.error = reason, None
        if news:
            self._log("lost", reason)
        return news

    def parked(self, error: BotError) -> bool:
        """Trying again at once is hopeless; return whether that is news."""
        news = self.error is None or str(self.error) != str(error)
        self._reason, self.error = str(error), error
        if news:
            self._log("waiting", str(error))
        return news

    def tell_waiting(self) -> None:
        """Have those who wait look again."""
        self._announce()

    def _log(self, what: str, reason: str) -> None:
        """A console that is lost and back again and again must not fill the log."""
        passed_over = self._repeats.due()
        self._logged = passed_over is not None
        level = logging.DEBUG if passed_over is None else logging.WARNING
        logger.log(level, "console of %s: %s: %s%s", self._name, what, plain(reason), more(passed_over or 0))

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
