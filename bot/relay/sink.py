"""Where a relay's messages go, as the relay sees it, and how that can fail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.errors import BotError
from bot.i18n import _


class SinkError(BotError):
    """A message could not be put into a channel."""


class SinkUnavailable(SinkError):
    """It may work later. Trying again with the same nonce cannot post twice."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds to wait at least, if Discord named them."""


class ChannelGone(SinkError):
    """The channel does not exist any more."""


def channel_gone() -> ChannelGone:
    """Return the error for a channel that was deleted."""
    return ChannelGone(
        _("The channel of this relay does not exist any more; remove the relay or add it to another channel.")
    )


class ChannelForbidden(SinkError):
    """The bot may not post in the channel now; nothing is wrong with the message."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds after which it will be able to, if that is known."""


class MessageRefused(SinkError):
    """Discord does not take this message, but may take others."""

    def __init__(self, message: str, *, said: str = "") -> None:
        super().__init__(message)
        self.said = said
        """In Discord's words."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    filename: str
    data: bytes


class Sink(Protocol):
    """Puts messages into channels: silent, without mentions and link previews."""

    async def send(self, channel_id: int, content: str, *, nonce: str, attachment: Attachment | None = None) -> None:
        """Post one message of at most 2,000 characters and return once it is accepted.

        `nonce` (at most 25 characters) makes a repeat harmless.

        Raises `SinkUnavailable`, `ChannelGone`, `ChannelForbidden` or `MessageRefused`.
        """
        ...

    def newest(self, channel_id: int) -> int:
        """Return the id of the newest message that is known to have been put into the channel; 0 if none is."""
        ...

    async def arrived(self, channel_id: int, content: str, since: datetime, *, after: int) -> bool:
        """Whether the channel's newest messages hold one of the bot's own with this content, posted after `since`.

        Those up to the id `after` do not count. False also where the bot may not read the channel's history.

        Raises `SinkUnavailable`, `ChannelGone` or `ChannelForbidden`.
        """
        ...
