"""What the make-believe game answers to what is typed into its console: a few commands, in Minecraft's own words.

The sentences are those of Minecraft 1.21 (its `en_us.json`, `commands.*`); what cannot be read is told as its parser
does, with the place behind which it got lost.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

DAY_TICKS, DAY_BEGINS = 24_000, 1_000
TICKS_PER_SECOND = 20
TIMES = {"day": DAY_BEGINS, "noon": 6_000, "night": 13_000, "midnight": 18_000}
UNITS = {"d": DAY_TICKS, "s": TICKS_PER_SECOND, "t": 1, "": 1}
USAGE = (
    "/deop <targets>",
    "/help [<command>]",
    "/kick <targets> [<reason>]",
    "/list",
    "/op <targets>",
    "/say <message>",
    "/stop",
    "/time (add|query|set)",
    "/whitelist (add|list|off|on|reload|remove)",
)
INCOMPLETE = "Unknown or incomplete command, see below for error"
INCORRECT = "Incorrect argument for command, see below for error"
_KICKED = "Kicked by an operator"
_NAME = re.compile(r"\w{1,16}", re.ASCII)
_AMOUNT = re.compile(r"(-?\d{1,9}(?:\.\d{1,9})?)(.*)")
_SHOWN_BEFORE = 10


class NotUnderstood(Exception):
    """A line that is no command: what is wrong, and the place (in characters) up to which it was understood."""

    def __init__(self, message: str, line: str, place: int) -> None:
        super().__init__(message)
        before = line[:place] if place <= _SHOWN_BEFORE else f"...{line[place - _SHOWN_BEFORE : place]}"
        self.lines = (message, f"{before}{line[place:]}<--[HERE]")


@dataclass
class Saved:
    """What the world keeps when the process ends: the whitelist, the operators, the time."""

    whitelist: list[str] = field(default_factory=list[str])
    whitelist_on: bool = False
    operators: list[str] = field(default_factory=list[str])
    day_ticks: int = DAY_BEGINS
    """The world's time at `since`, in ticks of which a day has 24,000."""
    since: float = 0.0
    begun: float | None = None
    """When the world was made; both in seconds of the commands' clock."""

    def lets_in(self, name: str) -> bool:
        """Whether this player may join."""
        return not self.whitelist_on or name in self.whitelist or name in self.operators


@dataclass
class Line:
    """A typed line, word by word."""

    text: str
    place: int = 0

    def word(self, *, what: tuple[str, ...] = ()) -> str:
        """Take the next word; NotUnderstood if there is none, or it is none of `what`."""
        rest = self.text[self.place :]
        found = rest.lstrip(" ").split(" ", 1)[0]
        if not found:
            raise NotUnderstood(INCOMPLETE, self.text, len(self.text))
        start = self.place + len(rest) - len(rest.lstrip(" "))
        if what and found not in what:
            raise NotUnderstood(INCORRECT, self.text, start)
        self.place = start + len(found)
        return found

    def rest(self) -> str:
        """Take everything that is left."""
        found, self.place = self.text[self.place :].strip(" "), len(self.text)
        return found

    def end(self) -> None:
        """Nothing more may follow; NotUnderstood if something does."""
        if self.text[self.place :].strip(" "):
            raise NotUnderstood(INCORRECT, self.text, self.place + 1)


