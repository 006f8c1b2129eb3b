"""Registration of commands: what Discord refuses, and who gets to see what."""

import discord
import pytest
from discord import app_commands

from sandbox.discord import ClientRefused


def option(name="o", kind=3, **more):
    return {"name": name, "description": "d", "type": kind, **more}


BAD = {
    "an upper-case name": {"name": "Start"},
    "a name with a blank": {"name": "start it"},
    "a name of 33 characters": {"name": "x" * 33},
    "no description": {"description": ""},
    "a description of 101 characters": {"description": "x" * 101},
    "26 options": {"options": [option(f"o{n}") for n in range(26)]},
    "a required option after an optional one": {"options": [option("a"), option("b", required=True)]},
    "two options of one name": {"options": [option("a"), option("a")]},
    "26 choices": {"options": [option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])]},
    "a choice of 101 characters": {"options": [option(choices=[{"name": "x" * 101, "value": "x"}])]},
    "choices with autocomplete": {"options": [option(choices=[{"name": "x", "value": "x"}], autocomplete=True)]},
    "sub-commands beside options": {"options": [option("a", 1), option("b")]},
    "three levels": {"options": [option("a", 2, options=[option("b", 2, options=[option("c", 1)])])]},
    "an unknown locale": {"description_localizations": {"xx": "d"}},
    "more than 8,000 characters": {
        "options": [
            option(f"o{n}", choices=[{"name": f"{m}" * 10, "value": f"{m:02}" * 40} for m in range(25)])
            for n in range(5)
        ]
    },
}


@pytest.mark.parametrize("wrong", BAD.values(), ids=BAD.keys())
async def test_discord_refuses(standin, castle, connect, wrong):
    async with connect(standin) as bot:
        body = {"name": "start", "description": "d", **wrong}
        for attempt in (
            bot.http.bulk_upsert_global_commands(bot.application_id, [body]),
            bot.http.upsert_guild_command(bot.application_id, castle.guild.id, body),
        ):
            with pytest.raises(discord.HTTPException) as caught:
                await attempt
            assert (caught.value.status, caught.value.code) == (400, 50035)
        assert standin.commands == []


async def test_a_hundred_commands_fit_and_one_more_does_not(standin, castle, connect):
    async with connect(standin) as bot:
        bodies = [{"name": f"c{n}", "description": "d"} for n in range(101)]
        with pytest.raises(discord.HTTPException):
            await bot.http.bulk_upsert_global_commands(bot.application_id, bodies)
        await bot.http.bulk_upsert_global_commands(bot.application_id, bodies[:100])
        assert len(standin.commands) == 100
        with pytest.raises(discord.HTTPException) as caught:
            await bot.http.upsert_global_command(bot.application_id, bodies[100])
        assert caught.value.code == 30032


async def test_commands_keep_their_ids_when_synced_again(standin, castle, connect):
    def setup(tree):
        @tree.command(description="d")
        async def start(interaction: discord.Interaction):
            pass

    async with connect(standin, setup) as bot:
        before = standin.commands[0]["id"]
        await bot.tree.sync()
        assert standin.commands[0]["id"] == before
        assert standin.registry.syncs == 2
        command = (await bot.tree.fetch_commands())[0]
        await command.delete()
        assert standin.commands == []


async def test_members_see_what_their_permissions_allow(standin, castle, connect):
    def setup(tree):
        @tree.command(description="d")
        async def everyone(interaction: discord.Interaction):
            await interaction.response.send_message("ok")

        @tree.command(description="d")
        @app_commands.default_permissions(manage_guild=True)
        async def managers(interaction: discord.Interaction):
            await interaction.response.send_message("ok")

        @tree.command(description="d")
        @app_commands.default_permissions()
        async def admins(interaction: discord.Interaction):
            await interaction.response.send_message("ok")

        @tree.command(description="d")
        @app_commands.allowed_contexts(guilds=False, dms=True)
        async def private(interaction: discord.Interaction):
            await interaction.response.send_message("ok")

    admin = castle.guild.add_member("Anna", administrator=True)
    async with connect(standin, setup):
        names = {
            member.name: [command["name"] for command in standin.visible_commands(member, castle.console)]
            for member in (castle.helper, castle.owner, admin)
        }
        assert names == {
            "Hank": ["everyone"],
            "Olivia": ["everyone", "managers"],
            "Anna": ["everyone", "managers", "admins"],
        }
        with pytest.raises(ClientRefused):
            await standin.slash(castle.helper, castle.console, "managers")
        assert (await standin.slash(castle.owner, castle.console, "managers")).text == "ok"


async def test_a_hidden_channel_offers_nothing(standin, castle):
    castle.console.set_permissions(castle.guild.everyone, deny=1 << 10)
    with pytest.raises(ClientRefused):
        await standin.slash(castle.helper, castle.console, "start")


async def test_guild_commands_belong_to_their_guild(standin, castle, connect):
    other = standin.add_guild("Tower").add_member("Tom")

    def setup(tree):
        @tree.command(description="d", guild=discord.Object(castle.guild.id))
        async def here(interaction: discord.Interaction):
            pass

    async with connect(standin, setup) as bot:
        await bot.tree.sync(guild=discord.Object(castle.guild.id))
        assert [command["name"] for command in standin.visible_commands(castle.helper)] == ["here"]
        assert standin.visible_commands(other) == []


async def test_values_are_held_to_choices_and_ranges(standin, castle, connect):
    def setup(tree):
        @tree.command(description="d")
        @app_commands.choices(style=[app_commands.Choice(name="In colour", value="colour")])
        async def pick(interaction: discord.Interaction, style: str, lines: app_commands.Range[int, 1, 50]):
            await interaction.response.send_message(f"{style} {lines}")

    async with connect(standin, setup):
        assert (
            await standin.slash(castle.helper, castle.console, "pick", style="In colour", lines=5)
        ).text == "colour 5"
        for wrong in (
            {"style": "grey", "lines": 5},
            {"style": "colour", "lines": 51},
            {"style": "colour", "lines": True},
        ):
            with pytest.raises(ClientRefused):
                await standin.slash(castle.helper, castle.console, "pick", **wrong)
