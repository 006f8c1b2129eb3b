"""RE2 by way of pyre2, on Pythons for which google-re2 has no package yet: the same patterns mean the same there.

pyre2 speaks the syntax of Python's `re` rather than RE2's and rewrites patterns on their way to the engine. What it
would change is written out before, so that it has nothing left to change.
"""

import re
from typing import Any

_ESCAPE = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|$)"
    r"|\\x(?:\{(?P<braced>[0-9A-Fa-f]+)\}|(?P<two>[0-9A-Fa-f]{2}))"
    r"|\\(?P<octal>0[0-7]{0,2}|[1-7][0-7]{1,2})"
    r"|\\(?P<other>.?)",
    re.DOTALL,
)
_NOT_RE2 = ("", "Z", "x", *"123456789")
"""What may follow a backslash in Python's `re` alone."""


class SyntaxRefused(Exception):
    """RE2's reason in its own words, a colon, and the part it names."""


def compile_with(engine: Any, pattern: str, *, memory: int) -> Any:
    """Compile with pyre2's module; `memory` in bytes. Raises `SyntaxRefused`, and UnicodeEncodeError."""
    engine.set_fallback_notification(engine.FALLBACK_EXCEPTION)  # else `re` itself would do what RE2 cannot do in time
    plain = _ESCAPE.sub(_written_out, pattern)
    try:
        return engine.compile(plain, engine.ASCII, memory)
    except engine.error as error:
        reason = str(error)
        if reason.startswith("unexpected end"):
            raise SyntaxRefused("missing ]: ") from error
        if reason.startswith("missing )") and _closes_too_often(engine, plain):
            raise SyntaxRefused("unexpected ): ") from error
        raise SyntaxRefused(reason) from error
    except IndexError as error:  # its own reading of the pattern ran over the end
        raise SyntaxRefused("unexpected end of pattern: ") from error


def _written_out(escape: re.Match[str]) -> str:
    """Return the same escape in words that pyre2 hands on as they are."""
    if (quoted := escape["quoted"]) is not None:
        return re.sub(r"[!-/:-@\[-`{-~]", r"\\\g<0>", quoted)
    number = escape["braced"] or escape["two"]
    if number is not None or escape["octal"] is not None:
        return _literal(int(number, 16) if number is not None else int(escape["octal"], 8), escape[0])
    if escape["other"] in _NOT_RE2:
        raise SyntaxRefused(f"invalid escape sequence: {escape[0]}" if escape["other"] else "trailing \\: ")
    return escape[0]


def _literal(code: int, written: str) -> str:
    if code > 0x10FFFF:
        raise SyntaxRefused(f"invalid escape sequence: {written}")
    character = chr(code)
    return f"\\{character}" if code < 128 and not character.isalnum() and character.isprintable() else character


def _closes_too_often(engine: Any, pattern: str) -> bool:
    """Whether a bracket is closed that was not opened: one more in front of some beginning mends that beginning."""
    return any(_is_fine(engine, "(" + pattern[:end]) for end in range(1, len(pattern) + 1) if pattern[end - 1] == ")")


def _is_fine(engine: Any, pattern: str) -> bool:
    try:
        engine.compile(pattern, engine.ASCII)
    except (engine.error, IndexError):
        return False
    return True
