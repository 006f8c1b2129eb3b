"""Makes words of others harmless inside the bot's own Markdown."""

import re

_ORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CODE = re.compile(r"((?<!\\)(?:``.+?``|`[^`]+`))")
_SIGNS = re.compile(r"\\([\\*_~`|<>\[\]()#@:-])|\*\*|\*(?=\S)|(?<=\S)\*|^-# ", re.MULTILINE)
_SPECIAL = re.compile(r"([\\*_~`|<>\[\]()#@:-])")
_PERHAPS_ESCAPED = re.compile(r"\\?" + _SPECIAL.pattern)
_ESCAPED = re.compile(r"\\" + _SPECIAL.pattern)


def escape(text: str) -> str:
    """Return the text so that Discord shows it literally, on one line; what orders text by force is left out."""
    return _SPECIAL.sub(r"\\\1", " ".join(_ORDERING.sub("", text).split()))


def literal(text: str) -> str:
    """Return a sentence, in which names may be escaped already, so that Discord shows all of it literally."""
    return _PERHAPS_ESCAPED.sub(r"\\\1", " ".join(_ORDERING.sub("", text).split()))


def unescaped(text: str) -> str:
    """Return what Discord would show of an escaped text: for a terminal."""
    return _ESCAPED.sub(r"\1", text)


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
