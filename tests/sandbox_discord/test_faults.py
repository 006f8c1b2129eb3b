"""Trouble on demand, as the real library lives through it."""

import asyncio
import time

import aiohttp
import discord
import pytest

MESSAGES = r"^POST /channels/\d+/messages$"


@pytest.fixture
async def channel(standin, castle, connect):
    async with connect(standin) as bot:
        yield bot.get_channel(castle.console.id)


@pytest.fixture
def no_waiting(monkeypatch):
    """discord.py's pauses between tries take no time."""
    real = asyncio.sleep
    monkeypatch.setattr("discord.http.asyncio.sleep", lambda seconds, *rest: real(min(seconds, 0.01), *rest))


async def test_a_502_is_tried_again_and_with_a_nonce_nothing_is_doubled(standin, castle, channel, no_waiting):
    before = standin.faults.status(502, MESSAGES)
    after = standin.faults.status(504, MESSAGES, after=True)
    await channel.send("once", nonce="n1")
    assert (before.hits, after.hits) == (1, 1)
    assert [message.content for message in castle.console.messages] == ["once"]


async def test_without_a_nonce_a_failure_after_acceptance_doubles_the_message(standin, castle, channel, no_waiting):
    standin.faults.status(502, MESSAGES, after=True)
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=channel.id)
    await channel._state.http.request(route, json={"content": "doubled"})
    assert castle.console.text == "doubled\ndoubled"


async def test_five_failures_are_raised(standin, castle, channel, no_waiting):
    standin.faults.status(500, MESSAGES, count=None)
    with pytest.raises(discord.DiscordServerError):
        await channel.send("never")
    assert standin.count(status=500) == 5
    standin.faults.clear()
    await channel.send("now")
    assert castle.console.text == "now"


async def test_a_reset_connection_is_an_os_error_that_discord_py_does_not_retry_on_linux(standin, castle, channel):
    standin.faults.reset(MESSAGES)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("x")
    standin.faults.reset(MESSAGES, after=True)
    with pytest.raises((aiohttp.ClientError, OSError)):
        await channel.send("y")
    assert castle.console.text == "y"


async def test_a_hang_delays_the_answer(standin, castle, channel):
    standin.faults.hang(0.2, MESSAGES)
    began = time.monotonic()
    await channel.send("x")
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_an_additional_429_is_waited_out(standin, castle, channel, scope):
    standin.faults.rate_limit(0.1, MESSAGES, scope=scope)
    began = time.monotonic()
    await channel.send("x")
    assert time.monotonic() - began >= 0.1
    refused = next(record for record in standin.requests if record.status == 429)
    assert refused.headers["X-RateLimit-Scope"] == scope
    assert ("X-RateLimit-Global" in refused.headers) == (scope == "global")
    assert castle.console.text == "x"


async def test_a_cloudflare_429_is_raised_at_once(standin, castle, channel):
    standin.faults.cloudflare(MESSAGES)
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send("x")
    assert caught.value.status == 429
    assert standin.count(method="POST", route="messages") == 1


async def test_forbidden_and_not_found_carry_their_codes(standin, castle, channel):
    standin.faults.forbidden(MESSAGES)
    with pytest.raises(discord.Forbidden) as forbidden:
        await channel.send("x")
    standin.faults.not_found(MESSAGES)
    with pytest.raises(discord.NotFound) as missing:
        await channel.send("x")
    assert (forbidden.value.code, missing.value.code) == (50013, 10003)


async def test_the_stand_in_closes_in_the_middle_of_a_hang(standin, castle, channel):
    standin.faults.hang(60, MESSAGES)
    sending = asyncio.create_task(channel.send("x"))
    await standin.wait_until(lambda: standin.count(route="messages") == 1)
    began = time.monotonic()
    await standin.close()
    assert time.monotonic() - began < 3
    await asyncio.gather(sending, return_exceptions=True)


async def test_listeners_hear_of_everything(standin, castle, channel):
    heard = []
    stop = standin.subscribe(lambda change: heard.append(change.kind))
    message = await channel.send("x")
    await message.edit(content="y")
    await message.delete()
    stop()
    await channel.send("z")
    assert [kind for kind in heard if kind.startswith("message")] == [
        "message_create",
        "message_update",
        "message_delete",
    ]
    assert heard.count("request") == 3


async def test_the_record_of_a_request_tells_what_was_asked_without_the_token(standin, castle, channel):
    await channel.send("x", nonce="n")
    record = standin.requests[-1]
    assert (record.method, record.route, record.status) == ("POST", "/channels/{channel_id}/messages", 200)
    assert record.body["content"] == "x"
    assert standin.token not in repr(standin.requests)


async def test_an_unknown_route_is_a_plain_404(standin, castle, channel):
    with pytest.raises(discord.NotFound) as caught:
        await channel._state.http.request(discord.http.Route("GET", "/nothing/here"))
    assert caught.value.code == 0
