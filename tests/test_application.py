"""Whose database it is: remembered once, refused to others, handed over on purpose."""

import sqlite3
from contextlib import asynccontextmanager

import pytest
from alembic import command

from bot import application
from bot.adopt import adopt
from bot.application import Application
from bot.errors import ExitCode, StartupError
from bot.instance_lock import sole_owner
from bot.settings import Settings
from bot.sole_store import open_alone
from bot.store.database import make_engine, make_folder
from bot.store.migrate import alembic_config
from bot.store.store import peek
from bot.terms import PanelKind

OWN, OTHER = Application(1, "Wingcord"), Application(2, "Test")


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Settings(discord_token="a-token-for-tests", database_url=f"sqlite+aiosqlite:///{tmp_path}/wingcord.db")


@pytest.fixture
def hand_over(settings):
    async def run(to=OTHER, guilds=()):
        async def probe(_token, _api_url):
            return to, frozenset(guilds)

        return await adopt(settings, probe=probe)

    return run


@asynccontextmanager
async def opened(settings):
    async with open_alone(settings) as (store, _sole_bot):
        yield store


async def filled(settings, owner=OWN):
    """A database with a panel in each of two guilds."""
    async with opened(settings) as store:
        if owner is not None:
            await application.remember(store.state, owner)
        for guild_id in (10, 20):
            await store.panels.add(guild_id, "https://panel.example", PanelKind.PELICAN, "Main", "plcn_planted")


async def owner_of(settings):
    return application.parsed(await peek(settings.database_url, application.FACT))


def test_only_the_owners_token_is_taken_and_a_database_without_an_owner_takes_any():
    application.refuse_other(None, OTHER)
    application.refuse_other(OWN, Application(1, "Renamed"))
    with pytest.raises(StartupError) as refused:
        application.refuse_other(OWN, OTHER)
    assert refused.value.exit_code == ExitCode.APPLICATION == 9
    for word in ("“Test” (2)", "“Wingcord” (1)", "python -m bot adopt", "DATABASE_URL"):
        assert word in str(refused.value)


def test_a_name_from_outside_can_forge_no_line():
    assert str(Application(7, "evil\nERROR \x1b[2J\u202etxt")) == "“evil ERROR [2Jtxt” (7)"


async def test_the_owner_is_read_without_making_or_migrating_anything(settings, tmp_path):
    assert await owner_of(settings) is None
    assert list(tmp_path.iterdir()) == []
    await filled(settings, owner=None)
    assert await owner_of(settings) is None
    async with opened(settings) as store:
        await application.remember(store.state, Application(1, "Old name"))
        await application.remember(store.state, OWN)
    assert await owner_of(settings) == OWN


async def test_an_owner_is_read_from_a_database_that_an_older_version_made(settings, tmp_path):
    """It is asked before the migrations run: they would lock the older program of the right bot out."""
    await filled(settings)
    with sqlite3.connect(tmp_path / "wingcord.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    assert await owner_of(settings) == OWN


@pytest.mark.parametrize(
    ("owner", "to", "guilds", "words"),
    [
        (None, OTHER, [10, 20], ["belonged to no application yet", "belongs to “Test” (2)"]),
        (OWN, OWN, [10, 20], ["belongs to “Wingcord” (1) already", "that was not changed"]),
        (OWN, OTHER, [10, 20], ["belonged to “Wingcord” (1)", "belongs to “Test” (2)", "Nothing was deleted."]),
        (OWN, OTHER, [10], ["Nothing was deleted.", "Of 2 Discord servers", "missing in 1", "seven days"]),
    ],
)
async def test_a_database_is_handed_over_with_all_that_is_in_it(settings, hand_over, owner, to, guilds, words):
    await filled(settings, owner)
    told = await hand_over(to, guilds)
    assert [word for word in words if word not in told] == []
    assert ("missing in" in told) == (len(guilds) < 2)
    assert await owner_of(settings) == to
    async with opened(settings) as store:
        assert [len(await store.panels.keys(guild_id)) for guild_id in (10, 20)] == [1, 1]


async def test_a_database_of_an_older_version_is_brought_up_to_date_by_handing_it_over(settings, hand_over, tmp_path):
    make_folder(settings.database_url)
    old = make_engine(settings.database_url, migrating=True)
    async with old.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "0005"))
    await old.dispose()
    assert "the database is up to date now" in await hand_over()
    with sqlite3.connect(tmp_path / "wingcord.db") as connection:
        ((version,),) = connection.execute("SELECT version_num FROM alembic_version")
    connection.close()
    assert version > "0005"


async def test_where_there_is_no_database_there_is_nothing_to_hand_over(settings, hand_over, tmp_path):
    assert "There is no database yet" in await hand_over()
    assert list(tmp_path.iterdir()) == []


async def test_a_database_in_use_is_not_handed_over(settings, hand_over, tmp_path):
    await filled(settings)
    with sole_owner(tmp_path / "wingcord.db"), pytest.raises(StartupError, match="Another bot is running"):
        await hand_over()
    assert await owner_of(settings) == OWN
