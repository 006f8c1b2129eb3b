"""Makes words of others harmless inside the bot's own Markdown."""

import re

_ORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SPECIAL = re.compile(r"([\\*_~`|<>\[\]()#@:-])")


def escape(text: str) -> str:
    """Return the text so that Discord shows it literally, on one line; what orders text by force is left out."""
    return _SPECIAL.sub(r"\\\1", " ".join(_ORDERING.sub("", text).split()))
