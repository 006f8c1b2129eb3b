"""Sees to it that only one bot works on a database file: two would post every console line twice."""

import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bot.errors import ExitCode, StartupError
from bot.i18n import _

if sys.platform == "win32":  # pragma: no cover

    def _lock(descriptor: int) -> None:
        """Windows has no such lock; owners there have to count their bots themselves."""
        del descriptor

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def sole_owner(database_file: Path | None) -> Generator[None]:
    """Hold the lock beside the database file; it goes with the process, however that ends.

    None (a database server) is not locked here. Raises StartupError when another bot holds the lock, or it cannot be
    had at all.
    """
    if database_file is None:
        yield
        return
    file = _lock_file(database_file)
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(file.open("ab"))
            _lock(lock.fileno())
        except BlockingIOError as error:
            raise another_bot(str(database_file)) from error
        except OSError as error:
            raise _unusable(file, error) from error
        yield


def require_lockable(database_file: Path | None) -> None:
    """See to it that the lock beside the database file can be used; whether it is held, and by whom, does not matter.

    Raises StartupError as `sole_owner` does. Nothing is made.
    """
    file = None if database_file is None else _lock_file(database_file)
    if file is not None and file.exists():
        try:
            file.open("ab").close()
        except OSError as error:
            raise _unusable(file, error) from error


def _lock_file(database_file: Path) -> Path:
    return database_file.with_suffix(".lock")


def _unusable(file: Path, error: OSError) -> StartupError:
    return StartupError(
        _(
            "The lock file {file} cannot be used: {reason}. It keeps a second bot from the same database; "
            "see to it that the bot can write there, and delete what is in its place."
        ).format(file=file, reason=(error.strerror or str(error)).lower()),
        exit_code=ExitCode.DATABASE,
    )


def another_bot(database: str) -> StartupError:
    """Return the error for a second bot on one database."""
    return StartupError(
        _(
            "Another bot is running on the database {database}; two would post every console line twice. "
            "End it first, or give this one a DATABASE_URL of its own."
        ).format(database=database),
        exit_code=ExitCode.DATABASE,
    )
