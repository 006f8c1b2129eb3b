"""Turns what waits for a channel into messages and files, and keeps account of what became of it."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot import time_slice
from bot.relay import notices
from bot.relay.backlog import Backlog, Bounds, Item, OwnWords, deliver, forget, lose
from bot.relay.logfile import OLD, LogFile
from bot.relay.sink import Attachment
from bot.relay.trail import Trail
from bot.text import ansi
from bot.text.packing import LIMIT, Entry, take
from bot.vitals import DeliveredTail

# So many lines are counted before others get their turn.
_PIECE = 256
# So many notices of a message that was refused are said again: a file may hold any number.
_SAID_AGAIN = 20


def utc_now() -> datetime:
    """Return the present moment, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Piece:
    """An item, or a part of a long one, ready to be packed."""

    item: Item
    entry: Entry
    part: int
    """Its place in the item, from 1."""
    last: bool
    """The item is done with when this piece is."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message, and what it deals with."""

    content: str
    items: list[Item]
    """Those that are done with once it is delivered."""
    source: str
    attachment: Attachment | None = None
    tails: dict[int, DeliveredTail] = field(default_factory=dict[int, DeliveredTail])
    """By relay id: what is delivered once it is."""
    trails: list[tuple[Trail, DeliveredTail]] = field(default_factory=list[tuple[Trail, DeliveredTail]])
    through: int | None = None
    """The number of the last item that is done with then; None if it carries nothing but the writer's own words."""
    parts: int = 0
    """How many parts of the item behind that are delivered then."""
    pieces: int = 0
    """How many of the pieces that stand ready it uses up; a file has taken its own away."""
    begun: Item | None = None
    """Of which it carries a part that is not the last."""


