"""Starts that cannot succeed: one clear line, an exit code of its own, no traceback."""

import pytest

from sandbox.discord import DiscordStandIn

from .conftest import BotProcess


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
