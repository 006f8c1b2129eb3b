"""Keeps the relays that should run running: compares those wanted in a guild with those running when it is woken."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from bot import metrics
from bot.errors import StoreUnavailable
from bot.relay.agenda import Agenda
from bot.relay.channels import Leftovers
from bot.relay.farewells import Farewells
from bot.relay.guild import Equipment, GuildRelays
from bot.relay.wanted import WantedRelay
from bot.repeats import Repeats
from bot.time_slice import count_for
from bot.vitals import DeliveredTail, RelayHealth

_log = logging.getLogger(__name__)

Wanted = Callable[[int | None], Awaitable[Sequence[WantedRelay]]]
"""Reads which relays should run: those of a guild, or (None) of all. Raises whatever the database's trouble is."""


class RelaySupervisor:
    """Runs the relays of all guilds; what changes in one of them costs what that one has.

    All are read once, at the start; from then on each guild by itself, when it is woken or something there is due.
    """

    def __init__(self, *, wanted: Wanted, equipment: Equipment) -> None:
        self._wanted = wanted
        self._equipment = equipment
        self._timing = equipment.timing
        self._agenda = Agenda()
        self._leftovers = Leftovers()
        post = equipment.outbox_timing.post if equipment.outbox_timing is not None else None
        self._farewells = Farewells(equipment.sink, equipment.paces, patience=equipment.timing.farewell, timing=post)
        self._guilds: dict[int, GuildRelays] = {}
        self._woken = asyncio.Event()
        self._closing = asyncio.Event()
        self._busy = asyncio.Lock()
        self._repeats = Repeats(at_first=1)
        metrics.relays.source = self._series

    async def run(self) -> None:
        """Run the relays until `close` or cancellation."""
        while not self._closing.is_set() and not await self._begin():
            await _wait(self._closing, self._timing.retry)
        while not self._closing.is_set():
            self._woken.clear()
            while (guild_id := self._agenda.take(_now())) is not None:
                await self._look(guild_id)
            await _wait(self._woken, self._agenda.wait(_now()))

    def wake(self, guild_id: int) -> None:
        """Look again at what is wanted in a guild, soon."""
        self._look_at(guild_id, _now())

    def rights_changed(self, guild_id: int, channel_id: int | None = None) -> None:
        """Try the guild's parked relays again, or those into a channel: the bot's rights may have come back.

        Costs nothing where none is parked.
        """
        guild = self._guilds.get(guild_id)
        when = float("inf") if guild is None else guild.hasten(channel_id)
        if when < float("inf"):
            self._look_at(guild_id, when)

    def channel_gone(self, guild_id: int, channel_id: int) -> None:
        """Park what goes into a channel that was deleted, also where there is nothing to say in it just now."""
        guild = self._guilds.get(guild_id)
        if guild is not None:
            guild.channel_gone(channel_id)

    def health(self, guild_id: int, relay_id: int) -> RelayHealth | None:
        """Return how a guild's relay is doing; None for one that does not run (yet)."""
        guild = self._guilds.get(guild_id)
        return None if guild is None else guild.health(relay_id)

    async def close(self, deadline: float = 4.0) -> None:
        """Stop reading consoles, deliver what was read, and end; takes at most `deadline` seconds."""
        end = _now() + deadline
        self._closing.set()
        self._woken.set()
        async with self._busy:
            guilds, self._guilds = list(self._guilds.values()), {}
            await asyncio.sleep(0)  # relays just woken begin
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._timing.drain, deadline / 4)):
                    for guild in guilds:
                        await guild.drain()
            await asyncio.gather(*(guild.stop() for guild in guilds))
            # A little is kept back for the closing itself.
            left = max(0.0, (end - _now()) * 0.9)
            await asyncio.gather(self._farewells.close(left), *(guild.close(left) for guild in guilds))

    async def _begin(self) -> bool:
        """Read and start everything that is wanted; return whether it could be read."""
        try:
            wanted = await self._wanted(None)
            await self._leftovers.read(self._equipment.journal)
            tails = await self._equipment.journal.tails()
        except Exception as error:  # noqa: BLE001 - whatever the store's trouble is, it may be over soon
            self._tell(error, "the wanted relays cannot be read; trying again")
            return False
        by_guild: defaultdict[int, list[WantedRelay]] = defaultdict(list)
        for one in wanted:
            by_guild[one.relay.guild_id].append(one)
        for guild_id, mine in by_guild.items():
            await self._bring_in_line(guild_id, mine, tails)
        return True

    async def _look(self, guild_id: int) -> None:
        """Bring a guild's running relays in line with the wanted ones, and note when to look again.

        Where these cannot be read, nothing ends and nothing is forgotten: they are read again after a while.
        """
        try:
            wanted = await self._wanted(guild_id)
            new = self._guild(guild_id).unknown(wanted)
            tails = await self._equipment.journal.tails(new) if new else {}
        except Exception as error:  # noqa: BLE001 - whatever the store's trouble is, running relays go on
            self._tell(error, "the wanted relays of guild %s cannot be read; trying again", guild_id)
            self._try_again(guild_id)
            return
        await self._bring_in_line(guild_id, wanted, tails)

    async def _bring_in_line(
        self, guild_id: int, wanted: Sequence[WantedRelay], tails: Mapping[int, DeliveredTail]
    ) -> None:
        async with self._busy:
            if self._closing.is_set():
                return
            guild = self._guild(guild_id)
            count_for(guild_id)  # so does all that is started in the following
            try:
                wait = await guild.follow(wanted, tails)
            except Exception as error:  # noqa: BLE001 - a defect in one guild must not hurt the others
                self._tell(error, "the relays of guild %s cannot be brought in line; trying again", guild_id)
                self._try_again(guild_id)
                return
            self._agenda.rest(guild_id, _now() + self._timing.rest)
            if not guild:
                del self._guilds[guild_id]
            elif wait < float("inf"):
                self._look_at(guild_id, _now() + wait)

    def _guild(self, guild_id: int) -> GuildRelays:
        guild = self._guilds.get(guild_id)
        if guild is None:
            guild = self._guilds[guild_id] = GuildRelays(
                guild_id, self._equipment, self._leftovers, self._farewells, changed=partial(self.wake, guild_id)
            )
        return guild

    def _try_again(self, guild_id: int) -> None:
        self._agenda.rest(guild_id, _now() + self._timing.retry)
        self._look_at(guild_id, _now())

    def _look_at(self, guild_id: int, when: float) -> None:
        self._agenda.add(guild_id, when)
        self._woken.set()

    def _tell(self, error: Exception, text: str, *args: object) -> None:
        """Tell the log of a defect; the store's own troubles it was told of by the store."""
        if not isinstance(error, StoreUnavailable):
            self._repeats.defect(_log, error, text, *args)

    def _series(self) -> Iterator[metrics.RelaySeries]:
        for guild_id, guild in list(self._guilds.items()):
            for one, health in guild.healths():
                yield metrics.RelaySeries(one.relay.id, guild_id, one.relay.channel_id, one.server_name, health)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(None if seconds == float("inf") else seconds):
            await event.wait()


def _now() -> float:
    return asyncio.get_running_loop().time()
