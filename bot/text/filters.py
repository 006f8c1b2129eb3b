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
        text = _("I cannot read `{option}` at the place marked {mark}: {pattern}. {why} {help}")
        place = _place(pattern, error)
        marked = code(pattern[:place] + _MARK + pattern[place:])
        why, advice = (
            _why(error.reason, pattern[place:]),
            _("Plain words need no signs, and | stands between two of them: `joined|left`."),
        )
        raise BadInput(text.format(option=option, mark=_MARK, pattern=marked, why=why, help=advice)) from error


def _why(reason: str, rest: str) -> str:
    """Return what is wrong with a pattern as a sentence; RE2's own words where they say it best.

    `rest` is what stands from the place of the trouble on.
    """
    if rest.startswith(("(?=", "(?!", "(?<=", "(?<!")):
        return _("Look-around such as (?=…) is not supported.")
    if reason == "invalid escape sequence" and rest[1:2].isdecimal():
        return _("Back-references such as {part} are not supported.").format(part=code(rest[:2]))
    sentences = {
        "missing )": _("A bracket is opened and never closed."),
        "missing ]": _("A bracket is opened and never closed."),
        "unexpected )": _("A bracket is closed there that was never opened."),
        "no argument for repetition operator": _("There is nothing before it that could be repeated."),
        "invalid repetition size": _("Something can be repeated 1,000 times at most."),
        "bad repetition operator": _("Two signs for repetition follow one another there."),
    }
    for beginning, sentence in sentences.items():
        if reason.startswith(beginning):
            return sentence
    return _("The reason: {reason}.").format(reason=reason)


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
