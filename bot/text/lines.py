"""Cuts what one console event carried into the lines that a terminal would show."""

import re

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")


def split(text: str) -> list[str]:
    """Return the lines of an event's text, each still with its escape sequences.

    An event can hold several lines, and a progress bar redraws itself with bare carriage returns, of which only the
    last state counts (wings `system/utils.go` turns " \\r" into a line break and passes a bare CR through).
    """
    return [_last_state(line) for line in text.split("\n")]


def _last_state(line: str) -> str:
    """Return what stands there after the last carriage return, in the colours set before it."""
    if "\r" not in line:
        return line
    *earlier, last = line.rstrip("\r").split("\r")
    return "".join(code for state in earlier for code in _COLOUR.findall(state)) + last
