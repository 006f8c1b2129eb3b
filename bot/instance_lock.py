"""Sees to it that only one bot works on a database file: two would post every console line twice."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
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

    None (a database server, or one in memory) is not locked. Raises StartupError when another bot holds the lock, and
    OSError when the lock file cannot be made.
    """
    if database_file is None:
        yield
        return
    with database_file.with_suffix(".lock").open("ab") as lock:
        try:
            _lock(lock.fileno())
        except BlockingIOError as error:
            raise StartupError(
                _(
                    "Another bot is running on the database {file}; two would post every console line twice. "
                    "End it first, or give this one a DATABASE_URL of its own."
                ).format(file=database_file),
                exit_code=ExitCode.DATABASE,
            ) from error
        yield
