"""The relay with real discord.py against the stand-in Discord, on real sockets."""

import asyncio
import re
from contextlib import asynccontextmanager

import discord
import pytest

from bot.discord_sink import DiscordSink, rate_limit_trace
from bot.relay.guild import Equipment
from bot.relay.pace import Paces
from bot.relay.packer import utc_now
from bot.relay.sink import Attachment, ChannelForbidden, ChannelGone, MessageRefused, SinkUnavailable
from bot.relay.supervisor import RelaySupervisor
from bot.terms import RelayStyle
from bot.vitals import RelayState
from sandbox.discord import DiscordStandIn, Permission

from .conftest import GUILD, MemoryJournal, ScriptedConsole, lines_in, masking, until, wanted

CREATE = r"POST /channels/\d+/messages"
SILENT, NO_EMBEDS = 1 << 12, 1 << 2


class Stage:
    """A stand-in, a logged-in client, and a channel."""

    def __init__(self, standin, client, paces):
        self.standin, self.client, self.paces = standin, client, paces
        self.sink = DiscordSink(client)
        self.guild = standin.add_guild("Guild")
        self.channel = self.guild.add_channel("console")
        self.consoles = {}
        self.reports = []

    @property
    def contents(self):
        return [message.content for message in self.channel.messages]

    @property
    def lines(self):
        return lines_in(self.contents)

    def console(self, relay_id=1):
        return self.consoles.setdefault(relay_id, ScriptedConsole())

    @asynccontextmanager
    async def relaying(self, *relays):
        relays = relays or (wanted(channel_id=self.channel.id),)

        async def read(_guild_id):
            return relays

        async def report(one, error):
            self.reports.append((one.relay.id, error))

        supervisor = RelaySupervisor(
            wanted=read,
            equipment=Equipment(
                open_console=lambda one, _past: self.console(one.relay.id),
                journal=MemoryJournal(),
                redactor=masking,
                sink=self.sink,
                paces=self.paces,
                report=report,
            ),
        )
        task = asyncio.create_task(supervisor.run())
        try:
            await until(lambda: len(self.consoles) == len(relays) and all(c.open for c in self.consoles.values()))
            yield supervisor
        finally:
            await supervisor.close(4)
            await task


@asynccontextmanager
async def staged(monkeypatch, time_scale):
    paces = Paces()
    async with DiscordStandIn(time_scale=time_scale) as standin:
        monkeypatch.setattr(discord.http.Route, "BASE", standin.api_url)
        client = discord.Client(intents=discord.Intents.none(), http_trace=rate_limit_trace(paces))
        async with client:
            await client.login(standin.token)
            yield Stage(standin, client, paces)


@pytest.fixture
async def stage(monkeypatch):
    """Rate-limit windows are ten times shorter than Discord's."""
    async with staged(monkeypatch, 0.1) as one:
        yield one


@pytest.fixture
async def slow_stage(monkeypatch):
    """Rate-limit windows as Discord's."""
    async with staged(monkeypatch, 1.0) as one:
        yield one


async def test_a_burst_of_300_lines_arrives_complete_in_order_and_without_a_429(stage):
    sent = [f"[12:00:{n % 60:02} INFO]: line {n} " + "x" * 50 for n in range(300)]
    async with stage.relaying() as supervisor:
        stage.console().say("first")  # its answer's headers tell how short this stage's windows are
        await until(lambda: supervisor.health(GUILD, 1).delivered == 1)
        stage.console().say(*sent)
        await until(lambda: supervisor.health(GUILD, 1).delivered == 301, timeout=30)
    assert stage.lines == ["first", *sent]
    assert stage.standin.count(status=429) == 0
    assert len(stage.contents) <= 16


async def test_a_steady_stream_provokes_no_429_and_keeps_up(stage):
    """Ten times 20 lines/s, with windows ten times shorter."""
    async with stage.relaying() as supervisor:
        for burst in range(40):
            stage.console().say(*(f"{burst * 10 + n}" for n in range(10)))
            await asyncio.sleep(0.05)
        await until(lambda: supervisor.health(GUILD, 1).delivered == 400)
    assert stage.lines == [f"{n}" for n in range(400)]
    assert stage.standin.count(status=429) == 0


