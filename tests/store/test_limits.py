"""How many of each thing a guild may have: refused in the transaction that would add one too many."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.errors import BadInput, LimitReached
from bot.store import limits
from bot.store.limits import Limits
from bot.store.store import Store
from bot.terms import Action, PanelKind

GUILD, OTHER = 900, 901
MOST = 3
Add = Callable[[int, int], Awaitable[object]]


class Things:
    """Adds the n-th of each kind to a guild that has a panel and a server already."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parents: dict[int, tuple[int, int]] = {}

    async def parents(self, guild_id: int) -> tuple[int, int]:
        if guild_id not in self._parents:
            panel = await self._store.panels.add(guild_id, "https://p.example", PanelKind.PELICAN, "Main", "ptlc_key")
            server = await self._store.servers.link(guild_id, panel.id, "Lobby", "aaaaaaaa", "u-0")
            self._parents[guild_id] = (panel.id, server.id)
        return self._parents[guild_id]

    async def panels(self, guild_id: int, number: int) -> object:
        label = f"Panel {number}" if number else "Main"
        return await self._store.panels.add(guild_id, "https://p.example", PanelKind.PELICAN, label, "ptlc_key")

    async def servers(self, guild_id: int, number: int) -> object:
        panel_id, _server = await self.parents(guild_id)
        name = f"Server {number}" if number else "Lobby"
        return await self._store.servers.link(guild_id, panel_id, name, f"{number:08x}", f"u-{number}")

    async def grants(self, guild_id: int, number: int) -> object:
        return await self._store.grants.add(guild_id, 70 + number, [Action.VIEW])

    async def relays(self, guild_id: int, number: int) -> object:
        _panel, server_id = await self.parents(guild_id)
        return await self._store.relays.add(guild_id, server_id, 1000 + number)


@pytest.fixture
async def limited(url: str, keys: list[str]) -> AsyncIterator[Store]:
    store = await Store.open(url, keys, Limits(panels=MOST, servers=MOST, grants=MOST, relays=MOST))
    yield store
    await store.close()


# One panel and one server are there already.
KINDS = [("panels", 1), ("servers", 1), ("grants", 0), ("relays", 0)]


@pytest.mark.parametrize(("kind", "there"), KINDS)
async def test_the_last_that_is_allowed_fits_and_the_next_is_refused_in_one_sentence(
    limited: Store, kind: str, there: int
) -> None:
    things = Things(limited)
    await things.parents(GUILD)
    add: Add = getattr(things, kind)
    for number in range(there, MOST):
        await add(GUILD, number)
    with pytest.raises(LimitReached) as refused:
        await add(GUILD, MOST)
    sentence = str(refused.value)
    assert str(MOST) in sentence and f"MAX_{kind.upper()}" in sentence and "owner" in sentence and "\n" not in sentence
    await things.parents(OTHER)
    await add(OTHER, MOST)  # a limit is each guild's own


@pytest.mark.parametrize(("kind", "there"), KINDS)
async def test_those_who_add_at_once_do_not_pass_together(limited: Store, kind: str, there: int) -> None:
    things = Things(limited)
    await things.parents(GUILD)
    add: Add = getattr(things, kind)
    ended = await asyncio.gather(*(add(GUILD, number) for number in range(there, MOST + 4)), return_exceptions=True)
    refused = [one for one in ended if isinstance(one, LimitReached)]
    assert len(ended) - len(refused) == MOST - there
    assert not [one for one in ended if isinstance(one, BaseException) and one not in refused]


async def test_a_grant_is_replaced_where_no_further_one_fits(limited: Store) -> None:
    for role in range(MOST):
        await limited.grants.add(GUILD, role, [Action.VIEW])
    await limited.grants.add(GUILD, 1, [Action.VIEW, Action.START])
    with pytest.raises(LimitReached):
        await limited.grants.add(GUILD, MOST, [Action.VIEW])
    granted = {grant.role_id: grant.actions for grant in await limited.grants.list(GUILD)}
    assert granted == {0: {Action.VIEW}, 1: {Action.VIEW, Action.START}, 2: {Action.VIEW}}


async def test_what_is_there_already_is_called_so_also_at_the_limit(limited: Store) -> None:
    """Nobody is told to ask for more room for what he has."""
    things = Things(limited)
    for number in range(MOST):
        for add in (things.servers, things.relays):
            if number or add == things.relays:
                await add(GUILD, number)
    for add in (things.servers, things.relays):
        with pytest.raises(BadInput, match="already") as refused:
            await add(GUILD, 1)
        assert not isinstance(refused.value, LimitReached)


async def test_what_a_guild_has_beyond_a_lowered_limit_stays_and_can_be_changed(url: str, keys: list[str]) -> None:
    store = await Store.open(url, keys)
    things = Things(store)
    for number in range(5):
        await things.grants(GUILD, number)
        await things.relays(GUILD, number)
    await store.close()
    store = await Store.open(url, keys, Limits(panels=1, servers=1, grants=2, relays=2))
    assert len(await store.grants.list(GUILD)) == len(await store.relays.list(GUILD)) == 5
    assert await store.most_per_guild() == Limits(panels=1, servers=1, grants=5, relays=5)
    server = (await store.servers.list(GUILD))[0]
    await store.servers.edit(server.id, name="Renamed")
    assert (await store.grants.add(GUILD, 71, [Action.START])).actions == {Action.START}
    assert len(await store.grants.list(GUILD)) == 5
    assert await store.grants.revoke(GUILD, 70) == 1
    with pytest.raises(LimitReached):
        await store.grants.add(GUILD, 70, [Action.VIEW])
    await store.close()


async def test_all_patterns_of_a_guild_are_bounded_together_also_for_those_who_add_at_once(store: Store) -> None:
    """All of a guild's are gone through in one piece, so all of a guild's count."""
    async with asyncio.TaskGroup() as adding:
        for role in range(11):
            adding.create_task(store.grants.add(GUILD, role, [Action.COMMAND], commands=("x" * 200,) * 9))
    last = ("x" * 200,)
    adds = (store.grants.add(GUILD, role, [Action.COMMAND], commands=last) for role in (20, 21, 22))
    ended = await asyncio.gather(*adds, return_exceptions=True)
    refused = [one for one in ended if isinstance(one, BadInput)]
    assert len(refused) == 2 and all("20000 characters" in str(one) for one in refused)
    await store.grants.add(GUILD, 30, [Action.COMMAND])
    await store.grants.add(OTHER, 30, [Action.COMMAND], commands=last)


async def test_what_a_guild_has_beyond_the_bound_of_patterns_can_be_replaced_and_narrowed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in range(3):
        await store.grants.add(GUILD, role, [Action.COMMAND], commands=("list", "kick *"))
    monkeypatch.setattr(limits, "_MOST_PATTERN_CHARACTERS", 12)
    for narrowed in (("list", "kick x"), ("kick x",), ("kick y",), ()):
        assert (await store.grants.add(GUILD, 0, [Action.COMMAND], commands=narrowed)).commands == narrowed
    with pytest.raises(BadInput, match="of all other grants here have 10 characters"):
        await store.grants.add(GUILD, 1, [Action.COMMAND], commands=("list", "kick ab*"))
    assert {grant.commands for grant in await store.grants.list(GUILD)} == {(), ("list", "kick *")}


async def test_an_empty_database_is_beyond_no_limit(limited: Store) -> None:
    assert await limited.most_per_guild() == Limits(0, 0, 0, 0)
