"""What can be stored, found again, refused and removed."""

import asyncio
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from bot.errors import BadInput, UnknownServer
from bot.store.grants import ANY
from bot.store.store import Store
from bot.store.tables import Base, StateRow
from bot.store.values import Departure, LinkedServer, Outgoing, Panel, PanelKey, Pause, WaitingBatch, WaitingItem
from bot.terms import Action, PanelKind, RelayStyle, Separators
from bot.text.markdown import escape
from bot.vitals import DeliveredTail

GUILD, OTHER = 2**63 - 1, 81384788765712384
"""Discord's ids have 64 bits."""
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = "ptlc_plantedplantedplantedplanted"


async def panel_of(store: Store, guild_id: int = GUILD, label: str = "Main") -> Panel:
    return await store.panels.add(guild_id, "https://panel.example", PanelKind.PELICAN, label, SECRET)


async def server_of(store: Store, panel: Panel, name: str = "Lobby", uuid: str = "u-1") -> LinkedServer:
    return await store.servers.link(panel.guild_id, panel.id, name, uuid[:8], uuid)


async def test_a_panel_comes_back_as_it_was_stored(store: Store) -> None:
    panel = await panel_of(store)
    assert (panel.guild_id, panel.kind, panel.label) == (GUILD, PanelKind.PELICAN, "Main")
    assert await store.panels.get(GUILD, panel.id) == panel
    assert await store.panels.list(GUILD) == [panel]
    key = await store.panels.key(GUILD, panel.id)
    assert key == PanelKey("https://panel.example", PanelKind.PELICAN, SECRET)
    assert await store.panels.keys(GUILD) == {panel.id: key}
    assert SECRET not in repr(key)


async def test_a_panel_is_told_without_its_key(store: Store) -> None:
    """What commands pass around, and forms hold for minutes, has no place for it."""
    panel = await panel_of(store)
    assert SECRET not in pickle.dumps(panel).decode("latin-1")


@pytest.mark.parametrize(
    ("first", "second"),
    [("Main", "mAIN"), ("Straße", "STRASSE"), ("ÄÖÜ", "a\u0308öü"), ("Ｍａｉｎ", " main "), ("ΣΑΣ", "σας")],
)
async def test_labels_and_names_are_compared_without_case_in_any_script(store: Store, first: str, second: str) -> None:
    panel = await panel_of(store, label=first)
    assert await store.panels.find(GUILD, second) == panel
    with pytest.raises(BadInput, match="already"):
        await panel_of(store, label=second)
    await server_of(store, panel, first)
    with pytest.raises(BadInput, match="already"):
        await server_of(store, panel, second, uuid="u-2")


async def test_guilds_share_nothing(store: Store) -> None:
    """Two guilds may use the same labels, names and servers; neither can name the other's rows."""
    mine, theirs = await panel_of(store), await panel_of(store, OTHER)
    my_server, their_server = await server_of(store, mine), await server_of(store, theirs)
    assert await store.panels.list(GUILD) == [mine]
    assert await store.servers.list(OTHER) == [their_server]
    assert await store.panels.get(GUILD, theirs.id) is None
    assert await store.panels.key(GUILD, theirs.id) is None
    with pytest.raises(BadInput):
        await store.servers.link(GUILD, theirs.id, "Stolen", "x", "u-9")
    with pytest.raises(BadInput):
        await store.grants.add(GUILD, 5, [Action.VIEW], their_server.id)
    with pytest.raises(BadInput):
        await store.grants.add(GUILD, 5, [Action.VIEW], my_server.id, panel_id=theirs.id)
    with pytest.raises(BadInput):
        await store.relays.add(GUILD, their_server.id, 11)


async def test_a_key_is_replaced(store: Store) -> None:
    panel = await panel_of(store)
    there, former = await store.panels.replace_key(panel.id, "ptlc_another")
    assert there and former is not None and former.key == SECRET
    assert await store.panels.key(GUILD, panel.id) == replace(former, key="ptlc_another")
    assert await store.panels.get(GUILD, panel.id) == panel