class Commands:
    """The commands of one process. ``leaves`` takes a player, who is told a reason, off the server."""

    def __init__(
        self, saved: Saved, players: list[str], most: int, leaves: Callable[[str, str], None], now: Callable[[], float]
    ) -> None:
        self._saved, self._players, self._most = saved, players, most
        self._leaves, self._now = leaves, now
        self._all: dict[str, Callable[[Line], list[str]]] = {
            "?": self._help,
            "deop": self._deop,
            "help": self._help,
            "kick": self._kick,
            "list": self._list,
            "op": self._op,
            "say": self._say,
            "time": self._time,
            "whitelist": self._whitelist,
        }
        if saved.begun is None:
            saved.begun = saved.since = now()

    def answer(self, typed: str) -> list[str]:
        """Obey a line and return what is printed. NotUnderstood if it is no command."""
        line = Line(typed.strip().removeprefix("/"))
        name = line.word()
        if name not in self._all:
            raise NotUnderstood(INCOMPLETE, line.text, 0)
        return self._all[name](line)

    def _help(self, line: Line) -> list[str]:
        wanted = line.rest()
        found = [usage for usage in USAGE if not wanted or usage.split(" ")[0] == f"/{wanted}"]
        return found or ["Unknown command or insufficient permissions"]

    def _list(self, line: Line) -> list[str]:
        line.end()
        return [
            f"There are {len(self._players)} of a max of {self._most} players online: {', '.join(self._players)}",
        ]

    def _say(self, line: Line) -> list[str]:
        words = line.rest()
        if not words:
            raise NotUnderstood(INCOMPLETE, line.text, len(line.text))
        return [f"[Server] {words}"]

    def _kick(self, line: Line) -> list[str]:
        wanted = line.word()
        reason = line.rest() or _KICKED
        found = [name for name in self._players if wanted == "@a" or name.lower() == wanted.lower()]
        if not found:
            return ["No player was found"]
        for name in found:
            self._leaves(name, reason)
        return [f"Kicked {name}: {reason}" for name in found]

    def _op(self, line: Line) -> list[str]:
        name = self._somebody(line)
        if name is None:
            return ["That player does not exist"]
        if name in self._saved.operators:
            return ["Nothing changed. The player already is an operator"]
        self._saved.operators.append(name)
        return [f"Made {name} a server operator"]

    def _deop(self, line: Line) -> list[str]:
        name = self._somebody(line)
        if name is None:
            return ["That player does not exist"]
        if name not in self._saved.operators:
            return ["Nothing changed. The player is not an operator"]
        self._saved.operators.remove(name)
        return [f"Made {name} no longer a server operator"]

    def _whitelist(self, line: Line) -> list[str]:
        what = line.word(what=("add", "list", "off", "on", "reload", "remove"))
        if what in ("add", "remove"):
            return self._listed(line, add=what == "add")
        line.end()
        saved = self._saved
        if what == "reload":
            return ["Reloaded the whitelist"]
        if what == "list":
            count, names = len(saved.whitelist), ", ".join(saved.whitelist)
            return [
                f"There are {count} whitelisted player(s): {names}" if count else "There are no whitelisted players"
            ]
        if saved.whitelist_on is (what == "on"):
            return [f"Whitelist is already turned {what}"]
        saved.whitelist_on = what == "on"
        return [f"Whitelist is now turned {what}"]

    def _listed(self, line: Line, *, add: bool) -> list[str]:
        name = self._somebody(line)
        if name is None:
            return ["That player does not exist"]
        if add is (name in self._saved.whitelist):
            return ["Player is already whitelisted" if add else "Player is not whitelisted"]
        if add:
            self._saved.whitelist.append(name)
            return [f"Added {name} to the whitelist"]
        self._saved.whitelist.remove(name)
        return [f"Removed {name} from the whitelist"]

    def _somebody(self, line: Line) -> str | None:
        """A player's name as the account has it, whether he is on or not; None for what cannot be an account."""
        wanted = line.word()
        line.end()
        saved = self._saved
        known = [
            name for name in (*self._players, *saved.whitelist, *saved.operators) if name.lower() == wanted.lower()
        ]
        if known:
            return known[0]
        return wanted if _NAME.fullmatch(wanted) else None

    def _time(self, line: Line) -> list[str]:
        what = line.word(what=("add", "query", "set"))
        if what == "query":
            which = line.word(what=("daytime", "gametime", "day"))
            line.end()
            return [f"The time is {self._asked(which)}"]
        place = line.place + 1
        word = line.word()
        line.end()
        ticks = TIMES.get(word) if what == "set" else None
        if ticks is None:
            amount = _AMOUNT.fullmatch(word)
            if amount is None:
                raise NotUnderstood("Expected float", line.text, place)
            if amount[2] not in UNITS:
                raise NotUnderstood("Invalid unit", line.text, place + len(amount[1]))
            ticks = round(float(amount[1]) * UNITS[amount[2]])
        if ticks < 0:
            raise NotUnderstood(f"The tick count must not be less than 0, found {ticks}", line.text, place)
        if what == "add":
            ticks += self._ticks()
        self._saved.day_ticks, self._saved.since = ticks, self._now()
        return [f"Set the time to {ticks % DAY_TICKS if what == 'add' else ticks}"]

    def _ticks(self) -> int:
        return self._saved.day_ticks + int((self._now() - self._saved.since) * TICKS_PER_SECOND)

    def _asked(self, which: str) -> int:
        if which == "gametime":
            return int((self._now() - (self._saved.begun or 0.0)) * TICKS_PER_SECOND)
        return self._ticks() // DAY_TICKS if which == "day" else self._ticks() % DAY_TICKS
