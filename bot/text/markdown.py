"""Makes words of others harmless inside the bot's own Markdown."""

import re

_SPECIAL = re.compile(r"([\\*_~`|<>\[\]()#@:-])")


def escape(text: str) -> str:
    """Return the text so that Discord shows it literally, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
