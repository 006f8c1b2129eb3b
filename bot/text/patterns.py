"""The one place that speaks to RE2, whose matching time is linear for any pattern; typed here, as it has no stubs."""

from typing import Protocol

import re2  # pyright: ignore[reportMissingTypeStubs] -- google-re2 ships none

_Re2Error: type[Exception] = re2.error  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
# A filter needs far less; this is what one pattern may cost in memory, in bytes.
_MEMORY = 1 << 20


class PatternError(Exception):
    """The pattern cannot be used: RE2's reason in its own words, and the part it names."""

    def __init__(self, reason: str, part: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.part = part


class Pattern(Protocol):
    """What a compiled pattern is asked here."""

    def search(self, text: str) -> object | None:
        """Return something if the pattern occurs anywhere in the text, which must hold no lone surrogates."""
        ...


def compile_pattern(pattern: str) -> Pattern:
    """Compile a pattern in RE2's syntax, or raise `PatternError`."""
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    except UnicodeEncodeError as error:
        raise PatternError("a character that cannot be sent", "") from error
    except _Re2Error as error:
        said: object = error.args[0] if error.args else b""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        reason, _, part = words.partition(": ")
        raise PatternError(reason, part) from error
