"""The panels' server lists in memory, to choose from while somebody types: bounded, and each guild at its own cost."""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot import time_slice
from bot.errors import BotError
from bot.names import fold
from bot.panel.models import ListedServer, ListEnd, ServerList
from bot.services.connections import Connections
from bot.services.minecraft import learn_minecraft
from bot.store.store import Store
from bot.store.values import Panel

_log = logging.getLogger(__name__)

MOST_SERVERS = 20_000
"""Of all guilds together: some 30 MB at the very worst, 10 with ordinary names."""
UNUSED_SECONDS = 900.0
"""After so long without use a list is forgotten; it is read again when it is needed."""
FRESH_SECONDS = 60.0
READS_AT_ONCE = 2
"""Of one guild in the background: nobody's many slow panels shall be read all at once because he types a letter."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that can be linked, with its name as it is compared."""

    server: ListedServer
    folded: str


@dataclass(slots=True)
class KeptList:
    """A panel's servers by name."""

    guild_id: int
    candidates: tuple[Candidate, ...]
    end: ListEnd
    used_at: float


class ServerLists:
    """Keeps what was read last. What is too much is taken from the guild that keeps the most, its oldest list first."""

    def __init__(self, store: Store, connections: Connections, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._connections = connections
        self._clock = clock
        self._kept: OrderedDict[int, KeptList] = OrderedDict()
        """By panel id, the longest unused first."""
        self._asked_at: dict[int, float] = {}
        self._reads: dict[int, asyncio.Task[None]] = {}
        self._reading = Counter[int]()
        """Reads in the background by guild."""
        self._sweep: asyncio.TimerHandle | None = None

    async def read(self, panel: Panel) -> KeptList:
        """Read a panel's list and keep it; PanelError where it cannot be read, BotError where the panel is gone."""
        found = await (await self._connections.catalogue(panel)).list_servers()
        await learn_minecraft(self._store, panel.id, found.servers)
        return await self.keep(panel, found)

    def refresh_soon(self, panel: Panel) -> None:
        """Read the list again in the background, at most once a minute and never twice at once."""
        now, guild = self._clock(), panel.guild_id
        is_fresh = now - self._asked_at.get(panel.id, now - FRESH_SECONDS) < FRESH_SECONDS
        if is_fresh or panel.id in self._reads or self._reading[guild] >= READS_AT_ONCE:
            return
        self._asked_at = {each: at for each, at in self._asked_at.items() if now - at < FRESH_SECONDS}
        self._asked_at[panel.id] = now
        self._reading[guild] += 1
        task = asyncio.create_task(self._refresh(panel), name=f"server list of panel {panel.id}")
        self._reads[panel.id] = task

        def done(_task: asyncio.Task[None]) -> None:
            del self._reads[panel.id]
            self._reading[guild] -= 1
            if not self._reading[guild]:
                del self._reading[guild]

        task.add_done_callback(done)

    async def keep(self, panel: Panel, read: ServerList) -> KeptList:
        """Keep a list that was just read in the place of the panel's former one, and return it."""
        slices = time_slice.shared()
        candidates: list[Candidate] = []
        for server in read.servers:
            await slices.breathe()
            candidates.append(Candidate(server, fold(server.name)))
        await slices.breathe()
        candidates.sort(key=lambda candidate: candidate.folded)
        kept = KeptList(panel.guild_id, tuple(candidates), read.end, self._clock())
        self._kept.pop(panel.id, None)
        self._kept[panel.id] = kept
        self._asked_at[panel.id] = self._clock()
        self._make_room()
        self._sweep_later()
        return kept

    def of(self, panel_id: int) -> KeptList | None:
        """Return what is kept of a panel's list, None where nothing is."""
        kept = self._kept.get(panel_id)
        if kept is not None:
            kept.used_at = self._clock()
            self._kept.move_to_end(panel_id)
        return kept

    def forget(self, panel_id: int) -> None:
        """Forget a panel's list."""
        self._kept.pop(panel_id, None)
        self._asked_at.pop(panel_id, None)

    async def close(self) -> None:
        """End the reads in the background."""
        if self._sweep is not None:
            self._sweep.cancel()
        reads = list(self._reads.values())
        for task in reads:
            task.cancel()
        await asyncio.gather(*reads, return_exceptions=True)

    async def _refresh(self, panel: Panel) -> None:
        try:
            await self.read(panel)
        except BotError as error:
            _log.info("The server list of panel %s could not be read: %s", panel.id, error)

    def _make_room(self) -> None:
        sizes = Counter[int]()
        for kept in self._kept.values():
            sizes[kept.guild_id] += len(kept.candidates)
        while sizes.total() > MOST_SERVERS:
            [(largest, _count)] = sizes.most_common(1)
            panel_id = next(each for each, kept in self._kept.items() if kept.guild_id == largest)
            sizes[largest] -= len(self._kept.pop(panel_id).candidates)
            self._asked_at.pop(panel_id, None)

    def _sweep_later(self) -> None:
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(UNUSED_SECONDS, self._sweep_now)

    def _sweep_now(self) -> None:
        self._sweep = None
        oldest = self._clock() - UNUSED_SECONDS
        for panel_id in [each for each, kept in self._kept.items() if kept.used_at <= oldest]:
            self.forget(panel_id)
        if self._kept:
            self._sweep_later()
