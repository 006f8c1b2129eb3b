"""What Discord refuses, and what becomes of it: on real sockets, with the whole bot."""

import asyncio
import time

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
