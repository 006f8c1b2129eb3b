"""Draws one line of output as a terminal would show it in the end: where the cursor was moved, later text wins."""

import re

_TOKEN = re.compile(
    r"\x1b\[(?P<params>[0-9;:]*)(?P<final>[@-~])"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # private or broken: nothing of it is seen
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # a title, for example
    r"|\x1b[ #%&(-/]?[0-Z\\^-~]?"
    r"|\x08+"
)
_MOVES = re.compile(r"\x1b\[(?:[0-9;:]*[@CDGPX]|[12][JK])")
"""What, beside a backspace, makes text appear elsewhere than behind the text before it, or takes some away."""
_ESCAPE = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")
_COLUMNS = 1000
"""No cursor is moved further: terminals are narrower, and a line must not grow by what it does not say."""
_LONGEST_PEN = 256
_MOST_ORDERS = 2000
"""So many signs that move the cursor, erase or colour are obeyed in one line, which takes some milliseconds."""
_LONGEST = 32 * 1024
"""Characters of a line that is drawn: what programs redraw is as wide as a window."""
_RESET = "\x1b[0m"


def draw(line: str) -> str:
    """Return what is seen of a line without line ends, with its colours; as it is where nothing in it is redrawn.

    One that would take longer than some milliseconds is returned as it is, too: no program writes such a line.
    """
    if "\b" not in line and _MOVES.search(line) is None:
        return line
    if len(line) > _LONGEST or _orders(line) > _MOST_ORDERS:
        return line
    return _Screen(line).draw()


def last_state(line: str) -> str:
    """Return what is seen last of a line that is drawn over and over; empty where nothing is.

    Beyond so many orders to the terminal, what comes before is taken as it is: they may be there to cost time.
    """
    obeyed = 0
    for text in reversed(line.split("\r")):
        obeyed += _orders(text)
        shown = draw(text) if obeyed <= _MOST_ORDERS else text
        if is_visible(shown):
            return shown
    return ""


def is_visible(text: str) -> bool:
    """Whether anything would be seen: an erase sequence alone, as progress bars send it, is not."""
    bare = _ESCAPE.sub("", text) if "\x1b" in text else text
    return bool(bare.replace("\b", "").strip())


def _orders(line: str) -> int:
    """Return how many signs for the terminal are in a line, about."""
    return line.count("\b") + line.count("\x1b")


class _TooMuchError(Exception):
    """The line is made to cost time."""


class _Screen:
    """One row of a terminal: cells that hold a character and the codes that colour it."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._cells: list[tuple[str, str]] = []
        self._cursor = 0
        self._pen = ""
        self._left = 4 * len(line) + 10_000
        """How many cells may still be shifted or erased."""

    def draw(self) -> str:
        end = 0
        try:
            for token in _TOKEN.finditer(self._line):
                self._write(self._line[end : token.start()])
                end = token.end()
                if token["final"] is not None:
                    self._obey(token["final"], token["params"])
                elif token[0].startswith("\b"):
                    self._cursor = max(0, self._cursor - len(token[0]))
        except _TooMuchError:
            return self._line
        self._write(self._line[end:])
        return self._shown()

    def _write(self, text: str) -> None:
        if text:
            self._pad()
            self._cells[self._cursor : self._cursor + len(text)] = [(self._pen, character) for character in text]
            self._cursor += len(text)

    def _pad(self) -> None:
        if self._cursor > len(self._cells):
            self._cells += [("", " ")] * (self._cursor - len(self._cells))

    def _obey(self, final: str, params: str) -> None:
        first = params.partition(";")[0]
        number = int(first[:6]) if first.isdecimal() else 0
        match final:
            case "m":
                self._colour(params)
            case "D":
                self._cursor = max(0, self._cursor - max(1, number))
            case "C" | "G":
                aim = self._cursor + max(1, number) if final == "C" else max(1, number) - 1
                self._cursor = min(aim, max(_COLUMNS, self._cursor))
            case "K" | "J":
                self._erase(number)
            case "P" | "X" | "@":
                self._edit(final, max(1, number))
            case _:
                pass

    def _colour(self, params: str) -> None:
        if not params.strip("0;"):
            self._pen = ""
        elif len(self._pen) < _LONGEST_PEN:
            self._pen += f"\x1b[{params}m"
        else:
            raise _TooMuchError

    def _erase(self, what: int) -> None:
        if what == 0:
            del self._cells[self._cursor :]
            return
        kept = self._cells[self._cursor + 1 :] if what == 1 else []
        self._spend(self._cursor + len(kept))
        self._cells = [*[("", " ")] * min(self._cursor + 1, len(self._cells)), *kept] if kept else []

    def _edit(self, final: str, count: int) -> None:
        """Take characters away at the cursor, blank them, or push them on."""
        count = min(count, _COLUMNS)
        self._spend(max(0, len(self._cells) - self._cursor) + count)
        if self._cursor < len(self._cells):
            rest = self._cells[self._cursor :]
            gone = [("", " ")] * count if final != "P" else []
            self._cells[self._cursor :] = gone + (rest if final == "@" else rest[count:])

    def _spend(self, cells: int) -> None:
        self._left -= cells
        if self._left < 0:
            raise _TooMuchError

    def _shown(self) -> str:
        while self._cells and self._cells[-1][1] == " ":
            self._cells.pop()  # what was rubbed out
        parts: list[str] = []
        pen = ""
        for wanted, character in self._cells:
            if wanted != pen:
                parts.append((_RESET if pen else "") + wanted)
                pen = wanted
            parts.append(character)
        return "".join([*parts, _RESET if pen else ""])
