"""One channel's writer: takes what waits when its turn comes, as a message or, in a flood, as a file."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from bot.errors import BotError
from bot.i18n import _
from bot.names import tidied
from bot.relay import notices
from bot.relay.backlog import Bounds, Item, Voice
from bot.relay.journal import Journal
from bot.relay.pace import Pace
from bot.relay.packer import Packer, Parcel, utc_now
from bot.relay.postman import Postman, PostTiming
from bot.relay.sink import ChannelForbidden, ChannelGone, MessageRefused, Sink, channel_gone
from bot.relay.spool import Spool
from bot.relay.turns import ChannelTurns
from bot.store.values import Outgoing, WaitingBatch
from bot.text.markdown import escape
from bot.text.packing import LIMIT, PIECE_LIMIT

_log = logging.getLogger(__name__)
# Messages are rarely packed to the brim: this is what one carries, in characters as Discord counts them.
_USUAL = LIMIT * 9 // 10
# So few messages are read more easily than a file, however long the queue before them.
_NEVER_A_FILE = 2
# So many messages refused one after the other are no matter of what is in them.
_HOPELESS = 20
_LONGEST_SAYING = 200


@dataclass(frozen=True, slots=True)
class OutboxTiming:
    """All in seconds."""

    gather: float = 0.075
    """How long the first line of a quiet console waits for company: lines come in groups."""
    behind: float = 5.5
    """When messages would need longer than this for what waits, it goes out as a file."""
    lull: float = 1.0
    """After a file, how long to see whether the flood goes on."""
    between_files: float = 3.0
    """While it does, one file follows another after this."""
    keep: float = 0.2
    """What waits longer than this is kept on disk: a quiet console's lines are on their way by then."""
    post: PostTiming = field(default_factory=PostTiming)


class _Parked(Exception):
    """The channel cannot be written to."""


