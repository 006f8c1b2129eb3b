"""Starts that cannot succeed: one clear line, an exit code of its own, no traceback."""

import asyncio
import signal
import time

import pytest
from sqlalchemy import make_url

from bot.store.store import Store
from bot.terms import PanelKind
from sandbox.discord import DiscordStandIn, Permission

from .conftest import PATIENCE, BotProcess


async def ends(bot, *arguments):
    await bot.start(*arguments)
    code = await bot.finished()
    assert "Traceback" not in bot.output
    return code


@pytest.fixture
def bot(tmp_path):
    return BotProcess(tmp_path, LOG_LEVEL="info")


async def test_a_token_that_discord_refuses(bot):
    async with DiscordStandIn() as discord:
        bot.environment |= {"DISCORD_TOKEN": "wrong.token.planted-secret", "DISCORD_API_URL": discord.api_url}
        assert await ends(bot) == 3
        assert "DISCORD_TOKEN" in bot.output
        assert "planted-secret" not in bot.output


async def test_a_discord_that_cannot_be_reached(bot):
    async with DiscordStandIn() as discord:
        bot.environment |= {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
    assert await ends(bot) == 4
    assert "cannot be reached" in bot.output


async def test_check_says_for_each_thing_whether_it_is_right(bot):
    async with DiscordStandIn() as discord:
        bot.environment |= {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
        assert await ends(bot, "check") == 0, bot.output
        bot.environment["DISCORD_TOKEN"] = "wrong.token.planted-secret"
        bot.environment["HTTP_LISTEN"] = "nonsense"
        assert await ends(bot, "check") != 0
        assert "planted-secret" not in bot.output


async def test_check_says_which_rights_were_not_given(bot):
    """By the bot's rights in the guild; nothing is wrong with that."""
    async with DiscordStandIn() as discord:
        bot.environment |= {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
        guilds = [discord.add_guild(f"Guild {number}") for number in range(3)]
        assert await ends(bot, "check") == 0
        assert "the bot has all that its invitation asks for" in bot.output
        for role in (guilds[1].everyone, guilds[1].bot_role):
            role.edit(permissions=role.permissions & ~Permission.READ_MESSAGE_HISTORY & ~Permission.EMBED_LINKS)
        assert await ends(bot, "check") == 0
        lines = [line for line in bot.output.splitlines() if "was not given" in line]
        assert len(lines) == 1
        assert "“Guild 1”" in lines[0] and "Embed Links, Read Message History" in lines[0]
        assert "may be posted twice" in lines[0]


ANOTHER = "SELECT pg_advisory_lock(classid::int, objid::bigint::bit(32)::int) FROM pg_locks WHERE locktype = 'advisory'"


@pytest.fixture
async def discord(bot, engine, url):
    async with DiscordStandIn() as discord:
        bot.environment |= {"DISCORD_TOKEN": discord.token, "DISCORD_API_URL": discord.api_url}
        if engine == "postgresql":
            bot.environment["DATABASE_URL"] = url
        yield discord
        if bot.process is not None and bot.process.returncode is None:
            await bot.stop(signal.SIGKILL)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_second_bot_on_one_database_is_refused_and_takes_over_once_the_first_is_dead(bot, discord, engine):
    second = BotProcess(bot.folder, **bot.environment)
    second.log = bot.folder / "second.txt"
    await bot.start()
    await discord.wait_for_commands(timeout=PATIENCE)
    assert await ends(second) == 5
    assert "Another bot is running on the database" in second.output
    assert bot.process.returncode is None
    await bot.stop(signal.SIGKILL)
    await second.start()
    await discord.wait_until(lambda: discord.gateway.identifies == 2, timeout=PATIENCE)
    assert (await second.stop())[0] == 0, second.output


@pytest.mark.parametrize("engine", ["postgresql"])
async def test_a_bot_whose_database_another_one_took_over_ends_with_one_line(bot, discord, engine, url, postgresql):
    database = make_url(url).database
    await bot.start()
    await discord.wait_for_commands(timeout=PATIENCE)
    with postgresql.session(database) as another:
        waiting = asyncio.create_task(asyncio.to_thread(another, ANOTHER))
        cut = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        await asyncio.to_thread(until_another_waits, postgresql, database)
        postgresql.sql(cut, database)
        await waiting
        assert await bot.finished() == 5
    assert "Another bot is running on the database" in bot.output
    assert "Traceback" not in bot.output


def until_another_waits(postgresql, database):
    deadline = time.monotonic() + PATIENCE
    while postgresql.sql("SELECT count(*) FROM pg_locks WHERE NOT granted", database) == "0":
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def test_an_empty_key_file_beside_a_database_that_needs_none_is_filled(bot, discord):
    (bot.folder / "data" / "wingcord.key").write_text("")
    assert await ends(bot, "check") == 0, bot.output
    assert "a key file will be made at the first start" in bot.output
    await bot.start()
    await discord.wait_for_commands(timeout=PATIENCE)
    assert len((bot.folder / "data" / "wingcord.key").read_text().strip()) == 44


@pytest.mark.parametrize("empty", [True, False])
async def test_a_lost_key_file_beside_a_database_that_needs_it_is_told_and_not_replaced(bot, discord, url, keys, empty):
    store = await Store.open(url, keys)
    await store.panels.add(1, "https://panel.example", PanelKind.PELICAN, "Main", "ptlc_planted")
    await store.close()
    file = bot.folder / "data" / "wingcord.key"
    if empty:
        file.write_text("")
    for task, code in (("run", 7), ("check", 1)):
        assert await ends(bot, task) == code
        assert "is missing or empty, and the stored panel keys were encrypted with what was in it" in bot.output
    assert file.exists() == empty and (not empty or file.read_text() == "")
    file.write_text(keys[0])
    await bot.start()
    await discord.wait_for_commands(timeout=PATIENCE)


async def test_the_last_line_of_a_good_start_says_who_it_is_and_how_to_invite_it(world):
    await world.logs("Ready: this is “")
    (last,) = world.bot.output.splitlines()[-1:]
    assert "in 1 Discord server. To invite it: https://discord.com/oauth2/authorize?client_id=" in last
