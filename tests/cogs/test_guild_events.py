"""What the gateway tells of guilds goes on to the services; what REST says is taken for no more than it says."""

import discord
import pytest

from bot.discord_guilds import DiscordGuilds
from bot.services.departures import Answer


@pytest.fixture
async def heard(world):
    """What the guilds service was told in this test."""
    await world.env.settle()
    world.script.heard.clear()
    return world.script.heard


async def emit(world, event, **data):
    world.env.backend.emit(event, {"guild_id": str(world.guild.id), **data})
    await world.env.settle()


async def test_guilds_come_and_go(world, heard):
    world.bot.dispatch("guild_join", world.bot.get_guild(world.guild.id))
    await emit(world, "GUILD_DELETE", id=str(world.guild.id))
    assert heard == [("here", world.guild.id), ("left", world.guild.id)]


async def test_an_outage_is_no_farewell_and_its_end_is_a_sign_of_life(world, heard):
    await emit(world, "GUILD_DELETE", id=str(world.guild.id), unavailable=True)
    assert heard == []
    world.bot.dispatch("guild_available", world.bot.get_guild(world.guild.id))
    await world.env.settle()
    assert heard == [("here", world.guild.id)]


@pytest.mark.parametrize("event", ["ready", "shard_ready"])
async def test_each_new_connection_is_told(world, heard, event):
    world.bot.dispatch(event, *([] if event == "ready" else [0]))
    await world.env.settle()
    assert heard == [("connected",)]


async def test_deleted_roles_channels_and_threads_are_told_at_once(world, heard):
    """Relays must not wait for something to say."""
    channel = {"id": str(world.channel.id), "type": 0, "name": "console"}
    await emit(world, "GUILD_ROLE_DELETE", role_id=str(world.helpers.id))
    await emit(world, "CHANNEL_DELETE", **channel)
    await emit(world, "THREAD_DELETE", **(channel | {"id": "77", "parent_id": str(world.channel.id), "type": 11}))
    assert heard == [
        ("role deleted", world.guild.id, world.helpers.id),
        ("channel deleted", world.guild.id, world.channel.id),
        ("channel deleted", world.guild.id, 77),
    ]


async def test_threads_are_told_when_they_change_and_when_they_go_with_their_channel(world, heard):
    """Discord sends no word of its own for those that go with it."""
    times = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": "2026-01-01T00:00:00+00:00"}
    thread = {"id": "77", "parent_id": str(world.channel.id), "owner_id": "1", "name": "log", "type": 11}
    thread |= {"message_count": 0, "member_count": 0, "thread_metadata": times | {"locked": False}}
    await emit(world, "THREAD_CREATE", **thread)
    await emit(world, "THREAD_UPDATE", **thread)
    await emit(world, "CHANNEL_DELETE", id=str(world.channel.id), type=0, name="console")
    assert ("thread changed", world.guild.id, 77) in heard
    assert ("channel deleted", world.guild.id, 77) in heard
    assert ("channel deleted", world.guild.id, world.channel.id) in heard


async def test_changed_roles_and_channels_are_told_for_their_guild(world, heard):
    """They may give back what the bot lacked."""
    guild = world.bot.get_guild(world.guild.id)
    world.bot.dispatch("guild_role_update", guild.default_role, guild.default_role)
    channel = guild.get_channel(world.channel.id)
    world.bot.dispatch("guild_channel_update", channel, channel)
    world.bot.dispatch("member_update", guild.me, guild.me)
    await world.env.settle()
    assert heard == [("rights changed", world.guild.id)] * 3


async def test_whoever_uses_a_command_shows_that_his_guild_is_alive(world, heard):
    await world.helper.slash(world.channel, "servers")
    assert heard == [("spoke", world.guild.id)]


@pytest.mark.parametrize(
    ("owners", "signs"),
    [({"0": "guild"}, 1), ({"0": "guild", "1": "user"}, 1), ({"1": "user"}, 0), ({}, 1)],
)
async def test_commands_that_somebody_brought_along_are_no_sign_of_life(world, heard, monkeypatch, owners, signs):
    ids = {"guild": world.guild.id, "user": world.helper.id}
    real = discord.Interaction._from_data

    def from_data(interaction, data):
        real(interaction, data)
        interaction._integration_owners = {int(kind): ids[owner] for kind, owner in owners.items()}

    monkeypatch.setattr(discord.Interaction, "_from_data", from_data)
    await world.helper.slash(world.channel, "servers")
    assert heard == [("spoke", world.guild.id)] * signs


ELSEWHERE = 424242


@pytest.mark.parametrize(
    ("status", "code", "answer"),
    [
        (404, 10004, Answer.GONE),
        (403, 50001, Answer.GONE),
        (404, 0, Answer.NONE),
        (403, 0, Answer.NONE),
        (403, 40333, Answer.NONE),
        (401, 0, Answer.NONE),
        (429, 0, Answer.NONE),
        (500, 0, Answer.NONE),
        (503, 0, Answer.NONE),
    ],
)
async def test_only_discords_own_word_means_that_a_guild_was_left(world, status, code, answer):
    """A 404 of a proxy that has lost its way, Cloudflare's 403, a refused token: none of them speaks of the guild."""
    world.env.inject_error("GET", f"/guilds/{ELSEWHERE}", status=status, code=code)
    assert await DiscordGuilds(world.bot).ask(ELSEWHERE) is answer
    assert await DiscordGuilds(world.bot).ask(world.guild.id) is Answer.HERE


async def test_the_list_of_guilds_is_told_whole_or_not_at_all(world):
    source = DiscordGuilds(world.bot)
    assert await source.listed() == {world.guild.id}
    world.env.inject_error("GET", "/users/@me/guilds", status=503)
    assert await source.listed() is None


async def test_roles_are_told_as_the_gateway_and_rest_have_them(world):
    source = DiscordGuilds(world.bot)
    assert world.helpers.id in await source.roles(world.guild.id)
    assert await source.roles(world.guild.id) == source.roles_known(world.guild.id)
    assert source.roles_known(ELSEWHERE) is await source.roles(ELSEWHERE) is None
    world.bot.get_guild(world.guild.id).unavailable = True
    assert source.roles_known(world.guild.id) is None


async def test_an_error_of_the_connection_is_no_answer(world, monkeypatch):
    async def fail(*_arguments, **_others):
        raise OSError("no route")

    monkeypatch.setattr(world.bot, "fetch_guild", fail)
    assert await DiscordGuilds(world.bot).ask(world.guild.id) is Answer.NONE
