"""What waits for a channel longer than a moment is written down: Wings may have forgotten it after a SIGKILL."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.relay.backlog import Bounds, Item, Voice
from bot.relay.journal import Journal
from bot.store.values import WaitingBatch, WaitingItem

# Seconds. A quiet console's lines are on their way by then, and cost no writing.
_PATIENCE = 0.2
# Half of what may wait in memory, so what is written down is never cut out there.
_BOUNDS = Bounds(lines=25_000, units=4 << 20)


@dataclass(frozen=True, slots=True)
class _Written:
    last: int
    lines: int
    units: int


class Spool:
    """Numbers what is put in for one channel, and has the journal keep what is not on its way soon.

    What does not fit is not kept, nor anything behind it before it is on its way: there are no holes in what is kept.
    `after` is the last number that an earlier life gave; `now` is UTC.
    """

    def __init__(
        self,
        channel_id: int,
        journal: Journal,
        now: Callable[[], datetime],
        *,
        after: int = 0,
        bounds: Bounds = _BOUNDS,
    ) -> None:
        self._channel_id, self._journal, self._now, self._bounds = channel_id, journal, now, bounds
        self._number = after
        self._on_its_way = after
        self._unkept = 0
        """The number of the last item that is not kept for want of room."""
        self._fresh: deque[tuple[Item, Voice]] = deque()
        self._written: deque[_Written] = deque()
        self._units = self._lines = 0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, item: Item) -> None:
        """Number an item, and keep it unless it leaves soon."""
        if item.voice is None:
            return
        self._number += 1
        item.number = self._number
        self._count(1, item.units)
        full = self._lines > self._bounds.lines or self._units > self._bounds.units
        if full or self._unkept > self._on_its_way:
            self._unkept = item.number
            self._count(-1, -item.units)
            return
        self._fresh.append((item, item.voice))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PATIENCE, self.write)

    def restore(self, batches: Sequence[WaitingBatch], voices: Mapping[int, Voice]) -> list[Item]:
        """Return the items of batches that are kept already, those of relays without a voice left out."""
        restored: list[Item] = []
        for batch in batches:
            items: list[Item] = []
            for number, one in enumerate(batch.items, batch.first):
                voice = voices.get(one.relay_id)
                if voice is not None:
                    voice.trail.resume(one.marks, one.at, offline=one.relay_id in batch.offline)
                    age = (self._now() - one.at).total_seconds()
                    items.append(Item(one.text, voice, _clock() - age, marks=one.marks, notice=one.notice))
                    items[-1].number, items[-1].parts = number, one.parts
            self._number = batch.last
            written = _written(batch.last, items)
            self._written.append(written)
            self._count(written.lines, written.units)
            restored += items
        return restored

    def leaves(self, through: int, parts: int = 0) -> tuple[int, int]:
        """Items up to this number are on their way, and so many parts of the next.

        Return how far that is in what the journal keeps: the number, if any, and the parts.
        """
        self._on_its_way = through = max(self._on_its_way, through)
        while self._fresh and self._fresh[0][0].number <= through:
            self._count(-1, -self._fresh.popleft()[0].units)
        if parts:
            self.write()  # or the next life would not know whose parts they are
        kept = bool(self._written)
        while self._written and self._written[0].last <= through:
            done = self._written.popleft()
            self._count(-done.lines, -done.units)
        return (through, parts) if kept else (0, 0)

    def write(self) -> None:
        """Have the journal keep what waits and is not kept yet."""
        self._stop()
        if not self._fresh:
            return
        now, clock = self._now(), _clock()
        items = tuple(
            WaitingItem(voice.relay_id, item.text, now - timedelta(seconds=clock - item.at), item.marks, item.notice)
            for item, voice in self._fresh
        )
        offline = frozenset(voice.relay_id for _item, voice in self._fresh if voice.trail.offline)
        batch = WaitingBatch(self._channel_id, self._fresh[0][0].number, items, offline)
        self._journal.keep(batch)
        self._written.append(_written(batch.last, [item for item, _voice in self._fresh]))
        self._fresh.clear()

    def forget(self) -> None:
        """Nothing waits any more, and nothing ever will."""
        self._stop()
        self._fresh.clear()
        self._journal.forget(self._channel_id)

    def _count(self, lines: int, units: int) -> None:
        self._lines += lines
        self._units += units

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _written(last: int, items: Sequence[Item]) -> _Written:
    return _Written(last, len(items), sum(item.units for item in items))


def _clock() -> float:
    return asyncio.get_running_loop().time()
