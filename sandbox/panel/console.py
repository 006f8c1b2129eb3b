"""From raw terminal output to console lines, and from events to frames, with the quirks of Wings."""

import json
from typing import Any

from sandbox.panel.clock import Clock

LINE_LIMIT = 64 * 1024
LOST_AT_CUT = 255


class LineReader:
    """Cuts output into lines as `wings system/utils.go` does: at newlines, at 64 KiB, space+CR becoming CRLF."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines completed by ``data``; an unfinished line is held back until its newline comes."""
        pieces = (self._held + data).split(b"\n")
        self._held = pieces.pop()
        lines: list[bytes] = []
        for piece in pieces:
            lines.extend(_cut(piece.removesuffix(b"\r").replace(b" \r", b"\r\n")))
        return lines


def _cut(line: bytes) -> list[bytes]:
    if len(line) <= LINE_LIMIT:
        return [line]
    parts: list[bytes] = []
    while line:
        parts.append(line[:LINE_LIMIT])
        line = line[LINE_LIMIT + LOST_AT_CUT :]
    return parts


class ConsoleThrottle:
    """At most ``lines`` console lines per ``seconds``; what is more is dropped (`wings server/console.go`)."""

    def __init__(self, clock: Clock, lines: int = 2000, seconds: float = 0.1) -> None:
        self._clock = clock
        self.lines = lines
        self._seconds = seconds
        self._since = clock.elapsed()
        self._count = 0
        self._told = False

    def allows(self) -> bool:
        """Count one line."""
        now = self._clock.elapsed()
        if now - self._since >= self._seconds:
            if self._count < self.lines:
                self._told = False
            self._since, self._count = now, 0
        self._count += 1
        return self._count <= self.lines

    def first_refusal(self) -> bool:
        """True for the first dropped line of an episode."""
        if self._told:
            return False
        self._told = True
        return True


def text_of(line: bytes) -> str:
    """A console line as text: what is not UTF-8 becomes U+FFFD."""
    return line.decode("utf-8", errors="replace")


def frame(event: str, *args: str) -> str:
    """A Wings frame: compact JSON with Go's escapes, ``args`` left out when empty, a newline at the end."""
    message: dict[str, Any] = {"event": event}
    if args:
        message["args"] = list(args)
    return go_json(message) + "\n"


def go_json(value: Any) -> str:
    """JSON as Go's encoder writes it: compact, with <, >, & and the two Unicode line separators escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace("\ufffd", "\\ufffd")
