"""What the relays write down so that a restart, however sudden, loses nothing and says nothing twice."""

from collections.abc import Collection, Mapping
from typing import Protocol

from bot.store.values import Outgoing, WaitingBatch
from bot.vitals import DeliveredTail


class Journal(Protocol):
    """Kept by the store. At most one message per channel is on its way."""

    async def tails(self, relay_ids: Collection[int] | None = None) -> dict[int, DeliveredTail]:
        """Return the delivered tails of those of these relays, or (None) of all, that have one.

        A message on its way counts as delivered.
        """
        ...

    async def unsettled(self, channel_ids: Collection[int] | None = None) -> dict[int, Outgoing]:
        """Return, by channel id, the messages that were being sent, to these channels or all, and whose end is unknown.

        For channels without a writer: those of an earlier life, and those that were closed in this one.
        """
        ...

    async def waiting(self, channel_ids: Collection[int] | None = None) -> dict[int, list[WaitingBatch]]:
        """Return, by channel id, what was read, for these channels or all, and not begun to be sent, in order."""
        ...

    async def flush(self) -> None:
        """Return when all that was noted so far is written down; raises whatever the database's trouble is."""
        ...

    async def write_ahead(self, message: Outgoing) -> None:
        """Write down a message about to be sent; return when that would survive a SIGKILL."""
        ...

    def settle(self, message: Outgoing) -> None:
        """Note that the channel's message is done with, and so how far its relays are; written down soon."""
        ...

    def keep(self, batch: WaitingBatch) -> None:
        """Note what waits for a channel behind what was noted before; written down soon."""
        ...

    def forget(self, channel_id: int) -> None:
        """Note that nothing waits for a channel any more, nor is on its way to it; written down soon."""
        ...

    def note(self, tails: Mapping[int, DeliveredTail]) -> None:
        """Note how far relays are without a message; written down soon."""
        ...
