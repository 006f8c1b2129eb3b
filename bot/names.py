"""How names that people type are checked and compared: labels, server names, identifiers."""

import re
import unicodedata

# Line ends, control characters and halves of characters; the joiners inside emoji (Cf) are as welcome as emoji younger
# than this Python (Cn), so `str.isprintable` would refuse too much.
_UNFIT = frozenset({"Cc", "Zl", "Zp", "Cs"})
_ORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that order text by force, and so can make it read as something else."""


def fold(name: str) -> str:
    """Return the form in which names are compared: without case, wide look-alikes and superfluous spaces."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    # Folding can undo the normal form (a letter may fold to several), so it is normalised once more.
    return " ".join(unicodedata.normalize("NFKC", plain).split())


def is_one_line(text: str) -> bool:
    """Whether the text is one line that shows as it is: nothing invisible alone, no control characters."""
    if _ORDERING.search(text) or any(unicodedata.category(char) in _UNFIT for char in text):
        return False
    return any(unicodedata.category(char) not in {"Cf", "Mn", "Zs"} for char in text)


def tidied(text: str, limit: int) -> str:
    """Return another program's name for something as `is_one_line` has it, cut to `limit`; empty if nothing is left."""
    shown = "".join(" " if unicodedata.category(char) in _UNFIT else char for char in _ORDERING.sub("", text))
    shown = " ".join(shown.split())
    if len(shown) > limit:
        shown = shown[: limit - 1].rstrip() + "…"
    return shown if is_one_line(shown) else ""
