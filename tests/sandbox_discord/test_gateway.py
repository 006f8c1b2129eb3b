"""The gateway: sessions survive broken connections, and wrong behaviour is closed with Discord's codes."""

import asyncio
import importlib
import json
import sys
import zlib

import aiohttp
import discord
import pytest
from discord.ext import commands

from sandbox.discord import DiscordStandIn
from tests.machines import packages


def hello_command(tree):
    @tree.command(description="Says hello")
    async def hello(interaction: discord.Interaction):
        await interaction.response.send_message("Hello")


async def still_answers(standin, castle):
    assert (await standin.slash(castle.helper, castle.console, "hello")).text == "Hello"


@pytest.mark.parametrize("how", ["drop", "close 4000", "close 1001", "reconnect", "invalidate"])
async def test_a_lost_connection_is_resumed(standin, castle, connect, how):
    async with connect(standin, hello_command):
        gateway = standin.gateway
        {
            "drop": gateway.drop,
            "close 4000": lambda: gateway.close(4000),
            "close 1001": lambda: gateway.close(1001),
            "reconnect": gateway.reconnect,
            "invalidate": lambda: gateway.invalidate(resumable=True),
        }[how]()
        await standin.wait_until(lambda: gateway.resumes == 1 and gateway.connected == 1)
        assert gateway.identifies == 1
        await still_answers(standin, castle)


async def test_what_happened_while_the_bot_was_away_is_replayed(standin, castle, connect):
    async with connect(standin, hello_command) as bot:
        standin.gateway.down()
        await standin.wait_until(lambda: standin.gateway.connected == 0)
        castle.guild.add_channel("new-one")
        role = castle.guild.add_role("new-role")
        standin.gateway.up()
        await standin.wait_until(lambda: standin.gateway.connected == 1, timeout=20)
        await still_answers(standin, castle)
        guild = bot.get_guild(castle.guild.id)
        assert "new-one" in [channel.name for channel in guild.text_channels]
        assert guild.get_role(role.id)


async def test_a_stand_in_may_go_away_and_come_back_at_the_same_address(standin, castle, connect, monkeypatch):
    monkeypatch.setattr("discord.backoff.ExponentialBackoff.delay", lambda self: 0.05)
    async with connect(standin, hello_command):
        url = standin.gateway_url
        await standin.close()
        castle.guild.add_channel("while-away")
        await standin.start()
        assert standin.gateway_url == url
        await standin.wait_until(lambda: standin.gateway.connected == 1, timeout=20)
        await still_answers(standin, castle)


async def test_an_invalidated_session_must_identify_anew(standin, castle, connect, monkeypatch):
    monkeypatch.setattr(commands.AutoShardedBot, "before_identify_hook", _no_wait)
    async with connect(standin, hello_command):
        standin.gateway.invalidate(resumable=False)
        await standin.wait_until(lambda: standin.gateway.identifies == 2 and standin.gateway.connected == 1)
        assert standin.gateway.resumes == 0
        await still_answers(standin, castle)


async def _no_wait(self, shard_id, *, initial=False):
    """Instead of discord.py's five seconds."""


async def test_closing_with_4004_ends_the_bot(standin, castle, connect):
    async with connect(standin, hello_command) as bot:
        standin.gateway.close(4004)
        with pytest.raises(discord.ConnectionClosed) as caught:
            await asyncio.wait_for(asyncio.shield(bot.task), 10)
        assert caught.value.code == 4004


async def test_an_intent_that_is_not_switched_on_is_refused_with_4014(standin, castle, connect):
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with connect(standin, intents=discord.Intents(guilds=True, message_content=True)):
            pass
    assert standin.gateway.close_codes == [4014]


async def test_a_privileged_intent_works_when_switched_on(castle, connect):
    async with DiscordStandIn(privileged_intents=1 << 1) as standin:
        guild = standin.add_guild("Castle")
        guild.add_member("Hank")
        async with connect(standin, intents=discord.Intents(guilds=True, members=True)) as bot:
            assert {member.name for member in bot.guilds[0].members} == {"founder.of.castle", "wingcord", "hank"}
            guild.add_member("Ida")
            await standin.wait_until(lambda: True)
            found = await bot.guilds[0].query_members("ida")
            assert [member.display_name for member in found] == ["Ida"]


