"""Telling admins of parked relays, with real discord.py against the stand-in Discord."""

import asyncio
from contextlib import asynccontextmanager

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket

from bot.discord_report import ParkedReports
from bot.relay.sink import ChannelForbidden, ChannelGone
from sandbox.discord import DiscordStandIn, Permission

from .conftest import until, wanted

SILENT = 1 << 12
FORBIDDEN = ChannelForbidden("The bot may not post there.")


class Stage:
    """A stand-in with one guild, and a client that is connected to it."""

    def __init__(self, standin, client):
        self.standin, self.client = standin, client
        (self.guild,) = standin.guilds
        self.channels = self.guild.channels

    def channel(self, name):
        return self.guild.channel(name)

    def seen(self):
        """What stands in which channel."""
        return {c.name: [m.content for m in c.messages] for c in self.channels.values() if c.messages}

    async def noticed(self, **channels):
        """Set the guild's notice channels and wait until the client knows."""
        self.guild.set_notice_channels(**channels)
        cached = self.client.get_guild(self.guild.id)
        system, updates = channels.get("system"), channels.get("updates")
        await until(
            lambda: (
                (cached.system_channel.id if cached.system_channel else None) == (system.id if system else None)
                and (cached.public_updates_channel.id if cached.public_updates_channel else None)
                == (updates.id if updates else None)
            )
        )

    async def hidden(self, channel, *, from_bot=False):
        """Hide a channel from everyone, and from the bot or not, and wait until the client knows."""
        channel.set_permissions(self.guild.everyone, deny=Permission.VIEW_CHANNEL)
        if not from_bot:
            channel.set_permissions(self.guild.me, allow=Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES)
        cached = self.client.get_guild(self.guild.id)

        def known():
            found = cached.get_channel(channel.id)
            return (
                not found.permissions_for(cached.default_role).view_channel
                and found.permissions_for(cached.me).view_channel is not from_bot
            )

        await until(known)

    def relay(self, relay_id=1, channel="console", name="Survival"):
        one = wanted(relay_id, channel_id=self.channel(channel).id, name=name)
        return type(one)(type(one.relay)(relay_id, self.guild.id, 1, one.relay.channel_id), name, one.target)

    @asynccontextmanager
    async def reporting(self, gather=0.02):
        reports = ParkedReports(self.client, gather=gather)
        try:
            yield reports
        finally:
            await reports.close()


@pytest.fixture
async def stage(monkeypatch):
    async with DiscordStandIn() as standin:
        guild = standin.add_guild("Guild")
        for name in ("general", "console", "staff", "arena"):
            guild.add_channel(name)
        monkeypatch.setattr(discord.http.Route, "BASE", standin.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(standin.gateway_url))
        client = discord.Client(intents=discord.Intents(guilds=True), guild_ready_timeout=0.05)
        task = asyncio.create_task(client.start(standin.token))
        try:
            await until(lambda: client.is_ready() or task.done())
            yield Stage(standin, client)
        finally:
            await client.close()
            await asyncio.gather(task, return_exceptions=True)


async def test_the_system_channel_learns_of_it_and_nobody_is_pinged(stage):
    await stage.noticed(system=stage.channel("general"))
    relay = stage.relay(name="@everyone *Survival*")
    async with stage.reporting() as reports:
        await reports.report(relay, FORBIDDEN)
        await until(lambda: stage.seen())
    (message,) = stage.channel("general").messages
    assert message.pings == ()
    assert message.flags & SILENT
    assert f"→ <#{relay.relay.channel_id}>: The bot may not post there." in message.content
    assert "\\*Survival\\*" in message.content
    assert "/relay list" in message.content


async def test_where_discord_notifies_moderators_comes_first(stage):
    await stage.noticed(system=stage.channel("general"), updates=stage.channel("staff"))
    async with stage.reporting() as reports:
        await reports.report(stage.relay(), FORBIDDEN)
        await until(lambda: stage.seen())
    assert list(stage.seen()) == ["staff"]


async def test_without_such_channels_one_that_not_everyone_sees_is_taken(stage):
    await stage.hidden(stage.channel("staff"))
    async with stage.reporting() as reports:
        await reports.report(stage.relay(), FORBIDDEN)
        await until(lambda: stage.seen())
    assert list(stage.seen()) == ["staff"]


async def test_it_never_goes_where_everyone_sees_it_by_chance(stage, caplog):
    async with stage.reporting() as reports:
        await reports.report(stage.relay(), FORBIDDEN)
        await until(lambda: "no channel to report" in caplog.text)
    assert stage.seen() == {}
    assert stage.standin.count(method="POST", route="messages") == 0


