"""The writers of a guild's channels, and what an earlier life of the program left for them to do."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator

from bot.relay import notices
from bot.relay.backlog import Bounds, Voice
from bot.relay.farewells import Farewells
from bot.relay.journal import Journal
from bot.relay.outbox import Outbox, OutboxTiming
from bot.relay.pace import Paces
from bot.relay.relay import ConsoleRelay
from bot.relay.sink import Sink
from bot.relay.wanted import WantedRelay
from bot.repeats import Repeats, more
from bot.store.values import Outgoing, WaitingBatch
from bot.vitals import DeliveredTail

_log = logging.getLogger(__name__)


class Leftovers:
    """What an earlier life was sending and what it left waiting, by channel id; who goes on with it takes it out.

    So is what a writer of this life left on disk when it was closed because the bot may not post in its channel.
    """

    def __init__(self) -> None:
        self.unsettled: dict[int, Outgoing] = {}
        self.waiting: dict[int, list[WaitingBatch]] = {}
        self._aside: set[int] = set()
        self._read = False

    def set_aside(self, channel_id: int) -> None:
        """Note that a channel's writer was closed, and all it had to do is on disk."""
        self._aside.add(channel_id)

    def aside(self, channel_ids: Iterable[int]) -> set[int]:
        """Return those of the channels that were set aside and not recalled yet."""
        return self._aside.intersection(channel_ids)

    async def recall(self, journal: Journal, channel_ids: Collection[int]) -> None:
        """Read again what was set aside for these channels.

        Raises:
            Exception: whatever the database's trouble is.
        """
        waiting, unsettled = await journal.waiting(channel_ids), await journal.unsettled(channel_ids)
        self.waiting |= waiting
        self.unsettled |= unsettled
        self._aside -= set(channel_ids)

    def forget(self, channel_id: int) -> None:
        """Forget what was left for a channel."""
        self._aside.discard(channel_id)
        self.unsettled.pop(channel_id, None)
        self.waiting.pop(channel_id, None)

    async def read(self, journal: Journal) -> None:
        """Read the journal, once.

        Raises:
            Exception: whatever the database's trouble is.
        """
        if not self._read:
            self.waiting = await journal.waiting()
            self.unsettled = await journal.unsettled()
            self._read = True