class Outbox:
    """Delivers items to one channel, in order, one request at a time.

    `unsettled` is the message that an earlier life of the program was sending; it goes first. `parked` is called once,
    when the channel is gone or may not be written to; after that nothing that is put in is kept. What was put in before
    stays on disk, unless the channel was deleted.
    """

    def __init__(
        self,
        channel_id: int,
        *,
        sink: Sink,
        pace: Pace,
        turns: ChannelTurns,
        journal: Journal,
        parked: Callable[[], None],
        unsettled: Outgoing | None = None,
        timing: OutboxTiming | None = None,
        bounds: Bounds | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.channel_id = channel_id
        self.parked: BotError | None = None
        """Why the channel cannot be written to."""
        self.unsettled = unsettled
        """What an earlier life was sending, until its end is known."""
        self.deleted = False
        """Whether Discord has told that the channel was deleted: then nothing is kept for it."""
        self._sink, self._pace, self._turns, self._journal, self._now = sink, pace, turns, journal, now
        self._tell_parked = parked
        self._timing = timing or OutboxTiming()
        self._packer = Packer(bounds or Bounds(), now)
        self._spool = Spool(channel_id, journal, now, carried=unsettled, patience=self._timing.keep)
        self._something = asyncio.Event()
        self._nudge = asyncio.Event()
        self._closing = asyncio.Event()
        self._postman = Postman(
            sink=sink, pace=pace, turns=turns, closing=self._closing, timing=self._timing.post, now=now
        )
        self._filed_at = float("-inf")
        self._refused_in_a_row = 0
        # Unlike those of any other life of the program.
        self._prefix, self._numbers = secrets.token_hex(6), count(1)
        self._task = asyncio.create_task(self._write(), name=f"relay outbox {channel_id}")

    def put(self, item: Item) -> None:
        """Queue an item; never waits."""
        was_full = self._full
        self._packer.put(item)
        if self.parked is not None or self._task.done():
            self._give_up()
            return
        self._spool.put(item)
        self._something.set()
        if not was_full and self._full:
            self._nudge.set()

    def restore(self, batches: Sequence[WaitingBatch], voices: Mapping[int, Voice]) -> None:
        """Queue what an earlier life had read and not sent, of those relays that have a voice; before any `put`."""
        try:
            for item in self._spool.restore(batches, voices):
                self._packer.put(item)
                self._something.set()
        except Exception:  # noqa: BLE001 - as in the writer itself
            _log.exception("what waited for channel %s could not be queued", self.channel_id)
            self._task.cancel()
            self._break()

    def name_servers(self, *, wanted: bool) -> None:
        """Name the server above its lines, or not: for channels that several relays share."""
        self._packer.headers = wanted

    @property
    def last_error(self) -> BotError | None:
        """The newest failure since the last success."""
        return self.parked or self._postman.last_error

    @property
    def lag(self) -> float:
        """Age in seconds of the oldest item not yet accepted by Discord; 0 if nothing waits."""
        if self.unsettled is not None:
            return max(0.0, (self._now() - self.unsettled.made_at).total_seconds())
        oldest = self._packer.oldest_at
        return 0.0 if oldest is None else max(0.0, _clock() - oldest)

    async def close(self, timeout: float) -> None:
        """Deliver what waits, within `timeout` seconds, and end; what is left then is kept for the next life."""
        self._closing.set()
        self._something.set()
        self._nudge.set()
        await asyncio.wait([self._task], timeout=timeout)
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._spool.write()
        self._packer.give_up(lost=False)

    @property
    def _full(self) -> bool:
        return self._packer.units >= LIMIT

    async def _write(self) -> None:
        try:
            await self._settle()
            while not self._closing.is_set():
                await self._something.wait()
                await self._turn()
                await self._turns.turn()
                if not self._closing.is_set():
                    await self._next()
            await self._flush()
        except _Parked:
            return
        except Exception:  # noqa: BLE001 - a defect of ours must end this channel's relay only, and be said
            _log.exception("the writer of channel %s failed", self.channel_id)
            self._break()

    async def _settle(self) -> None:
        """Post the message of an earlier life, if there is one."""
        if self.unsettled is not None:
            if not await self._post(self.unsettled, doubtful=True):
                self._packer.insert(notices.message_refused())
                if told := notices.told_refused(self.unsettled.content):
                    self._packer.tell_refused(told)
                self._something.set()
            self.unsettled = None

    async def _turn(self) -> None:
        """Wait for company, then until the channel's pace lets the next message go."""
        await self._sit_out_flood()
        if not self._full:
            await self._wait(self._nudge, self._timing.gather)
        while not self._closing.is_set():
            delay = self._pace.delay(_clock(), full=self._full)
            if delay <= 0:
                return
            self._nudge.clear()
            await self._wait(self._nudge, delay)

    async def _sit_out_flood(self) -> None:
        """After a file: let messages follow only if they can carry what comes, else gather for the next file."""
        await self._wait(self._closing, self._filed_at + self._timing.lull - _clock())
        if self._packer.units > 2 * LIMIT:
            await self._wait(self._closing, self._filed_at + self._timing.between_files - _clock())

    async def _wait(self, event: asyncio.Event, seconds: float) -> None:
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await event.wait()

    async def _next(self) -> None:
        """Send one message with as much as it holds of what waits, or all of it as a file."""
        if self._flooded:
            await self._deliver(await self._packer.file())
            self._filed_at = _clock()
        else:
            await self._deliver(await self._packer.pack())
        if not self._packer:
            self._something.clear()
            self._nudge.clear()

    @property
    def _flooded(self) -> bool:
        """Whether messages would take too long for what waits."""
        messages = -(-self._packer.units // _USUAL)
        if messages <= _NEVER_A_FILE:
            return False
        now = _clock()
        return self._pace.until_last(now, messages) + messages * self._turns.queue(now) > self._timing.behind

    async def _deliver(self, parcel: Parcel | None) -> None:
        if parcel is None:
            return
        file = parcel.attachment
        through = parts = 0
        if parcel.through is not None:
            through, parts = self._spool.leaves(parcel.through, parcel.parts)
        message = Outgoing(
            channel_id=self.channel_id,
            nonce=f"{self._prefix}-{next(self._numbers)}",
            content=parcel.content,
            filename=file.filename if file is not None else None,
            attachment=file.data if file is not None else None,
            made_at=self._now(),
            tails=parcel.tails,
            through=through,
            parts=parts,
            after=self._sink.newest(self.channel_id),
        )
        try:
            await self._journal.write_ahead(message)
        except Exception as error:  # noqa: BLE001 - whatever the database's trouble is, the relay goes on
            # The journal has told the log: one line for all messages of all channels.
            _log.debug("channel %s: a message is sent without having been written down: %r", self.channel_id, error)
        accepted = await self._post(message, doubtful=False)
        self._packer.settle(parcel, accepted=accepted)

    async def _post(self, message: Outgoing, *, doubtful: bool) -> bool:
        try:
            accepted = await self._postman.post(message, doubtful=doubtful)
            self._count_refusals(accepted=accepted)
        except (ChannelGone, ChannelForbidden) as error:
            # A refusal deletes nothing: the message and what waits stay on disk, for when the bot may post again.
            self._spool.write()
            self._park(error)
            raise _Parked from error
        self._journal.settle(message)
        return accepted

    def _count_refusals(self, *, accepted: bool) -> None:
        """Raise ChannelForbidden where one message after the other is refused: each line would be lost, for ever."""
        self._refused_in_a_row = 0 if accepted else self._refused_in_a_row + 1
        if self._refused_in_a_row < _HOPELESS:
            return
        error = self._postman.last_error
        said = error.said if isinstance(error, MessageRefused) else ""
        text = _(
            "Discord refused the last {count} messages of this relay, whatever was in them. What waits is kept, and "
            "tried again by and by."
        ).format(count=_HOPELESS)
        if said:
            text += _(" Discord says: “{said}”.").format(said=escape(tidied(said, _LONGEST_SAYING)))
        raise ChannelForbidden(text)

    async def _flush(self) -> None:
        """Bring out all that waits: in the slots that are left, or as one file if they do not suffice."""
        if not self._packer:
            return
        await asyncio.sleep(self._pace.delay(_clock(), full=True, closing=True))
        # Messages are rarely packed to the brim: three quarters is what can be counted on.
        room = PIECE_LIMIT + (max(self._pace.slots(_clock()), 1) - 1) * LIMIT * 3 // 4
        if self._packer.units > room:
            await self._deliver(await self._packer.file(stopping=True))
        while self._packer:
            await self._deliver(await self._packer.pack())

    def _break(self) -> None:
        """Park for the rest of this life; what waits and what is on its way is for the next."""
        text = _("The relay of this channel broke because of a defect in the bot; see its log, and restart it.")
        try:
            self._spool.write()
        finally:
            self._park(BotError(text))

    def _park(self, error: BotError) -> None:
        self.parked = error
        self._give_up()
        self._tell_parked()

    def _give_up(self) -> None:
        self._packer.give_up(lost=self.deleted)

    def channel_gone(self) -> None:
        """Park at once: Discord says that the channel was deleted."""
        if not self._task.done():
            self.deleted = True
            self._task.cancel()
            self._spool.forget()
            self._park(channel_gone())


def _clock() -> float:
    return asyncio.get_running_loop().time()
