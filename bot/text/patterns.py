"""The one place that speaks to RE2, whose matching time is linear for any pattern; typed here, as it has no stubs."""

import importlib
from typing import Any, Protocol, cast

from bot.text import pyre2

# google-re2 or pyre2, whichever is there (see pyproject.toml): both call themselves so.
_re2: Any = importlib.import_module("re2")
# What one pattern may cost in memory, in bytes, so that it is fast.
_MEMORY = 1 << 20
# RE2 refuses a pattern that needs more instructions than a share of its memory holds: so it takes some 2,600 of them,
# which is what one character may cost. Filters have some dozens, but short ones become huge: `(?:a?b?c?){900}`.
_LEAST_MEMORY = 32 << 10


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
    return compile_with(_re2, pattern)


def compile_with(engine: Any, pattern: str) -> Pattern:
    """Do as `compile_pattern` with google-re2's or pyre2's module."""
    try:
        _compile(engine, pattern, _LEAST_MEMORY)
        return _compile(engine, pattern, _MEMORY)
    except UnicodeEncodeError as error:
        raise PatternError("a character that cannot be sent", "") from error
    except (pyre2.SyntaxRefused, engine.error) as error:
        said: object = error.args[0] if error.args else b""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        reason, _, part = words.partition(": ")
        raise PatternError(reason, part) from error


def _compile(engine: Any, pattern: str, memory: int) -> Pattern:
    if not hasattr(engine, "Options"):
        return cast("Pattern", pyre2.compile_with(engine, pattern, memory=memory))
    options = engine.Options()
    options.max_mem = memory
    options.log_errors = False
    return cast("Pattern", engine.compile(pattern, options))
