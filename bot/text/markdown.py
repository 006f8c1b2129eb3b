"""Makes words of others harmless inside the bot's own Markdown."""

import re

_ORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CODE = re.compile(r"((?<!\\)(?:``.+?``|`[^`]+`))")
_SIGNS = re.compile(r"\\([\\*_~`|<>\[\]()#@:-])|\*\*|\*(?=\S)|(?<=\S)\*|^-# ", re.MULTILINE)
_SPECIAL = re.compile(r"([\\*_~`|<>\[\]()#@:-])")
_MOMENT = re.compile(r"\\<t\\:(\d{1,12})(?:\\:([tTdDfFR]))?\\>")
"""A time that every reader sees in his own time zone, escaped."""


def escape(text: str) -> str:
    """Return the text so that Discord shows it literally, on one line; what orders text by force is left out."""
    return _SPECIAL.sub(r"\\\1", " ".join(_ORDERING.sub("", text).split()))


def quoted(sentence: str) -> str:
    """Return one of the bot's own sentences as it can stand within another: of all its signs only moments are kept."""
    return _MOMENT.sub(_moment, escape(plain(sentence)))


def _moment(found: re.Match[str]) -> str:
    return f"<t:{found[1]}:{found[2]}>" if found[2] else f"<t:{found[1]}>"


def code(text: str) -> str:
    """Return text as inline code, on one line, which it cannot break out of; single backticks stay what they are."""
    one_line = " ".join(text.split()) or " "
    if "`" not in one_line:
        return f"`{one_line}`"
    return "`` " + one_line.replace("``", "''") + " ``"


def plain(markdown: str) -> str:
    """Return one of the bot's own sentences, written for Discord, as a terminal shows it best: without its signs."""
    pieces = _CODE.split(markdown)
    pieces[::2] = [_SIGNS.sub(lambda found: found[1] or "", piece) for piece in pieces[::2]]
    pieces[1::2] = [piece.strip("`").strip() or piece for piece in pieces[1::2]]
    return "".join(pieces)