async def test_a_removed_panel_has_no_key_to_read_or_replace(store: Store) -> None:
    panel = await panel_of(store)
    there, removed = await store.panels.remove(panel.id)
    assert there and removed is not None and removed.key == SECRET
    assert await store.panels.key(GUILD, panel.id) is None
    assert await store.panels.replace_key(panel.id, "ptlc_another") == (False, None)
    assert await store.panels.remove(panel.id) == (False, None)


async def test_what_is_known_of_a_servers_console_is_kept(store: Store) -> None:
    panel, other = await panel_of(store), await panel_of(store, OTHER)
    linked = await store.servers.link(GUILD, panel.id, "Lobby", "l", "u-1", is_minecraft=True)
    theirs = await server_of(store, other)
    assert (linked.separators, linked.is_minecraft) == (Separators.CHECKED, True)
    edited = await store.servers.edit(linked.id, separators=Separators.NONE)
    assert edited == replace(linked, separators=Separators.NONE) == await store.servers.get(linked.id)
    assert await store.servers.edit(linked.id, name="Hall") == replace(edited, name="Hall")

    await store.servers.learn_minecraft(panel.id, {"u-1": False, "u-9": True})
    assert await store.servers.list(GUILD) == [replace(edited, name="Hall", is_minecraft=False)]
    await store.servers.learn_minecraft(other.id, {"u-1": True})
    assert await store.servers.list(OTHER) == [replace(theirs, is_minecraft=True)]
    assert not (await store.servers.list(GUILD))[0].is_minecraft


async def test_one_server_is_linked_once_in_a_guild(store: Store) -> None:
    panel = await panel_of(store)
    await server_of(store, panel, "Lobby")
    with pytest.raises(BadInput, match="linked already, as “Lobby”"):
        await server_of(store, panel, "Arena")


async def test_a_server_is_renamed_and_its_template_changed(store: Store) -> None:
    panel = await panel_of(store)
    lobby = await server_of(store, panel)
    await server_of(store, panel, "Arena", "u-2")
    assert lobby.say_template == "say {message}"
    with pytest.raises(BadInput, match="Arena"):
        await store.servers.edit(lobby.id, name="ARENA")
    edited = await store.servers.edit(lobby.id, name="LOBBY", say_template="broadcast {message}")
    assert edited == replace(lobby, name="LOBBY", say_template="broadcast {message}")
    assert await store.servers.get(lobby.id) == edited
    with pytest.raises(UnknownServer):
        await store.servers.edit(999, name="Nothing")


async def test_a_grant_of_the_same_role_and_server_replaces_the_former(store: Store) -> None:
    server = await server_of(store, await panel_of(store))
    await store.grants.add(GUILD, 5, [Action.VIEW])
    await store.grants.add(GUILD, 5, [Action.VIEW], server.id)
    general = await store.grants.add(GUILD, 5, [Action.START, Action.STOP], commands=["list", "whitelist *"])
    grants = await store.grants.list(GUILD)
    assert len(grants) == 2
    assert general in grants
    assert general.actions == {Action.START, Action.STOP}
    assert general.commands == ("list", "whitelist *")


async def test_revoking_takes_what_was_named_and_counts_it(store: Store) -> None:
    panel = await panel_of(store)
    server = await server_of(store, panel)
    for role in (5, 6):
        await store.grants.add(GUILD, role, [Action.VIEW])
        await store.grants.add(GUILD, role, [Action.VIEW], server.id)
        await store.grants.add(GUILD, role, [Action.KILL], server.id, panel_id=panel.id)
    assert await store.grants.revoke(GUILD, 5) == 1
    assert await store.grants.revoke(GUILD, 5, server.id) == 2
    assert await store.grants.revoke(GUILD, 5, ANY) == 0
    assert await store.grants.revoke(GUILD, 6, ANY) == 3


async def test_a_relay_comes_back_with_its_time_in_utc(store: Store) -> None:
    server = await server_of(store, await panel_of(store))
    relay = await store.relays.add(GUILD, server.id, 11, RelayStyle.PLAIN, include="chat", exclude="tick", redact=False)
    assert await store.relays.list() == await store.relays.list(GUILD) == await store.relays.of_channel(11) == [relay]
    assert (relay.style, relay.include, relay.exclude, relay.redact) == (RelayStyle.PLAIN, "chat", "tick", False)
    assert relay.created_at is not None
    assert relay.created_at.tzinfo is UTC
    assert datetime.now(UTC) - relay.created_at < timedelta(minutes=1)
    with pytest.raises(BadInput, match="already"):
        await store.relays.add(GUILD, server.id, 11)
    await store.relays.remove([relay.id])
    assert await store.relays.list() == []


