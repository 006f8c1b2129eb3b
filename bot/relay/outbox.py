"""One channel's writer: takes what waits when its turn comes, and sees it through to Discord."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from random import SystemRandom

from bot.errors import BotError
from bot.i18n import _, ngettext
from bot.relay.backlog import Bounds, Item
from bot.relay.pace import Pace, Turns
from bot.relay.packer import Packer
from bot.relay.sink import Attachment, ChannelForbidden, ChannelGone, MessageRefused, Sink, SinkUnavailable
from bot.text.packing import LIMIT, PIECE_LIMIT

_log = logging.getLogger(__name__)
_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class OutboxTiming:
    """All in seconds."""

    gather: float = 0.075
    """How long the first line of a quiet console waits for company: lines come in groups."""
    send: float = 30.0
    """After this a request counts as failed; it is repeated with the same nonce."""
    retry_first: float = 0.5
    retry_most: float = 30.0


class _Parked(Exception):
    """The channel cannot be written to."""


class Outbox:
    """Delivers items to one channel, in order, one request at a time.

    `parked` is called once, with the reason, when the channel is gone or may not be written to; after that all that
    is put in counts as lost.
    """

    def __init__(
        self,
        channel_id: int,
        *,
        sink: Sink,
        pace: Pace,
        turns: Turns,
        parked: Callable[[int, BotError], None],
        timing: OutboxTiming | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.channel_id = channel_id
        self.parked: BotError | None = None
        self.last_error: BotError | None = None
        """The newest failure since the last success."""
        self._sink, self._pace, self._turns = sink, pace, turns
        self._tell_parked = parked
        self._timing = timing or OutboxTiming()
        self._packer = Packer(bounds or Bounds())
        self._something = asyncio.Event()
        self._nudge = asyncio.Event()
        self._closing = asyncio.Event()
        self._prefix, self._numbers = secrets.token_hex(6), count(1)
        self._task = asyncio.create_task(self._write(), name=f"relay outbox {channel_id}")

    def put(self, item: Item) -> None:
        """Queue an item; never waits."""
        was_full = self._full
        self._packer.put(item)
        if self._task.done():
            self._packer.settle_all(accepted=False)
            return
        self._something.set()
        if self._full and not was_full:
            self._nudge.set()

    def name_servers(self, *, wanted: bool) -> None:
        """Name the server above its lines, or not: for channels that several relays share."""
        self._packer.headers = wanted

    @property
    def lag(self) -> float:
        """Age in seconds of the oldest item not yet accepted by Discord; 0 if nothing waits."""
        oldest = self._packer.oldest_at
        return 0.0 if oldest is None else max(0.0, self._now() - oldest)

    async def close(self, timeout: float) -> None:
        """Deliver what waits, within `timeout` seconds, and end; what is left then counts as lost."""
        self._closing.set()
        self._something.set()
        self._nudge.set()
        await asyncio.wait([self._task], timeout=timeout)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._packer.settle_all(accepted=False)

    @property
    def _full(self) -> bool:
        return self._packer.units >= LIMIT

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _write(self) -> None:
        try:
            while not self._closing.is_set():
                await self._something.wait()
                await self._turn()
                await self._turns.turn()
                if not self._closing.is_set():
                    await self._next_message()
            await self._flush()
        except _Parked:
            return
        except Exception:  # noqa: BLE001 - a defect of ours must end this channel's relay only, and be said
            _log.exception("the writer of channel %s failed", self.channel_id)
            self._park(BotError(_("The relay of this channel broke because of a defect in the bot; see its log.")))

    async def _turn(self) -> None:
        """Wait for company, then until the channel's pace lets the next message go."""
        if not self._full:
            await self._wait(self._nudge, self._timing.gather)
        while not self._closing.is_set():
            delay = self._pace.delay(self._now(), full=self._full)
            if delay <= 0:
                return
            self._nudge.clear()
            await self._wait(self._nudge, delay)

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()

    async def _next_message(self) -> None:
        """Send one message with as much as it holds of what waits."""
        packed = self._packer.pack()
        if packed.taken:
            accepted = await self._deliver(packed.content)
            self._packer.settle(packed, accepted=accepted, at=self._now())
        if not self._packer:
            self._something.clear()
            self._nudge.clear()

    async def _deliver(self, content: str, attachment: Attachment | None = None) -> bool:
        """Post one message, again and again until it is accepted (True) or refused for good (False)."""
        nonce = f"{self._prefix}-{next(self._numbers)}"
        backoff = self._timing.retry_first
        while True:
            self._pace.sent(self._now())
            try:
                async with asyncio.timeout(self._timing.send):
                    await self._sink.send(self.channel_id, content, nonce=nonce, attachment=attachment)
            except (ChannelGone, ChannelForbidden) as error:
                self._park(error)
                raise _Parked from error
            except MessageRefused as error:
                _log.warning("a message for channel %s was refused: %s", self.channel_id, error)
                self.last_error = error
                return False
            except (SinkUnavailable, TimeoutError) as error:
                self.last_error = error if isinstance(error, SinkUnavailable) else _no_answer()
                await self._back_off(backoff, self.last_error)
                backoff = min(backoff * 2, self._timing.retry_most)
            else:
                self.last_error = None
                return True

    async def _back_off(self, seconds: float, error: BotError) -> None:
        named = error.retry_after if isinstance(error, SinkUnavailable) else None
        _log.info("channel %s: %s", self.channel_id, error)
        if self._closing.is_set():
            # There is no time to be patient, only to try once more.
            await asyncio.sleep(self._timing.retry_first)
        else:
            await self._wait(self._closing, max(seconds * _random.uniform(0.75, 1.25), named or 0.0))
        await self._turns.turn()

    async def _flush(self) -> None:
        """Bring out all that waits: in the slots that are left, or as one file if they do not suffice."""
        if not self._packer:
            return
        await asyncio.sleep(self._pace.delay(self._now(), full=True, closing=True))
        # Messages are rarely packed to the brim: three quarters is what can be counted on.
        room = PIECE_LIMIT + (max(self._pace.slots(self._now()), 1) - 1) * LIMIT * 3 // 4
        if self._packer.units > room:
            data, lines = self._packer.as_file()
            text = ngettext(
                "📎 {count} more line is attached: the bot is stopping.",
                "📎 {count} more lines are attached: the bot is stopping.",
                lines,
            )
            accepted = await self._deliver(text.format(count=lines), Attachment("console.log", data))
            self._packer.settle_all(accepted=accepted)
        while self._packer:
            await self._next_message()

    def _park(self, error: BotError) -> None:
        self.parked = self.last_error = error
        self._packer.settle_all(accepted=False)
        self._tell_parked(self.channel_id, error)


def _no_answer() -> SinkUnavailable:
    return SinkUnavailable(_("Discord did not answer in time; the message is being sent again."))
