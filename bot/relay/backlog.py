"""What waits to be said in a channel: bounded, and beyond the bound the middle is cut, never the head or the tail."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from bot.i18n import ngettext
from bot.relay.trail import Trail
from bot.terms import RelayStyle
from bot.text import ansi, packing
from bot.text.packing import size
from bot.text.redaction import Redactor
from bot.time_slice import Steps

_PATIENCE = 3
"""How often a relay's notice is said again: a name in it may be what Discord refuses."""


@dataclass(slots=True)
class Tally:
    """What became of one relay's lines."""

    queued: int = 0
    queued_bytes: int = 0
    delivered: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Voice:
    """A relay as its channel sees it: whose lines they are, and how they are drawn."""

    relay_id: int
    style: RelayStyle
    source: str
    """The server's name in Markdown."""
    tally: Tally = field(default_factory=Tally)
    trail: Trail = field(default_factory=Trail)
    redactor: Redactor | None = None

    def pieces(self, raw: str) -> Steps[list[str]]:
        """Return a console line in Discord's colours, its secrets masked where that is wanted, ready to be packed."""
        drawn = ansi.reduce_in_steps(raw) if self.redactor is None else self.redactor.redact_in_steps(raw)
        return (yield from packing.pieces_in_steps((yield from drawn), self.style))

    def plain(self, raw: str) -> Steps[str]:
        """Return the line without colours, its secrets masked as well."""
        return ansi.strip_in_steps(raw) if self.redactor is None else self.redactor.redact_plain_in_steps(raw)


class Item:
    """A console line as it came, or a notice in Markdown. Drawn only when it is its turn: most of a flood never is."""

    __slots__ = ("at", "marks", "notice", "number", "parts", "text", "torn", "units", "voice")

    def __init__(self, text: str, voice: Voice | None, at: float, *, marks: bytes = b"", notice: bool = False) -> None:
        self.text = text
        self.voice = voice
        """Whose it is; None for what the channel's writer itself has to say."""
        self.at = at
        """When it came, on the loop's clock."""
        self.marks = marks
        """Of the console lines that are dealt with when it is delivered: its own, and those before it not shown."""
        self.notice = notice or voice is None
        self.number = 0
        """Its place in what was put in for its channel; 0 for what the channel's writer itself has to say."""
        self.parts = 0
        """How many parts of it an earlier life delivered."""
        self.torn = False
        """Whether a part of it was refused, and that was told."""
        self.units = size(text) + 1
        """About its size in a message, and in memory."""

    @property
    def line_of(self) -> Tally | None:
        """Where to count it, if it is a line."""
        return None if self.notice or self.voice is None else self.voice.tally


class OwnWords(Item):
    """A notice that the channel's writer says in its own name, and says again should it be refused.

    `refused`: how many lines it tells to have been refused. `patience`: how often it is said again; None for ever,
    which is for words that hold nothing of a stranger's.
    """

    __slots__ = ("patience", "refused")

    def __init__(self, text: str, at: float, *, refused: int = 0, patience: int | None = None) -> None:
        super().__init__(text, None, at)
        self.refused, self.patience = refused, patience

    @classmethod
    def again(cls, item: Item) -> "OwnWords | None":
        """Return what to say in place of a notice that was refused; None where it was said often enough."""
        patience = item.patience if isinstance(item, cls) else _PATIENCE
        if patience == 0:
            return None
        return cls(item.text, item.at, patience=None if patience is None else patience - 1)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait for one channel."""

    lines: int = 50_000
    units: int = 8 << 20
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

    def __len__(self) -> int:
        return self._count

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

    @property
    def next_is_begun(self) -> bool:
        """Whether an earlier life delivered parts of the oldest item."""
        return bool(self._head) and self._head[0].parts > 0

    def put(self, item: Item) -> None:
        """Add an item, cutting the middle out if there is no room."""
        (self._tail if self._cut else self._head).append(item)
        self._count += 1
        self.units += item.units
        tally = item.line_of
        if tally is not None:
            tally.queued += 1
            tally.queued_bytes += item.units
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
            self._tail.extend(islice(self._head, self._half(), None))
            for _ in range(len(self._tail)):
                self._head.pop()
        item = self._tail.popleft()
        self._count -= 1
        self.units -= item.units
        self._cut += not item.notice
        lose([item])

    def _half(self) -> int:
        """Return how many of the items make up half of them, and half of their size, the newest one left aside."""
        size = self.units - self._head[-1].units
        count = units = 0
        for item in self._head:
            if count >= self._count // 2 and 2 * units >= size:
                break
            count += 1
            units += item.units
        return count

    def _notice(self) -> Item:
        text = ngettext(
            "✂ {count} line left out here: the console was faster than Discord allows.",
            "✂ {count} lines left out here: the console was faster than Discord allows.",
            self._cut,
        )
        at = self._tail[0].at if self._tail else 0.0
        return OwnWords(text.format(count=self._cut), at)


def lose(items: list[Item]) -> int:
    """Count items as lost; return how many of them are lines of which that was not told yet."""
    for tally in _dequeued(items):
        tally.lost += 1
    return sum(item.line_of is not None and not item.torn for item in items)


def forget(items: list[Item]) -> None:
    """Count items neither as lost nor as delivered."""
    _dequeued(items)


def deliver(items: list[Item]) -> None:
    """Count items as delivered; those as lost of which a part was refused."""
    torn = [item for item in items if item.torn]
    for tally in _dequeued(torn):
        tally.lost += 1
    for tally in _dequeued([item for item in items if not item.torn] if torn else items):
        tally.delivered += 1


def _dequeued(items: list[Item]) -> list[Tally]:
    """Take the lines among the items out of their relays' queues; return the tally of each line's relay."""
    tallies: list[Tally] = []
    for item in items:
        tally = item.line_of
        if tally is not None:
            tally.queued -= 1
            tally.queued_bytes -= item.units
            tallies.append(tally)
    return tallies
