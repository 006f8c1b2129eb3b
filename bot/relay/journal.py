"""What the relays write down so that a restart, however sudden, loses nothing and says nothing twice."""

from collections.abc import Collection, Mapping
from typing import Protocol

from bot.store.values import Outgoing
from bot.vitals import DeliveredTail


class Journal(Protocol):
    """Kept by the store. At most one message per channel is on its way."""

    async def tails(self, relay_ids: Collection[int]) -> dict[int, DeliveredTail]:
        """Return the delivered tails of those relays that have one; a message on its way counts as delivered."""
        ...

    async def unsettled(self) -> dict[int, Outgoing]:
        """Return, by channel id, the messages that an earlier life was sending and does not know the end of."""
        ...

    async def write_ahead(self, message: Outgoing) -> None:
        """Write down a message about to be sent; return when that would survive a SIGKILL."""
        ...

    def settle(self, channel_id: int, tails: Mapping[int, DeliveredTail]) -> None:
        """Note that the channel's message is done with, and how far its relays are; written down soon."""
        ...

    def note(self, tails: Mapping[int, DeliveredTail]) -> None:
        """Note how far relays are without a message; written down soon."""
        ...
