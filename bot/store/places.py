"""Whether an SQLite database can be used, or made, where its address says: found out without leaving a trace."""

import secrets
from contextlib import suppress
from pathlib import Path

from bot.store.database import cannot_open, make_folder, sqlite_file


def file_there(database_url: str) -> Path | None:
    """Return the file of an SQLite database; None where there is none or an empty one, and for any other database.

    Raises:
        StartupError: that cannot be found out, or it is not a database URL.
    """
    file = sqlite_file(database_url)
    try:
        return file if file is not None and file.exists() and file.stat().st_size else None
    except OSError as error:  # a name too long, or a folder that may not be looked into
        raise cannot_open(database_url, error) from error


def require_place(database_url: str) -> None:
    """See to it that an SQLite database can be written, or made, where it belongs, by the same steps as a start.

    Only what they made is removed again. Of any other database nothing is asked.

    Raises:
        StartupError: it cannot.
    """
    present = file_there(database_url)
    file = sqlite_file(database_url)
    if file is None:
        return
    missing = [folder for folder in file.absolute().parents if not folder.exists()]
    try:
        make_folder(database_url)
        # SQLite needs further files beside the one, and so does the lock.
        real = file.resolve()  # a link may lead elsewhere, which nobody makes
        probe = real.with_name(f"{real.name}-{secrets.token_hex(4)}")
        probe.touch(exist_ok=False)
        probe.unlink()
        if present is not None:
            present.open("r+b").close()
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle, before Python 3.13
        raise cannot_open(database_url, error) from error
    finally:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
