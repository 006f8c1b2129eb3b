"""The bot is thrown out, or seems to be: what it keeps, what it deletes, and how it comes back."""

import sqlite3
from contextlib import closing

import pytest

# The bot as it is, but that Discord is asked for its second word after half a second instead of a minute.
QUICK = """
import sys
from datetime import timedelta
from functools import partial

import bot.app
from bot.__main__ import main
from bot.services.departures import Patience
from bot.services.guilds import GuildTiming

timing = GuildTiming(patience=Patience(second_word=timedelta(seconds=0.5)))
bot.app.run = partial(bot.app.run, guild_timing=timing)
sys.exit(main())
"""


@pytest.fixture
async def quick(world):
    """A guild with a running relay, and a bot that is in a hurry."""
    assert (await world.bot.stop())[0] == 0
    world.bot.program = ("-c", QUICK)
    connects = world.discord.gateway.identifies
    await world.bot.start()
    await world.discord.wait_until(lambda: world.discord.gateway.identifies > connects, timeout=30)
    world.castle = (await world.set_up("Paper Survival", running=True))[0]
    return world


def stored(world):
    """How many panels, keys, servers, grants and relays there are."""
    with closing(sqlite3.connect(world.bot.folder / "data/wingcord.db")) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in ("panels", "panels WHERE key_encrypted IS NOT NULL", "servers", "grants", "relays")
        ]
    return tuple(counts)


async def test_thrown_out_the_keys_go_and_the_rest_waits_for_the_bot_to_come_back(quick):
    world = quick
    world.castle.emit("before")
    await world.shows("before")
    assert stored(world) == (1, 1, 1, 1, 1)
    world.discord.remove_guild(world.guild)
    await world.logs("the keys of its panels (1) were deleted")
    assert stored(world) == (1, 0, 1, 1, 1)
    await world.panel.wait_for(lambda: not world.panel.node.sockets(world.castle), timeout=60)
    asked, looked = len(world.panel.requests), world.discord.count(route=f"/guilds/{world.guild.id}$")
    world.castle.emit("while nobody listens")

    world.discord.invite_again(world.guild)
    await world.logs("what was to be deleted of it is kept")
    status = await world.slash(world.helper, "status")
    assert "key was deleted when I was removed from this Discord server" in status.text
    assert "tell an admin here" in status.text
    status = await world.slash(world.admin, "status")
    assert "/panel replace-key" in status.text
    await world.shows("There is no console of", "key was deleted when I was removed")
    assert len(world.panel.requests) == asked, "without a key nobody is asked for anything"
    assert looked == 1

    form = await world.slash(world.admin, "panel replace-key")
    reply = await form.submit(api_key=world.new_key(world.panel, world.panel_user))
    await reply.answered(timeout=30)
    await world.panel.wait_for(lambda: world.panel.node.sockets(world.castle), timeout=30)
    world.castle.emit("after")
    await world.shows("while nobody listens", "after")
    assert world.console.text.count("before") == 1
    stopped = await world.slash(world.helper, "stop")
    await world.says(stopped, "has stopped")
    assert world.bot.output.count("waiting: The panel's key was deleted") <= 2, "the log tells it once per console"


async def test_a_removal_that_passes_and_an_outage_cost_nothing(quick):
    world = quick
    world.guild.be_called_deleted()
    await world.logs("its relays stop")
    await world.logs("what was to be deleted of it is kept")
    world.guild.break_down()
    world.castle.emit("in the dark")
    world.guild.recover()
    await world.shows("in the dark")
    assert stored(world) == (1, 1, 1, 1, 1)


@pytest.mark.parametrize("trouble", ["proxy", "Discord"])
async def test_a_second_word_that_discord_does_not_speak_costs_nothing(quick, trouble):
    """A proxy that has lost its way answers 404 to everything."""
    world, guild = quick, f"GET /guilds/{quick.guild.id}$"
    fault = world.discord.faults.status(404 if trouble == "proxy" else 503, guild, count=None)
    world.discord.remove_guild(world.guild)
    await world.logs(f"Discord could not be asked about guild {world.guild.id}")
    assert stored(world) == (1, 1, 1, 1, 1)
    fault.cancel()
    await world.bot.stop()
    await world.bot.start()
    await world.logs("the keys of its panels (1) were deleted")
    assert stored(world) == (1, 0, 1, 1, 1)


async def test_thrown_out_while_the_database_is_locked_the_keys_go_a_moment_after(quick):
    world = quick
    with closing(sqlite3.connect(world.bot.folder / "data/wingcord.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        world.discord.remove_guild(world.guild)
        await world.logs("what Discord said of guilds: it did not work (attempt 1; StoreUnavailable")
        assert stored(world) == (1, 1, 1, 1, 1)
        other.rollback()
    await world.logs("the keys of its panels (1) were deleted")
    assert stored(world) == (1, 0, 1, 1, 1)


async def test_a_guild_with_commands_and_without_the_bot_keeps_what_it_has(quick):
    world = quick
    cottage = world.discord.add_guild("Cottage", commands_only=True)
    admin, channel = cottage.add_member("Otto", manage_guild=True), cottage.add_channel("general")
    await world.connect(member=admin, where=channel)
    for _life in range(2):
        await world.bot.stop()
        connects = world.discord.gateway.identifies
        await world.bot.start()
        await world.discord.wait_until(lambda before=connects: world.discord.gateway.identifies > before, timeout=30)
        listed = await world.slash(admin, "panel list", where=channel)
        assert "Main" in listed.text
    assert stored(world)[:2] == (2, 2)
