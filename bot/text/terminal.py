"""Draws one line of output as a terminal would show it in the end: where the cursor was moved, later text wins."""

import re

_TOKEN = re.compile(
    r"\x1b\[(?P<params>[0-9;:]*)(?P<final>[@-~])"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # private or broken: nothing of it is seen
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # a title, for example
    r"|\x1b[ #%&(-/]?[0-Z\\^-~]?"
    r"|\x08+"
)
_MOVES = re.compile(r"\x08|\x1b\[(?:[0-9;:]*[@CDGPX]|[12][JK])")
"""What makes text appear elsewhere than behind the text before it, or takes some away."""
_COLUMNS = 1000
"""No cursor is moved further: terminals are narrower, and a line must not grow by what it does not say."""
_LONGEST_PEN = 256
_RESET = "\x1b[0m"


def draw(line: str) -> str:
    """Return what is seen of a line without line ends, with its colours; as it is where nothing in it is redrawn.

    The work is linear in the line's length; a line that would take more is returned as it is.
    """
    return line if _MOVES.search(line) is None else _Screen(line).draw()


class _TooMuchError(Exception):
    """The line is made to cost time."""


class _Screen:
    """One row of a terminal: cells that hold a character and the codes that colour it."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._cells: list[tuple[str, str]] = []
        self._cursor = 0
        self._pen = ""
        self._left = 20 * len(line) + 10_000
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
