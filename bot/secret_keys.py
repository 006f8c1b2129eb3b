"""Finds the secret keys that encrypt panel keys: in the settings, or in a file beside the database."""

import logging
import os
import stat
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


def load_keys(configured: str | None, file: Path) -> tuple[str, ...]:
    """Return the secret keys, newest first; make the key file where there is neither setting nor file.

    Args:
        configured: The text of SECRET_KEYS, comma-separated.
        file: The key file, as `key_file` names it.

    Raises:
        StartupError: the key file cannot be read or made.
    """
    keys = read_keys(configured, file)
    if keys is None:
        make_key_file(file)
        keys = read_keys(None, file)
    return keys or ()


def read_keys(configured: str | None, file: Path) -> tuple[str, ...] | None:
    """Return the secret keys, newest first; None where there is neither setting nor file.

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
    return _known(text)


def make_key_file(file: Path) -> None:
    """Make a key file that only its owner can read; leave one alone that is there already.

    Raises:
        StartupError: it cannot be made.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(Fernet.generate_key() + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
    except FileExistsError:
        return
    except OSError as error:
        raise _unusable(file, error) from error
    log.info("Made the key file %s: without it the stored panel keys are lost, so back it up", file)


def _known(text: str) -> tuple[str, ...]:
    """Return the keys in a text, by line or comma, after making sure that no log line will ever show one."""
    keys = tuple(key for key in (entry.strip() for entry in text.replace(",", "\n").splitlines()) if key)
    for key in keys:
        register_secret(key)
    return keys


def _unusable(file: Path, error: OSError | UnicodeDecodeError) -> StartupError:
    reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else _("it is not text")
    return StartupError(
        _("The key file {file} cannot be used: {reason}. Give the bot access to it, or set SECRET_KEYS.").format(
            file=file, reason=reason
        ),
        exit_code=ExitCode.SECRET_KEYS,
    )
