"""Reduces any terminal text to what Discord's `ansi` blocks draw, or to plain text.

Discord knows 0 (reset), 1 (bold), 4 (underline), 30-37 and 40-47, and shows every other code as garbage
(Discord, "Markdown Text 101", and the community's `ansi` guide). Decisions made here:

* A line stands for itself: it starts in the default style and ends in it, so a missing reset cannot colour its
  neighbours.
* Bright colours become the base colour in bold; 256-colour and true-colour values the nearest of eight.
* Inverse, italics, blinking and the like are dropped; their text stays.
* A title or other string sequence (OSC, DCS ...) goes with its body if it is closed within the text. If it is not,
  only its introducer goes: nobody can hide the rest of a line by opening one.
* The characters that order text by force (U+202A-202E, U+2066-2069) are removed, so nobody can make a line read
  backwards; the marks U+200E, U+200F and U+061C stay, for right-to-left text needs them and they do no harm.
* Lone surrogates become U+FFFD: they cannot be sent. Line feeds and tabs stay; other control characters go.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from bot.text import sgr
from bot.text.sgr import DEFAULT, PLAIN, Style
from bot.time_slice import Steps, finish


class Run(NamedTuple):
    """Visible text in one style."""

    style: Style
    text: str


# One token that is not plain visible text. Every repetition stops at a character that the next try cannot start
# with again, so the whole scan is linear.
_TOKEN = re.compile(
    r"(?:\x1b\[|\x9b)(?P<params>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~]?)"  # CSI, also cut short or broken
    # OSC, DCS, SOS, PM, APC
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])(?:[^\n\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c))?"
    r"|\x1b[ #%&(-/]?[0-Z\\^-~]?"  # other escapes, such as character sets and resets
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
    r"|(?P<lone>[\ud800-\udfff])"
)
# `ESC [ > 4 ; 2 m` and the like are private sequences that only look like colours.
_SGR_CHARACTERS = "0123456789;:"
_RESET = "\x1b[0m"
_REPLACEMENT = "\ufffd"
# So many sequences, or runs, are one piece of work: far less than a slice.
_PIECE = 64


def runs(text: str) -> list[Run]:
    """Return the visible text with its styles: no run is empty, and neighbours differ in style."""
    return finish(runs_in_steps(text))


def runs_in_steps(text: str) -> Steps[list[Run]]:
    """Do as `runs` does."""
    found: list[Run] = []
    pen = PLAIN
    pending = ""
    end = 0

    for count, token in enumerate(_TOKEN.finditer(text), 1):
        if count % _PIECE == 0:
            yield
        pending += text[end : token.start()]
        end = token.end()
        if token["lone"] is not None:
            pending += _REPLACEMENT
        elif token["final"] == "m" and not token["between"] and not token["params"].strip(_SGR_CHARACTERS):
            changed = sgr.apply(pen, token["params"])
            if changed.style != pen.style:
                _append(found, pen.style, pending)
                pending = ""
            pen = changed
    _append(found, pen.style, pending + text[end:])
    return found


def _append(found: list[Run], style: Style, text: str) -> None:
    """Add a run, or lengthen the last one when nothing visible lay between two equal styles."""
    if not text:
        return
    if found and found[-1].style == style:
        found[-1] = Run(style, found[-1].text + text)
    else:
        found.append(Run(style, text))


def render(styled: Iterable[Run]) -> str:
    """Write runs with Discord's codes: a code only where the style changes, and a reset at the end if one is needed."""
    return finish(render_in_steps(styled))


def render_in_steps(styled: Iterable[Run]) -> Steps[str]:
    """Do as `render` does."""
    parts: list[str] = []
    current = DEFAULT
    for count, (style, text) in enumerate(styled, 1):
        if count % _PIECE == 0:
            yield
        parts.extend((code(current, style), text))
        current = style
    parts.append(code(current, DEFAULT))
    return "".join(parts)


def code(current: Style, wanted: Style) -> str:
    """Return the one escape sequence that leads from a style to another; empty when they are equal.

    What was switched on can only be switched off by a reset, as Discord knows no 22, 24, 39 or 49.
    """
    if current == wanted:
        return ""
    if wanted == DEFAULT:
        return _RESET
    off = (
        (current.bold and not wanted.bold)
        or (current.underline and not wanted.underline)
        or (current.foreground is not None and wanted.foreground is None)
        or (current.background is not None and wanted.background is None)
    )
    base = DEFAULT if off else current
    numbers = ["0"] if off else []
    if wanted.bold and not base.bold:
        numbers.append("1")
    if wanted.underline and not base.underline:
        numbers.append("4")
    if wanted.foreground is not None and wanted.foreground != base.foreground:
        numbers.append(str(30 + wanted.foreground))
    if wanted.background is not None and wanted.background != base.background:
        numbers.append(str(40 + wanted.background))
    return f"\x1b[{';'.join(numbers)}m"


def is_plain(text: str) -> bool:
    """Whether the text is visible as it stands: without escape sequences and control characters."""
    return _TOKEN.search(text) is None


def reduce(text: str) -> str:
    """Return the text with Discord's colours and without any other escape or control character."""
    return text if is_plain(text) else render(runs(text))


def reduce_in_steps(text: str) -> Steps[str]:
    """Do as `reduce` does."""
    return text if is_plain(text) else (yield from render_in_steps((yield from runs_in_steps(text))))


def strip(text: str) -> str:
    """Return the visible text alone."""
    return text if is_plain(text) else "".join(run.text for run in runs(text))


def strip_in_steps(text: str) -> Steps[str]:
    """Do as `strip` does."""
    return text if is_plain(text) else "".join(run.text for run in (yield from runs_in_steps(text)))
