"""Sees one message through to Discord: again and again, but never twice into the channel."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from bot.errors import BotError
from bot.i18n import _
from bot.relay.pace import Pace
from bot.relay.sink import Attachment, ChannelForbidden, ChannelGone, MessageRefused, Sink, SinkUnavailable
from bot.relay.turns import ChannelTurns
from bot.repeats import Repeats, more
from bot.store.values import Outgoing

_log = logging.getLogger(__name__)
_random = SystemRandom()
NONCE_WINDOW = timedelta(seconds=60)
"""For this long a repeat with the same nonce is sure to be harmless. Discord says "a few minutes" (create-message)."""


@dataclass(frozen=True, slots=True)
class PostTiming:
    """All in seconds."""

    send: float = 30.0
    """After this a request counts as failed; it is repeated with the same nonce."""
    slow: float = 5.0
    """After this without an answer it is worth a word in the health report."""
    retry_first: float = 0.5
    retry_most: float = 30.0


class Postman:
    """Posts the messages of one channel, one at a time. `closing` makes it impatient; `now` is UTC."""

    def __init__(
        self,
        *,
        sink: Sink,
        pace: Pace,
        turns: ChannelTurns,
        closing: asyncio.Event,
        timing: PostTiming,
        now: Callable[[], datetime],
    ) -> None:
        self._failure: BotError | None = None
        self._repeats = Repeats()
        self._asked_at: float | None = None
        self._sink, self._pace, self._turns = sink, pace, turns
        self._closing, self._timing, self._now = closing, timing, now

    @property
    def last_error(self) -> BotError | None:
        """The newest failure since the last success; also that Discord takes its time, as long as it does."""
        if self._failure is None and self._asked_at is not None:
            waited = asyncio.get_running_loop().time() - self._asked_at
            if waited >= self._timing.slow:
                text = _("Discord has not taken a message for {seconds:.0f} s; it is being sent until it is taken.")
                return SinkUnavailable(text.format(seconds=waited))
        return self._failure

    async def post(self, message: Outgoing, *, doubtful: bool = False) -> bool:
        """Post a message until it is accepted (True) or refused for good (False).

        `doubtful`: it may have been accepted in an earlier life of the program.

        Raises `ChannelGone` or `ChannelForbidden`.
        """
        backoff = self._timing.retry_first
        while True:
            await self._turns.door()
            self._asked_at = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(self._timing.send):
                    if not (doubtful and await self._arrived(message)):
                        await self._send(message)
            except (ChannelGone, ChannelForbidden) as error:
                self._failure = error
                raise
            except MessageRefused as error:
                passed_over = self._repeats.due(str(error))
                if passed_over is not None:
                    text = "a message for channel %s was refused: %s%s"
                    _log.warning(text, message.channel_id, error, more(passed_over))
                self._failure = error
                return False
            except (SinkUnavailable, TimeoutError) as error:
                doubtful = True
                self._failure = error if isinstance(error, SinkUnavailable) else _no_answer()
                await self._back_off(message.channel_id, backoff, self._failure)
                backoff = min(backoff * 2, self._timing.retry_most)
            else:
                self._failure = None
                return True
            finally:
                self._asked_at = None

    async def _arrived(self, message: Outgoing) -> bool:
        """Whether a message whose nonce Discord may have forgotten is in the channel, as far as the bot may see."""
        if self._now() - message.made_at < NONCE_WINDOW:
            return False
        return await self._sink.arrived(message.channel_id, message.content, message.made_at, after=message.after)

    async def _send(self, message: Outgoing) -> None:
        self._pace.sent(asyncio.get_running_loop().time())
        attachment = None
        if message.attachment is not None:
            attachment = Attachment(message.filename or "console.log", message.attachment)
        await self._sink.send(message.channel_id, message.content, nonce=message.nonce, attachment=attachment)

    async def _back_off(self, channel_id: int, seconds: float, error: BotError) -> None:
        named = error.retry_after if isinstance(error, SinkUnavailable) else None
        _log.info("channel %s: %s", channel_id, error)
        if self._closing.is_set():
            # There is no time to be patient, only to try once more.
            await asyncio.sleep(self._timing.retry_first)
        else:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(seconds * _random.uniform(0.75, 1.25), named or 0.0)):
                    await self._closing.wait()


def _no_answer() -> SinkUnavailable:
    return SinkUnavailable(_("Discord did not answer in time; the message is being sent again."))
