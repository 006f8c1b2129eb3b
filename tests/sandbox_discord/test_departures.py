"""Guilds that are left, come back, have an outage, or never had the bot: as a real discord.py bot hears of them."""

import discord
import pytest

from sandbox.discord import DiscordStandIn

from .test_gateway import hello_command, still_answers


@pytest.fixture
def heard(monkeypatch):
    """What the bots of this test were told about guilds, in order."""
    told = []
    real = discord.Client.dispatch

    def dispatch(client, event, *arguments, **others):
        if event.startswith("guild_") and event not in {"guild_role_create", "guild_channel_create"}:
            told.append(event)
        return real(client, event, *arguments, **others)

    monkeypatch.setattr(discord.Client, "dispatch", dispatch)
    return told


async def test_a_removal_is_told_and_rest_knows_the_guild_no_more(standin, castle, connect, heard):
    async with connect(standin) as bot:
        standin.remove_guild(castle.guild)
        await standin.wait_until(lambda: "guild_remove" in heard)
        with pytest.raises(discord.NotFound) as unknown:
            await bot.fetch_guild(castle.guild.id)
        assert unknown.value.code == 10004
        assert [guild async for guild in bot.fetch_guilds()] == []
        standin.invite_again(castle.guild)
        await standin.wait_until(lambda: heard[-1:] == ["guild_join"])
        assert (await bot.fetch_guild(castle.guild.id)).id == castle.guild.id


async def test_an_outage_is_no_removal_and_no_joining_either(standin, castle, connect, heard):
    async with connect(standin, hello_command) as bot:
        castle.guild.break_down()
        await standin.wait_until(lambda: heard[-1:] == ["guild_unavailable"])
        castle.guild.add_role("made in the dark")
        assert [guild.id async for guild in bot.fetch_guilds()] == [castle.guild.id]
        castle.guild.recover()
        await standin.wait_until(lambda: heard[-1:] == ["guild_available"])
        assert "guild_remove" not in heard
        assert "guild_join" not in heard
        await still_answers(standin, castle)


async def test_a_guild_that_is_unavailable_at_the_start_is_listed_and_comes_later(standin, castle, connect, heard):
    castle.guild.available = False
    async with connect(standin) as bot:
        assert [(guild.id, guild.unavailable) for guild in bot.guilds] == [(castle.guild.id, True)]
        castle.guild.recover()
        await standin.wait_until(lambda: heard[-1:] == ["guild_available"])


async def test_a_removal_may_be_told_that_rest_denies(standin, castle, connect, heard):
    async with connect(standin) as bot:
        castle.guild.be_called_deleted()
        await standin.wait_until(lambda: "guild_remove" in heard)
        assert (await bot.fetch_guild(castle.guild.id)).id == castle.guild.id


async def test_a_guild_with_commands_only_is_in_no_list_and_its_commands_work(standin, castle, connect, heard):
    cottage = standin.add_guild("Cottage", commands_only=True)
    helper, channel = cottage.add_member("Hilda"), cottage.add_channel("general")
    async with connect(standin, hello_command) as bot:
        assert bot.get_guild(cottage.id) is None
        assert [guild.id async for guild in bot.fetch_guilds()] == [castle.guild.id]
        with pytest.raises(discord.NotFound):
            await bot.fetch_guild(cottage.id)
        with pytest.raises(discord.NotFound):
            await bot.get_partial_messageable(channel.id).send("Hello?")
        assert (await standin.slash(helper, channel, "hello")).text == "Hello"


async def test_the_list_of_guilds_comes_in_pages(connect):
    async with DiscordStandIn(rate_limits=False) as standin:
        guilds = {standin.add_guild(f"Guild {number}").id for number in range(203)}
        async with connect(standin) as bot:
            assert {guild.id async for guild in bot.fetch_guilds(limit=None)} == guilds
            assert {guild.id async for guild in bot.fetch_guilds(limit=None, before=discord.Object(1 << 62))} == guilds
        assert standin.count(route="/users/@me/guilds$") >= 4


async def test_a_stand_in_can_be_of_another_application(connect):
    async with DiscordStandIn(application_id=4242, bot_name="Other") as standin, connect(standin) as bot:
        assert (bot.application_id, bot.user.id) == (4242, 4242)
