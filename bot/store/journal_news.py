"""What the relays' journal is to write down with its next transaction."""

from collections import deque
from dataclasses import dataclass, field

from bot.store.values import WaitingBatch
from bot.store.waiting import Sealed
from bot.vitals import DeliveredTail


@dataclass(slots=True)
class News:
    """Gathered while the transaction before runs. What is forgotten was noted before all else of it."""

    tails: dict[int, DeliveredTail] = field(default_factory=dict[int, DeliveredTail])
    messages: dict[int, dict[str, object] | None] = field(default_factory=dict[int, "dict[str, object] | None"])
    """By channel id: the columns of the message on its way; None where there is none any more."""
    forgotten: set[int] = field(default_factory=set[int])
    batches: dict[int, list[WaitingBatch | Sealed]] = field(default_factory=dict[int, "list[WaitingBatch | Sealed]"])
    """By channel id, in order: what one channel delivers must not cost a look at what waits for all."""
    progress: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])
    """By channel id: the number of the last waiting item that was delivered, and how many parts of the next."""

    def deliver(self, channel_id: int, through: int, parts: int) -> None:
        """Note how far a channel has come with what waits for it."""
        self.progress[channel_id] = (through, parts)
        # What was delivered before it could be written down is not worth a row.
        rest = [batch for batch in self.batches.pop(channel_id, []) if batch.last > through]
        if rest:
            self.batches[channel_id] = rest

    def forget(self, channel_id: int) -> None:
        """Note that nothing waits for a channel any more."""
        self.forgotten.add(channel_id)
        self.batches.pop(channel_id, None)
        self.progress.pop(channel_id, None)

    def __bool__(self) -> bool:
        return bool(self.tails or self.messages or self.forgotten or self.batches or self.progress)

    def take(self, most: int) -> "News":
        """Take out what one transaction may carry, and leave the rest of what is large.

        `most`: bytes of messages, and as many of what waits, about; one of each always goes. Channels take turns, so
        that one with a flood does not keep the others waiting.
        """
        taken = News(self.tails, {}, self.forgotten, {}, self.progress)
        self.tails, self.forgotten, self.progress = {}, set(), {}
        taken.messages = _up_to(most, self.messages)
        for channel_id in taken.messages:
            del self.messages[channel_id]
        # The one before them may be settled by what is taken: it must not seem to be on its way.
        taken.messages |= dict.fromkeys(self.messages)
        waiting = {channel_id: deque(batches) for channel_id, batches in self.batches.items()}
        left = most
        while waiting and left > 0:
            for channel_id in list(waiting):
                if left <= 0:
                    break
                left -= _weight(_move_first(waiting, taken, channel_id))
        for channel_id, (through, _parts) in taken.progress.items():
            # What was begun must not be written without how far it was: its beginning would be said again.
            if channel_id in waiting and waiting[channel_id][0].first <= through + 1:
                _move_first(waiting, taken, channel_id)
        self.batches = {channel_id: list(batches) for channel_id, batches in waiting.items()}
        return taken

    def add(self, later: "News") -> None:
        """Add what was noted later."""
        for channel_id in later.forgotten:
            self.forget(channel_id)
        for channel_id, (through, parts) in later.progress.items():
            self.deliver(channel_id, through, parts)
        self.tails |= later.tails
        self.messages |= later.messages
        for channel_id, batches in later.batches.items():
            self.batches.setdefault(channel_id, []).extend(batches)


def _move_first(
    waiting: dict[int, deque[WaitingBatch | Sealed]], taken: News, channel_id: int
) -> WaitingBatch | Sealed:
    """Take a channel's first batch; what is left of it is behind the others then: their turn. Return what was taken."""
    rest = waiting.pop(channel_id)
    batch = rest.popleft()
    taken.batches.setdefault(channel_id, []).append(batch)
    if rest:
        waiting[channel_id] = rest
    return batch


def _up_to(most: int, messages: dict[int, dict[str, object] | None]) -> dict[int, dict[str, object] | None]:
    taken: dict[int, dict[str, object] | None] = {}
    for channel_id, row in messages.items():
        if row is None or most > 0:
            taken[channel_id] = row
        most -= sum(len(value) for value in (row or {}).values() if isinstance(value, bytes | str))
    return taken


def _weight(batch: WaitingBatch | Sealed) -> int:
    """Return about how many bytes a batch takes in the database."""
    if isinstance(batch, Sealed):
        return len(batch.sealed)
    return 2 * sum(len(item.text) + len(item.marks) for item in batch.items)