async def test_the_id_of_a_removed_relay_is_never_given_again(store: Store) -> None:
    server = await server_of(store, await panel_of(store))
    first = await store.relays.add(GUILD, server.id, 11)
    await store.relays.remove([first.id])
    assert (await store.relays.add(GUILD, server.id, 11)).id > first.id


async def test_a_pause_is_kept_until_it_is_forgotten(store: Store) -> None:
    server = await server_of(store, await panel_of(store))
    relay = await store.relays.add(GUILD, server.id, 11, collapse=True)
    assert relay.collapse and relay.pause is None
    await store.relays.save_skipped({relay.id: 3})
    since = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
    pause = Pause(since, since + timedelta(minutes=5))
    await store.relays.pause({relay.id: pause})
    await store.relays.save_skipped({relay.id: 12})
    (found,) = await store.relays.list()
    assert found.pause == replace(pause, skipped=12), "what was saved before the pause does not count"
    assert found == relay, "a paused relay is the same relay"


async def test_forgetting_a_pause_spares_the_one_that_took_its_place(store: Store) -> None:
    server = await server_of(store, await panel_of(store))
    relay = await store.relays.add(GUILD, server.id, 11)
    since = datetime(2026, 11, 22, 12, tzinfo=UTC)
    first, longer = Pause(since, since + timedelta(minutes=5)), Pause(since, since + timedelta(minutes=9))
    await store.relays.pause({relay.id: longer})
    await store.relays.forget_pauses({relay.id: first})
    assert (await store.relays.list())[0].pause == longer
    await store.relays.forget_pauses({relay.id: longer})
    assert (await store.relays.list())[0].pause is None


async def test_unlinking_takes_the_relays_and_grants_of_that_server_only(store: Store) -> None:
    panel = await panel_of(store)
    lobby, arena = await server_of(store, panel), await server_of(store, panel, "Arena", "u-2")
    for server in (lobby, arena):
        await store.relays.add(GUILD, server.id, 11)
        await store.grants.add(GUILD, 5, [Action.VIEW], server.id)
    await store.servers.unlink(lobby.id)
    assert await store.servers.list(GUILD) == [arena]
    assert [relay.server_id for relay in await store.relays.list()] == [arena.id]
    assert [grant.server_id for grant in await store.grants.list(GUILD)] == [arena.id]


async def test_removing_a_panel_takes_all_that_hangs_on_it(store: Store) -> None:
    """A grant that acts with the removed key goes too, rather than act with a mightier one."""
    doomed, kept = await panel_of(store, label="Doomed"), await panel_of(store, label="Kept")
    lobby, arena = await server_of(store, doomed), await server_of(store, kept, "Arena", "u-2")
    await store.relays.add(GUILD, lobby.id, 11)
    await store.grants.add(GUILD, 5, [Action.VIEW], lobby.id)
    await store.grants.add(GUILD, 5, [Action.VIEW], arena.id, panel_id=doomed.id)
    survivor = await store.grants.add(GUILD, 5, [Action.VIEW], arena.id)
    await store.panels.remove(doomed.id)
    assert await store.panels.list(GUILD) == [kept]
    assert await store.servers.list(GUILD) == [arena]
    assert await store.relays.list() == []
    assert await store.grants.list(GUILD) == [survivor]


async def fill(store: Store, guild_id: int) -> None:
    """Store one of everything."""
    server = await server_of(store, await panel_of(store, guild_id))
    await store.grants.add(guild_id, 5, [Action.VIEW], server.id)
    relay = await store.relays.add(guild_id, server.id, guild_id % 1000)
    tail = DeliveredTail(b"12345678", None)
    store.journal.note({relay.id: tail})
    waiting = WaitingItem(relay.id, "a line", datetime.now(UTC), b"", notice=False, offline=False)
    store.journal.keep(WaitingBatch(relay.channel_id, 1, (waiting,)))
    await store.journal.write_ahead(
        Outgoing(relay.channel_id, "n", "content", None, None, datetime.now(UTC), {relay.id: tail})
    )
    await store.departures.put(guild_id, Departure(NOON))


