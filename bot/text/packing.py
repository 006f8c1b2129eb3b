"""Packs console lines into message contents of Discord's size that nothing in the lines can break out of."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bot.terms import RelayStyle
from bot.text import ansi
from bot.text.ansi import Run
from bot.text.sgr import DEFAULT, Style
from bot.time_slice import Steps, finish

LIMIT = 2000
"""What Discord takes as the content of one message (create-message)."""
PIECE_LIMIT = 1900
"""What one line may use: it fits a message of its own, with the block's frame and a small header above it."""

_ZERO_WIDTH = "\u200b"
_CUT = "↩"
_CONTINUED = "↪ "
_CLOSE = "\n```"
_OPEN = {RelayStyle.COLOUR: "```ansi\n", RelayStyle.PLAIN: "```\n"}
_RESET_SIZE = len("\x1b[0m")
_TWO_BACKTICKS = re.compile("``(?=`)")
_ZERO_WIDTH_JOINER = "\u200d"
# How far back from the end of a message a cut may move to spare a cluster of characters; beyond it the text is hostile.
_LONGEST_CLUSTER = 40
# So many runs are one piece of work: far less than a slice.
_PIECE = 64


def size(text: str) -> int:
    """Return how much of a message's limit the text uses: code points or UTF-16 units, whichever are more.

    Discord does not document how it counts characters outside the basic plane, so the larger count is taken.
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True, slots=True)
class Entry:
    """Something waiting to be said in a channel."""

    text: str
    """A console line in Discord's colours, or a notice in Markdown."""
    style: RelayStyle | None
    """How to draw the line; None for a notice, which stands outside the block."""
    source: str = ""
    """Whose line it is, in Markdown; said above the lines where a channel has several servers."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One message's content and how many entries it used up, from the front."""

    content: str
    taken: int
    source: str
    """Whose entries stand last in the content."""


def pieces(line: str, style: RelayStyle, limit: int = PIECE_LIMIT) -> list[str]:
    """Return the line ready for a block: harmless, never empty, cut into parts of at most `limit` characters.

    A cut is marked on both sides, the colour carries over, and no escape sequence or character cluster is torn apart
    (unless the cluster is made to be endless). `limit` is at least 100.
    """
    return finish(pieces_in_steps(line, style, limit))


def pieces_in_steps(line: str, style: RelayStyle, limit: int = PIECE_LIMIT) -> Steps[list[str]]:
    """Do as `pieces` does."""
    styled = yield from ansi.runs_in_steps(line)
    if style is RelayStyle.PLAIN:
        styled = [Run(DEFAULT, "".join(run.text for run in styled))]
    styled = [Run(run.style, _TWO_BACKTICKS.sub("``" + _ZERO_WIDTH, run.text)) for run in styled if run.text]
    whole = yield from ansi.render_in_steps(styled)
    if not whole:
        # Discord drops empty lines at the ends of a block, and does not see a block that holds nothing else.
        return [_ZERO_WIDTH]
    if size(whole) <= limit:
        return [whole]
    parts = yield from _parts(styled, limit - len(_CUT) - _RESET_SIZE)
    rendered: list[str] = []
    for part in parts:
        rendered.append((yield from ansi.render_in_steps(part)))
        yield
    return rendered


def _parts(styled: Sequence[Run], room: int) -> Steps[list[list[Run]]]:
    """Share the runs out to parts that each use at most `room`, the mark of the cut not counted."""
    parts: list[list[Run]] = [[]]
    used, current, fresh = 0, DEFAULT, True
    for count, (style, text) in enumerate(styled, 1):
        if count % _PIECE == 0:
            yield
        rest = text
        while rest:
            used += _code_size(current, style)
            current = style
            head = _prefix(rest, room - used, forced=fresh)
            if head:
                parts[-1].append(Run(style, head))
                used += size(head)
                rest = rest[len(head) :]
                fresh = False
            if rest:
                parts[-1].append(Run(DEFAULT, _CUT))
                parts.append([Run(DEFAULT, _CONTINUED)])
                yield
                used, current, fresh = len(_CONTINUED), DEFAULT, True
    return parts


@lru_cache(maxsize=1024)
def _code_size(current: Style, wanted: Style) -> int:
    return len(ansi.code(current, wanted))


