"""Reads a channel as its reader would: console lines, whole again where they were cut, and the bot's own notices."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bench.lines import END, REPEATED, START

_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_FENCE = re.compile(r"```(?:ansi)?\n(.*?)\n?```", re.DOTALL)
_CUT, _CONTINUED = "↩", "↪ "
_ANNOUNCES = re.compile(
    r"✂|may be missing|refused (?:[\d,]+ lines?|a message)|[\d,]+ lines? (?:left out|(?:were |was )?lost|missing)"
)
_COUNTED = re.compile(r"([\d,]+) (?:console )?lines? (?:left out|here|(?:were |was )?lost|missing)")

Key = tuple[int, int]
"""A line: its server's index and its number."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One message: its content and the texts of its attachments."""

    content: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing a reader sees: a numbered line, a line that always looks the same, or an announcement of a loss."""

    text: str
    key: Key | None = None
    repeated: bool = False
    announces: bool = False
    counted: int = 0
    """How many lines an announcement says are lost; 0 where it names no number."""


def arrived(posted: Posted) -> list[Key]:
    """Return the lines that end in this message or its files: from now on a reader has them."""
    found: list[Key] = []
    for text in (posted.content, *posted.files):
        found.extend((int(server), int(number)) for server, number in END.findall(text))
    return found


def read(messages: Iterable[Posted]) -> list[Shown]:
    """Return what stands in the channel, oldest first; other lines than those of a load and losses are left out."""
    shown: list[Shown] = []
    begun: str | None = None
    for line in (line for message in messages for line in _visible(message)):
        text = line
        if begun is not None and text.startswith(_CONTINUED):
            text, begun = begun + text.removeprefix(_CONTINUED), None
        if text.endswith(_CUT):
            begun = text.removesuffix(_CUT)  # what the bot says by itself may stand before the rest comes
            continue
        what = recognise(text)
        if what is not None:
            shown.append(what)
    return shown


def recognise(text: str) -> Shown | None:
    """Return what a line is; None for anything that is neither a line of a load nor an announced loss."""
    mark = START.search(text)
    if mark is not None:
        return Shown(text, key=(int(mark[1]), int(mark[2])))
    if text == REPEATED:
        return Shown(text, repeated=True)
    if not _ANNOUNCES.search(text):
        return None
    return Shown(text, announces=True, counted=sum(int(n.replace(",", "")) for n in _COUNTED.findall(text)))


def _visible(message: Posted) -> Iterable[str]:
    # Odd pieces are the insides of blocks; between them stand the bot's own words.
    for text in (*_FENCE.split(message.content), *message.files):
        for line in _SGR.sub("", text).replace("\u200b", "").split("\n"):
            if line:
                yield line.rstrip("\r")
