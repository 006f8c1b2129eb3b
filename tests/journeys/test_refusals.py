"""What Discord refuses, and what becomes of it: on real sockets, with the whole bot."""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.panel import Fault
from sandbox.panel import faults as panel_faults

from .conftest import PATIENCE, readable


async def lists(world, words):
    """Ask `/relay list` until it has these words."""
    listed = await world.slash(world.admin, "relay list")
    deadline = time.monotonic() + PATIENCE
    while words not in listed.text:
        assert time.monotonic() < deadline, listed.text
        await asyncio.sleep(0.1)
        listed = await world.slash(world.admin, "relay list")
    return listed.text


async def test_commands_overwritten_from_outside_are_back_after_a_restart(world):
    """Without a registration that is not needed."""
    discord = world.discord
    before = {command["name"] for command in discord.commands}

    def registrations():
        return discord.count(method="PUT", route="/commands$")

    async def restart():
        await world.bot.stop()
        asked = len(discord.requests)
        await world.bot.start()
        await discord.gateway.wait_connected(timeout=PATIENCE)
        return sum(record.path.endswith("/commands") for record in discord.requests[asked:])

    sent = registrations()
    assert await restart() == 1
    assert registrations() == sent
    discord.registry.replace(None, [{"name": "ping", "type": 1, "description": "Somebody else's"}])
    assert await restart() <= 3
    assert registrations() == sent + 1
    assert {command["name"] for command in discord.commands} == before
    await restart()
    assert registrations() == sent + 1


CREATE = r"POST /channels/\d+/messages"


async def staffed(world):
    """A channel where admins are told what is wrong."""
    staff = world.guild.add_channel("staff")
    world.guild.set_notice_channels(system=staff)
    return staff


async def relayed_into(world, channel):
    """A server whose console goes into a channel or thread; the bot is in it when the relay is added."""
    (castle,) = await world.set_up("Paper Survival", running=True, relay=False)
    await world.slash(world.admin, "relay add", where=channel, server="Paper Survival")
    await world.logs("console of Paper Survival: connected")
    castle.emit("before")
    await world.shows("before", channel=channel)
    return castle


@pytest.mark.parametrize("body", ["html", "text", "json"])
async def test_a_403_by_cloudflare_is_weather(world, body):
    """Nothing is parked, lost or told to be a matter of rights: the rights are there."""
    staff = await staffed(world)
    castle = await relayed_into(world, world.console)
    blocked = world.discord.faults.blocked(CREATE, body=body, count=3)
    for number in range(20):
        castle.emit(f"line {number}")
    await world.shows("line 19")
    assert blocked.hits == 3
    assert [f"line {n}" for n in range(20)] == re.findall(r"line \d+", world.console.text)
    assert not staff.messages
    assert "refused" not in world.console.text


@pytest.mark.parametrize("archived", [True, False])
async def test_a_locked_thread_is_told_and_gone_on_with_once_it_is_unlocked(world, archived):
    """50083 for one that was archived too, 160005 for one that was not."""
    staff = await staffed(world)
    thread = world.guild.add_thread("log", world.console)
    castle = await relayed_into(world, thread)
    thread.edit(locked=True, archived=archived)
    castle.emit("into a locked thread")
    await world.shows("⛔", f"<#{thread.id}>", "is locked", "Manage Threads", channel=staff)
    assert "🔴" in await lists(world, "is locked")
    for number in range(300):
        castle.emit(f"meanwhile {number}")
    thread.edit(locked=False)
    await thread.wait_for(lambda channel: "meanwhile 299" in readable(channel), timeout=PATIENCE)
    text = readable(thread)
    assert text.count("into a locked thread") == 1
    assert re.findall(r"meanwhile (\d+)", text) == [str(n) for n in range(300)]
    assert len(staff.messages) == 1


async def test_a_private_thread_that_the_bot_is_not_in(world):
    staff = await staffed(world)
    thread = world.guild.add_thread("secret", world.console, private=True)
    thread.add_member(world.guild.me)
    thread.add_member(world.admin)
    castle = await relayed_into(world, thread)
    thread.remove_member(world.guild.me)
    castle.emit("without the bot")
    await world.shows("private thread", "Mention the bot", channel=staff)
    thread.add_member(world.guild.me)
    await world.shows("without the bot", channel=thread)
    assert thread.text.count("without the bot") == 1


async def test_a_bot_that_is_timed_out_says_so_and_goes_on_by_itself(world):
    """Discord tells nobody when the time is over."""
    castle = await relayed_into(world, world.console)
    world.guild.me.time_out(datetime.now(UTC) + timedelta(seconds=6))
    castle.emit("while silenced")
    listed = await lists(world, "timed out")
    assert "give it the rights" not in listed
    assert re.search(r"I look again <t:\d+:R>", listed), listed
    await world.shows("while silenced")
    assert world.console.text.count("while silenced") == 1


