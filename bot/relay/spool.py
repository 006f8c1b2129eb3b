"""What waits for a channel longer than a moment is written down: Wings may have forgotten it after a SIGKILL."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.relay.backlog import Bounds, Item, Voice
from bot.relay.journal import Journal
from bot.store.values import Outgoing, WaitingBatch, WaitingItem

# Not quite half of what may wait in memory: that much is never cut out there.
_BOUNDS = Bounds(lines=25_000, units=4_000_000)
# What is sealed in one go: JSON is written without a pause.
_BATCH = Bounds(lines=1000, units=256_000)


@dataclass(frozen=True, slots=True)
class _Written:
    last: int
    lines: int
    units: int


class Spool:
    """Numbers what is put in for one channel, and has the journal keep what is not on its way after `patience` seconds.

    What does not fit is not kept, nor anything behind it before it is on its way: there are no holes in what is kept.
    `carried` is the message of an earlier life that is on its way. `now` is UTC.
    """

    def __init__(
        self,
        channel_id: int,
        journal: Journal,
        now: Callable[[], datetime],
        *,
        carried: Outgoing | None = None,
        patience: float = 0.2,
        bounds: Bounds = _BOUNDS,
    ) -> None:
        self._channel_id, self._journal, self._now = channel_id, journal, now
        self._patience, self._bounds = patience, bounds
        self._on_its_way = carried.through if carried is not None else 0
        # A line that is carried in part and not kept keeps its number: nothing else must be taken for it.
        self._number = self._on_its_way + bool(carried is not None and carried.parts)
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
        self._count(1, _size(item))
        full = self._lines > self._bounds.lines or self._units > self._bounds.units
        if full or self._unkept > self._on_its_way:
            self._unkept = item.number
            self._count(-1, -_size(item))
            return
        self._fresh.append((item, item.voice))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(item.at + self._patience, self._look)

    def restore(self, batches: Sequence[WaitingBatch], voices: Mapping[int, Voice]) -> list[Item]:
        """Return the items of batches that are kept already, those of relays without a voice left out."""
        restored: list[Item] = []
        if batches:
            self._on_its_way = max(self._on_its_way, batches[0].first - 1)
        for batch in batches:
            items: list[Item] = []
            for number, one in enumerate(batch.items, batch.first):
                voice = voices.get(one.relay_id)
                if voice is not None:
                    voice.trail.resume(one.marks, one.at, offline=one.offline)
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

        Return both as far as it matters to what the journal keeps, else zeros.
        """
        self._on_its_way = through
        while self._fresh and self._fresh[0][0].number <= through:
            self._count(-1, -_size(self._fresh.popleft()[0]))
        if parts:
            self.write()  # or the next life would not know whose parts they are
        kept = bool(self._written)
        while self._written and self._written[0].last <= through:
            done = self._written.popleft()
            self._count(-done.lines, -done.units)
        return (through, parts if self._written else 0) if kept else (0, 0)

    def write(self) -> None:
        """Have the journal keep what waits and is not kept yet."""
        self._stop()
        while self._fresh:
            self._keep(self._next_batch())

    def _next_batch(self) -> list[tuple[Item, Voice]]:
        """Take what is to be sealed in one go."""
        batch, units = [self._fresh.popleft()], 0
        while self._fresh and len(batch) < _BATCH.lines and units < _BATCH.units:
            batch.append(self._fresh.popleft())
            units += _size(batch[-1][0])
        return batch

    def _keep(self, fresh: Sequence[tuple[Item, Voice]]) -> None:
        now, clock = self._now(), _clock()
        items = tuple(
            WaitingItem(
                voice.relay_id,
                item.text,
                now - timedelta(seconds=clock - item.at),
                item.marks,
                notice=item.notice,
                offline=voice.trail.offline,
            )
            for item, voice in fresh
        )
        batch = WaitingBatch(self._channel_id, fresh[0][0].number, items)
        self._journal.keep(batch)
        self._written.append(_written(batch.last, [item for item, _voice in fresh]))

    def forget(self) -> None:
        """Nothing waits any more, and nothing ever will; nor is anything on its way."""
        self._stop()
        self._fresh.clear()
        self._journal.forget(self._channel_id)

    def _look(self) -> None:
        """Write if the oldest of what is not kept has waited long enough; what came before it may have left at once."""
        self._timer = None
        if self._fresh:
            due = self._fresh[0][0].at + self._patience
            if due <= _clock():
                self.write()
            else:
                self._timer = asyncio.get_running_loop().call_at(due, self._look)

    def _count(self, lines: int, units: int) -> None:
        self._lines += lines
        self._units += units

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _written(last: int, items: Sequence[Item]) -> _Written:
    return _Written(last, len(items), sum(map(_size, items)))


def _size(item: Item) -> int:
    return item.units + len(item.marks)


def _clock() -> float:
    return asyncio.get_running_loop().time()
