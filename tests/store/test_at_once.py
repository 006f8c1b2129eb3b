"""Several at once, in this process and in another: each gets what it would get alone, or the sentence of the second."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from bot.errors import BadInput, BotError, StoreUnavailable
from bot.store.grants import ANY
from bot.store.store import Store
from bot.store.tables import GrantRow, RelayRow, RelayTailRow, ServerRow
from bot.store.values import LinkedServer, Outgoing, Panel
from bot.terms import Action, PanelKind
from bot.vitals import DeliveredTail

GUILD = 81384788765712384


@pytest.fixture
async def stores(opened) -> AsyncIterator[list[Store]]:
    """Two processes on one database, as far as the database can tell."""
    async with opened() as one, opened() as other:
        yield [one, other]


async def panel_of(store: Store, label: str = "Main") -> Panel:
    return await store.panels.add(GUILD, "https://panel.example", PanelKind.PELICAN, label, "ptlc_key")


async def server_of(store: Store, panel: Panel, name: str = "Lobby", uuid: str = "u-1") -> LinkedServer:
    return await store.servers.link(GUILD, panel.id, name, uuid[:8], uuid)


async def results(*work: Awaitable[object]) -> tuple[list[object], list[BaseException]]:
    """What came of it, and what was refused; anything but our own sentences fails the test."""
    ended = await asyncio.gather(*work, return_exceptions=True)
    refused = [one for one in ended if isinstance(one, BaseException)]
    for one in refused:
        if not isinstance(one, BotError) or isinstance(one, StoreUnavailable):
            raise one
    return [one for one in ended if not isinstance(one, BaseException)], refused


@pytest.mark.parametrize("round_", range(3))
async def test_a_guild_may_be_met_for_the_first_time_by_several_at_once(stores: list[Store], round_: int) -> None:
    """The join, the first command and the second one all begin with the guild's row."""
    done, refused = await results(
        *(store.guilds.ensure(GUILD) for store in stores for _ in range(4)),
        *(panel_of(store, f"Panel {number}") for number, store in enumerate(stores * 2)),
        *(store.grants.add(GUILD, role, [Action.VIEW]) for role, store in enumerate(stores * 2)),
    )
    assert (len(done), refused) == (16, [])
    assert await stores[0].guilds.all() == [GUILD]


async def test_of_several_with_one_label_or_name_the_first_wins_and_the_others_are_told(stores: list[Store]) -> None:
    done, refused = await results(*(panel_of(store, label) for store in stores for label in ("Main", "mAIN", "MAIN")))
    assert len(done) == 1 and {type(one) for one in refused} == {BadInput}
    (panel,) = done
    done, refused = await results(*(server_of(store, panel, uuid=f"u-{n}") for n, store in enumerate(stores * 3)))
    assert len(done) == 1 and {type(one) for one in refused} == {BadInput}
    done, refused = await results(*(server_of(store, panel, f"S{n}", "u-x") for n, store in enumerate(stores * 3)))
    assert len(done) == 1 and {type(one) for one in refused} == {BadInput}
    (server,) = done
    done, refused = await results(*(store.relays.add(GUILD, server.id, 11) for store in stores * 3))
    assert len(done) == 1 and {type(one) for one in refused} == {BadInput}


async def test_of_several_servers_renamed_alike_one_is(stores: list[Store]) -> None:
    panel = await panel_of(stores[0])
    servers = [await server_of(stores[0], panel, f"S{number}", f"u-{number}") for number in range(6)]
    done, refused = await results(
        *(store.servers.edit(server.id, name="Lobby") for store, server in zip(stores * 3, servers, strict=True))
    )
    assert len(done) == 1 and {type(one) for one in refused} == {BadInput}


async def test_a_grant_given_by_several_at_once_is_there_once(stores: list[Store]) -> None:
    await results(*(store.grants.add(GUILD, 5, [Action.VIEW]) for store in stores * 4))
    assert len(await stores[0].grants.list(GUILD)) == 1