async def test_a_channel_that_refuses_is_passed_over(stage):
    await stage.noticed(system=stage.channel("general"), updates=stage.channel("staff"))
    stage.standin.faults.forbidden(rf"/channels/{stage.channel('staff').id}/messages")
    async with stage.reporting() as reports:
        await reports.report(stage.relay(), FORBIDDEN)
        await until(lambda: stage.seen())
    assert list(stage.seen()) == ["general"]


async def test_the_parked_channel_itself_is_not_tried(stage):
    await stage.noticed(system=stage.channel("console"), updates=stage.channel("staff"))
    await stage.hidden(stage.channel("staff"), from_bot=True)
    async with stage.reporting() as reports:
        await reports.report(stage.relay(), FORBIDDEN)
        await asyncio.sleep(0.2)
    assert stage.standin.count(method="POST", route="messages") == 0


async def test_many_at_once_are_one_message(stage):
    await stage.noticed(system=stage.channel("general"))
    async with stage.reporting() as reports:
        for number in range(30):
            await reports.report(stage.relay(number, name=f"server {number} " + "x" * 50), ChannelGone("Gone. " * 10))
        await until(lambda: stage.seen())
    (message,) = stage.channel("general").messages
    assert message.content.startswith("⛔ 30 consoles")
    assert "**server 0 " in message.content
    assert "- and 22 more" in message.content


async def test_an_answer_that_got_lost_does_not_tell_it_twice(stage):
    await stage.noticed(system=stage.channel("general"))
    stage.standin.faults.status(502, "POST .*/messages", after=True)
    async with stage.reporting() as reports:
        await reports.report(stage.relay(), FORBIDDEN)
        await until(lambda: stage.standin.count(method="POST", route="messages") == 2)
        await until(lambda: not reports._tasks)
    assert len(stage.channel("general").messages) == 1


async def test_a_guild_whose_channels_all_refuse_costs_few_requests(stage, caplog):
    """Refused requests count for the whole bot, whichever guild they are about."""
    cached = stage.client.get_guild(stage.guild.id)
    for number in range(10):
        added = stage.guild.add_channel(f"hidden-{number}")
        await until(lambda added=added: cached.get_channel(added.id))
        await stage.hidden(added)
    stage.standin.faults.forbidden(r"POST /channels/\d+/messages", count=100)
    async with stage.reporting() as reports:
        await reports.report(stage.relay(), FORBIDDEN)
        await until(lambda: "no channel to report" in caplog.text)
    assert stage.standin.count(method="POST", route="messages") == 5


@pytest.mark.parametrize("body", ["html", "text", "json"])
async def test_the_weather_costs_no_report_and_no_second_one(stage, body):
    """Cloudflare says nothing of the channel: the report waits, and goes where it was to go."""
    await stage.noticed(system=stage.channel("general"))
    blocked = stage.standin.faults.blocked(r"POST /channels/\d+/messages", body=body, count=3)
    async with stage.reporting() as reports:
        await reports.report(stage.relay(), FORBIDDEN)
        await until(lambda: stage.seen())
    assert blocked.hits == 3
    assert [len(messages) for messages in stage.seen().values()] == [1]
    assert list(stage.seen()) == ["general"]


async def test_weather_that_does_not_end_is_told_as_that(stage, caplog):
    """Whoever reads the log is not sent to look for a channel that is there."""
    await stage.noticed(system=stage.channel("general"))
    stage.standin.faults.blocked(r"POST /channels/\d+/messages", body="html", count=100)
    async with stage.reporting(gather=0.001) as reports:
        await reports.report(stage.relay(), FORBIDDEN)
        await until(lambda: "to report its parked relays" in caplog.text)
    assert "Discord could not be reached to report its parked relays" in caplog.text
    assert "no channel" not in caplog.text


async def test_the_report_reads_as_a_sentence(stage):
    """A moment is one for every reader, and what stood in bold or as code does not show its signs."""
    await stage.noticed(system=stage.channel("general"))
    error = ChannelForbidden("This bot was timed out until <t:1764580000:f>; `/relay list` tells of **a\\_b**.")
    async with stage.reporting() as reports:
        await reports.report(stage.relay(), error)
        await until(lambda: stage.seen())
    (message,) = stage.channel("general").messages
    assert "timed out until <t:1764580000:f>; /relay list tells of a\\_b." in message.content
