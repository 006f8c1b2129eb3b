"""`/relay`: consoles into channels."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import discord

from bot.services import RelayRow
from bot.store.values import Relay
from bot.terms import RelayStyle
from cogs._relay_text import relay_entry
from tests.cogs.conftest import text_of
from tests.cogs.fakes import linked

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Health:
    state: str = "live"
    connected_since: datetime | None = NOW - timedelta(hours=3)
    last_line_at: datetime | None = NOW - timedelta(seconds=8)
    lag: float = 0.25
    queued_lines: int = 0
    queued_bytes: int = 0
    delivered: int = 12
    lost: int = 0
    reconnects: int = 1
    last_error: str | None = None


async def test_add_here(world):
    """Left out, the channel is this one, lines are coloured and masked, and the answer says so."""
    result = await world.admin.slash(world.channel, "relay add")

    assert result.ephemeral
    assert world.script.calls("relays.add") == [(linked(), world.channel.id, RelayStyle.COLOUR, None, None, True)]
    assert f"**survival** goes to <#{world.channel.id}>" in result.response.content
    assert "masked" in result.response.content


async def test_add_elsewhere_with_every_option(world):
    """Filters are repeated, missing masks are warned about."""
    other = world.guild.create_text_channel("other")
    result = await world.admin.slash(
        world.channel,
        "relay add",
        server="survival",
        channel=other,
        style="plain",
        include="joined|left",
        exclude="`ping`",
        redact=False,
    )

    assert world.script.calls("relays.add") == [
        (linked(), other.id, RelayStyle.PLAIN, "joined|left", "`ping`", False),
    ]
    assert "`joined|left`" in result.response.content
    assert "`'ping'`" in result.response.content
    assert "⚠️ Masking is off." in result.response.content


async def test_add_names_the_permission_that_is_missing(world):
    """Before anything is stored."""
    deny = discord.PermissionOverwrite(attach_files=False, send_messages=False)
    closed = world.guild.create_text_channel("closed", overwrites={world.bot.user: deny})
    result = await world.admin.slash(world.channel, "relay add", channel=closed)

    assert f"In <#{closed.id}> I lack **Send Messages**, **Attach Files**." in result.response.content
    assert world.script.calls("relays.add") == []
    world.no_surprises()


async def test_add_checks_this_channel_too(world):
    """By the permissions that come with the interaction."""
    deny = discord.PermissionOverwrite(attach_files=False)
    closed = world.guild.create_text_channel("closed", overwrites={world.bot.user: deny})
    result = await world.admin.slash(closed, "relay add")

    assert "I lack **Attach Files**" in result.response.content
    world.no_surprises()


async def test_remove(world):
    """Left out, the server means every console in the channel."""
    result = await world.admin.slash(world.channel, "relay remove")

    assert result.response.content == f"1 console no longer goes to <#{world.channel.id}>."
    assert world.script.calls("relays.remove") == [(None, world.channel.id)]


async def test_list(world):
    """A relay that does not run is shown as such."""
    world.script.relays = [
        RelayRow(Relay(1, 1, 1, world.channel.id), "survival", Health()),
        RelayRow(Relay(2, 1, 2, world.channel.id), "lobby", None),
    ]
    text = text_of((await world.admin.slash(world.channel, "relay list")).response)

    assert f"**survival** → <#{world.channel.id}>" in text
    assert "0 lost" in text
    assert "not running" in text


def test_health_reads_in_short_lines():
    """What is zero and uninteresting is left out; trouble has a line of its own."""
    row = RelayRow(Relay(1, 1, 1, 5), "survival", Health())
    assert relay_entry(row, now=NOW) == (
        "**survival** → <#5>\n-# live · last line 8 s ago · lag 0.2 s · 12 delivered · 0 lost · 1 reconnect"
        " · connected for 3 h"
    )
    troubled = Health(state="waiting", last_line_at=None, connected_since=None, queued_lines=40, queued_bytes=2048)
    troubled.last_error = "The node does not answer."
    row = RelayRow(Relay(1, 1, 1, 5), "survival", troubled)
    assert relay_entry(row, now=NOW) == (
        "**survival** → <#5>\n-# waiting · no line yet · lag 0.2 s · 40 queued (2.0 KiB) · 12 delivered · 0 lost"
        " · 1 reconnect\n-# The node does not answer."
    )


async def test_an_empty_list_says_how_to_begin(world):
    """No relays yet."""
    result = await world.admin.slash(world.channel, "relay list")

    assert "/relay add" in result.response.content
