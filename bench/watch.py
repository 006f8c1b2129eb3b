"""Watches a run from both ends: what was printed when, what the channels showed when, and what was cut in between."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from bench.lines import Writing
from bench.reading import Key, Posted, arrived
from bench.world import Console, World
from sandbox.discord import Change, Message, RequestRecord
from sandbox.panel import Event

HISTORY = 150
"""Lines that Wings remembers (`wings server/websocket`, `send logs`)."""
WARM_UP = "warm-up"
"""The line before the load; not one of it."""
IN_FLIGHT = 1.0
"""Seconds before the end of a socket in which what was sent into it may have got lost with it."""


@dataclass(slots=True)
class Printed:
    """One server's output: when each line was sent, and what of it Wings could give again."""

    times: list[float] = field(default_factory=list[float])
    histories: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    """When the history was asked for, and how many lines had been printed by then."""
    endings: list[float] = field(default_factory=list[float])
    """When a socket ended."""

    def beyond(self, number: int) -> bool:
        """Whether the line was printed while nobody listened and no history that was asked for held it."""
        if any(count - HISTORY <= number < count for _when, count in self.histories):
            return False
        at = self.times[number]
        return any(end - IN_FLIGHT <= at <= self._heard_again(end) for end in self.endings)

    def _heard_again(self, ending: float) -> float:
        return next((when for when, _count in self.histories if when >= ending), float("inf"))


class Watch:
    """Prints lines and takes down when they arrive."""

    def __init__(self, world: World, writing: Writing) -> None:
        self.writing = writing
        self.printed = {console.index: Printed() for console in world.consoles}
        self.seen: dict[Key, float] = {}
        """When each line was first accepted by Discord."""
        self.messages = self.files = self.refused = 0
        self.file_bytes = 0
        self.warm: set[int] = set()
        self.last_change = time.monotonic()
        self._node = world.panel.node
        self._dropped: dict[object, int] = {}
        self._consoles = {console.server.identifier: console for console in world.consoles}
        self._channels = {console.channel.id: console for console in world.consoles}
        self._stops: list[Callable[[], None]] = [
            world.discord.subscribe(self._discord),
            world.panel.on_change(self._panel),
        ]

    def close(self) -> None:
        """Watch no longer."""
        for stop in self._stops:
            stop()

    def emit(self, console: Console) -> None:
        """Let a server print its next line."""
        times = self.printed[console.index].times
        text = self.writing.raw(console.index, len(times))
        times.append(time.monotonic())
        console.server.emit(text)

    def close_with_a_numbered_line(self, console: Console) -> None:
        """Let a server print up to its next line that carries a number: only those are known to have arrived."""
        self.emit(console)
        while self.writing.repeated(len(self.printed[console.index].times) - 1):
            self.emit(console)

    def forget_traffic(self) -> None:
        """Count messages and refusals from now on."""
        self.messages = self.files = self.refused = self.file_bytes = 0

    def look_at_sockets(self) -> int:
        """Return how many events Wings has dropped for slow readers, of all sockets that were ever looked at.

        To be called before sockets are cut: what has ended cannot be looked at any more.
        """
        self._dropped |= {session: session.out.dropped for session in self._node.sessions()}
        return sum(self._dropped.values())

    @property
    def emitted(self) -> int:
        """Lines printed so far, all servers together."""
        return sum(len(printed.times) for printed in self.printed.values())

    @property
    def complete(self) -> bool:
        """Whether every numbered line has arrived."""
        return all(
            self.writing.repeated(number) or (index, number) in self.seen
            for index, printed in self.printed.items()
            for number in range(len(printed.times))
        )

    def latencies(self) -> dict[int, list[float]]:
        """Return seconds from print to acceptance of all lines that arrived, server by server."""
        found: dict[int, list[float]] = {index: [] for index in self.printed}
        for (index, number), when in self.seen.items():
            if index in self.printed and number < len(self.printed[index].times):
                found[index].append(when - self.printed[index].times[number])
        return found

    def _discord(self, change: Change) -> None:
        if change.kind == "request":
            self.refused += cast("RequestRecord", change.subject).status == 429
        if change.kind not in {"message_create", "message_update"}:
            return
        message = cast("Message", change.subject)
        console = self._channels.get(message.channel.id)
        if console is None:
            return
        now = self.last_change = time.monotonic()
        posted = as_posted(message)
        if change.kind == "message_create":
            self.messages += 1
            self.files += len(message.attachments)
            self.file_bytes += sum(len(attachment.data) for attachment in message.attachments)
        if console.index not in self.warm and any(WARM_UP in text for text in (posted.content, *posted.files)):
            self.warm.add(console.index)
        for key in arrived(posted):
            self.seen.setdefault(key, now)

    def _panel(self, event: Event) -> None:
        console = self._consoles.get(event.server or "") if event.kind == "socket" else None
        if console is None:
            return
        printed = self.printed[console.index]
        if event.text == "asked for history":
            printed.histories.append((time.monotonic(), len(printed.times)))
        elif event.text == "closed":
            printed.endings.append(time.monotonic())


def as_posted(message: Message) -> Posted:
    """Return what a reader sees of a message."""
    return Posted(message.content, tuple(a.data.decode(errors="replace") for a in message.attachments))
