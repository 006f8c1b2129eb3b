"""A bot logs in, sees its guilds, registers commands, answers and writes into channels."""

import asyncio

import discord
import pytest
from discord import app_commands

from sandbox.discord import ClientRefused, DiscordStandIn


def commands(tree):
    @tree.command(description="Starts a server")
    @app_commands.describe(server="Which one")
    async def start(interaction: discord.Interaction, server: str):
        await interaction.response.defer()
        await interaction.followup.send(f"starting {server}")
        await interaction.followup.send("a word in private", ephemeral=True)
        await interaction.edit_original_response(content=f"{server} is running")

    @tree.command(description="Says hello")
    async def hello(interaction: discord.Interaction):
        await interaction.response.send_message("Hello", ephemeral=True)

    access = app_commands.Group(name="access", description="Rights")

    @access.command(description="Gives a right")
    async def grant(
        interaction: discord.Interaction,
        role: discord.Role,
        member: discord.Member,
        channel: discord.TextChannel,
        allow: str = "all",
    ):
        perms = interaction.permissions.manage_guild, interaction.app_permissions.send_messages
        await interaction.response.send_message(f"{role.name} {member.display_name} {channel.name} {allow} {perms}")

    tree.add_command(access)


async def test_a_bot_logs_in_sees_its_guilds_and_registers_its_commands(standin, castle, connect):
    async with connect(standin, commands) as bot:
        assert [guild.name for guild in bot.guilds] == ["Castle"]
        assert bot.guilds[0].me.guild_permissions.send_messages
        assert [channel.name for channel in bot.guilds[0].text_channels] == ["console"]
        registered = await standin.wait_for_commands()
        assert {command["name"] for command in registered} == {"start", "hello", "access"}
        assert {command.id for command in await bot.tree.fetch_commands()} == {int(c["id"]) for c in registered}


async def test_a_wrong_token_is_refused_at_login(connect, standin, castle):
    standin._rest._token = "another"
    with pytest.raises(discord.LoginFailure):
        async with connect(standin, commands):
            pass
    assert standin.count(status=401) == 1


async def test_a_deferred_command_thinks_then_shows_its_followups_and_edits(standin, castle, connect):
    async with connect(standin, commands) as bot:
        reply = await standin.slash(castle.helper, castle.console, "start", server="Paper Survival")
        assert reply.deferred
        assert not reply.failed
        await reply.wait_for(lambda r: "is running" in r.text)
        first, second = reply.messages
        assert first.content == "Paper Survival is running"
        assert not first.ephemeral
        assert second.ephemeral
        assert not bot.errors
        # the other one sees the public answer and not the private word
        assert castle.console.messages_for(castle.owner) == [first]
        assert castle.console.messages_for(castle.helper) == [first, second]


async def test_an_ephemeral_answer_is_not_in_the_channel(standin, castle, connect):
    async with connect(standin, commands):
        reply = await standin.slash(castle.helper, castle.console, "hello")
        assert reply.text == "Hello"
        assert reply.ephemeral
        assert reply.acknowledged_after < 3
        assert castle.console.messages == []


async def test_subcommands_resolve_roles_members_and_channels(standin, castle, connect):
    async with connect(standin, commands) as bot:
        reply = await standin.slash(
            castle.owner,
            castle.console,
            "access grant",
            role=castle.helper_role,
            member=castle.helper,
            channel=castle.console,
        )
        assert not bot.errors
        assert reply.text == "helper Hank console all (True, True)"


async def test_a_client_does_not_send_what_does_not_fit_the_command(standin, castle, connect):
    async with connect(standin, commands):
        for wrong in ({}, {"server": 5}, {"server": "x", "other": "y"}, {"server": ""}):
            with pytest.raises(ClientRefused):
                await standin.slash(castle.helper, castle.console, "start", **wrong)
        with pytest.raises(ClientRefused):
            await standin.slash(castle.helper, castle.console, "nothing")


async def test_the_bot_writes_edits_reads_and_deletes_in_a_channel(standin, castle, connect):
    async with connect(standin) as bot:
        channel = bot.get_channel(castle.console.id)
        message = await channel.send("one", embed=discord.Embed(title="two").add_field(name="three", value="four"))
        shown = castle.console.messages[0]
        assert shown.text == "one\ntwo\nthree\nfour"
        await message.edit(content="changed")
        assert shown.content == "changed"
        assert shown.edited is not None
        assert [item.content async for item in channel.history()] == ["changed"]
        await message.delete()
        assert castle.console.messages == []


async def test_files_arrive_byte_by_byte(standin, castle, connect):
    import io

    async with connect(standin) as bot:
        await bot.get_channel(castle.console.id).send(
            "log", file=discord.File(io.BytesIO(b"line\n" * 1000), "console.log")
        )
        attachment = castle.console.messages[0].attachments[0]
        assert (attachment.filename, attachment.data) == ("console.log", b"line\n" * 1000)


async def test_guilds_come_and_go_while_the_bot_runs(standin, castle, connect):
    async with connect(standin) as bot:
        joined = asyncio.Event()
        left = asyncio.Event()
        bot.add_listener(_setter(joined), "on_guild_join")
        bot.add_listener(_setter(left), "on_guild_remove")
        second = standin.add_guild("Tower")
        # a guild that is new to the bot is announced as joined
        await asyncio.wait_for(joined.wait(), 10)
        assert {guild.name for guild in bot.guilds} == {"Castle", "Tower"}
        standin.remove_guild(second)
        await asyncio.wait_for(left.wait(), 10)
        assert {guild.name for guild in bot.guilds} == {"Castle"}


def _setter(event):
    async def listener(*_):
        event.set()

    return listener


async def test_two_stand_ins_make_the_same_ids():
    def world():
        standin = DiscordStandIn()
        guild = standin.add_guild("Castle")
        return guild.id, guild.add_role("helper").id, guild.add_member("Hank").id, guild.add_channel("console").id

    assert world() == world()