async def test_the_first_line_is_there_within_half_a_second(slow_stage):
    async with slow_stage.relaying():
        start = asyncio.get_running_loop().time()
        slow_stage.console().say("hello")
        await until(lambda: slow_stage.lines == ["hello"])
        assert asyncio.get_running_loop().time() - start < 0.5


async def test_a_long_line_is_split_and_nothing_of_it_lost(stage):
    line = "".join(f"<{n}>" for n in range(2000))
    async with stage.relaying() as supervisor:
        stage.console().say("\x1b[32m" + line)
        await until(lambda: supervisor.health(GUILD, 1).delivered == 1)
    shown = "".join(re.sub(r"\x1b\[[0-9;]*m|↩|↪ ", "", part) for part in stage.lines)
    assert shown == line
    assert len(stage.contents) > 3


HOSTILE = [
    "@everyone @here <@1> <@&2>",
    "``` **out** ```",
    "````ansi",
    "`\x1b[31m`\x1b[0m`",
    "\x1b]0;title\x07\x1b[2J\x1b[31m```\x1b[0m",
    "https://example.com/image.png",
    "\ud83d lone, \u202e backwards, \x00 nul",
    "\\```",
    "",
]


@pytest.mark.parametrize("style", list(RelayStyle))
async def test_hostile_text_never_pings_and_never_leaves_the_block(stage, style):
    role = stage.guild.add_role("staff", mentionable=True)
    texts = [*HOSTILE, f"<@&{role.id}>"]
    async with stage.relaying(wanted(channel_id=stage.channel.id, style=style)) as supervisor:
        stage.console().say(*texts)
        await until(lambda: supervisor.health(GUILD, 1).delivered == len(texts))
    for message in stage.channel.messages:
        assert message.pings == ()
        assert message.flags & SILENT
        assert message.flags & NO_EMBEDS
        assert message.allowed_mentions["parse"] == []
        assert message.content.count("```") == 2
        assert re.fullmatch(r"```(ansi)?\n.*\n```", message.content, re.DOTALL)
        assert set(re.findall(r"\x1b\[[^m]*m", message.content)) <= {"\x1b[31m", "\x1b[0m"}
    assert len(stage.lines) == len(texts)


async def test_an_error_after_acceptance_does_not_post_twice(stage):
    fault = stage.standin.faults.status(502, CREATE, after=True)
    async with stage.relaying() as supervisor:
        stage.console().say("once")
        await until(lambda: supervisor.health(GUILD, 1).delivered == 1)
    assert fault.hits == 1
    assert stage.lines == ["once"]


async def test_a_cut_connection_after_acceptance_does_not_post_twice(stage):
    fault = stage.standin.faults.reset(CREATE, after=True)
    async with stage.relaying() as supervisor:
        stage.console().say("once")
        await until(lambda: supervisor.health(GUILD, 1).delivered == 1)
    assert fault.hits == 1
    assert stage.lines == ["once"]


async def test_a_shared_429_is_waited_out(stage):
    stage.standin.faults.rate_limit(0.3, CREATE, scope="shared")
    async with stage.relaying() as supervisor:
        stage.console().say("a")
        await until(lambda: supervisor.health(GUILD, 1).delivered == 1)
    assert stage.lines == ["a"]


async def test_a_deleted_channel_parks_the_relay_and_is_reported(stage):
    stage.guild.delete_channel(stage.channel)
    async with stage.relaying() as supervisor:
        stage.console().say("x")
        await until(lambda: stage.reports)
        assert isinstance(stage.reports[0][1], ChannelGone)
        assert supervisor.health(GUILD, 1).state is RelayState.PARKED
    assert stage.standin.count(method="POST", route="messages") == 1


async def test_a_channel_without_the_right_to_post_parks_the_relay(stage):
    stage.channel.set_permissions(stage.guild.everyone, deny=Permission.SEND_MESSAGES)
    async with stage.relaying():
        stage.console().say("x")
        await until(lambda: stage.reports)
    assert isinstance(stage.reports[0][1], ChannelForbidden)
    assert "Send Messages" in str(stage.reports[0][1])