async def test_leaving_a_guild_deletes_everything_of_it_and_nothing_else(store: Store) -> None:
    await fill(store, GUILD)
    await fill(store, OTHER)
    assert await store.departures.delete_everything(GUILD, Departure(NOON))
    async with store._database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if table.name != "state":
                assert await session.scalar(select(func.count()).select_from(table)) == 1, table.name
    assert await store.guilds.all() == [OTHER]
    assert len(await store.panels.list(OTHER)) == 1


async def test_facts_are_kept_and_overwritten(store: Store) -> None:
    assert await store.state.get("tree") is None
    await store.state.set("tree", "a")
    await store.state.set("tree", "b")
    assert await store.state.get("tree") == "b"


async def test_eight_writers_at_once_lose_nothing(store: Store) -> None:
    """Read, then write what was read plus one: SQLite's default transactions would end at 1.

    On PostgreSQL a row must be asked for with `with_for_update` where what is written depends on it.
    """
    await store.state.set("count", "0")

    async def add_one() -> None:
        async with store._database.writing() as session:
            row = await session.get_one(StateRow, "count", with_for_update=True)
            await asyncio.sleep(0)
            row.value = str(int(row.value) + 1)

    await asyncio.gather(*(add_one() for _ in range(8)))
    assert await store.state.get("count") == "8"


async def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    await store.state.set("count", "before")
    async with store._database.writing() as session:
        (await session.get_one(StateRow, "count")).value = "after"
        await session.flush()
        async with asyncio.timeout(5):
            assert await store.state.get("count") == "before"
    assert await store.state.get("count") == "after"


async def test_relays_come_with_their_servers_and_the_addresses_of_their_panels(store: Store) -> None:
    for guild_id in (GUILD, OTHER):
        server = await server_of(store, await panel_of(store, guild_id))
        for channel_id in (guild_id - 1, guild_id - 2):
            await store.relays.add(guild_id, server.id, channel_id)
    wanted = await store.relays.wanted(OTHER)
    assert [one.relay for one in wanted] == await store.relays.list(OTHER)
    assert [one.server for one in wanted] == (await store.servers.list(OTHER)) * 2
    assert {one.panel_url for one in wanted} == {"https://panel.example"}
    assert [one.relay for one in await store.relays.wanted()] == await store.relays.list()
    assert await store.relays.wanted(1) == []


async def test_many_relays_are_removed_and_paused_in_one_go(store: Store) -> None:
    server = await server_of(store, await panel_of(store))
    ids = [(await store.relays.add(GUILD, server.id, channel_id)).id for channel_id in range(5)]
    pauses = {relay_id: Pause(NOON, NOON + timedelta(minutes=relay_id), relay_id) for relay_id in ids[:3]}
    await store.relays.pause(pauses)
    await store.relays.save_skipped(dict.fromkeys(ids, 7))
    assert [relay.pause for relay in await store.relays.list(GUILD)] == [
        *(replace(pause, skipped=7) for pause in pauses.values()),
        None,
        None,
    ]
    await store.relays.forget_pauses(pauses | {ids[0]: replace(pauses[ids[0]], until=NOON)})
    assert [relay.pause is None for relay in await store.relays.list(GUILD)] == [False, True, True, True, True]
    await store.relays.remove(ids[1:4])
    assert [relay.id for relay in await store.relays.list(GUILD)] == [ids[0], ids[4]]
    for nothing in (store.relays.pause({}), store.relays.forget_pauses({}), store.relays.remove([])):
        await nothing


async def test_names_that_others_chose_show_literally_in_every_refusal(store: Store) -> None:
    hostile = "*a* _b_ ~~c~~ ||d|| `e` <@1> [f](https://g) @everyone"
    panel = await panel_of(store, label=hostile)
    server = await server_of(store, panel, hostile)
    await store.relays.add(GUILD, server.id, 11)
    for attempt in (
        panel_of(store, label=hostile),
        server_of(store, panel, "Another"),
        server_of(store, panel, hostile, uuid="u-2"),
        store.relays.add(GUILD, server.id, 11),
    ):
        with pytest.raises(BadInput) as refused:
            await attempt
        assert escape(hostile) in str(refused.value)