class Channels:
    """Opens and closes one writer per channel of a guild. `parked` is called when one of them can write no more."""

    def __init__(
        self,
        guild_id: int,
        leftovers: Leftovers,
        *,
        sink: Sink,
        paces: Paces,
        journal: Journal,
        parked: Callable[[], None],
        farewells: Farewells,
        timing: OutboxTiming | None,
        bounds: Bounds | None,
    ) -> None:
        self._guild_id, self._leftovers, self._farewells = guild_id, leftovers, farewells
        self._repeats = Repeats(at_first=1)
        self._sink, self._paces, self._journal = sink, paces, journal
        self._parked, self._timing, self._bounds = parked, timing, bounds
        self._outboxes: dict[int, Outbox] = {}
        self._opened: set[int] = set()

    def __getitem__(self, channel_id: int) -> Outbox:
        """Return the channel's writer; raises KeyError if it has none."""
        return self._outboxes[channel_id]

    def __iter__(self) -> Iterator[Outbox]:
        """Iterate over the writers there are; some may be opened or closed meanwhile."""
        return iter(list(self._outboxes.values()))

    def open(
        self, starting: Iterable[WantedRelay], wanted: Collection[WantedRelay], voice: Callable[[WantedRelay], Voice]
    ) -> None:
        """Open the writers of relays about to start. Where several relays share a channel, it names their servers.

        What an earlier life left waiting is queued now, in its relay's `voice`, before any relay goes on behind it.
        """
        mates: defaultdict[int, list[WantedRelay]] = defaultdict(list)
        for one in wanted:
            mates[one.relay.channel_id].append(one)
        for channel_id in {one.relay.channel_id for one in starting} - self._outboxes.keys():
            outbox = self._outboxes[channel_id] = self._open(channel_id)
            batches = self._leftovers.waiting.pop(channel_id, None)
            if batches is not None:
                outbox.restore(batches, {mate.relay.id: voice(mate) for mate in mates[channel_id]})
        for channel_id, outbox in self._outboxes.items():
            outbox.name_servers(wanted=len(mates[channel_id]) > 1)

    async def recall(
        self, starting: Iterable[WantedRelay], wanted: Iterable[WantedRelay]
    ) -> dict[int, DeliveredTail | None] | None:
        """Read again what was set aside for the channels of relays about to start, as after a restart of the program.

        Return, by the ids of the wanted relays into them, behind what these go on; None where that cannot be read now.
        """
        channels = self._leftovers.aside(one.relay.channel_id for one in starting)
        if not channels:
            return {}
        relays = [one.relay.id for one in wanted if one.relay.channel_id in channels]
        try:
            await self._journal.flush()
            tails = await self._journal.tails(relays)
            await self._leftovers.recall(self._journal, channels)
        except Exception as error:  # noqa: BLE001 - whatever the store's trouble is, it may be over soon
            passed_over = self._repeats.due(type(error))
            if passed_over is not None:
                text = "what waits for channels %s cannot be read: %s; trying again%s"
                _log.warning(text, channels, type(error).__name__, more(passed_over))
            return None
        return {relay_id: tails.get(relay_id) for relay_id in relays}

    def gone(self, channel_id: int) -> None:
        """Park the writer of a channel that was deleted."""
        outbox = self._outboxes.get(channel_id)
        if outbox is not None:
            outbox.channel_gone()

    async def drop(self, outbox: Outbox) -> None:
        """Close a writer whose channel is gone or forbidden, or not to be written to for now; what waits is kept."""
        await outbox.close(0)
        del self._outboxes[outbox.channel_id]
        if not outbox.deleted:
            self._leftovers.set_aside(outbox.channel_id)

    async def drop_all(self) -> None:
        """Close all writers; what waits is kept."""
        for outbox in self:
            await self.drop(outbox)

    async def leave(self, removed: Iterable[ConsoleRelay], wanted: Iterable[WantedRelay]) -> None:
        """Have removed relays that ran say so where that can be posted, and close the writers that nobody needs then.

        Where other relays go on, it comes behind their waiting lines. Elsewhere such lines are forgotten, and counted.
        """
        kept = {one.relay.channel_id for one in wanted}
        last: defaultdict[int, list[ConsoleRelay]] = defaultdict(list)
        for relay in removed:
            channel_id = relay.wanted.relay.channel_id
            outbox = self._outboxes.get(channel_id)
            if outbox is None or outbox.parked is not None:
                continue
            if channel_id in kept:
                relay.announce(notices.ends([relay.server], 0))
            else:
                last[channel_id].append(relay)
        waiting = {channel_id: sum(relay.tally.queued for relay in relays) for channel_id, relays in last.items()}
        await self._keep_only(kept)
        for channel_id, relays in last.items():
            names = [relay.server for relay in relays]
            self._farewells.say(self._guild_id, channel_id, notices.ends(names, waiting[channel_id]))

    async def _keep_only(self, kept: Collection[int]) -> None:
        """Close the writers of channels that no relay goes into any more; what waits for them is forgotten."""
        for channel_id in self._opened.difference(kept):
            self._opened.discard(channel_id)
            self._leftovers.forget(channel_id)
            if channel_id in self._outboxes:
                await self._outboxes.pop(channel_id).close(0)
            self._journal.forget(channel_id)

    async def close(self, timeout: float) -> None:
        """Deliver what waits, within `timeout` seconds; what is left then is kept for the next life."""
        await asyncio.gather(*(outbox.close(timeout) for outbox in self))
        self._outboxes.clear()

    def _open(self, channel_id: int) -> Outbox:
        self._opened.add(channel_id)
        self._farewells.take_back(channel_id)
        return Outbox(
            channel_id,
            sink=self._sink,
            pace=self._paces.of(channel_id),
            turns=self._paces.turns.of(self._guild_id, channel_id),
            journal=self._journal,
            unsettled=self._leftovers.unsettled.pop(channel_id, None),
            parked=self._parked,
            timing=self._timing,
            bounds=self._bounds,
        )
