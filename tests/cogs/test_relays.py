"""`/relay`: consoles into channels."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import discord

from bot.services import RelayRow
from bot.store.values import Pause, Relay
from bot.terms import RelayStyle
from bot.vitals import RelayState
from cogs._relay_text import relay_entry
from tests.cogs.conftest import text_of
from tests.cogs.fakes import linked

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Health:
    state: RelayState = RelayState.LIVE
    connected_since: datetime | None = NOW - timedelta(hours=3)
    last_line_at: datetime | None = NOW - timedelta(seconds=8)
    lag: float = 0.25
    queued_lines: int = 0
    queued_bytes: int = 0
    delivered: int = 12
    lost: int = 0
    reconnects: int = 1
    last_error: str | None = None
    skipped: int = 0


async def test_add_here(world):
    """Left out, the channel is this one, lines are coloured and masked, and the answer says so."""
    result = await world.admin.slash(world.channel, "relay add")

    assert result.ephemeral
    assert world.script.calls("relays.add") == [
        (linked(), world.channel.id, RelayStyle.COLOUR, None, None, True, False)
    ]
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
        collapse=True,
    )

    assert world.script.calls("relays.add") == [
        (linked(), other.id, RelayStyle.PLAIN, "joined|left", "`ping`", False, True),
    ]
    assert "`joined|left`" in result.response.content
    assert "`` `ping` ``" in result.response.content
    assert "⚠️ Masking is off." in result.response.content
    assert "shown once, with a count" in result.response.content


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


async def test_a_relay_into_a_deleted_channel_can_be_removed(world):
    """Nobody can choose a deleted channel; the server's name is enough, and other consoles of it stay."""
    gone = 123456789
    world.script.relays = [
        RelayRow(Relay(1, 1, 1, world.channel.id), "survival", Health()),
        RelayRow(Relay(2, 1, 1, gone), "survival", Health(RelayState.PARKED)),
    ]
    result = await world.admin.slash(world.channel, "relay remove", server="survival")

    assert "no longer goes to 1 channel that was deleted" in result.response.content
    assert world.script.calls("relays.remove") == []
    world.script.relays.pop()
    result = await world.admin.slash(world.channel, "relay remove", server="survival")
    assert result.response.content == f"1 console no longer goes to <#{world.channel.id}>."


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
    """What is zero and uninteresting is left out; trouble has a line of its own; each line fits a phone."""
    row = RelayRow(Relay(1, 1, 1, 5), "survival", Health(delivered=12_345))
    assert relay_entry(row, now=NOW).splitlines() == [
        "**survival** → <#5>",
        "-# colour · masked",
        "-# 🟢 live for 3 h · last line 8 s ago · 0.2 s behind",
        "-# 12,345 delivered · 0 lost · 1 reconnect",
    ]
    troubled = Health(RelayState.LOST, last_line_at=None, connected_since=None, queued_lines=40, queued_bytes=2048)
    troubled.last_error = "The node does not answer."
    strict = Relay(1, 1, 1, 5, RelayStyle.PLAIN, include="chat", exclude="a`b", redact=False, collapse=True)
    row = RelayRow(strict, "survival", troubled)
    assert relay_entry(row, now=NOW).splitlines() == [
        "**survival** → <#5>",
        "-# plain · **not masked** · repetitions counted · only `chat` · without `` a`b ``",
        "-# 🟠 lost, trying again · no line yet · 0.2 s behind",
        "-# 12 delivered · 0 lost · 1 reconnect",
        "-# 40 lines waiting (2.0 KiB)",
        "-# ⚠ The node does not answer.",
    ]


def test_a_pause_is_listed_as_long_as_it_lasts():
    """With what it has kept back; also for a relay that is not running."""
    end = NOW + timedelta(minutes=5)
    relay = Relay(1, 1, 1, 5, pause=Pause(NOW, end, 3))
    note = f"-# ⏸ paused until <t:{int(end.timestamp())}:f>, {{}} lines left out so far"
    assert note.format(37) in relay_entry(RelayRow(relay, "survival", Health(skipped=37)), now=NOW).splitlines()
    assert note.format(3) in relay_entry(RelayRow(relay, "survival", None), now=NOW).splitlines()
    assert "paused" not in relay_entry(RelayRow(relay, "survival", Health()), now=end)


async def test_pause(world):
    """An hour in this channel, if nothing is said."""
    result = await world.admin.slash(world.channel, "relay pause")

    assert result.ephemeral
    assert world.script.calls("relays.pause") == [(None, world.channel.id, 60)]
    assert f"1 console is paused in <#{world.channel.id}> until <t:" in result.response.content


async def test_pause_of_one_server_elsewhere_and_its_end(world):
    """0 minutes means: show it again."""
    other = world.guild.create_text_channel("other")
    result = await world.admin.slash(world.channel, "relay pause", server="survival", channel=other, minutes=0)

    assert world.script.calls("relays.pause") == [(linked(), other.id, 0)]
    assert f"1 console is shown in <#{other.id}> again" in result.response.content


async def test_an_empty_list_says_how_to_begin(world):
    """No relays yet."""
    result = await world.admin.slash(world.channel, "relay list")

    assert "/relay add" in result.response.content
