"""Finds the secret keys that encrypt panel keys: in the settings, or in a file beside the database."""

import logging
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet

from bot.errors import ExitCode, StartupError
from bot.i18n import _
from bot.logs import register_secret

log = logging.getLogger(__name__)

DEFAULT_KEY_FILE = Path("data/wingcord.key")


def key_file(database_file: Path | None) -> Path:
    """Return where the key file belongs: beside an SQLite database, else in `data`."""
    return database_file.with_suffix(".key") if database_file else DEFAULT_KEY_FILE


def read_keys(configured: str | None, file: Path) -> tuple[str, ...] | None:
    """Return the secret keys, newest first; None where there is neither setting nor file, or the file is empty.

    Args:
        configured: The text of SECRET_KEYS, comma-separated.
        file: The key file, as `key_file` names it.

    Raises:
        StartupError: the key file cannot be read.
    """
    if configured is not None:
        return _known(configured)
    try:
        text = file.read_text(encoding="utf-8")
        mode = file.stat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(file, error) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        log.warning("The key file %s can be read by other users of this machine; run: chmod 600 %s", file, file)
    return _known(text) if text.strip() else None


def make_key_file(file: Path) -> None:
    """Make a key file that only its owner can read; leave one alone that is there already, unless it is empty.

    It has its name only once the key is in it, on the disk: a start that is cut short, by a full disk or otherwise,
    leaves nothing that would keep the next one from making its own.

    Raises:
        StartupError: it cannot be made.
    """
    finished = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write(finished, Fernet.generate_key() + b"\n")
            if file.exists() and not file.read_bytes().strip():
                finished.replace(file)  # an earlier version's, for which there was no room
            else:
                _name(finished, file)
        finally:
            finished.unlink(missing_ok=True)
        _write_names(file.parent)
    except FileExistsError:
        return
    except OSError as error:
        raise _unusable(file, error) from error
    log.info("Made the key file %s: without it the stored panel keys are lost, so back it up", file)


def key_file_lost(file: Path) -> StartupError:
    """Return the error for a key file that is gone, or empty, while panel keys are stored that need it."""
    return StartupError(
        _(
            "The key file {file} is missing or empty, and the stored panel keys were encrypted with what was in it: "
            "put it back from your backup, or set SECRET_KEYS. If it is lost for good, begin with a new database."
        ).format(file=file),
        exit_code=ExitCode.SECRET_KEYS,
    )


def _write(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _name(finished: Path, file: Path) -> None:
    """Give the file its name; FileExistsError where another process was faster."""
    try:
        file.hardlink_to(finished)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if file.exists():
            raise FileExistsError(file) from None
        finished.rename(file)


def _write_names(folder: Path) -> None:
    """Have the folder's list of names on the disk too, where the system lets one ask for it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _known(text: str) -> tuple[str, ...]:
    """Return the keys in a text, by line or comma, after making sure that no log line will ever show one."""
    keys = tuple(key for key in (entry.strip(" \t\"'") for entry in text.replace(",", "\n").splitlines()) if key)
    for key in keys:
        register_secret(key)
    return keys


def _unusable(file: Path, error: OSError | UnicodeDecodeError) -> StartupError:
    reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else _("it is not text")
    return StartupError(
        _(
            "The key file {file} cannot be used: {reason}. See to it that the bot can read and write there, "
            "or set SECRET_KEYS."
        ).format(file=file, reason=reason),
        exit_code=ExitCode.SECRET_KEYS,
    )