async def test_what_several_learn_at_once_of_a_server_is_what_they_were_told(stores: list[Store]) -> None:
    panel = await panel_of(stores[0])
    server = await server_of(stores[0], panel)
    for told in (True, False) * 3:
        await asyncio.gather(*(store.servers.learn_minecraft(panel.id, {"u-1": told}) for store in stores * 2))
        assert (await stores[1].servers.get(server.id)).is_minecraft is told


async def test_a_fact_may_be_stored_by_several_at_once(stores: list[Store]) -> None:
    _done, refused = await results(*(store.state.set("tree", str(n)) for n, store in enumerate(stores * 4)))
    assert refused == []
    assert await stores[0].state.get("tree") in set("01234567")


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_done_at_once_nobody_meets_more_than_a_sentence(
    stores: list[Store], seed: int, caplog
) -> None:
    """Links, grants, relays and their ends in any order, with the journal writing all the while."""
    rng = random.Random(seed)
    panels = [await panel_of(stores[0], f"P{number}") for number in range(2)]
    servers = [await server_of(stores[0], rng.choice(panels), f"S{number}", f"u-{number}") for number in range(6)]
    relays = [await stores[0].relays.add(GUILD, server.id, 11 + n % 3) for n, server in enumerate(servers)]
    tail = DeliveredTail(b"12345678", None)

    async def journal(store: Store) -> None:
        mine = rng.sample(relays, 4)
        store.journal.note({relay.id: tail for relay in mine})
        channel = mine[0].channel_id
        message = Outgoing(channel, f"n-{rng.random()}", "content", None, None, datetime.now(UTC), {mine[0].id: tail})
        await store.journal.write_ahead(message)
        store.journal.settle(message)

    acts: list[Callable[[Store], Awaitable[object]]] = [
        lambda store: server_of(store, rng.choice(panels), f"S{rng.random()}", f"u-{rng.random()}"),
        lambda store: store.grants.add(GUILD, 5, [Action.VIEW], rng.choice(servers).id, panel_id=rng.choice(panels).id),
        lambda store: store.grants.revoke(GUILD, 5, ANY),
        lambda store: store.relays.add(GUILD, rng.choice(servers).id, rng.randrange(20, 30)),
        lambda store: store.relays.remove([rng.choice(relays).id]),
        lambda store: store.servers.edit(rng.choice(servers).id, name=f"S{rng.random()}"),
        lambda store: store.servers.unlink(rng.choice(servers).id),
        lambda store: store.panels.replace_key(rng.choice(panels).id, "ptlc_other"),
        lambda store: store.panels.remove(panels[0].id),
        lambda store: store.state.set("tree", str(rng.random())),
    ]

    async def act() -> None:
        await asyncio.sleep(rng.random() * 0.02)
        await rng.choice(acts)(rng.choice(stores))

    await results(*(act() for _ in range(40)), *(journal(stores[0]) for _ in range(10)))
    assert "journal cannot be written" not in caplog.text
    async with stores[0]._database.reading() as session:
        known = set(await session.scalars(select(ServerRow.id)))
        for table in (GrantRow, RelayRow):
            assert set(await session.scalars(select(table.server_id))) <= known
        tails = await session.scalar(select(func.count()).select_from(RelayTailRow))
        assert tails <= await session.scalar(select(func.count()).select_from(RelayRow))


async def test_one_look_shows_one_moment_though_others_change_things_between_its_halves(stores):
    one, other = stores
    panel = await panel_of(one)
    await server_of(one, panel)
    count = select(func.count()).select_from(ServerRow)
    async with one._database.reading() as session:
        before = await session.scalar(count)
        await server_of(other, panel, "Arena", "u-2")
        assert await session.scalar(count) == before
    async with one._database.reading() as session:
        assert await session.scalar(count) == before + 1
