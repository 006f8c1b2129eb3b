"""Turns what waits for a channel into messages, and keeps account of what became of it."""

from collections import deque
from dataclasses import dataclass

from bot.i18n import ngettext
from bot.relay.backlog import Backlog, Bounds, Item, deliver, lose
from bot.text import ansi
from bot.text.packing import LIMIT, Entry, Packed, pieces, take


@dataclass(frozen=True, slots=True)
class _Piece:
    """An item, or a part of a long one, ready to be packed."""

    item: Item
    entry: Entry
    last: bool
    """The item is done with when this piece is."""


class Packer:
    """A backlog, and in front of it the pieces that the next message will be made of."""

    def __init__(self, bounds: Bounds) -> None:
        self.headers = False
        """Name the server above its lines."""
        self._backlog = Backlog(bounds)
        self._ready: deque[_Piece] = deque()
        self._ready_units = 0
        self._source = ""

    def __bool__(self) -> bool:
        return bool(self._ready or self._backlog)

    @property
    def units(self) -> int:
        """How much waits, about, in characters as Discord counts them."""
        return self._ready_units + self._backlog.units

    @property
    def oldest_at(self) -> float | None:
        """When the oldest thing that waits came, on the loop's clock."""
        return self._ready[0].item.at if self._ready else self._backlog.oldest_at

    def put(self, item: Item) -> None:
        """Add an item at the end."""
        self._backlog.put(item)

    def pack(self) -> Packed:
        """Return the next message. Nothing is forgotten before `settle` is called with what it took."""
        while self._backlog and self._ready_units < LIMIT:
            item = self._backlog.pop()
            texts = [item.text] if item.style is None else pieces(item.text, item.style)
            self._ready.extend(
                _Piece(item, Entry(text, item.style, item.source), last=number == len(texts))
                for number, text in enumerate(texts, 1)
            )
            self._ready_units += sum(len(text) + 1 for text in texts)
        return take([piece.entry for piece in self._ready], source=self._source, headers=self.headers)

    def settle(self, packed: Packed, *, accepted: bool, at: float) -> None:
        """Forget what a message carried: it was accepted, or refused for good, which is then said in its place."""
        refused = 0
        for _index in range(packed.taken):
            piece = self._ready.popleft()
            self._ready_units -= len(piece.entry.text) + 1
            if piece.last:
                (deliver if accepted else lose)(piece.item)
                refused += not accepted and piece.item.tally is not None
        self._source = packed.source
        if refused:
            text = ngettext("⚠ Discord refused {count} line here.", "⚠ Discord refused {count} lines here.", refused)
            text = text.format(count=refused)
            self._ready.appendleft(_Piece(Item(text, None, "", None, at), Entry(text, None), last=True))
            self._ready_units += len(text) + 1

    def as_file(self) -> tuple[bytes, int]:
        """Return all that waits as plain text, and how many lines that are."""
        waiting = [(piece.item, piece.entry.text, piece.last) for piece in self._ready]
        waiting += [(item, item.text, True) for item in self._backlog]
        text = "".join(ansi.strip(text).replace("\u200b", "") + "\n" for _item, text, _last in waiting)
        return text.encode(), sum(item.tally is not None and last for item, _text, last in waiting)

    def settle_all(self, *, accepted: bool) -> None:
        """Forget all that waits: it went out as a file, or will never go."""
        settle = deliver if accepted else lose
        for piece in self._ready:
            if piece.last:
                settle(piece.item)
        self._ready.clear()
        self._ready_units = 0
        while self._backlog:
            settle(self._backlog.pop())
