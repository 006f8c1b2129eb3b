"""Pure: whether what a console printed after a command looks like a refusal of it."""

import re
from collections.abc import Iterable

from bot.text.ansi import strip

_LOOK = 400
"""Characters of a line that are looked at."""
_FIRST = 6
"""So many lines after a command are its answer; what follows is more likely the game's own."""

_NOT = r"is(?: not|n't)"
_ARGUMENTS = r"(?:argument|parameter)s?"
_COMMAND = r"(?:(?:or incomplete|console|server|admin|rcon|chat) ){0,2}(?:command|cmd|cvar|action|instruction)\b"
REFUSALS: dict[str, str] = {
    rf"\b(?:unknown|unrecogni[sz]ed|undefined|invalid|illegal|bad|no such|not a valid|not a known) {_COMMAND}": (
        "Unknown command 'say hello'.  Try 'help'."
    ),
    rf"\b(?:command|cmd)\b.{{0,80}}?\b(?:not found|{_NOT} recogni[sz]ed|unknown|does(?: not|n't) exist)\b": (
        "Command 'say' not found."
    ),
    rf"\b{_NOT} (?:a|an) (?:(?:valid|known|recogni[sz]ed|console) )*(?:command|cmd)\b": "say is not a valid command",
    r"\b(?:can(?:'t|not)|could(?:n't| not)) find (?:the |a |any )?(?:command|cmd)\b": "Could not find command say",
    r"(?:^|[(\]:>.]) ?usage ?: ?\S": ("Chat to your fellow players in a multiplayer game. Usage: 'say \"<msg>\"'."),
    rf"\b(?:incorrect|wrong|invalid|too few|too many|missing|not enough) (?:number of )?{_ARGUMENTS}\b": (
        "Incorrect argument for command"
    ),
    r"^\W*(?:command )?syntax(?: error)?\b.{0,3}[:=]": "Syntax: broadcast <message>",
    r"\bsyntax error\b": "Lua: syntax error near 'hello'",
}
"""What consoles say of a command that they do not know or not so, each with an example."""

_REFUSED = re.compile("|".join(f"(?:{pattern})" for pattern in REFUSALS), re.IGNORECASE)


def looks_refused(answer: Iterable[str], typed: str) -> bool:
    """Whether one of the first lines looks so; `typed`: a part of the command that may stand in them by itself.

    A message that speaks of usage or unknown commands is none when the console repeats it.
    """
    for text, _count in zip(answer, range(_FIRST), strict=False):
        line = strip(text[:_LOOK])
        if typed.strip():
            line = line.replace(typed.strip(), "…")
        if _REFUSED.search(line):
            return True
    return False