class Packer:
    """A backlog, and in front of it the pieces that the next message will be made of."""

    def __init__(self, bounds: Bounds, now: Callable[[], datetime] = utc_now) -> None:
        self.headers = False
        """Name the server above its lines."""
        self._now = now
        self._backlog = Backlog(bounds)
        self._ready: deque[_Piece] = deque()
        self._ready_units = 0
        self._drawing: Item | None = None
        """What is being made pieces of; it stands between those that are ready and the backlog."""
        self._filed: list[Item] = []
        self._source = ""
        self._introduced = False

    def __bool__(self) -> bool:
        return bool(self._ready or self._drawing or self._backlog)

    @property
    def units(self) -> int:
        """How much waits, about, in characters as Discord counts them."""
        drawing = self._drawing.units if self._drawing is not None else 0
        return self._ready_units + drawing + self._backlog.units

    @property
    def oldest_at(self) -> float | None:
        """When the oldest thing that waits came, on the loop's clock."""
        if self._filed:
            return self._filed[0].at
        first = self._ready[0].item if self._ready else self._drawing
        return first.at if first is not None else self._backlog.oldest_at

    def put(self, item: Item) -> None:
        """Add an item at the end."""
        self._backlog.put(item)

    async def pack(self) -> Parcel | None:
        """Return the next message, if anything waits. Nothing is forgotten before `settle` is called with it."""
        self._introduce()
        while self._backlog and self._ready_units < LIMIT:
            await self._draw(self._backlog.pop())
        packed = take([piece.entry for piece in self._ready], source=self._source, headers=self.headers)
        if not packed.taken:
            return None
        taken = [piece for _, piece in zip(range(packed.taken), self._ready, strict=False)]
        items = [piece.item for piece in taken if piece.last]
        tails, trails = await self._progress(items)
        return Parcel(
            packed.content,
            items,
            packed.source,
            tails=tails,
            trails=trails,
            through=_through(items) if taken[-1].last else taken[-1].item.number - 1,
            parts=0 if taken[-1].last else taken[-1].part,
            pieces=packed.taken,
            begun=None if taken[-1].last else taken[-1].item,
        )

    async def file(self, *, stopping: bool = False) -> Parcel:
        """Return as much as a file may hold of what waits. It counts as waiting until `settle` is called with it."""
        slices, log = time_slice.shared(), LogFile(headers=self.headers, source=self._source)
        if self._backlog.next_is_begun:
            await self._draw(self._backlog.pop())
        while self._ready:
            await slices.breathe()
            piece = self._ready.popleft()
            log.add_plain(ansi.strip(piece.entry.text).replace("\u200b", ""), piece.item, whole=piece.last)
            if piece.last:
                self._filed.append(piece.item)
        self._ready_units = 0
        # Not what comes meanwhile: of a flood that goes on there would be no end.
        for _count in range(len(self._backlog) + 1):
            if not self._backlog or log.full:
                break
            item = self._backlog.pop()
            self._filed.append(item)
            await slices.work(log.add(item))
        content = log.summary(_clock(), self._now(), stopping=stopping)
        tails, trails = await self._progress(self._filed)
        attachment = Attachment("console.log", log.data())
        through = _through(self._filed)
        return Parcel(content, self._filed, log.source, attachment, tails=tails, trails=trails, through=through)

    def settle(self, parcel: Parcel, *, accepted: bool) -> None:
        """Forget what a parcel carried: it was accepted, or refused for good, which is then said in its place."""
        for _index in range(parcel.pieces):
            self._ready_units -= len(self._ready.popleft().entry.text) + 1
        self._filed = []
        self._source = parcel.source
        for trail, tail in parcel.trails:
            trail.delivered(tail)
        if accepted:
            deliver(parcel.items)
            self._introduced = self._introduced and bool(self)
            return
        self._tell_refused(parcel)

    def _tell_refused(self, parcel: Parcel) -> None:
        """Say how many lines are missing, also those that a refused notice told of; and say other notices again."""
        refused = lose(parcel.items) + sum(item.refused for item in parcel.items if isinstance(item, OwnWords))
        if parcel.begun is not None and not parcel.begun.torn:
            parcel.begun.torn = True
            refused += 1
        spoken = [item for item in parcel.items if item.notice and not (isinstance(item, OwnWords) and item.refused)]
        refused += max(0, len(spoken) - _SAID_AGAIN)
        for item in reversed(spoken[-_SAID_AGAIN:]):
            again = OwnWords.again(item)
            refused += again is None
            if again is not None:
                self._insert(again)
        if refused:
            self.tell_refused(refused)

    def tell_refused(self, count: int) -> None:
        """Say before all that waits how many lines were refused, until it is heard."""
        self.insert(notices.lines_refused(count), refused=count)

    def give_up(self, *, lost: bool = True) -> None:
        """Forget all that waits: it will never go. Not `lost` is what the console's history may still give again."""
        waiting = [*self._filed, *(piece.item for piece in self._ready if piece.last)]
        if self._drawing is not None:
            waiting.append(self._drawing)
            self._drawing = None
        while self._backlog:
            waiting.append(self._backlog.pop())
        self._filed = []
        self._ready.clear()
        self._ready_units = 0
        (lose if lost else forget)(waiting)
        for trail in {item.voice.trail for item in waiting if item.voice is not None}:
            trail.forget_waiting()

    def _introduce(self) -> None:
        """Say before old lines that they are, once for all that waited together; a file tells its times itself."""
        oldest = self.oldest_at
        if oldest is None or _clock() - oldest < OLD:
            self._introduced = False
        elif not self._introduced:
            self._introduced = True
            since = self._now() - timedelta(seconds=_clock() - oldest)
            self.insert(notices.waited(since))

    def insert(self, text: str, *, refused: int = 0) -> None:
        """Put something that the channel's writer itself has to say before all that waits.

        `refused`: how many lines it tells to have been refused. It is said again until Discord takes it.
        """
        oldest = self.oldest_at
        self._insert(OwnWords(text, _clock() if oldest is None else oldest, refused=refused))

    def _insert(self, item: OwnWords) -> None:
        self._ready.appendleft(_Piece(item, Entry(item.text, None), 1, last=True))
        self._ready_units += len(item.text) + 1

    async def _draw(self, item: Item) -> None:
        if item.notice or item.voice is None:
            entries = [Entry(item.text, None)]
        else:
            voice, self._drawing = item.voice, item
            texts = await time_slice.shared().work(voice.pieces(item.text))
            entries = [Entry(text, voice.style, voice.source) for text in texts]
            self._drawing = None
        # The last one always, should the item be cut into fewer than it was.
        for part, entry in list(enumerate(entries, 1))[min(item.parts, len(entries) - 1) :]:
            self._ready.append(_Piece(item, entry, part, last=part == len(entries)))
            self._ready_units += len(entry.text) + 1

    async def _progress(self, items: list[Item]) -> tuple[dict[int, DeliveredTail], list[tuple[Trail, DeliveredTail]]]:
        """Return how far those relays that ever reached their consoles are once these items are delivered."""
        by_voice: dict[int, list[Item]] = {}
        for count, item in enumerate(items, 1):
            if count % _PIECE == 0:
                await time_slice.shared().breathe()
            if item.voice is not None and item.voice.trail.begun:
                by_voice.setdefault(item.voice.relay_id, []).append(item)
        tails: dict[int, DeliveredTail] = {}
        trails: list[tuple[Trail, DeliveredTail]] = []
        loop_now, now = _clock(), self._now()
        for relay_id, done in by_voice.items():
            voice = done[-1].voice
            if voice is not None:
                # While lines wait that were printed before, a server that is off now may still have something missed.
                waiting = voice.tally.queued - sum(item.line_of is not None for item in done)
                tails[relay_id] = voice.trail.after(
                    b"".join(item.marks for item in done),
                    now - timedelta(seconds=loop_now - done[-1].at),
                    offline=voice.trail.offline and not waiting,
                )
                trails.append((voice.trail, tails[relay_id]))
        return tails, trails


def _through(items: list[Item]) -> int | None:
    return max((item.number for item in items if item.number), default=None)


def _clock() -> float:
    return asyncio.get_running_loop().time()