async def test_closing_delivers_what_was_read_with_discords_own_limits(slow_stage):
    sent = [f"{n} " + "x" * 80 for n in range(1000)]
    async with slow_stage.relaying() as supervisor:
        slow_stage.console().say(sent[0])
        await until(lambda: slow_stage.contents)  # not all in one file
        slow_stage.console().say(*sent[1:])
        await until(lambda: len(slow_stage.contents) >= 2)
        start = asyncio.get_running_loop().time()
        await supervisor.close(4)
        assert asyncio.get_running_loop().time() - start < 2.5
    files = [attachment.data.decode() for message in slow_stage.channel.messages for attachment in message.attachments]
    shown = slow_stage.lines + [line for file in files for line in file.splitlines()]
    assert shown == sent
    assert slow_stage.standin.count(status=429) == 0


async def test_a_flood_in_one_channel_does_not_delay_another(stage):
    other = stage.guild.add_channel("calm")
    relays = wanted(1, 1, stage.channel.id), wanted(2, 2, other.id)
    async with stage.relaying(*relays):
        stage.console(1).say(*("x" * 100 for _ in range(3000)))
        await until(lambda: stage.contents)
        start = asyncio.get_running_loop().time()
        stage.console(2).say("calm")
        await until(lambda: other.messages)
        assert asyncio.get_running_loop().time() - start < 1


async def test_the_sink_names_what_went_wrong(stage):
    channel, faults = stage.channel.id, stage.standin.faults

    async def attempt(content="x"):
        await stage.sink.send(channel, content, nonce="n")

    faults.forbidden(CREATE, code=50001)
    with pytest.raises(ChannelForbidden, match="View Channel"):
        await attempt()
    faults.not_found(CREATE)
    with pytest.raises(ChannelGone):
        await attempt()
    faults.cloudflare(CREATE)
    with pytest.raises(SinkUnavailable) as banned:
        await attempt()
    assert banned.value.retry_after == 60
    faults.status(503, CREATE)
    with pytest.raises(SinkUnavailable, match="trouble of its own"):
        await attempt()
    faults.reset(CREATE, count=5)
    with pytest.raises(SinkUnavailable, match="cannot be reached"):
        await attempt()
    faults.clear()
    with pytest.raises(MessageRefused):
        await attempt("x" * 2001)


@pytest.mark.parametrize(("status", "code"), [(404, 0), (403, 0), (403, 40333), (404, 10008)])
async def test_a_refusal_that_does_not_speak_of_the_channel_parks_nothing(stage, status, code):
    """A proxy that has lost its way answers 404 to everything; Cloudflare 403."""
    stage.standin.faults.status(status, CREATE, count=2).code = code
    async with stage.relaying() as supervisor:
        stage.console().say("x")
        await until(lambda: supervisor.health(GUILD, 1).delivered == 1)
    assert stage.reports == []
    assert stage.lines == ["x"]


async def test_the_sink_looks_only_behind_the_newest_message_it_knows(stage):
    """A console says the same thing twice: the first message must not be taken for the second."""
    channel, began = stage.channel.id, utc_now()
    assert stage.sink.newest(channel) == 0
    await stage.sink.send(channel, "Saved", nonce="1")
    await until(lambda: stage.sink.newest(channel))
    first = stage.sink.newest(channel)
    assert await stage.sink.arrived(channel, "Saved", began, after=0)
    assert not await stage.sink.arrived(channel, "Saved", began, after=first)
    await DiscordSink(stage.client).send(channel, "Saved", nonce="2")  # by an earlier life
    assert await stage.sink.arrived(channel, "Saved", began, after=first)
    assert stage.sink.newest(channel) > first


async def test_the_sink_posts_files(stage):
    await stage.sink.send(stage.channel.id, "see", nonce="n", attachment=Attachment("console.log", b"a\n"))
    (message,) = stage.channel.messages
    assert [(a.filename, a.data) for a in message.attachments] == [("console.log", b"a\n")]


async def test_the_pace_learns_from_the_headers(stage):
    pace = stage.paces.of(stage.channel.id)
    await stage.sink.send(stage.channel.id, "x", nonce="n")
    assert (pace.limit, pace.remaining) == (5, 4)
    assert 0.3 < pace.window <= 0.5
