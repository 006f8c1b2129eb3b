"""Asks Discord which guilds and roles are there still; what it answers decides what is deleted, and when."""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from typing import Protocol

from bot.services import departures
from bot.services.deletions import Deletions
from bot.services.departures import Answer, Loss, Patience
from bot.store.grants import ANY
from bot.store.store import Store
from bot.store.values import Departure

_log = logging.getLogger(__name__)
_NAMED = 10
"""Ids in one line of the log."""
_CHANCE = SystemRandom()
"""Who is asked about first must not always be the same ones: there may be more than one look asks about."""


class GuildSource(Protocol):
    """Discord, as far as guilds are concerned. No method raises: what cannot be found out is None."""

    async def listed(self) -> frozenset[int] | None:
        """Return the ids of all guilds that the bot is a member of, as REST lists them."""
        ...

    async def ask(self, guild_id: int) -> Answer:
        """Ask REST whether the bot is a member of a guild."""
        ...

    def roles_known(self, guild_id: int) -> frozenset[int] | None:
        """Return the ids of a guild's roles as the gateway has told them; None also during an outage of the guild."""
        ...

    async def roles(self, guild_id: int) -> frozenset[int] | None:
        """Return the ids of a guild's roles, as REST lists them."""
        ...


@dataclass(frozen=True, slots=True)
class LookoutTiming:
    """In seconds; tests scale it."""

    again: float = 300.0
    """Before what could not be found out is asked again."""
    routine: float = 86_400.0
    """Between two looks for guilds and roles that went without a word."""
    most: int = 50
    """Questions of a kind in one look: some of the answers count towards Discord's limit of refused requests."""
    enough: int = 3
    """Questions in a row without an answer, after which none is asked in this look."""


