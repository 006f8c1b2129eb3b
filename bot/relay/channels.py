"""The writers of a guild's channels, and what an earlier life of the program left for them to do."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator

from bot.relay.backlog import Bounds, Voice
from bot.relay.journal import Journal
from bot.relay.outbox import Outbox, OutboxTiming
from bot.relay.pace import Paces
from bot.relay.sink import Sink
from bot.relay.wanted import WantedRelay
from bot.store.values import Outgoing, WaitingBatch


class Leftovers:
    """What an earlier life was sending and what it left waiting, by channel id; who goes on with it takes it out."""

    def __init__(self) -> None:
        self.unsettled: dict[int, Outgoing] = {}
        self.waiting: dict[int, list[WaitingBatch]] = {}
        self._read = False

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
        timing: OutboxTiming | None,
        bounds: Bounds | None,
    ) -> None:
        self._guild_id, self._leftovers = guild_id, leftovers
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

    def gone(self, channel_id: int) -> None:
        """Park the writer of a channel that was deleted."""
        outbox = self._outboxes.get(channel_id)
        if outbox is not None:
            outbox.channel_gone()

    async def drop(self, outbox: Outbox) -> None:
        """Close a writer whose channel was deleted or is forbidden."""
        await outbox.close(0)
        del self._outboxes[outbox.channel_id]
        if outbox.unsettled is not None:
            # It is told of nowhere else, should the bot be allowed to post again.
            self._leftovers.unsettled[outbox.channel_id] = outbox.unsettled

    async def keep_only(self, wanted: Iterable[WantedRelay]) -> None:
        """Close the writers of channels that no relay goes into any more; what waits for them is forgotten."""
        for channel_id in self._opened - {one.relay.channel_id for one in wanted}:
            self._opened.discard(channel_id)
            self._leftovers.unsettled.pop(channel_id, None)
            if channel_id in self._outboxes:
                await self._outboxes.pop(channel_id).close(0)
            self._journal.forget(channel_id)

    async def close(self, timeout: float) -> None:
        """Deliver what waits, within `timeout` seconds; what is left then is kept for the next life."""
        await asyncio.gather(*(outbox.close(timeout) for outbox in self))
        self._outboxes.clear()

    def _open(self, channel_id: int) -> Outbox:
        unsettled = self._leftovers.unsettled.pop(channel_id, None)
        if channel_id in self._opened:
            # The bot may post again, and its relays begin behind what was delivered: what waited then is no more.
            self._journal.forget(channel_id, message=unsettled is None)
        self._opened.add(channel_id)
        return Outbox(
            channel_id,
            sink=self._sink,
            pace=self._paces.of(channel_id),
            turns=self._paces.turns.of(self._guild_id, channel_id),
            journal=self._journal,
            unsettled=unsettled,
            parked=self._parked,
            timing=self._timing,
            bounds=self._bounds,
        )
