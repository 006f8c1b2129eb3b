"""`/relay`: consoles into channels."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import discord
import pytest

import bot
from bot.services import RelayRow
from bot.store.values import Pause, Relay
from bot.terms import RelayStyle
from bot.vitals import RelayState
from cogs._relay_channels import everyone_reads
from cogs._relay_text import added_text, relay_entry, removed_text
from cogs.relays import RelayCommands
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
    again_at: datetime | None = None


async def test_add_here(world):
    """Left out, the channel is this one, lines are coloured and masked, and the answer says so."""
    result = await world.admin.slash(world.channel, "relay add")

    assert result.ephemeral
    assert world.script.calls("relays.add") == [
        (linked(), world.channel.id, RelayStyle.COLOUR, None, None, True, False)
    ]
    assert f"**survival** now goes to <#{world.channel.id}>, every line" in result.response.content
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
    assert "every line" not in result.response.content


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


async def test_without_the_right_to_look_back_it_is_said_what_may_come_twice(world):
    """When it is added, and whenever the consoles are listed."""
    deny = discord.PermissionOverwrite(read_message_history=False)
    dim = world.guild.create_text_channel("dim", overwrites={world.bot.user: deny})
    added = await world.admin.slash(world.channel, "relay add", channel=dim)
    assert "I lack **Read Message History** there" in added.response.content
    bright = await world.admin.slash(world.channel, "relay add")
    assert "I lack" not in bright.response.content

    world.script.relays = [
        RelayRow(Relay(n, 1, 1, c.id), "survival", Health()) for n, c in ((1, world.channel), (2, dim))
    ]
    text = text_of((await world.admin.slash(world.channel, "relay list")).response)
    assert text.count("may come twice") == 1
    assert text.index(f"<#{dim.id}>") < text.index("may come twice")
    closed = discord.PermissionOverwrite(send_messages=False)
    shut = world.guild.create_text_channel("shut", overwrites={world.bot.user: closed})
    world.script.relays = [RelayRow(Relay(1, 1, 1, shut.id), "survival", Health())]
    text = text_of((await world.admin.slash(world.channel, "relay list")).response)
    assert "I lack **Send Messages**" in text


async def test_remove(world):
    """Left out, the server means every console in the channel."""
    result = await world.admin.slash(world.channel, "relay remove")

    said = f"The consoles of **survival**, **lob\\_by** no longer go to <#{world.channel.id}>."
    assert result.response.content == said
    assert world.script.calls("relays.remove") == [(None, world.channel.id)]


def test_of_very_many_consoles_the_first_are_named():
    """However many: a reply has room for 2,000 characters."""
    text = removed_text(["*" * 100] * 500, 5)
    assert len(text) < 2000 and "and 490 more no longer go to <#5>" in text


async def test_add_warns_where_everyone_reads(world):
    """Players' names and chat are not meant for strangers."""
    hidden = discord.PermissionOverwrite(view_channel=False)
    me = discord.PermissionOverwrite(view_channel=True)
    staff = world.guild.create_text_channel(
        "staff", overwrites={world.guild.default_role: hidden, world.bot.user: me, world.admin: me}
    )
    for channel, warned in ((world.channel, True), (staff, False)):
        for where in (world.channel, channel):
            result = await world.admin.slash(where, "relay add", channel=channel)
            said = f"⚠️ Everyone can read <#{channel.id}>" in result.response.content
            assert said is warned, result.response.content


@pytest.mark.parametrize(
    ("kind", "everyone_sees", "warned"),
    [
        (discord.ChannelType.public_thread, True, True),
        (discord.ChannelType.public_thread, False, False),
        (discord.ChannelType.private_thread, True, False),
    ],
)
def test_a_thread_is_read_by_those_who_read_its_channel_unless_it_is_private(kind, everyone_sees, warned):
    """Nor is anything said of a thread whose channel is not known."""
    guild = Mock(default_role=Mock())
    thread = Mock(spec=discord.Thread, guild=guild, type=kind, parent=Mock())
    thread.is_private = lambda: kind is discord.ChannelType.private_thread
    thread.permissions_for = lambda _role: discord.Permissions(view_channel=everyone_sees)
    assert everyone_reads(thread) is warned
    thread.parent = None
    assert everyone_reads(thread) is False


def test_everything_says_the_same_of_colours_on_phones():
    """The option, the reply and the README."""
    option = str(RelayCommands.add._params["style"].description)
    reply = added_text(Relay(1, 1, 1, 5), linked())
    readme = " ".join((Path(bot.__file__).parent.parent / "README.md").read_text().split())
    for text in (option, reply, readme):
        assert re.search(r"[Pp]hones,?( which)? cannot show (the )?colours", text), text
    assert "phones do not" not in readme


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
    assert result.response.content == f"The console of **survival** no longer goes to <#{world.channel.id}>."


