"""What the relays' journal is to write down with its next transaction."""

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
