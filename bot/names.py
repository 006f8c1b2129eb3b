"""How names that people type are checked and compared: labels, server names, identifiers."""

import functools
import re
import unicodedata

from bot.errors import BadInput
from bot.i18n import _

# Line ends, control characters and halves of characters; the joiners inside emoji (Cf) are as welcome as emoji younger
# than this Python (Cn), so `str.isprintable` would refuse too much.
_UNFIT = frozenset({"Cc", "Zl", "Zp", "Cs"})
_UNSEEN = _UNFIT | {"Cf", "Mn", "Zs"}
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as a space."""
_ORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that order text by force, and so can make it read as something else."""


_LONGEST = 200
"""Characters that count in a comparison, before folding and after: twice as many as a name of ours may have."""


def fold(name: str) -> str:
    """Return the form in which names are compared: without case, wide look-alikes and superfluous spaces."""
    return _folded(name[:_LONGEST])


@functools.lru_cache(maxsize=4096)  # the same names are compared with each key that somebody types
def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold()
    # Folding can undo the normal form (a letter may fold to several), so it is normalised once more.
    return " ".join(unicodedata.normalize("NFKC", plain).split())[:_LONGEST]


def has_controls(text: str) -> bool:
    """Whether there are line ends of any kind, control characters or halves of characters in the text."""
    return any(unicodedata.category(char) in _UNFIT for char in text)


def is_one_line(text: str) -> bool:
    """Whether the text is one line that shows as it is: nothing invisible alone, no control characters."""
    if _ORDERING.search(text) or has_controls(text):
        return False
    return not is_blank(text)


def is_blank(text: str) -> bool:
    """Whether nothing of the text shows: it has only spaces, joiners, fillers and the like, or no character at all."""
    return all(char in _FILLERS or unicodedata.category(char) in _UNSEEN for char in text)


def refuse_blank(option: str, text: str | None, *, required: bool = False) -> None:
    """Raise BadInput for an option that was given without a visible character: only one left out (None) has a default.

    The text says that it may be left out, unless it is `required`.

    Whoever types a space for `server` may mean none, and must not be taken to mean every one.
    """
    if text is None or not is_blank(text):
        return
    if required:
        told = _("`{option}` is blank, so nothing was done: type something into it.")
    else:
        told = _("`{option}` is blank, so nothing was done: leave that option out, or type something into it.")
    raise BadInput(told.format(option=option))


def tidied(text: str, limit: int) -> str:
    """Return another program's name for something as `is_one_line` has it, cut to `limit`; empty if nothing is left."""
    shown = "".join(" " if unicodedata.category(char) in _UNFIT else char for char in _ORDERING.sub("", text))
    shown = " ".join(shown.split())
    if len(shown) > limit:
        shown = shown[: limit - 1].rstrip() + "…"
    return shown if is_one_line(shown) else ""