def _prefix(text: str, room: int, *, forced: bool) -> str:
    """Return as much of the text's beginning as fits into `room`, cut between character clusters.

    Nothing is taken when not even one cluster fits, unless `forced`.
    """
    if room <= 0:
        return ""
    if size(text) <= room:
        return text
    head = text[:room]
    while size(head) > room:
        head = head[: len(head) - max(1, (size(head) - room) // 2)]
    cut = len(head)
    while cut > 0 and len(head) - cut < _LONGEST_CLUSTER and _joined(text, cut):
        cut -= 1
    if cut == 0:
        return head if forced else ""
    return head if _joined(text, cut) else text[:cut]


def _joined(text: str, index: int) -> bool:
    """Whether the character at `index` belongs to the one before it."""
    character, before = text[index], text[index - 1]
    if character.isascii():
        return before == _ZERO_WIDTH_JOINER
    if _regional(character) and _regional(before):
        start = index
        while start > 0 and _regional(text[start - 1]):
            start -= 1
        return (index - start) % 2 == 1
    return (
        _ZERO_WIDTH_JOINER in {character, before}
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or unicodedata.category(character) in {"Mn", "Mc", "Me"}
    )


def _regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def take(entries: Sequence[Entry], *, source: str = "", limit: int = LIMIT, headers: bool = False) -> Packed:
    """Pack as many entries from the front as one message holds; at least one is taken if there is any.

    Lines must have been through `pieces` (each fits a message of its own). With `headers`, a small line names the
    server wherever it differs from the one before, which was `source`.
    """
    parts: list[str] = []
    used, taken = 0, 0
    inside: RelayStyle | None = None
    for entry in entries:
        head = f"-# {entry.source}" if headers and entry.source and entry.source != source else ""
        text = _joint(entry, inside, head, first=not parts) + entry.text
        closing = len(_CLOSE) if entry.style is not None else 0
        cost = size(text)
        if parts and used + cost + closing > limit:
            break
        parts.append(text)
        used += cost
        taken += 1
        source = entry.source or source
        inside = entry.style
    content = "".join(parts) + (_CLOSE if inside is not None else "")
    return Packed(content, taken, source)


def _joint(entry: Entry, inside: RelayStyle | None, head: str, *, first: bool) -> str:
    """Return what must stand between the entry and what is packed before it, which may be `inside` a block."""
    if inside is not None and entry.style is inside and not head:
        return "\n"
    text = _CLOSE if inside is not None else ""
    if head:
        text += ("" if first else "\n") + head + "\n"
    elif not first:
        text += "\n"
    return text + (_OPEN[entry.style] if entry.style is not None else "")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines in one block."""

    text: str
    shown: int
    """How many lines are in it, the one that is cut included."""
    whole: bool
    """Whether every line is, to its end."""


def block(
    lines: Sequence[str], style: RelayStyle, limit: int = LIMIT, *, keep: Literal["head", "tail"] = "tail"
) -> Block:
    """Return one block with as many lines as fit `limit` characters, which is at least 200.

    `keep` tells which end stays when not all fit. For replies to commands, which are one message.
    """
    room = limit - len(_OPEN[style]) - len(_CLOSE)
    chosen: list[tuple[int, str]] = []
    whole = True
    for number, piece in _numbered(lines, style, min(PIECE_LIMIT, room), backwards=keep == "tail"):
        room -= size(piece) + 1
        if room < -1:
            whole = False
            break
        chosen.append((number, piece))
    if keep == "tail":
        chosen.reverse()
    text = _OPEN[style] + "\n".join([piece for _, piece in chosen] or [_ZERO_WIDTH]) + _CLOSE
    return Block(text, len({number for number, _ in chosen}), whole)


def _numbered(lines: Sequence[str], style: RelayStyle, limit: int, *, backwards: bool) -> Iterator[tuple[int, str]]:
    """Yield the pieces of lines with the lines' numbers; whoever stops early saves the work on the others."""
    for number in range(len(lines) - 1, -1, -1) if backwards else range(len(lines)):
        found = pieces(lines[number], style, limit)
        yield from ((number, piece) for piece in (reversed(found) if backwards else found))
