"""Patterns for `/command`: whether a command fits one, and whether what `*` stands for stays inside one command.

An ordinary matcher tells neither what `*` matched nor whether it could have matched something else: `say *` fits
`say x; quit`, and `say *; say *` fits `say a; say b; quit`. So the places in the command that a pattern can have
reached are followed all at once, as the bits of one number: a few steps for each character of the pattern.
"""

from collections.abc import Iterable
from functools import cached_property

from bot.i18n import _
from bot.text.markdown import code
from bot.text.separators import SIGNS_IN_MATCH

_MOST_SHOWN = 10
_LONGEST_SHOWN = 60
_STAR = "*"
_QUOTE = '"'
_BACKSLASH = "\\"
_DEPEND_ON_THEIR_PLACE = frozenset(_QUOTE + _BACKSLASH)


def fold(command: str) -> str:
    """Return a command as it is compared: without its slash, without case, words one space apart.

    Only U+0020 is a space here: consoles take other blanks for a part of a word, so they must not match as spaces.
    """
    return " ".join(word for word in command.strip(" ").removeprefix("/").casefold().split(" ") if word)


class TypedCommand:
    """A command as somebody typed it, to be held against patterns."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded = fold(text)

    def captures(self, pattern: str) -> tuple[str, ...] | None:
        """Return what each `*` stands for, the first ones as little as possible; None if the command does not fit.

        All other characters of a pattern stand for themselves. The captures are folded, which neither makes nor removes
        a sign that `separators` knows.
        """
        first, *others = _literals(pattern)
        text = self._folded
        if not others:
            return () if text == first else None
        *between, last = others
        end = len(text) - len(last)
        at = len(first)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return None
        found: list[str] = []
        for literal in between:
            start = text.find(literal, at, end)
            if start < 0:
                return None
            found.append(text[at:start])
            at = start + len(literal)
        return (*found, text[at:end])

    def fits_as_one(self, pattern: str) -> bool:
        """Tell whether it fits in any way in which nothing that a `*` stands for could end the command."""
        if self.captures(pattern) is None:
            return False
        if self._stretches is None:
            return True
        first, *others = _literals(pattern)
        reached = self._stretches.along(first, 1)
        for literal in others:
            reached = self._stretches.along(literal, self._stretches.anywhere_from(reached))
        return bool(reached >> len(self._folded) & 1)

    @cached_property
    def _stretches(self) -> "_Stretches | None":
        """None, as for most, where there is no sign at all."""
        plain = SIGNS_IN_MATCH.isdisjoint(self._folded) and _DEPEND_ON_THEIR_PLACE.isdisjoint(self._folded)
        return None if plain else _Stretches(self._folded)


def _literals(pattern: str) -> list[str]:
    """Return what stands around the stars, folded. An admin's other blanks are meant as spaces."""
    return " ".join(pattern.removeprefix("/").casefold().split()).split(_STAR)


class _Stretches:
    """A folded command, and how far a `*` can go in it. Bit n of a set of places is the place before character n."""

    def __init__(self, text: str) -> None:
        self._at: dict[str, int] = {}
        """By character: where it stands."""
        self._even = 0
        """Places behind an even number of quotation marks: a match must begin and end on the same side."""
        self._passable = 0
        """Places whose next character a match may hold."""
        self._no_end = 0
        """Places behind a backslash, where no match may end that holds it."""
        even, before = True, ""
        for place, char in enumerate(text):
            bit = 1 << place
            self._at[char] = self._at.get(char, 0) | bit
            self._even |= bit * even
            self._no_end |= bit * (before == _BACKSLASH)
            escaped = char == _QUOTE and before == _BACKSLASH
            self._passable |= bit * (char not in SIGNS_IN_MATCH and not escaped)
            even ^= char == _QUOTE
            before = char
        end = 1 << len(text)
        self._even |= end * even
        self._no_end |= end * (before == _BACKSLASH)

    def along(self, literal: str, places: int) -> int:
        """Return the places behind the literal, for those from which it stands there."""
        for char in literal:
            places = (places & self._at.get(char, 0)) << 1
        return places

    def anywhere_from(self, places: int) -> int:
        """Return the places where a match that begins in one of these may end, they themselves included."""
        found = places
        for side in (self._even, ~self._even):
            begun = places & side
            # Adding carries from the first place begun at through all that is passable, and stops behind it.
            gone = (self._passable + (begun & self._passable)) ^ self._passable
            found |= (begun | gone) & side & ~self._no_end
        return found


def limits(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the patterns that limit anything: none where one of them lets every command through."""
    found = tuple(patterns)
    return () if "*" in found else found


def pattern_list(patterns: Iterable[str]) -> str:
    """Return patterns as people read them, those beyond the tenth as a count."""
    found = tuple(patterns)
    shown = [
        code(pattern if len(pattern) <= _LONGEST_SHOWN else pattern[: _LONGEST_SHOWN - 1] + "…") for pattern in found
    ]
    text = ", ".join(shown[:_MOST_SHOWN])
    return (
        text
        if len(found) <= _MOST_SHOWN
        else _("{some} and {count} more").format(some=text, count=len(found) - _MOST_SHOWN)
    )
