"""What members may put into a console: messages in a say-template, and commands that fit a grant's patterns.

Whoever may send any command needs none of this: `/command` without patterns takes a line as it is.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from bot.errors import BadInput, BotError, NotAllowed
from bot.i18n import _
from bot.names import is_one_line
from bot.store.values import LinkedServer
from bot.terms import ConsoleSyntax
from bot.text import separators
from bot.text.command_patterns import TypedCommand, pattern_list
from bot.text.markdown import code, escape
from bot.text.say_template import PLACEHOLDER, SayTemplate

_LONGEST_TEMPLATE = 200
_LONGEST_PATTERN = 200
_ORDINARY_NAME = re.compile(r"[A-Za-z][A-Za-z_.:-]{0,24}")
_LEADS_IN = frozenset("/\\")
"""What consoles that are a chat as well take for the beginning of a command: Quake's the one or the other."""


def say_line(server: LinkedServer, message: str) -> str:
    """Return the console command that says a message of one line; BadInput where more than that could come of it."""
    template = SayTemplate.kept(server.say_template)
    begins = _first_visible(message)
    if template.leads and begins in _LEADS_IN:
        raise BadInput(
            _(
                "A message that begins with {sign} would be a command on **{server}**, because its say-template begins "
                "with the message; say it with something in front."
            ).format(sign=code(begins), server=escape(server.name))
        )
    misfit = template.misfit(message)
    if misfit is not None:
        raise BadInput(
            _(
                "{sign} would break out of the quotation in which **{server}** is given messages, so it cannot be sent "
                "there with `/say`. Another say-template may allow it: whoever has *Manage Server* can set one with "
                "`/server edit`."
            ).format(sign=code(misfit), server=escape(server.name))
        )
    line = template.fill(message)
    why = _why_not_one(separators.sign_in_message(message, server.console_syntax), line, server)
    if why is not None:
        raise BadInput(
            _("{why}, so it cannot be sent with `/say` to **{server}**. {remedy}").format(
                why=why, server=escape(server.name), remedy=_remedy()
            )
        )
    return line


def allows(patterns: Sequence[str], command: TypedCommand, server: LinkedServer) -> bool:
    """Tell whether a grant with these patterns lets this command through; no patterns let every command through."""
    if not patterns:
        return True
    if server.console_syntax is ConsoleSyntax.LINE:
        return any(command.captures(pattern) is not None for pattern in patterns)
    if separators.is_too_long(command.text, server.console_syntax):
        return False
    return any(command.fits_as_one(pattern) for pattern in patterns)


def refusal(patterns: Iterable[str], command: TypedCommand, server: LinkedServer) -> BotError:
    """Return why a command is refused that none of these patterns lets through."""
    patterns = tuple(dict.fromkeys(patterns))
    matches = (command.captures(pattern) for pattern in patterns)
    matched = next((match for match in matches if match is not None), None)
    if matched is None:
        return NotAllowed(
            _("You may send only {patterns} to **{server}**; {command} is not among them.").format(
                patterns=pattern_list(patterns), server=escape(server.name), command=_named(command)
            )
        )
    signs = (separators.sign_in_match(part) for part in matched)
    why = _why_not_one(next((sign for sign in signs if sign is not None), None), command.text, server)
    return BadInput(
        _("{why}, so no `*` in your roles' patterns stands for it on **{server}**. {remedy}").format(
            why=why or separators.reason('"'), server=escape(server.name), remedy=_remedy()
        )
    )


def _named(command: TypedCommand) -> str:
    """Name a refused command by its first word alone: what was refused stands in the log, and may hold a secret."""
    name, *more = command.text.removeprefix("/").split(maxsplit=1) or [""]
    if not _ORDINARY_NAME.fullmatch(name):
        return _("your command")
    return code(f"{name} …" if more else name)


def check_template(text: str) -> str:
    """Return a say-template trimmed; BadInput unless it is one line with `{message}` that no message breaks out of."""
    template = text.strip()
    if PLACEHOLDER not in template or not is_one_line(template) or len(template) > _LONGEST_TEMPLATE:
        text = _(
            "A say-template is one line of at most {count} characters, with `{placeholder}` in it and without control "
            "characters."
        )
        raise BadInput(text.format(count=_LONGEST_TEMPLATE, placeholder=PLACEHOLDER))
    return SayTemplate.parse(template).text


def parse_patterns(text: str | None) -> tuple[str, ...]:
    """Return the command patterns of a comma list, `*` standing for anything; none where nothing was typed.

    Raises BadInput for control characters and patterns that are too long, and for text that names no pattern: none at
    all would allow every command.
    """
    patterns = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    if (text is not None and not patterns) or any(not is_one_line(part) for part in patterns):
        raise BadInput(_("A command pattern is one line without control characters, such as `whitelist *`."))
    if any(len(part) > _LONGEST_PATTERN for part in patterns):
        raise BadInput(_("A command pattern has at most {count} characters.").format(count=_LONGEST_PATTERN))
    return patterns


def _why_not_one(sign: str | None, line: str, server: LinkedServer) -> str | None:
    """The half sentence that says why a line could be more than one command; None where it cannot."""
    if sign is not None:
        return separators.reason(sign)
    return separators.too_long() if separators.is_too_long(line, server.console_syntax) else None


def _remedy() -> str:
    return _(
        "If this game has no such separator, whoever has *Manage Server* can say so: `/server edit separators:none`."
    )


def _first_visible(text: str) -> str:
    """The first character that a console does not skip or lose on the way."""
    return next((char for char in text if unicodedata.category(char) not in {"Zs", "Cf"}), "")
