"""Which lines a relay shows: an `include` and an `exclude` pattern, typed by people."""

from dataclasses import dataclass

from bot.errors import BadInput
from bot.i18n import _
from bot.text.markdown import code
from bot.text.patterns import Pattern, PatternError, compile_pattern

LONGEST_PATTERN = 300
LONGEST_LOOK = 2000
"""So many characters of a line are looked at: a message full. The worst pattern takes 20 ms for them."""
_MARK = "▸"


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Decides line by line, on plain text; patterns match anywhere in the line, as RE2 has it."""

    include: Pattern | None = None
    exclude: Pattern | None = None

    @classmethod
    def compile(cls, include: str | None, exclude: str | None) -> "LineFilter":
        """Make a filter from what was typed; None or an empty pattern means no such limit.

        Raises `BadInput`, with the place marked, if a pattern cannot be used.
        """
        return cls(_compiled("include", include), _compiled("exclude", exclude))

    @property
    def shows_all(self) -> bool:
        """Whether there is nothing to decide."""
        return self.include is None and self.exclude is None

    def shows(self, plain: str) -> bool:
        """Whether a line without colours and lone surrogates (see `ansi.strip`) is to be shown."""
        plain = plain[:LONGEST_LOOK]
        if self.include is not None and self.include.search(plain) is None:
            return False
        return self.exclude is None or self.exclude.search(plain) is None


def _compiled(option: str, pattern: str | None) -> Pattern | None:
    if not pattern:
        return None
    if len(pattern) > LONGEST_PATTERN:
        text = _("The {option} pattern has {count} characters; at most {most} are taken. Please shorten it.")
        raise BadInput(text.format(option=option, count=len(pattern), most=LONGEST_PATTERN))
    try:
        return compile_pattern(pattern)
    except PatternError as error:
        text = _(
            "The {option} pattern cannot be used ({reason}, at the place marked {mark}): {pattern} "
            "– it must be a regular expression as RE2 knows it, without look-around and back-references."
        )
        place = _place(pattern, error)
        marked = pattern[:place] + _MARK + pattern[place:]
        raise BadInput(text.format(option=option, reason=error.reason, mark=_MARK, pattern=code(marked))) from error


def _place(pattern: str, error: PatternError) -> int:
    """Return where in the pattern the trouble is. RE2 names the part, but for brackets that part is the whole rest."""
    if error.reason.startswith("missing"):
        return len(pattern)
    if error.reason.startswith("unexpected"):
        return _unexpected(pattern, error.reason)
    found = pattern.find(error.part)
    return max(found, 0)


def _unexpected(pattern: str, reason: str) -> int:
    """Return the index of the bracket too many: it ends the shortest beginning that fails in the same way."""
    for end in range(1, len(pattern) + 1):
        try:
            compile_pattern(pattern[:end])
        except PatternError as error:
            if error.reason == reason:
                return end - 1
    return len(pattern)