async def test_without_heartbeat_acks_discord_py_keeps_the_connection_only_until_its_patience_ends(castle, connect):
    async with DiscordStandIn(heartbeat_interval=0.1) as standin:
        standin.add_guild("Castle")
        async with connect(standin, heartbeat_timeout=0.8):
            await standin.wait_until(lambda: standin.gateway.heartbeats > 5)
            assert standin.gateway.connects == 1
            standin.gateway.stop_acking_heartbeats()
            await standin.wait_until(lambda: standin.gateway.connects == 2)
            standin.gateway.resume_acks()
            await standin.wait_until(lambda: standin.gateway.resumes >= 1 and standin.gateway.connected == 1)


async def test_two_shards_each_get_their_guilds(connect, monkeypatch):
    monkeypatch.setattr(commands.AutoShardedBot, "before_identify_hook", _no_wait)
    async with DiscordStandIn(shards=2) as standin:
        guilds = [standin.add_guild(str(number)) for number in range(4)]
        channels = [guild.add_channel("console") for guild in guilds]
        members = [guild.add_member("Hank") for guild in guilds]
        async with connect(standin, hello_command) as bot:
            assert standin.gateway.connected == 2
            assert {guild.shard_id for guild in bot.guilds} == {0, 1}
            assert len(bot.guilds) == 4
            for member, channel in zip(members, channels, strict=True):
                assert (await standin.slash(member, channel, "hello")).text == "Hello"


class Raw:
    """A gateway client that can misbehave."""

    def __init__(self, ws):
        self.ws = ws

    async def get(self):
        return json.loads((await self.ws.receive(timeout=5)).data)

    async def send(self, op, data):
        await self.ws.send_str(json.dumps({"op": op, "d": data}))

    async def end(self):
        while True:
            message = await self.ws.receive(timeout=5)
            if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING):
                return self.ws.close_code


@pytest.fixture
async def raw(standin):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(standin.gateway_url + "?v=10&encoding=json") as ws,
    ):
        client = Raw(ws)
        hello = await client.get()
        assert hello["op"] == 10
        assert hello["d"]["heartbeat_interval"] == 41250
        yield client


def identify(standin, **more):
    return {"token": standin.token, "intents": 1, "shard": [0, 1], "properties": {}, **more}


@pytest.mark.parametrize(
    ("change", "code"),
    [({"token": "wrong"}, 4004), ({"shard": [1, 1]}, 4010), ({"intents": 1 << 40}, 4013), ({"intents": 1 << 15}, 4014)],
)
async def test_a_wrong_identify_is_closed_with_its_code(standin, raw, change, code):
    await raw.send(2, identify(standin, **change))
    assert await raw.end() == code


@pytest.mark.parametrize(("op", "data", "code"), [(3, {}, 4003), (99, {}, 4003), ("junk", {}, 4003)])
async def test_whoever_speaks_before_identifying_is_closed(raw, op, data, code):
    await raw.send(op, data)
    assert await raw.end() == code


async def test_nonsense_is_closed_with_4002_and_unknown_codes_with_4001(standin, raw):
    await raw.send(2, identify(standin))
    assert (await raw.get())["t"] == "READY"
    await raw.send(42, {})
    assert await raw.end() == 4001
    async with aiohttp.ClientSession() as session, session.ws_connect(standin.gateway_url) as ws:
        await ws.send_str("{nonsense")
        assert await Raw(ws).end() == 4002


async def test_identifying_twice_is_closed_with_4005(standin, raw):
    await raw.send(2, identify(standin))
    await raw.send(2, identify(standin))
    assert await raw.end() == 4005


async def test_a_sequence_number_from_the_future_is_closed_with_4007_and_an_unknown_session_is_invalid(standin, raw):
    await raw.send(6, {"token": standin.token, "session_id": "unknown", "seq": 1})
    assert await raw.get() == {"op": 9, "d": False, "s": None, "t": None}
    await raw.send(2, identify(standin))
    ready = await raw.get()
    async with aiohttp.ClientSession() as session, session.ws_connect(standin.gateway_url) as ws:
        other = Raw(ws)
        await other.get()
        await other.send(6, {"token": standin.token, "session_id": ready["d"]["session_id"], "seq": 99})
        assert await other.end() == 4007


