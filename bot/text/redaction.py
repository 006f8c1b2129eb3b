"""Masks what a public channel must not see: addresses, tokens, passwords, the start-up command line.

The same value gets the same short mark within one `Redactor`, so that a player can still be followed through a log.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from bot.text import ansi, secrets
from bot.text.ansi import Run
from bot.text.sgr import DEFAULT

# Values remembered per relay: enough for months of players, bounded for floods of made-up ones.
_REMEMBERED = 4096

# The prelude that images of Pterodactyl and Pelican print before the command they start the server with (parkervcp
# and pelican-eggs `entrypoint.sh`); older images imitate a shell prompt.
_START_UP = re.compile(r"^\s{0,8}(?:container(?:@[\w.-]{1,40})?~ ?|:?/home/container\$ ?)(?=\S)")
_FIRST_WORD = re.compile(r"[^\s=]{1,100}(?=\s|$)\s?")
_START_UP_MARK = "‹start-up command›"
# A command that was written over several lines is printed so: with a backslash at their ends, or an option at their
# beginnings. Nobody writes longer ones.
_OPTION = re.compile(r"\s{0,40}[-+]{1,2}[A-Za-z]")
_LONGEST_START_UP = 50


def is_start_up(line: str) -> bool:
    """Whether a line is the start-up command: then all that belongs to it must be masked."""
    return _START_UP.match(ansi.strip(line)) is not None


class _Mask(NamedTuple):
    """A stretch of the plain line and what stands there instead."""

    start: int
    end: int
    mark: str


class Redactor:
    """Masks lines of one relay."""

    def __init__(self) -> None:
        self._marks: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._counts: dict[str, int] = {}
        # How many more lines may belong to the start-up command, and whether the last one says that the next does.
        self._start_up_lines = 0
        self._start_up_goes_on = False

    def redact(self, line: str) -> str:
        """Return the line in Discord's colours (see `ansi.reduce`) with every secret masked.

        Secrets are found in the visible text, so colours in their midst hide none; a mark takes the colour of the
        first character it stands for.
        """
        if ansi.is_plain(line):
            return self.redact_plain(line)
        styled = ansi.runs(line)
        masks = self._masks("".join(run.text for run in styled))
        return ansi.render(_masked(styled, masks) if masks else styled)

    def redact_plain(self, line: str) -> str:
        """Return the visible text of a line alone, with every secret masked as `redact` does."""
        plain = ansi.strip(line)
        masks = self._masks(plain)
        if not masks:
            return plain
        return "".join(run.text for run in _masked([Run(DEFAULT, plain)], masks))

    def _masks(self, plain: str) -> list[_Mask]:
        prelude = _START_UP.match(plain)
        if prelude is not None:
            first = _FIRST_WORD.match(plain, prelude.end())
            start = first.end() if first is not None else prelude.end()
            self._start_up_lines = _LONGEST_START_UP
            return self._start_up(plain, start)
        if self._start_up_lines and (self._start_up_goes_on or _OPTION.match(plain) is not None):
            self._start_up_lines -= 1
            return self._start_up(plain, 0)
        self._start_up_lines = 0
        return [
            _Mask(secret.start, secret.end, self._mark(secret.kind, secret.value)) for secret in secrets.find(plain)
        ]

    def _start_up(self, plain: str, start: int) -> list[_Mask]:
        self._start_up_goes_on = plain.rstrip().endswith("\\")
        return [_Mask(start, len(plain), _START_UP_MARK)] if start < len(plain) else []

    def _mark(self, kind: str, value: str) -> str:
        known = self._marks.get((kind, value))
        if known is not None:
            self._marks.move_to_end((kind, value))
            return known
        self._counts[kind] = self._counts.get(kind, 0) + 1
        mark = f"‹{kind}-{self._counts[kind]}›"
        self._marks[kind, value] = mark
        if len(self._marks) > _REMEMBERED:
            self._marks.popitem(last=False)
        return mark


def _masked(styled: Sequence[Run], masks: Sequence[_Mask]) -> list[Run]:
    """Put the marks in place of what they mask. Masks are in order and do not overlap."""
    shown: list[Run] = []
    waiting = list(reversed(masks))
    offset = 0
    for style, text in styled:
        end = offset + len(text)
        at = offset
        kept: list[str] = []
        while waiting and waiting[-1].start < end:
            mask = waiting[-1]
            if mask.start >= offset:
                kept.append(text[at - offset : mask.start - offset] + mask.mark)
            at = min(mask.end, end)
            if mask.end > end:
                break
            waiting.pop()
        shown.append(Run(style, "".join(kept) + text[at - offset :]))
        offset = end
    return [run for run in shown if run.text]
