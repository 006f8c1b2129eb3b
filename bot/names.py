"""How names that people type are compared: labels, server names, identifiers."""

import unicodedata


def fold(name: str) -> str:
    """Return the form in which names are compared: without case, wide look-alikes and superfluous spaces."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    # Folding can undo the normal form (a letter may fold to several), so it is normalised once more.
    return " ".join(unicodedata.normalize("NFKC", plain).split())
