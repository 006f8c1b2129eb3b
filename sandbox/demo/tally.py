"""Compares what game servers print with what their channels show, line by line: does the channel tell the truth?"""

import re
from collections import deque
from dataclasses import dataclass, field

from sandbox.discord import Message

REMEMBERED = 30_000
"""Printed lines per server that a shown line is looked for among."""
_ESCAPES = re.compile(r"\x1b\[[0-9;:?]*[A-Za-z]|[\u200b\x00-\x08\x0b-\x1f]")
_BREAK = re.compile(r"\r*\n")
_BLOCK = re.compile(r"```(?:ansi)?\n(.*?)\n?```", re.DOTALL)
_LEFT_OUT = re.compile(r"^(?:✂|⚠ Discord refused)\D*(\d+) line", re.MULTILINE)
_GAP = re.compile(r"^⚠ .* may be missing", re.MULTILINE)
_CONTINUED = "↪ "


def console_lines(text: str) -> list[str]:
    """The lines of one console event as a terminal would show them, without colours."""
    return [_plain(line.rstrip("\r").rsplit("\r", 1)[-1]) for line in _BREAK.split(text)]


def _plain(line: str) -> str:
    return _ESCAPES.sub("", line).rstrip()


@dataclass
class Count:
    """One server in one channel: lines printed since the channel began to show it, lines shown, lines left out."""

    server: str
    channel: int
    began: int
    shown: int = 0
    left_out: int = 0


@dataclass
class _Printed:
    total: int = 0
    recent: deque[str] = field(default_factory=lambda: deque[str](maxlen=REMEMBERED))
    numbers: dict[str, int] = field(default_factory=dict[str, int])


class Tally:
    """Counts for every pair of server and channel; `server` is a short id."""

    def __init__(self) -> None:
        self._printed: dict[str, _Printed] = {}
        self._counts: dict[tuple[str, int], Count] = {}
        self._last: dict[int, str] = {}
        self._gaps: set[int] = set()

    def printed(self, server: str, text: str) -> None:
        """A server printed one console event."""
        known = self._printed.setdefault(server, _Printed())
        for line in console_lines(text):
            if len(known.recent) == REMEMBERED:
                gone = known.recent[0]
                if known.numbers.get(gone) == known.total - REMEMBERED:
                    del known.numbers[gone]
            known.recent.append(line)
            known.numbers[line] = known.total
            known.total += 1

    def posted(self, message: Message) -> None:
        """The bot wrote a message by itself (no answer to anybody) into a channel."""
        if _GAP.search(message.content):
            self._gaps.add(message.channel.id)
        for block in _BLOCK.findall(message.content):
            self._shown(message.channel.id, [_plain(line) for line in block.split("\n") if not _continues(line)])
        for attachment in message.attachments:
            if attachment.filename.endswith(".log"):
                text = attachment.data.decode(errors="replace").removesuffix("\n")
                self._shown(message.channel.id, [_plain(line) for line in text.split("\n")])
        for number in _LEFT_OUT.findall(message.content):
            count = self._counts.get((self._last.get(message.channel.id, ""), message.channel.id))
            if count is not None:
                count.left_out += int(number)

    def counts(self) -> list[dict[str, int | str]]:
        """All counts, for the page."""
        return [
            {
                "server": count.server,
                "channel": str(count.channel),
                "printed": self._printed[count.server].total - count.began,
                "shown": count.shown,
                "left_out": count.left_out,
            }
            for count in self._counts.values()
        ]

    def restart(self) -> None:
        """Relays were added or removed: count anew from the next line of each channel."""
        self._counts.clear()
        self._last.clear()
        self._gaps.clear()

    def _shown(self, channel: int, lines: list[str]) -> None:
        server = self._last.get(channel, "")
        for line in lines:
            server = self._owner(line, server)
            if not server:
                continue  # nothing printed fits: a masked line before the first known one
            count = self._counts.get((server, channel))
            if count is None:
                began = self._printed[server].numbers.get(line, self._printed[server].total - 1)
                count = self._counts[server, channel] = Count(server, channel, began)
            if channel in self._gaps:
                self._over_the_gap(count, line)
            count.shown += 1
        self._last[channel] = server

    def _over_the_gap(self, count: Count, line: str) -> None:
        """The channel said that lines are missing: count how many, at the first line whose number is known."""
        number = self._printed[count.server].numbers.get(line)
        if number is not None:
            missing = number - (count.began + count.shown + count.left_out)
            count.left_out += max(0, missing)
            self._gaps.discard(count.channel)

    def _owner(self, line: str, before: str) -> str:
        """Whose line it is. A masked line fits nobody and is taken for one more of the server before it."""
        if before and line in self._printed[before].numbers:
            return before
        return next((name for name, known in self._printed.items() if line in known.numbers), before)


def _continues(line: str) -> bool:
    return _ESCAPES.sub("", line).startswith(_CONTINUED)
