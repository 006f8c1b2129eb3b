"""Panel keys as people paste them: what is meant by one, and where one was pasted by mistake. Pure.

Source: panel `app/Models/ApiKey.php`: an identifier (with its prefix 16 characters), and a secret of 32 behind it.
"""

import re
import unicodedata

from bot.errors import BadInput
from bot.i18n import _

PREFIX = r"(?:ptl[ac]|pacc|papp|plcn|peli)_"
"""What panels' keys begin with, as a pattern."""
PREFIXED = re.compile(PREFIX, re.IGNORECASE)
"""The beginning of a key, wherever it stands."""
_KEY = re.compile(rf"{PREFIX}[A-Za-z0-9]{{16,}}", re.IGNORECASE)
_RUN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{48}(?![A-Za-z0-9])")
"""Keys of old panels have no prefix."""
_IDENTIFIER = re.compile(rf"{PREFIX}[A-Za-z0-9]{{11}}", re.IGNORECASE)
_APPLICATION = ("ptla_", "papp_")
"""Pterodactyl's and Pelican's: what they begin with says what they are, so no panel need be asked."""
_HEADER = re.compile(r"(?:authorization\s*[:=]\s*)?(?:bearer\s+)?", re.IGNORECASE)
_QUOTES = "\"'`“”„‟‘’‚‛«»‹›<>"


def meant(text: str) -> str:
    """Return the key that is meant by what was pasted: without quotes, `Authorization: Bearer` and what is unseen."""
    shown = "".join(char for char in text if unicodedata.category(char) != "Cf")
    while True:
        stripped = shown.strip().strip(_QUOTES).strip()
        stripped = stripped[_HEADER.match(stripped).end() :]  # pyright: ignore[reportOptionalMemberAccess] - may be empty
        if stripped == shown:
            return stripped
        shown = stripped


def require_key(key: str) -> None:
    """Raise BadInput for what cannot be a panel's whole key; it is not repeated."""
    if _IDENTIFIER.fullmatch(key):
        raise BadInput(
            _(
                "That is only a key's identifier, as the panel lists it: too short, a whole key has 48 characters. The "
                "panel shows it once, when it is made: make a new key, and copy it from there."
            )
        )
    if "://" in key:
        raise BadInput(_("That is an address, not an API key: the two have fields of their own."))
    if not key or not key.isascii() or any(char.isspace() or not char.isprintable() for char in key):
        raise BadInput(
            _(
                "That is not an API key: a key is one word without spaces, and starts with ptlc_ or pacc_. Make one in "
                "the panel under *Account → API Credentials*."
            )
        )


def refuse_application_key(key: str) -> None:
    """Raise BadInput for a key that by its first letters is an application's, which no panel lets act on a server."""
    if key.lower().startswith(_APPLICATION):
        raise BadInput(
            _(
                "That is an application key, which cannot do what members ask for: make a client key in the panel "
                "under *Account → API Credentials*. It starts with ptlc_ or pacc_."
            )
        )


def holds_key(text: str) -> bool:
    """Whether a whole key stands in the text."""
    return _KEY.search(text) is not None or any(_is_mixed(run) for run in _RUN.findall(text))


def without_keys(text: str) -> str:
    """Return the text with every whole key in it masked."""
    text = _KEY.sub("[key]", text)
    return _RUN.sub(lambda run: "[key]" if _is_mixed(run[0]) else run[0], text)


def _is_mixed(run: str) -> bool:
    return any(map(str.islower, run)) and any(map(str.isupper, run)) and any(map(str.isdigit, run))


def refuse_key(option: str, text: str | None) -> None:
    """Raise BadInput, which does not repeat it, for an option with a whole key: others might read it where it goes."""
    if text is not None and holds_key(text):
        raise BadInput(
            _(
                "`{option}` holds an API key, so nothing was done. Keys go into the form of `/panel connect` or "
                "`/panel replace-key` alone. If others have seen it, delete that key in the panel and make a new one."
            ).format(option=option)
        )