async def test_list(world):
    """A relay that does not run is shown as such."""
    world.script.relays = [
        RelayRow(Relay(1, 1, 1, world.channel.id), "survival", Health()),
        RelayRow(Relay(2, 1, 2, world.channel.id), "lobby", None),
    ]
    text = text_of((await world.admin.slash(world.channel, "relay list")).response)

    assert f"**survival** → <#{world.channel.id}>" in text
    assert "12 lines delivered" in text
    assert "not running" in text


def test_health_reads_in_short_lines():
    """What is zero and uninteresting is left out; trouble has a line of its own; each line fits a phone."""
    row = RelayRow(Relay(1, 1, 1, 5), "survival", Health(delivered=12_345))
    assert relay_entry(row, now=NOW).splitlines() == [
        "**survival** → <#5>",
        "-# colour · masked",
        "-# 🟢 live for 3 h · last line 8 s ago · 0.2 s behind",
        "-# 12,345 lines delivered · 1 reconnect",
    ]
    troubled = Health(RelayState.LOST, last_line_at=None, connected_since=None, queued_lines=40, queued_bytes=2048)
    troubled.last_error = "The node does not answer."
    strict = Relay(1, 1, 1, 5, RelayStyle.PLAIN, include="chat", exclude="a`b", redact=False, collapse=True)
    row = RelayRow(strict, "survival", troubled)
    assert relay_entry(row, now=NOW).splitlines() == [
        "**survival** → <#5>",
        "-# plain · **not masked** · repetitions counted · only `chat` · without `` a`b ``",
        "-# 🟠 lost, trying again · no line yet · 0.2 s behind",
        "-# 12 lines delivered · 1 reconnect",
        "-# 40 lines waiting (2.0 KiB)",
        "-# ⚠ The node does not answer.",
    ]


def test_a_parked_relay_says_when_it_is_tried_again():
    """Below what is wrong, which may be mended meanwhile; nothing where only people can set it going."""
    parked = Health(RelayState.PARKED, last_error="give it the rights", again_at=NOW + timedelta(seconds=45))
    lines = relay_entry(RelayRow(Relay(1, 1, 1, 5), "survival", parked), now=NOW).splitlines()
    when = int(parked.again_at.timestamp())
    assert lines[-2:] == ["-# ⚠ give it the rights", f"-# I look again <t:{when}:R>"]
    parked.again_at = None
    assert "again" not in relay_entry(RelayRow(Relay(1, 1, 1, 5), "survival", parked), now=NOW)


@pytest.mark.parametrize("state", RelayState)
def test_no_zero_is_counted(state):
    """Whatever the state: what did not happen is not told."""
    pause = Pause(NOW, NOW + timedelta(minutes=5))
    idle = Health(state, delivered=0, reconnects=0, lag=0.0)
    for health in (idle, None):
        text = relay_entry(RelayRow(Relay(1, 1, 1, 5, pause=pause), "survival", health), now=NOW)
        assert not re.search(r"(?<![\d.,])0(?!\d)", text), text
    assert "-# nothing delivered yet" in relay_entry(RelayRow(Relay(1, 1, 1, 5), "x", idle), now=NOW).splitlines()


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
    said = result.response.content
    here = f"<#{world.channel.id}>"
    assert said.startswith(f"⏸ The consoles of **survival**, **lob\\_by** are quiet in {here} until <t:1795352400:t>")
    assert said.endswith("End it early: `/relay pause minutes:0`.")


async def test_pause_of_one_server_elsewhere_and_its_end(world):
    """0 minutes means: show it again."""
    other = world.guild.create_text_channel("other")
    result = await world.admin.slash(world.channel, "relay pause", server="survival", channel=other, minutes=0)

    assert world.script.calls("relays.pause") == [(linked(), other.id, 0)]
    assert f"▶ The console of **survival** is shown in <#{other.id}> again" in result.response.content


async def test_how_to_end_a_pause_elsewhere_names_that_channel(world):
    """There the same words end it; here they would be about this channel. More than a day away is a date."""
    other = world.guild.create_text_channel("other")
    result = await world.admin.slash(world.channel, "relay pause", channel=other, minutes=10080)

    assert "until <t:1795352400:f>" in result.response.content
    assert result.response.content.endswith(f"End it early: `/relay pause minutes:0` in <#{other.id}>.")


async def test_an_empty_list_says_how_to_begin(world):
    """No relays yet."""
    result = await world.admin.slash(world.channel, "relay list")

    assert "/relay add" in result.response.content
