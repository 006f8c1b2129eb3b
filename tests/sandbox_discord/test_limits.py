"""Rate limits: the headers let discord.py pace itself, and who does not look is told to wait."""

import asyncio
import time

import aiohttp
import discord
import pytest

from sandbox.discord import DiscordStandIn


@pytest.fixture
async def fast():
    """A stand-in whose 5 s windows last half a second."""
    async with DiscordStandIn(time_scale=0.1) as standin:
        standin.castle = standin.add_guild("Castle")
        standin.console = standin.castle.add_channel("console")
        yield standin


async def test_discord_py_paces_twelve_messages_by_the_headers_and_gets_no_429(fast, connect):
    async with connect(fast) as bot:
        channel = bot.get_channel(fast.console.id)
        began = time.monotonic()
        for number in range(12):
            await channel.send(str(number))
        took = time.monotonic() - began
    assert [message.content for message in fast.console.messages] == [str(number) for number in range(12)]
    assert fast.count(status=429) == 0
    assert took > 0.8  # two windows had to pass


async def test_the_sixth_message_within_the_window_is_refused_with_all_headers(fast):
    url = f"{fast.api_url}/channels/{fast.console.id}/messages"
    headers = {"Authorization": f"Bot {fast.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for left in (4, 3, 2, 1, 0):
            async with session.post(url, json={"content": "x"}) as response:
                assert response.status == 200
                assert response.headers["X-RateLimit-Limit"] == "5"
                assert response.headers["X-RateLimit-Remaining"] == str(left)
                assert 0 < float(response.headers["X-RateLimit-Reset-After"]) <= 0.5
                assert abs(float(response.headers["X-RateLimit-Reset"]) - time.time()) < 1
        async with session.post(url, json={"content": "x"}) as response:
            body = await response.json()
            assert response.status == 429
            assert response.headers["Via"]
            assert response.headers["X-RateLimit-Scope"] == "user"
            assert int(response.headers["Retry-After"]) >= body["retry_after"] > 0
            assert "X-RateLimit-Global" not in response.headers
            assert body["global"] is False
        await asyncio.sleep(body["retry_after"] + 0.05)
        async with session.post(url, json={"content": "y"}) as response:
            assert response.status == 200
    assert len(fast.console.messages) == 6


async def test_creating_and_editing_have_buckets_of_their_own_and_so_has_each_channel(fast):
    other = fast.castle.add_channel("other")
    headers = {"Authorization": f"Bot {fast.token}"}
    fast.limits.time_scale = 10.0  # no window ends during the test
    async with aiohttp.ClientSession(headers=headers) as session:
        hashes = set()
        for channel in (fast.console, other):
            url = f"{fast.api_url}/channels/{channel.id}/messages"
            for _ in range(5):
                async with session.post(url, json={"content": "x"}) as response:
                    assert response.status == 200
                    hashes.add(response.headers["X-RateLimit-Bucket"])
            for _ in range(5):
                async with session.patch(f"{url}/{channel.messages[0].id}", json={"content": "z"}) as response:
                    assert response.status == 200
                    hashes.add(response.headers["X-RateLimit-Bucket"])
    assert len(hashes) == 2


async def test_more_than_fifty_requests_a_second_hit_the_global_limit(fast):
    fast.limits.time_scale = 10.0
    channels = [fast.castle.add_channel(str(number)) for number in range(13)]
    headers = {"Authorization": f"Bot {fast.token}"}
    statuses, last = [], None
    async with aiohttp.ClientSession(headers=headers) as session:
        for number in range(51):
            url = f"{fast.api_url}/channels/{channels[number % 13].id}/messages"
            async with session.post(url, json={"content": "x"}) as last:
                statuses.append(last.status)
                body = await last.json()
    assert statuses == [200] * 50 + [429]
    assert last.headers["X-RateLimit-Global"] == "true"
    assert last.headers["X-RateLimit-Scope"] == "global"
    assert body["global"] is True


async def test_followups_by_interaction_token_are_five_per_two_seconds_and_never_count_globally(fast, connect):
    fast.limits.time_scale = 0.25
    member = fast.castle.add_member("Hank")

    def setup(tree):
        @tree.command(description="Talks a lot")
        async def talk(interaction: discord.Interaction):
            await interaction.response.send_message("0")
            for number in range(1, 8):
                await interaction.followup.send(str(number))

    async with connect(fast, setup) as bot:
        fast.limits.global_limit = 0
        reply = await fast.slash(member, fast.console, "talk")
        await reply.wait_for(lambda r: len(r.messages) == 8)
        assert fast.count(status=429) == 0
        assert [message.content for message in reply.messages] == [str(number) for number in range(8)]
        assert not bot.errors
        fifth = [record for record in fast.requests if record.route.startswith("/webhooks")][4]
        assert fifth.headers["X-RateLimit-Remaining"] == "0"


async def test_ten_thousand_invalid_requests_bring_the_ban(fast, connect):
    fast.limits.invalid_limit = 3
    async with connect(fast) as bot:
        channel = bot.get_channel(fast.console.id)
        fast.console.set_permissions(fast.castle.bot_role, deny=1 << 11)
        for _ in range(3):
            with pytest.raises(discord.Forbidden):
                await channel.send("x")
        with pytest.raises(discord.HTTPException) as caught:
            await channel.send("x")
        assert caught.value.status == 429
        assert "Cloudflare" in caught.value.text


async def test_limits_can_be_switched_off(connect):
    async with DiscordStandIn(rate_limits=False) as standin:
        console = standin.add_guild("Castle").add_channel("console")
        async with connect(standin) as bot:
            began = time.monotonic()
            for number in range(15):
                await bot.get_channel(console.id).send(str(number))
            assert time.monotonic() - began < 3
        assert len(console.messages) == 15
        assert "X-RateLimit-Limit" not in standin.requests[-1].headers