async def test_more_than_120_events_a_minute_are_closed_with_4008(standin, raw):
    for _ in range(121):
        await raw.send(1, None)
    assert await raw.end() == 4008


async def test_a_silent_bot_is_closed_with_4009():
    async with (
        DiscordStandIn(heartbeat_interval=0.05) as standin,
        aiohttp.ClientSession() as session,
        session.ws_connect(standin.gateway_url) as ws,
    ):
        assert await Raw(ws).end() == 4009


async def test_zlib_stream_is_one_stream_with_a_flush_after_each_event(standin):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(standin.gateway_url + "?compress=zlib-stream") as ws,
    ):
        stream = zlib.decompressobj()
        first = (await ws.receive(timeout=5)).data
        assert first.endswith(b"\x00\x00\xff\xff")
        assert json.loads(stream.decompress(first))["op"] == 10
        await ws.send_str(json.dumps({"op": 2, "d": identify(standin)}))
        second = (await ws.receive(timeout=5)).data
        assert json.loads(stream.decompress(second))["t"] == "READY"


ZSTD = ["compression.zstd"] * (sys.version_info >= (3, 14)) + ["zstandard"] * (sys.version_info < (3, 15))
"""Who can have what: Python's own since 3.14, and the package as far as it is made."""


@pytest.mark.parametrize("source", ZSTD)
async def test_zstd_stream_is_one_frame_with_a_block_flush_after_each_event(standin, source, machine):
    unpack = machine(source)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(standin.gateway_url + "?compress=zstd-stream") as ws,
    ):
        assert json.loads(unpack((await ws.receive(timeout=5)).data))["op"] == 10
        await ws.send_str(json.dumps({"op": 2, "d": identify(standin)}))
        assert json.loads(unpack((await ws.receive(timeout=5)).data))["t"] == "READY"


@pytest.fixture
def machine(monkeypatch):
    """Lets one source of zstd alone be importable, None for none; gives its way to unpack."""

    def have(source):
        monkeypatch.setitem(sys.modules, "compression.zstd", None)
        monkeypatch.setitem(sys.modules, "zstandard", None)
        if source is None:
            return None
        monkeypatch.delitem(sys.modules, source)
        if source == "compression.zstd":
            return pytest.importorskip(source).ZstdDecompressor().decompress
        monkeypatch.syspath_prepend(packages())
        return importlib.import_module(source).ZstdDecompressor().decompressobj().decompress

    return have


@pytest.mark.parametrize("kind", ["zstd-stream", "snappy"])
async def test_a_compression_that_cannot_be_sent_is_refused_with_a_sentence_that_people_see_too(standin, kind, machine):
    """discord.py logs the status alone; whoever runs the stand-in must learn why from it."""
    machine(None)
    told = []
    standin.subscribe(lambda change: told.append(change.subject) if change.kind == "gateway" else None)
    async with aiohttp.ClientSession() as session:
        async with session.get(standin.gateway_url.replace("ws://", "http://"), params={"compress": kind}) as answer:
            assert answer.status == 400
            sentence = await answer.text()
        assert f"compress={kind}" in sentence and sentence.endswith(".")
        assert ("zstandard" in sentence) == (kind == "zstd-stream")
        assert told == [sentence] == [standin.gateway.refusal]
        with pytest.raises(TimeoutError, match=f"compress={kind}"):
            await standin.wait_for_commands(timeout=0)
        async with session.ws_connect(standin.gateway_url + "?compress=zlib-stream"):
            assert standin.gateway.refusal == ""


async def test_gateway_bot_counts_the_identifies_of_the_day(standin, castle, connect):
    async with connect(standin) as bot:
        _, url, limit = await bot.http.get_bot_gateway()
        assert url == standin.gateway_url
        assert (limit["total"], limit["remaining"], limit["max_concurrency"]) == (1000, 999, 1)


async def test_the_identify_gap_can_be_enforced(standin, raw):
    standin.gateway.identify_gap = 5.0
    await raw.send(2, identify(standin))
    assert (await raw.get())["t"] == "READY"
    async with aiohttp.ClientSession() as session, session.ws_connect(standin.gateway_url) as ws:
        other = Raw(ws)
        await other.get()
        await other.send(2, identify(standin))
        assert (await other.get())["op"] == 9
