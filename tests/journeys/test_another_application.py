"""A database belongs to one Discord application: another one's token changes nothing in it, unless told to."""

import sqlite3
from contextlib import closing

import pytest

from sandbox.discord import DiscordStandIn

from .conftest import BotProcess

TEST_BOT = 4242_4242_4242_4242


def rows(world):
    """Everything stored, table by table."""
    with closing(sqlite3.connect(world.bot.folder / "data/wingcord.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for name in tables}  # noqa: S608


@pytest.fixture
async def another():
    """Discord as it looks to a test bot that nobody has invited."""
    async with DiscordStandIn(application_id=TEST_BOT, bot_name="Test bot", token="T3RoZXI.stand.in-token") as discord:
        yield {"DISCORD_API_URL": discord.api_url, "DISCORD_TOKEN": discord.token}, discord


async def test_the_token_of_another_application_is_refused_and_wipes_nothing(world, another):
    (castle,) = await world.set_up("Paper Survival", running=True)
    assert (await world.bot.stop())[0] == 0
    before, files = rows(world), sorted(path.name for path in world.bot.folder.rglob("*"))
    settings, other = another
    own = {name: world.bot.environment[name] for name in settings}
    world.bot.environment |= settings

    await world.bot.start()
    assert await world.bot.finished() == 9
    last = world.bot.output.splitlines()[-1]
    assert f"the token of the application “Test bot” ({TEST_BOT})" in last
    assert f"the database belongs to “Wingcord” ({world.discord.world.application_id})" in last
    assert "python -m bot adopt" in last
    assert other.count(method="PUT") == other.gateway.connects == 0

    await world.bot.start("check")
    assert await world.bot.finished() == 1
    assert "wrong  application: DISCORD_TOKEN is the token of the application “Test bot”" in world.bot.output
    assert rows(world) == before
    assert sorted(path.name for path in world.bot.folder.rglob("*")) == files

    world.bot.environment |= own
    await world.bot.start()
    await world.logs("console of Paper Survival: connected", times=2)
    castle.emit("still here")
    await world.shows("still here")


async def test_a_database_is_handed_over_on_purpose_and_nothing_is_deleted_by_that(world, another):
    await world.set_up("Paper Survival", running=True)
    settings, other = another
    second = BotProcess(world.bot.folder, **{**world.bot.environment, **settings})
    second.log = world.bot.folder / "second.log"
    await second.start("adopt")
    assert await second.finished() == 5, "a bot is running on it"
    assert "Another bot is running" in second.output

    assert (await world.bot.stop())[0] == 0
    before, own = rows(world), {name: world.bot.environment[name] for name in settings}
    await second.start("adopt")
    assert await second.finished() == 0
    assert f"belonged to “Wingcord” ({world.discord.world.application_id})" in second.output
    assert f"from now on it belongs to “Test bot” ({TEST_BOT}). Nothing was deleted." in second.output
    assert "“Test bot” (4242424242424242) is missing in 1" in second.output
    after = rows(world)
    assert [name for name in before if before[name] != after[name]] == ["state"]

    world.bot.environment |= own
    await world.bot.start()
    assert await world.bot.finished() == 9
    world.bot.environment |= settings
    await world.bot.start()
    await other.wait_for_commands()
    assert len(rows(world)["panels"]) == len(rows(world)["relays"]) == 1
    assert (await world.bot.stop())[0] == 0


async def test_a_database_of_an_older_version_belongs_to_whoever_starts_on_it_next(world, another):
    await world.discord.wait_until(lambda: any("'application'" in row for row in rows(world)["state"]), timeout=30)
    assert (await world.bot.stop())[0] == 0
    with closing(sqlite3.connect(world.bot.folder / "data/wingcord.db")) as connection, connection:
        assert connection.execute("DELETE FROM state WHERE key = 'application'").rowcount == 1
    connects = world.discord.gateway.identifies
    await world.bot.start()
    await world.discord.wait_until(lambda: world.discord.gateway.identifies > connects, timeout=30)
    await world.discord.wait_until(
        lambda: any("'application'" in row and "Wingcord" in row for row in rows(world)["state"]), timeout=30
    )
