"""Consoles of games, as far as they decide which commands a line becomes; each written from what its source says.

Every model takes the line that Wings hands to the game (without its line end) and returns the names of the commands that
run, in order. A quotation that nothing closes ends with the line in all of them.
"""

import json
import re
from collections.abc import Callable

Console = Callable[[str], list[str]]


def _names(commands: list[str]) -> list[str]:
    begun = (re.sub(r'^[\s/"\\]+', "", command) for command in commands)
    return [re.split(r"[\s\"'(\[{]", command)[0].casefold() for command in begun if command]


def _cut(
    line: str, ends: str, *, escapes: Callable[[str, int, bool], int], comments: tuple[str, ...] = ()
) -> list[str]:
    """Cut at each of `ends` outside of `"…"`; `escapes` tells how many characters at a place count for nothing."""
    commands, begin, quoted, at = [], 0, False, 0
    while at < len(line):
        skipped = escapes(line, at, quoted)
        if skipped:
            at += skipped
            continue
        if line[at] == '"':
            quoted = not quoted
        elif not quoted and line[at] in ends:
            commands.append(line[begin:at])
            begin = at + 1
        elif not quoted and any(line.startswith(comment, at) for comment in comments):
            return [*commands, line[begin:at]]
        at += 1
    return [*commands, line[begin:]]


def _none(_line: str, _at: int, _quoted: bool) -> int:
    return 0


def quake(line: str) -> list[str]:
    """`Cbuf_Execute` behind a `Sys_ConsoleInput` that reads 256 bytes at a time and takes each for a line."""
    raw = line.encode() + b"\n"
    lines = [raw[at : at + 256][:-1].decode(errors="replace") for at in range(0, len(raw), 256)]
    return _names([command for each in lines for command in _cut(each, ";\n\r", escapes=_none)])


def source(line: str) -> list[str]:
    """`CCommandBuffer`: like Quake's, with `//` before a comment."""
    return _names(_cut(line, ";\n", escapes=_none, comments=("//",)))


def teeworlds(line: str) -> list[str]:
    r"""`CConsole::ExecuteLine`: `\"` is a quotation mark anywhere; `#` begins a comment."""

    def escapes(text: str, at: int, _quoted: bool) -> int:
        return 2 if text.startswith('\\"', at) else 0

    return _names(_cut(line, ";\n", escapes=escapes, comments=("#",)))


def darkplaces(line: str) -> list[str]:
    r"""`Cbuf_Execute` of DarkPlaces: `\"` and `\\` stand for themselves inside of quotations; `$name` is a setting."""

    def escapes(text: str, at: int, quoted: bool) -> int:
        return 2 if quoted and text[at : at + 2] in {'\\"', "\\\\"} else 0

    settings = re.findall(r"\$[A-Za-z_{][\w-]*", line)
    return _names([*_cut(line, ";\n\r", escapes=escapes, comments=("//",)), *settings])


def fivem(line: str) -> list[str]:
    """`Context::ExecuteBuffer`: JSON outside of quotations is passed over whole."""

    def escapes(text: str, at: int, quoted: bool) -> int:
        if quoted or text[at] not in "{[":
            return 0
        try:
            return json.JSONDecoder().raw_decode(text, at)[1] - at
        except ValueError:
            return 0

    return _names(_cut(line, ";\n\r", escapes=escapes))


def minecraft(line: str) -> list[str]:
    """A line is a command; a slash in front of it is left out."""
    return _names(re.split(r"[\r\n]", line))


def shell(line: str) -> list[str]:
    """A POSIX shell: `;`, `|`, `&` and line ends outside of both kinds of quotation; what it substitutes runs too."""
    commands, begin, mark, at = [], 0, "", 0
    while at < len(line):
        char = line[at]
        if char == "\\" and mark != "'":
            at += 1
        elif mark:
            mark = "" if char == mark else mark
        elif char in "\"'":
            mark = char
        elif char in ";|&\n":
            commands.append(line[begin:at])
            begin = at + 1
        if mark != "'" and (char == "`" or line.startswith("$(", at)):
            commands.append("substitution")
        at += 1
    return _names([*commands, line[begin:]])


def pipes(line: str) -> list[str]:
    """What is modelled on a shell as far as `;` and `|` go."""
    return _names(_cut(line, ";|\n", escapes=_none))


GAMES: tuple[Console, ...] = (quake, source, teeworlds, darkplaces, fivem, minecraft, pipes)
ALL: tuple[Console, ...] = (*GAMES, shell)