class Lookout:
    """Finds out what was missed, and confirms what was told before anything is deleted.

    `left` is called with guilds that turn out to be left, `back` with those that are there after all. `heard` tells
    whether something was heard of a guild that is not written down yet.
    """

    def __init__(
        self,
        store: Store,
        source: GuildSource,
        deletions: Deletions,
        *,
        left: Callable[[int], None],
        back: Callable[[int], None],
        heard: Callable[[int], bool],
        patience: Patience,
        timing: LookoutTiming,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._source = source
        self._deletions = deletions
        self._left, self._back, self._heard = left, back, heard
        self._patience, self._timing, self._now = patience, timing, now
        # Both on the loop's clock.
        self._look_at = float("inf")
        """When to look for what was missed; not before Discord was ever connected to."""
        self._not_before: dict[int, float] = {}
        """By guild id: when a question without an answer may be asked again."""
        self._held: set[int] = set()
        self._silence = 0
        self._warned_at = float("-inf")

    def look_soon(self) -> None:
        """Have looked for what was missed: the connection to Discord is new."""
        self._look_at = float("-inf")

    async def look(self) -> float:
        """Ask what there is to ask now; return after how many seconds there will be more.

        Raises whatever the database's trouble is: all that was not done is due still.
        """
        self._silence = 0
        if _clock() >= self._look_at:
            # Before the questions, for who connects meanwhile has them asked once more.
            self._look_at = _clock() + self._timing.again
            planned = self._look_at
            found_out = [await self._find_missing_guilds(), await self._find_missing_roles()]
            if all(found_out) and self._look_at == planned:
                self._look_at = _clock() + self._timing.routine
        wait = await self._follow_departures()
        return max(0.0, min(wait, self._look_at - _clock()))

    async def _find_missing_guilds(self) -> bool:
        """Ask for those guilds that are not in Discord's list; return whether all could be found out."""
        listed = await self._source.listed()
        if listed is None:
            return False
        known = (await self._store.departures.all()).keys()
        members = await self._store.guilds.members()
        # A guild that was told to be left stays so, for the list may be older than that.
        await self._store.guilds.present(listed - members - known)
        missing = members - listed - known
        gone: list[int] = []
        silent = 0
        for guild_id in _CHANCE.sample(sorted(missing), min(len(missing), self._timing.most)):
            answer = await self._question(guild_id)
            silent += answer is Answer.NONE
            if answer is Answer.GONE:
                departure = departures.confirmed(Departure(since=self._now()), self._now(), self._patience)
                if not self._heard(guild_id) and await self._store.departures.begin(guild_id, departure):
                    gone.append(guild_id)
                    self._left(guild_id)
        if gone:
            _log.warning(
                "%s guilds were left while nobody looked (%s): what is stored for them is deleted in %s days, "
                "unless they come back",
                len(gone),
                _some(gone),
                self._patience.days,
            )
        return not silent and len(missing) <= self._timing.most

    async def _find_missing_roles(self) -> bool:
        """Delete what was granted to roles that were deleted without a word; return whether all could be found out."""
        missing: dict[int, frozenset[int]] = {}
        for guild_id, granted in (await self._store.grants.roles()).items():
            known = self._source.roles_known(guild_id)
            if known is not None and not granted <= known:
                missing[guild_id] = granted - known
        silent = 0
        for guild_id in _CHANCE.sample(sorted(missing), min(len(missing), self._timing.most)):
            listed = await self._source.roles(guild_id) if self._silence < self._timing.enough else None
            self._silence = self._silence + 1 if listed is None else 0
            # Everybody has the role of the guild's own id: a list without it is not the guild's.
            if listed is None or guild_id not in listed:
                silent += 1
                continue
            for role_id in missing[guild_id] - listed:
                await forget_role(self._store, guild_id, role_id, "Discord does not list that role any more")
        return not silent and len(missing) <= self._timing.most

    async def _follow_departures(self) -> float:
        """Ask about the guilds whose time has come; return after how many seconds the next one's has."""
        wait, now, asked = float("inf"), self._now(), 0
        self._held.clear()
        known = await self._store.departures.all()
        self._not_before = {key: when for key, when in self._not_before.items() if key in known and when > _clock()}
        for guild_id, departure in sorted(known.items(), key=_order):
            due = departures.until_question(departure, now, self._patience).total_seconds()
            due = max(due, self._not_before.get(guild_id, 0.0) - _clock())
            if due <= 0 and asked < self._timing.most:
                asked += 1
                due = await self._ask(guild_id, departure)
            wait = min(wait, max(due, 0.0))
        if self._held and _clock() >= self._warned_at + self._patience.within.total_seconds():
            self._warned_at = _clock()
            _log.warning(
                "%s more guilds were left and are due for deletion (%s): they wait, because at most %s guilds lose "
                "anything within %s. If the bot should be in them, end it and find out why it is not",
                len(self._held),
                _some(self._held),
                self._patience.at_once,
                self._patience.within,
            )
        return wait

    async def _question(self, guild_id: int) -> Answer:
        if self._silence >= self._timing.enough:
            return Answer.NONE
        answer = await self._source.ask(guild_id)
        self._silence = self._silence + 1 if answer is Answer.NONE else 0
        return answer

    async def _ask(self, guild_id: int, departure: Departure) -> float:
        """Ask about one guild and do what follows; return after how many seconds to ask again."""
        answer = await self._question(guild_id)
        now = self._now()
        if self._heard(guild_id):
            pass  # the answer is older
        elif answer is Answer.GONE:
            new = departures.confirmed(departure, now, self._patience)
            if not await self._store.departures.replace(guild_id, departure, new):
                return 0.0  # something was heard of it meanwhile
            lost = departures.loss(new, now, self._patience)
            if lost is Loss.NOTHING or await self._deletions.carry_out(guild_id, new, lost):
                return 0.0
            self._held.add(guild_id)
        elif answer is Answer.HERE and await self._store.departures.replace(guild_id, departure, departure):
            self._back(guild_id)
        self._not_before[guild_id] = _clock() + self._timing.again
        return self._timing.again


async def forget_role(store: Store, guild_id: int, role_id: int, why: str) -> None:
    """Delete what was granted to a role that is gone: nobody could revoke it by name any more."""
    count = await store.grants.revoke(guild_id, role_id, ANY)
    if count:
        _log.info("guild %s: what role %s was allowed was deleted (grants: %s): %s", guild_id, role_id, count, why)


def _order(known: tuple[int, Departure]) -> tuple[bool, datetime]:
    """Keys of those whose removal Discord told before all else, then who has waited longest."""
    _guild_id, departure = known
    return departure.told_at is None or departure.keys_deleted, departure.since


def _some(guild_ids: Collection[int]) -> str:
    shown = ", ".join(map(str, sorted(guild_ids)[:_NAMED]))
    return f"{shown}, …" if len(guild_ids) > _NAMED else shown


def _clock() -> float:
    return asyncio.get_running_loop().time()
