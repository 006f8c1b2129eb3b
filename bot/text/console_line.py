"""What a console is given: one line of text, whoever it comes from."""

from bot.errors import BadInput
from bot.i18n import _
from bot.names import has_controls

LONGEST_TYPED = 1000
"""Characters that a member may type at once."""


def one_line(text: str, *, longest: int = LONGEST_TYPED) -> str:
    """Return the text without blanks around it; BadInput unless it is one line of at most `longest` characters."""
    line = text.strip(" \t")
    if not line.strip():
        raise BadInput(_("There is nothing to send: the text is empty."))
    if has_controls(line):
        raise BadInput(_("Only one line can be sent at a time: leave out line breaks and control characters."))
    if len(line) > longest:
        text = _("Too long: {count} characters; at most {most} fit.")
        raise BadInput(text.format(count=f"{len(line):,}", most=f"{longest:,}"))
    return line
