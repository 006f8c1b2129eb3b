"""What could end one console command and begin another, in text of people who may not send whatever they like.

Games take a line apart by rules of their own, and a panel does not tell by which. What is looked for, and why:

- `;` ends a command on Source, GoldSrc, Quake and its descendants, FiveM and Teeworlds, outside of `"…"`
  (`Cbuf_Execute`, `CCommandBuffer`, `Context::ExecuteBuffer`, `CConsole::ExecuteLine` there), as `|` and `&` do in
  shells and what is modelled on them.
- An odd number of `"` moves what follows into or out of a quotation. Some of these consoles take a backslash and `"`
  for a quotation mark and some for the end of the quotation, so the two together are never let through.
- `$name` becomes a setting's value in Quake II and DarkPlaces, passwords included; `$(…)` and `` `…` `` run commands in
  shells.
- Of a line over 255 bytes, dedicated servers of Quake's family read the rest as a line of its own
  (`Sys_ConsoleInput` there reads into 256 bytes, line end included).

Wide look-alikes such as U+FF1B are other characters, ordinary in Chinese, and sent as they are: no console reads them
as these. The Greek question mark U+037E is the same character as `;` by Unicode's own word (canonical equivalence), and
becomes one wherever text is normalised.
"""

import re

from bot.i18n import _
from bot.terms import ConsoleSyntax
from bot.text.markdown import code

LONGEST_LINE = 255
"""Bytes in UTF-8, without the line end."""

SEMICOLONS = ";\u037e"
SIGNS_IN_MATCH = frozenset(SEMICOLONS + "|&$`\u1fef")
"""What can end a command wherever in a match it stands; with quotation marks and backslashes it depends."""
_STRAY_BACKSLASH = r"\\(?=\"|\Z)"
_IN_MESSAGE = re.compile(rf"[{SEMICOLONS}|]|\$(?=[A-Za-z_({{])|{_STRAY_BACKSLASH}")
_IN_MESSAGE_TO_MINECRAFT = re.compile(r"\|")
_IN_MATCH = re.compile(rf"[{''.join(sorted(SIGNS_IN_MATCH))}]|{_STRAY_BACKSLASH}")


def sign_in_message(message: str, syntax: ConsoleSyntax) -> str | None:
    """Return the first sign in a message for `/say` that could end the command it becomes part of; None if none can."""
    match syntax:
        case ConsoleSyntax.LINE:
            return None
        case ConsoleSyntax.MINECRAFT:
            return _first(_IN_MESSAGE_TO_MINECRAFT, message)
        case ConsoleSyntax.UNKNOWN:
            return _first(_IN_MESSAGE, message)


def sign_in_match(matched: str) -> str | None:
    """Return the first sign in what a pattern's `*` matched that could end a command; None if none can."""
    return _first(_IN_MATCH, matched)


def is_too_long(line: str, syntax: ConsoleSyntax) -> bool:
    """Tell whether a console could read the end of the line as a line of its own."""
    return syntax is ConsoleSyntax.UNKNOWN and len(line.encode()) > LONGEST_LINE


def reason(sign: str) -> str:
    """Return the half sentence that says what a sign does."""
    if sign in SEMICOLONS + "|&":
        return _("{sign} begins a second command on many games").format(sign=code(sign))
    if sign == '"':
        return _("{sign} without a second one would swallow what follows on many games").format(sign=code(sign))
    if sign == "\\":
        return _("{sign} before a quotation mark or at the end changes what follows on some games").format(
            sign=code(sign)
        )
    return _("{sign} stands for what a setting holds or a command prints on some games").format(sign=code(sign))


def too_long() -> str:
    """Return the half sentence that says what a long line does."""
    return _("Of a line over {count} bytes, some games take the rest for a second command").format(count=LONGEST_LINE)


def _first(signs: re.Pattern[str], text: str) -> str | None:
    found = signs.search(text)
    if found is not None:
        return found.group()
    return '"' if text.count('"') % 2 else None
