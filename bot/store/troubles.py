"""What databases raise when they cannot be used just now, as one error of ours with a sentence for whoever asked."""

import logging
import sqlite3
import time
from collections.abc import Callable
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.errors import StoreTrouble, StoreUnavailable
from bot.i18n import _

_log = logging.getLogger(__name__)
_AGAIN = 60.0
"""Seconds after which a trouble that lasts has another line in the log."""

# SQLite's primary result codes (sqlite.org/rescode.html). All others are defects of ours.
_SQLITE = {
    sqlite3.SQLITE_BUSY: StoreTrouble.BUSY,
    sqlite3.SQLITE_LOCKED: StoreTrouble.BUSY,
    sqlite3.SQLITE_FULL: StoreTrouble.FULL,
    sqlite3.SQLITE_READONLY: StoreTrouble.READ_ONLY,
    sqlite3.SQLITE_PERM: StoreTrouble.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: StoreTrouble.BROKEN,
    sqlite3.SQLITE_IOERR: StoreTrouble.BROKEN,
    sqlite3.SQLITE_CORRUPT: StoreTrouble.BROKEN,
    sqlite3.SQLITE_NOTADB: StoreTrouble.BROKEN,
    sqlite3.SQLITE_NOMEM: StoreTrouble.BROKEN,
    sqlite3.SQLITE_PROTOCOL: StoreTrouble.BUSY,
}
# PostgreSQL's SQLSTATE, or the class that it begins with (Appendix A of its manual). All others are defects of ours.
_SQLSTATE = {
    "08": StoreTrouble.UNREACHABLE,
    "25006": StoreTrouble.READ_ONLY,  # as on a stand-by server
    "28": StoreTrouble.UNREACHABLE,  # it does not let us in any more
    "3D000": StoreTrouble.UNREACHABLE,
    "40": StoreTrouble.BUSY,  # two transactions in each other's way
    "53100": StoreTrouble.FULL,
    "53300": StoreTrouble.BUSY,  # too many connections
    "53": StoreTrouble.BROKEN,
    "55P03": StoreTrouble.BUSY,  # waited too long for a lock
    "57014": StoreTrouble.BUSY,  # took too long
    "57": StoreTrouble.UNREACHABLE,  # shuts down, or starts
    "58": StoreTrouble.BROKEN,
    "XX": StoreTrouble.BROKEN,
}


class DatabaseReplaced(Exception):
    """The file at the database's path is not the one that was opened."""


class Doing(StrEnum):
    """What was being done when the trouble came."""

    READING = "read"
    WRITING = "written to"
    COMMITTING = "relied on"
    """Writing, at its end: where the connection is lost, nobody can tell whether it was stored."""


def trouble_of(error: BaseException) -> StoreTrouble | None:
    """Return why the database cannot be used, None for an error that says something else."""
    if isinstance(error, DatabaseReplaced):
        return StoreTrouble.REPLACED
    if isinstance(error, PoolTimeout):
        return StoreTrouble.BUSY
    if isinstance(error, OSError):  # asyncpg's when it connects; TimeoutError is one
        return StoreTrouble.UNREACHABLE
    if not isinstance(error, DBAPIError):
        return None
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return _SQLSTATE.get(state) or _SQLSTATE.get(state[:2])
    if error.connection_invalidated:
        return StoreTrouble.UNREACHABLE
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else _SQLITE.get(code & 0xFF)


def unavailable(reason: StoreTrouble, doing: Doing) -> StoreUnavailable:
    """Return the error whose text says what happened, what became of what was asked, and what to do."""
    happened = {
        StoreTrouble.BUSY: _("My database is busy."),
        StoreTrouble.FULL: _("The disk of my database is full."),
        StoreTrouble.READ_ONLY: _("My database may only be read just now."),
        StoreTrouble.REPLACED: _("The file of my database was moved, deleted or replaced while I was running."),
        StoreTrouble.UNREACHABLE: _("My database cannot be reached."),
        StoreTrouble.BROKEN: _("My database is damaged, or its disk fails."),
    }[reason]
    became = {
        Doing.READING: _("So I cannot look that up."),
        Doing.WRITING: _("Nothing was changed."),
        Doing.COMMITTING: _("Nothing was changed."),
    }[doing]
    if doing is Doing.COMMITTING and reason is StoreTrouble.UNREACHABLE:
        became = _("Look whether this was still changed before you repeat it.")
    remedy = {
        StoreTrouble.BUSY: _("Try again in a moment."),
        StoreTrouble.FULL: _("Whoever runs this bot must make room on it."),
        StoreTrouble.READ_ONLY: _("Whoever runs this bot must let me write to it."),
        StoreTrouble.REPLACED: _("Whoever runs this bot must put it back, or restart me."),
        StoreTrouble.UNREACHABLE: _("Try again in a minute; if it stays so, tell whoever runs this bot."),
        StoreTrouble.BROKEN: _("Whoever runs this bot finds the details in its log."),
    }[reason]
    return StoreUnavailable(f"{happened} {became} {remedy}", reason=reason)


class TroubleLog:
    """Tells the owner of troubles: when one begins, once a minute while it lasts, and when it is over."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at: dict[tuple[bool, StoreTrouble], float] = {}
        """When it was last told, by whether it was about reading."""
        self._kept_back = 0

    def note(self, error: StoreUnavailable, doing: Doing, cause: BaseException | None) -> None:
        """Tell of a trouble, unless that was done a moment ago."""
        key, now = (doing is Doing.READING, error.reason), self._clock()
        if now - self._told_at.get(key, -_AGAIN) < _AGAIN:
            self._kept_back += 1
            return
        more = f" ({self._kept_back} more were not told)" if self._kept_back else ""
        _log.error("the database cannot be %s, it is %s: %s%s", doing.value, error.reason, first_line(cause), more)
        self._told_at[key], self._kept_back = now, 0

    def over(self, doing: Doing) -> None:
        """Tell that it went well again, if it did not before. What could be written could also be read."""
        reading = doing is Doing.READING
        ended = [key for key in self._told_at if key[0] or not reading]
        for key in ended:
            del self._told_at[key]
        if ended:
            _log.warning("the database can be %s again", doing.value if reading else Doing.WRITING.value)


def first_line(error: BaseException | None) -> str:
    """Return what a driver says, without SQLAlchemy's additions."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    lines = str(error).strip().splitlines() if error is not None else []
    return lines[0].rstrip(".") if lines else type(error).__name__
