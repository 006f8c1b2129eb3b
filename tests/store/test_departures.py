"""Guilds that the bot left: what is remembered of them, and that nothing goes but what is meant."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from bot.store.database import make_engine
from bot.store.store import Store
from bot.store.values import Departure, Holdings
from bot.terms import Action, PanelKind

from .conftest import on_sqlite

GUILD, OTHER = 2**63 - 1, 81384788765712384
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEFT = Departure(NOON, told_at=NOON)
ALL = Holdings(panels=1, keys=1, servers=1, grants=1, relays=1)


async def fill(store: Store, guild_id: int) -> None:
    panel = await store.panels.add(guild_id, "https://panel.example", PanelKind.PELICAN, "Main", "plcn_planted")
    server = await store.servers.link(guild_id, panel.id, "Lobby", "u-1", "u-1")
    await store.grants.add(guild_id, 5, [Action.VIEW], server.id)
    await store.relays.add(guild_id, server.id, 9)


async def test_a_departure_comes_back_as_it_was_stored(store: Store) -> None:
    await fill(store, GUILD)
    for departure in (LEFT, replace(LEFT, told_at=None, confirmed_at=NOON, days=3, keys_deleted=True)):
        assert await store.departures.put(GUILD, departure)
        assert await store.departures.all() == {GUILD: departure}


async def test_nothing_is_remembered_of_a_guild_of_which_nothing_is_stored(store: Store) -> None:
    assert not await store.departures.put(GUILD, LEFT)
    assert not await store.departures.begin(GUILD, LEFT)
    assert await store.departures.all() == {}


async def test_what_is_found_missing_does_not_replace_what_discord_told(store: Store) -> None:
    await fill(store, GUILD)
    assert await store.departures.begin(GUILD, LEFT)
    assert not await store.departures.begin(GUILD, Departure(NOON))
    assert await store.departures.all() == {GUILD: LEFT}


async def test_deleting_keys_deletes_nothing_else_and_nothing_of_others(store: Store) -> None:
    await fill(store, GUILD)
    await fill(store, OTHER)
    await store.departures.put(GUILD, LEFT)
    after = replace(LEFT, keys_deleted=True)
    assert await store.departures.delete_keys(GUILD, LEFT, after)
    assert await store.departures.holdings(GUILD) == replace(ALL, keys=0)
    assert await store.departures.holdings(OTHER) == ALL
    assert await store.departures.all() == {GUILD: after}
    (panel,) = await store.panels.list(GUILD)
    assert not panel.has_key
    assert await store.panels.key(GUILD, panel.id) is None
    assert await store.panels.keys(GUILD) == {}
    assert await store.rotate_keys() == 0
    assert await store.panels.replace_key(panel.id, "plcn_new") == (True, None)
    assert await store.departures.holdings(GUILD) == ALL


async def test_nothing_is_deleted_once_something_else_is_known(store: Store) -> None:
    """A sign of life, or a newer word, may come while Discord is asked."""
    await fill(store, GUILD)
    await store.departures.put(GUILD, replace(LEFT, days=1))
    assert not await store.departures.replace(GUILD, LEFT, replace(LEFT, days=7))
    assert not await store.departures.delete_keys(GUILD, LEFT, LEFT)
    assert not await store.departures.delete_everything(GUILD, LEFT)
    assert await store.guilds.present([GUILD]) == [GUILD]
    assert not await store.departures.delete_everything(GUILD, replace(LEFT, days=1))
    assert await store.departures.holdings(GUILD) == ALL


async def test_guilds_that_the_bot_is_in_are_noted_in_any_number_and_those_that_come_back_are_told(
    store: Store,
) -> None:
    many = set(range(1, 1203))
    await store.guilds.ensure(7)
    assert await store.guilds.members() == set()
    assert await store.guilds.present(many) == []
    assert await store.guilds.members() == many
    await store.departures.put(7, LEFT)
    await store.departures.put(1200, LEFT)
    assert sorted(await store.guilds.present(many)) == [7, 1200]
    assert await store.guilds.present(many) == []
    assert await store.departures.all() == {}


async def test_a_guild_with_commands_only_is_no_guild_to_be_missed(store: Store) -> None:
    await store.guilds.present([GUILD])
    assert not await store.departures.end(GUILD)
    await store.departures.put(GUILD, LEFT)
    assert await store.departures.end(GUILD)
    assert (await store.departures.all(), await store.guilds.members()) == ({}, set())


async def test_what_another_applications_bot_left_is_forgotten(store: Store) -> None:
    await fill(store, GUILD)
    await store.departures.put(GUILD, LEFT)
    await store.departures.clear()
    assert (await store.departures.all(), await store.departures.holdings(GUILD)) == ({}, ALL)


async def test_roles_that_were_granted_anything_are_told_by_guild(store: Store) -> None:
    await fill(store, GUILD)
    await fill(store, OTHER)
    await store.grants.add(GUILD, 5, [Action.START])
    await store.grants.add(GUILD, 6, [Action.START])
    assert await store.grants.roles() == {GUILD: {5, 6}, OTHER: {5}}


async def run_migrations(url: str, direction: str, revision: str) -> None:
    from alembic import command

    from bot.store.migrate import alembic_config

    def run(connection: Connection) -> None:
        getattr(command, direction)(alembic_config(connection), revision)

    engine = make_engine(url, migrating=True)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


@on_sqlite
async def test_ids_of_removed_panels_are_not_given_again_after_the_migration(opened, url: str) -> None:
    async with opened() as store:
        first, removed = [await store.panels.add(7, "https://p.example", PanelKind.PELICAN, n, "k") for n in ("a", "b")]
        await store.panels.remove(removed.id)
    await run_migrations(url, "downgrade", "0006")
    async with opened() as store:
        added = await store.panels.add(7, "https://p.example", PanelKind.PELICAN, "c", "k")
        assert [removed.id, added.id] == [first.id + 1, first.id + 2]


async def test_an_older_database_keeps_all_it_has_and_no_guild_of_it_is_missed_before_it_was_seen(
    opened, url: str
) -> None:
    async with opened() as store:
        await fill(store, GUILD)
        panel = (await store.panels.list(GUILD))[0]
    await run_migrations(url, "downgrade", "0006")
    async with opened() as store:
        assert await store.departures.holdings(GUILD) == ALL
        assert await store.panels.list(GUILD) == [panel]
        assert (await store.panels.keys(GUILD))[panel.id].key == "plcn_planted"
        assert await store.guilds.members() == set()
        assert await store.departures.all() == {}


async def test_the_version_before_gets_no_panel_without_a_key(opened, url: str) -> None:
    async with opened() as store:
        await fill(store, GUILD)
        await fill(store, OTHER)
        await store.departures.put(GUILD, LEFT)
        await store.departures.delete_keys(GUILD, LEFT, LEFT)
    await run_migrations(url, "downgrade", "0006")
    engine = make_engine(url)
    async with engine.connect() as connection:
        for table in ("panels", "servers", "grants", "relays"):
            (found,) = (await connection.execute(text(f"SELECT guild_id FROM {table}"))).scalars()  # noqa: S608
            assert found == OTHER
    await engine.dispose()
