"""Guilds that come and go: what Discord says of them is kept until it is written down, however long that takes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from functools import partial

from bot.services import departures
from bot.services.deletions import Deletions, Forget
from bot.services.departures import Patience
from bot.services.lookout import GuildSource, Lookout, LookoutTiming, forget_role
from bot.services.perseverance import Backoff, for_ever, until_it_works
from bot.store.store import Store

_log = logging.getLogger(__name__)


class _Heard(Enum):
    """What was heard of a guild last."""

    HERE = auto()
    """The bot is a member."""
    LEFT = auto()
    """The bot was removed."""
    SPOKE = auto()
    """Somebody used a command there."""


@dataclass(frozen=True, slots=True)
class GuildTiming:
    """How patient all this is; tests scale it."""

    patience: Patience = field(default_factory=Patience)
    lookout: LookoutTiming = field(default_factory=LookoutTiming)
    backoff: Backoff = field(default_factory=Backoff)


class Guilds:
    """Takes in what Discord says without making it wait, and sees to it that it is written down and acted upon.

    `changed` is called when relays of a guild are to stop or may run again, `rights_changed` when those parked in it
    may be worth another try, `thread_changed` with guild and thread when those into one may be, `channel_gone` with
    guild and channel. `forget` drops a deleted key from memory.
    """

    def __init__(
        self,
        store: Store,
        *,
        changed: Callable[[int], None],
        rights_changed: Callable[[int], None],
        channel_gone: Callable[[int, int], None],
        forget: Forget,
        thread_changed: Callable[[int, int], None] = lambda _guild_id, _thread_id: None,
        timing: GuildTiming = GuildTiming(),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._changed, self._rights_changed, self._channel_gone = changed, rights_changed, channel_gone
        self._thread_changed, self._forget = thread_changed, forget
        self._timing, self._now = timing, now
        # What is not written down yet.
        self._heard: dict[int, tuple[_Heard, datetime]] = {}
        self._roles: dict[tuple[int, int], None] = {}
        self._news = asyncio.Event()
        self._gone: set[int] | None = None
        """The guilds that were left, as stored; None before that was read."""
        self._connected = False
        self._to_ask = asyncio.Event()

    def here(self, guild_id: int) -> None:
        """The bot is a member of the guild."""
        self._hear(guild_id, _Heard.HERE)

    def left(self, guild_id: int) -> None:
        """Discord says that the bot was removed from the guild; it is asked again before anything is deleted."""
        _log.info("guild %s: Discord says that the bot was removed; its relays stop", guild_id)
        self._hear(guild_id, _Heard.LEFT)
        self._changed(guild_id)

    def spoke(self, guild_id: int) -> None:
        """Somebody uses the bot's commands in the guild: a sign of life, also where the bot is not a member."""
        heard = self._heard.get(guild_id)
        if heard[0] is _Heard.LEFT if heard is not None else self._gone is None or guild_id in self._gone:
            self._hear(guild_id, _Heard.SPOKE)

    def role_deleted(self, guild_id: int, role_id: int) -> None:
        """Discord says that a role was deleted; what it was allowed goes with it."""
        self._roles[guild_id, role_id] = None
        self._news.set()

    def connected(self) -> None:
        """The connection to Discord is new: what happened meanwhile is to be found out."""
        self._connected = True
        self._to_ask.set()

    def rights_changed(self, guild_id: int) -> None:
        """Let relays that were not allowed to post try again: the bot's rights in the guild may have come back."""
        self._rights_changed(guild_id)

    def thread_changed(self, guild_id: int, thread_id: int) -> None:
        """Let relays into a thread try again: it may have been unlocked, or the bot let into it."""
        self._thread_changed(guild_id, thread_id)

    def channel_deleted(self, guild_id: int, channel_id: int) -> None:
        """Let the relays into the channel be parked and reported."""
        self._channel_gone(guild_id, channel_id)

    async def away(self) -> frozenset[int]:
        """Return the guilds in which nothing is to run, because the bot is not there.

        Raises whatever the database's trouble is.
        """
        gone = await self._known_gone()
        left = {guild_id for guild_id, (heard, _at) in self._heard.items() if heard is _Heard.LEFT}
        return frozenset((gone | left) - (self._heard.keys() - left))

    async def run(self, source: GuildSource, remember: Callable[[], Awaitable[None]]) -> None:
        """Write down what is heard, and ask Discord what there is to ask, until cancelled.

        Nothing of that begins before `remember` has worked, which writes down whose guilds these are.
        """
        await until_it_works("whose database this is", remember, self._timing.backoff)
        lookout = self._lookout(source)
        async with asyncio.TaskGroup() as group:
            group.create_task(for_ever("what Discord said of guilds", self._write, self._news, self._timing.backoff))
            group.create_task(
                for_ever("the look for guilds", partial(self._ask, lookout), self._to_ask, self._timing.backoff)
            )

    def _lookout(self, source: GuildSource) -> Lookout:
        patience = self._timing.patience
        return Lookout(
            self._store,
            source,
            Deletions(self._store, forget=self._forget, patience=patience, now=self._now),
            left=self._found_left,
            back=self._found_back,
            heard=self._heard.__contains__,
            patience=patience,
            timing=self._timing.lookout,
            now=self._now,
        )

    def _hear(self, guild_id: int, heard: _Heard) -> None:
        self._heard[guild_id] = (heard, self._now())
        self._news.set()

    async def _write(self) -> float:
        """Write down what was heard, one guild after the other; what could not be written is heard still."""
        await self._write_present()
        for guild_id, heard in list(self._heard.items()):
            if heard[0] is not _Heard.HERE:
                # To the end: should it be this one that cannot be written, the others have their turn.
                self._heard[guild_id] = self._heard.pop(guild_id)
                await self._write_one(guild_id, *heard)
                self._written(guild_id, heard)
        for guild_id, role_id in list(self._roles):
            await forget_role(self._store, guild_id, role_id, "Discord said that the role was deleted")
            del self._roles[guild_id, role_id]
        return float("inf")

    async def _write_present(self) -> None:
        present = {guild_id: heard for guild_id, heard in self._heard.items() if heard[0] is _Heard.HERE}
        back = await self._store.guilds.present(present) if present else []
        for guild_id, heard in present.items():
            self._written(guild_id, heard)
        for guild_id in back:
            self._return(guild_id)

    async def _write_one(self, guild_id: int, heard: _Heard, at: datetime) -> None:
        if heard is _Heard.SPOKE:
            if await self._store.departures.end(guild_id):
                self._return(guild_id)
            return
        gone = await self._known_gone()
        known = (await self._store.departures.all()).get(guild_id)
        if await self._store.departures.put(guild_id, departures.told(known, at)):
            gone.add(guild_id)
        self._to_ask.set()

    def _written(self, guild_id: int, heard: tuple[_Heard, datetime]) -> None:
        if self._heard.get(guild_id) is heard:
            del self._heard[guild_id]

    async def _known_gone(self) -> set[int]:
        if self._gone is None:
            gone = set(await self._store.departures.all())
            if self._gone is None:  # or somebody else was faster, and it may be more by now
                self._gone = gone
        return self._gone

    async def _ask(self, lookout: Lookout) -> float:
        await self._known_gone()
        if self._connected:
            self._connected = False
            lookout.look_soon()
        return await lookout.look()

    def _found_left(self, guild_id: int) -> None:
        if self._gone is not None:
            self._gone.add(guild_id)
        self._changed(guild_id)

    def _found_back(self, guild_id: int) -> None:
        if guild_id not in self._heard:  # what was heard meanwhile is newer
            self._hear(guild_id, _Heard.HERE)

    def _return(self, guild_id: int) -> None:
        _log.info("guild %s: it is there (again); what was to be deleted of it is kept", guild_id)
        if self._gone is not None:
            self._gone.discard(guild_id)
        self._changed(guild_id)
