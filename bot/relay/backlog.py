"""What waits to be said in a channel: bounded, and beyond the bound the middle is cut, never the head or the tail."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bot.i18n import ngettext
from bot.terms import RelayStyle
from bot.text.packing import size


@dataclass(slots=True)
class Tally:
    """What became of one relay's lines."""

    queued: int = 0
    queued_bytes: int = 0
    delivered: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A console line, or a notice, and whose it is."""

    text: str
    """A line in Discord's colours, or a notice in Markdown."""
    style: RelayStyle | None
    """How to draw the line; None for a notice."""
    source: str
    """The server's name in Markdown."""
    tally: Tally | None
    """Where to count it; None for a notice, which is not counted."""
    at: float
    """When it came, on the loop's clock."""

    @property
    def units(self) -> int:
        """Its size in a message, and about its size in memory."""
        return size(self.text) + 1


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait for one channel."""

    lines: int = 10_000
    units: int = 2 << 20
    """Characters as Discord counts them."""


class Backlog:
    """A queue of items. Until something must be cut all of it is the head; then half is head and half is tail."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._head: deque[Item] = deque()
        self._tail: deque[Item] = deque()
        self._cut = 0
        self._count = 0
        self.units = 0

    def __bool__(self) -> bool:
        return bool(self._head or self._tail)

    def __iter__(self) -> Iterator[Item]:
        """Iterate over what waits, the notice of a cut in its place."""
        yield from self._head
        if self._cut:
            yield self._notice()
        yield from self._tail

    @property
    def oldest_at(self) -> float | None:
        """When the oldest item came."""
        first = self._head[0] if self._head else self._tail[0] if self._tail else None
        return None if first is None else first.at

    def put(self, item: Item) -> None:
        """Add an item, cutting the middle out if there is no room."""
        (self._tail if self._cut else self._head).append(item)
        self._count += 1
        self.units += item.units
        if item.tally is not None:
            item.tally.queued += 1
            item.tally.queued_bytes += item.units
        while self._count > self._bounds.lines or self.units > self._bounds.units:
            self._drop_middle()

    def pop(self) -> Item:
        """Take the oldest item, which may be the notice of a cut; raises IndexError if there is none."""
        if not self._head:
            if self._cut:
                notice = self._notice()
                self._head, self._tail, self._cut = self._tail, self._head, 0
                return notice
            self._head, self._tail = self._tail, self._head
        item = self._head.popleft()
        self._count -= 1
        self.units -= item.units
        return item

    def _drop_middle(self) -> None:
        if not self._tail:
            half = len(self._head) // 2
            self._tail.extend(islice(self._head, half, None))
            for _ in range(len(self._tail)):
                self._head.pop()
        item = self._tail.popleft()
        self._count -= 1
        self.units -= item.units
        self._cut += item.tally is not None
        lose(item)

    def _notice(self) -> Item:
        text = ngettext(
            "✂ {count} line left out here: the console was faster than Discord allows.",
            "✂ {count} lines left out here: the console was faster than Discord allows.",
            self._cut,
        )
        at = self._tail[0].at if self._tail else 0.0
        return Item(text.format(count=self._cut), None, "", None, at)


def lose(item: Item) -> None:
    """Count an item as lost."""
    if item.tally is not None:
        item.tally.queued -= 1
        item.tally.queued_bytes -= item.units
        item.tally.lost += 1


def deliver(item: Item) -> None:
    """Count an item as delivered."""
    if item.tally is not None:
        item.tally.queued -= 1
        item.tally.queued_bytes -= item.units
        item.tally.delivered += 1