async def test_the_count_of_refused_lines_is_carried_until_a_notice_arrives(world):
    """Whichever codes Discord refuses with, one after the other; 401 speaks of no message."""
    castle = await relayed_into(world, world.console)
    faults = world.discord.faults
    hits = [faults.refuse(status, code, CREATE, count=2) for status, code in ((403, 240000), (400, 20009), (401, 0))]
    hits.append(faults.refuse(400, 999999, CREATE))
    for number in range(6):
        castle.emit(f"line {number}")
        await asyncio.sleep(0.1)
    await world.discord.wait_until(lambda: all(fault.hits == fault.count for fault in hits), timeout=PATIENCE)
    castle.emit("the last one")
    await world.shows("the last one")
    shown = set(re.findall(r"line \d", world.console.text))
    told = sum(int(count) for count in re.findall(r"Discord refused (\d+) line", world.console.text))
    assert len(shown) + told == 6
    assert told >= 1


async def test_relay_add_names_what_keeps_the_bot_from_posting(world):
    """No right is missing, and lines could not be posted all the same."""
    await world.set_up("Paper Survival", relay=False)
    locked = world.guild.add_thread("locked", world.console)
    private = world.guild.add_thread("private", world.console, private=True)
    private.add_member(world.admin)

    async def add(where):
        return (await world.slash(world.admin, "relay add", where=where, server="Paper Survival")).text

    locked.edit(locked=True)
    assert "is locked" in await add(locked)
    assert "I am not in the private thread" in await add(private)
    world.guild.me.time_out(datetime.now(UTC) + timedelta(minutes=5))
    assert "I am timed out" in await add(world.console)
    world.guild.me.time_out(None)
    locked.edit(locked=False)
    private.add_member(world.guild.me)
    for channel in (locked, private, world.console):
        assert "now goes to" in await add(channel)


@pytest.mark.parametrize("locked", [False, True])
async def test_a_relay_into_a_thread_that_was_archived_can_be_paused_and_removed(world, locked):
    """Discord has every bot forget such threads; whoever names one is not told to choose another."""
    thread = world.guild.add_thread("log", world.console)
    await relayed_into(world, thread)
    thread.edit(archived=True, locked=locked)

    async def relay(command, channel=thread, **options):
        return (await world.slash(world.admin, f"relay {command}", channel=channel, **options)).text

    assert "is quiet in" in await relay("pause", minutes=1)
    assert "no longer goes to" in await relay("remove")
    private = world.guild.add_thread("private", world.console, private=True)
    for unseen in (thread, private):
        assert f"I do not see the thread <#{unseen.id}>" in await relay("add", unseen, server="Paper Survival")


FIRST = r"POST /interactions/\d+/\S+/callback"
FILLED = r"PATCH /webhooks/\d+/\S+/messages/@original"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("route", [FIRST, FILLED])
async def test_a_connection_that_breaks_under_an_answer_leaves_nobody_waiting(world, route, after):
    """Whether or not what it carried arrived: commands, answers with buttons or a file, and the buttons themselves."""
    (castle,) = await world.set_up("Paper Survival", relay=False, allow="moderator", boot_seconds=0.3)
    faults = world.discord.faults
    struck = [faults.reset(route, after=after)]
    shown = await world.slash(world.helper, "status", server="Paper Survival")
    assert "offline" in shown.text
    struck.append(faults.reset(route, after=after))
    refreshed = await shown.click("Refresh")
    await refreshed.answered(timeout=PATIENCE)
    await world.slash(world.helper, "start", server="Paper Survival")
    await world.panel.wait_for(lambda: castle.state == "running", timeout=PATIENCE)
    castle.flood(200, "a long line {n} " + "x" * 60)
    struck.append(faults.reset(route, after=after))
    console = await world.slash(world.helper, "console", server="Paper Survival", lines=200)
    assert b"a long line 150" in console.message.attachments[0].data
    struck.append(faults.reset(route, after=after))
    assert "Which server" not in (await world.slash(world.admin, "panel list")).text
    assert [fault.hits for fault in struck] == [1] * 4


async def test_a_connection_that_breaks_under_a_form_opens_it_all_the_same(world):
    """Each way to a form: a command, one that looks something up first, and the button under a refusal."""
    await world.set_up("Paper Survival", relay=False)

    async def opened(action):
        fault = world.discord.faults.reset(FIRST)
        form = await action
        assert form.modal is not None and fault.hits == 1
        return form

    await opened(world.slash(world.admin, "panel replace-key"))
    form = await opened(world.slash(world.admin, "panel connect"))
    refused = await (await form.submit(url="no address", api_key=world.key, label="")).answered(timeout=PATIENCE)
    await opened(refused.click("Try again"))


async def test_a_connection_that_breaks_under_a_private_answer_to_a_public_command_leaves_no_dots_behind(world):
    await world.set_up("Paper Survival", relay=False)
    world.panel.faults.add(Fault(panel_faults.gateway(), method="POST", path="/power$", times=None))
    fault = world.discord.faults.reset(r"POST /webhooks/")
    refused = await world.slash(world.helper, "start", server="Paper Survival")
    await world.says(refused, "cannot reach it")
    await refused.wait_for(lambda reply: len(reply.messages) == 1)
    assert fault.hits == 1
    assert refused.ephemeral and "…" not in world.general.text
