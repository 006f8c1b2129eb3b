"""Recognises the command a server is started with, which images print into the console, over one line or several."""

import re
from typing import NamedTuple

from bot.text import ansi, clocks


class Prelude(NamedTuple):
    """What an image prints before the command."""

    example: str
    signs: tuple[str, ...]
    """In lower case: no line without any of them begins so."""
    pattern: str
    """Of what stands before the command, from the line's beginning."""
    announces: bool = False
    """Whether the command may stand in the next line instead."""


_PROGRAM = (
    r"[\"']?(?:\./|/(?:home|usr|bin|opt|mnt)/"
    r"|(?:java|node|python3?|mono|wine(?:64)?|dotnet|box(?:64|86)|bash|sh|npm|env) )"
)

PRELUDES = (
    # Images imitate a shell's prompt; hosts put a name of their own there.
    Prelude(
        "container@pterodactyl~ java -jar server.jar",
        ("@",),
        r"[\w.-]{1,40}@[\w.-]{1,60}(?:~|:? ?~?(?:/[\w./-]{0,80})?[$#]) ?",
    ),
    Prelude("container~ ./srv", ("container",), r"container~ ?"),
    Prelude(":/home/container$ ./srv", ("/home/container",), r":?/home/container(?:/[\w./-]{0,80})? ?[$#]:? ?"),
    Prelude(
        "[STARTUP]: Startup command: ./srv",
        ("startup ", "start-up "),
        r".{0,80}?\bstart-?up (?:command|line|parameters)(?: is)?(?: ?:|$)\s{0,4}",
        announces=True,
    ),
    Prelude(
        "ptero-entrypoint > Starting server with: './srv'",
        ("ing server ", "ing the ", "ing game ", "ing process ", "ing app ", "ing bot "),
        r".{0,60}?\b(?:start|launch|runn|execut)ing (?:the )?(?:\w{1,20} )?(?:server|game|process|app|bot) "
        r"(?:with|using|by)(?: the)?(?: following)?"
        r"(?: (?:start-?up|launch|command|line|arguments|parameters|options)){0,3} ?:\s{0,4}",
        announces=True,
    ),
    # Plug-ins run commands of the game, which are none of these.
    Prelude(
        "Executing command: java -jar server.jar",
        ("ing command:",),
        rf".{{0,60}}?ing command: {{0,4}}(?={_PROGRAM})",
    ),
)  # fmt: skip
_PATTERNS = tuple(re.compile(rf"\s{{0,8}}{prelude.pattern}", re.IGNORECASE) for prelude in PRELUDES)
_SIGNS = tuple((sign, place) for place, prelude in enumerate(PRELUDES) for sign in prelude.signs)
# So far into a line a prelude may reach.
_REACH = 240
_FIRST_WORD = re.compile(r"[^\s=]{1,100}(?=\s|$)\s?")
# A command that was written over several lines is printed so: with a backslash at their ends, or an option at their
# beginnings. Nobody writes longer ones.
_OPTION = re.compile(r"\s{0,40}[-+]{1,2}[A-Za-z]")
_LONGEST = 50
# Where a line's beginning is looked at alone: preludes and options are short.
_BEGINNING = 4000


def is_start_up(line: str) -> bool:
    """Whether a line is the start-up command, or announces it: then all that belongs to it must be masked."""
    return _prelude(ansi.strip(line[:_BEGINNING])) is not None


def _prelude(plain: str) -> tuple[int, bool] | None:
    """Return where the command begins, and whether it may be in the next line; None if this is no prelude."""
    lowered = plain[:_REACH].lower()
    for place in [place for sign, place in _SIGNS if sign in lowered]:
        match, announces = _PATTERNS[place].match(plain), PRELUDES[place].announces
        if match is not None and (announces or plain[match.end() :].strip()):
            return match.end(), announces
    return None


class StartUp:
    """Follows the start-up command through the plain lines of a console, which may print it over several of them."""

    def __init__(self) -> None:
        self._left = 0
        """How many more lines may belong to it."""
        self._announced = False
        """Whether the next line that is not blank is the command."""
        self._goes_on = False
        """Whether its last line says that the next one does."""
        self._resumed = False

    def resume(self) -> None:
        """Take it that the next line may be in the midst of it."""
        self._left, self._resumed = _LONGEST, True

    def begins_at(self, plain: str) -> int | None:
        """Return where in the line the command, or the rest of it, begins; None if the line is no part of it."""
        prelude = _prelude(plain)
        goes_on, self._goes_on = self._goes_on, plain.rstrip().endswith("\\")
        if prelude is not None:
            begin, announces = prelude
            self._left = _LONGEST
            self._announced = announces and not plain[begin:].strip()
            first = None if announces else _FIRST_WORD.match(plain, begin)
            return first.end() if first is not None else begin
        if self._announced:
            self._announced = not plain.strip()
            if not clocks.take_apart(plain[:_BEGINNING]).time:  # no shell begins a command with one: a game does
                return 0
        if self._left and (goes_on or (self._resumed and self._goes_on) or _OPTION.match(plain) is not None):
            self._left -= 1
            return 0
        self._left, self._resumed = 0, False
        return None
