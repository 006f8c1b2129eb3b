"""What admins do to keep a console channel readable, and what they learn when it cannot be written to."""

import asyncio
import re
import time

from sandbox.discord import Permission

from .conftest import PATIENCE


async def lists(world, words):
    """Ask `/relay list` until it has these words."""
    listed = await world.slash(world.admin, "relay list")
    deadline = time.monotonic() + PATIENCE
    while words not in listed.text:
        assert time.monotonic() < deadline, listed.text
        await asyncio.sleep(0.1)
        listed = await world.slash(world.admin, "relay list")
    return listed.text


async def test_a_pause_outlives_a_restart_of_the_bot_and_its_end_is_told(world):
    (castle,) = await world.set_up("Paper Survival", running=True)
    castle.emit("before the pause")
    await world.shows("before the pause")
    paused = await world.slash(world.admin, "relay pause", channel=world.console, minutes=30)
    assert paused.ephemeral and "**Paper Survival** is quiet" in paused.text
    await world.shows("is paused until")
    castle.emit("kept back one")
    castle.emit("kept back two")
    await lists(world, "2 lines left out so far")

    await world.bot.stop()
    await world.bot.start()
    await world.logs("console of Paper Survival: connected", times=2)
    castle.emit("kept back three")
    await lists(world, "3 lines left out so far")
    await world.slash(world.admin, "relay pause", channel=world.console, minutes=0)
    await world.shows("about 3 lines were left out")
    castle.emit("after the pause")
    await world.shows("after the pause")
    assert "kept back" not in world.console.text
    assert world.console.text.count("is paused until") == 1


async def test_identical_lines_are_counted_and_none_is_lost(world):
    (castle,) = await world.set_up("Paper Survival", running=True, relay=False)
    await world.slash(world.admin, "relay add", server="Paper Survival", channel=world.console, collapse=True)
    await world.logs("console of Paper Survival: connected")
    for number in range(40):
        castle.emit(f"[12:00:{number:02}] [Server thread/WARN]: Can't keep up!")
    castle.emit("something else")
    await world.shows("something else")
    counted = [int(count) for count in re.findall(r"↻ (\d+) times more", world.console.text)]
    assert world.console.text.count("Can't keep up!") + sum(counted) == 40
    assert world.console.text.count("Can't keep up!") < 5


async def test_admins_learn_of_a_channel_that_may_not_be_written_to_and_it_heals(world):
    (castle,) = await world.set_up("Paper Survival", running=True)
    staff = world.guild.add_channel("staff")
    world.guild.set_notice_channels(system=staff)
    world.console.set_permissions(world.guild.everyone, deny=Permission.SEND_MESSAGES)
    world.console.set_permissions(world.guild.me, deny=Permission.SEND_MESSAGES)
    castle.emit("a line that cannot be posted")
    await world.shows("⛔ A console is not shown any more", f"<#{world.console.id}>", "Send Messages", channel=staff)
    assert "🔴 not running" in await lists(world, "⚠")
    for line in range(5):
        castle.emit(f"another line {line}")
    assert len(staff.messages) == 1
    assert staff.messages[0].pings == ()
    world.console.set_permissions(world.guild.me, allow=Permission.SEND_MESSAGES)
    await lists(world, "🟢")
    castle.emit("a line after the rights came back")
    await world.shows("a line after the rights came back")


async def test_a_relay_into_a_deleted_channel_is_told_and_can_be_removed(world):
    """Though its console is silent."""
    await world.set_up("Paper Survival", running=True)
    world.guild.set_notice_channels(system=world.general)
    await lists(world, "🟢")
    world.guild.delete_channel(world.console)
    await world.shows("does not exist any more", channel=world.general)
    removed = await world.slash(world.admin, "relay remove", server="Paper Survival")
    assert "1 channel that was deleted" in removed.text
    listed = await world.slash(world.admin, "relay list")
    assert "No console is sent anywhere yet" in listed.text


async def test_a_console_that_goes_says_goodbye_whatever_takes_it_away(world):
    """Its relay, its server or its whole panel; the reply does not wait for that."""
    for name in ("Paper One", "Paper Two", "Paper Three"):
        world.new_server(name, running=True)
    await world.connect()
    for name in ("Paper One", "Paper Two", "Paper Three"):
        await world.slash(world.admin, "server link", server=name)
        await world.slash(world.admin, "relay add", server=name, channel=world.console)
        await world.shows(f"The console of {name} is shown from here on")
    await world.slash(world.admin, "relay remove", server="Paper One", channel=world.console)
    await world.shows("The console of Paper One is no longer shown here.")
    unlink = await world.slash(world.admin, "server unlink", server="Paper Two")
    await unlink.click("Unlink")
    await world.shows("The console of Paper Two is no longer shown here.")
    remove = await world.slash(world.admin, "panel remove")
    await remove.click("Remove the panel")
    await world.shows("The console of Paper Three is no longer shown here.")
