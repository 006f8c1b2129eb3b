"""Threads and time-outs, as real discord.py meets them."""

from datetime import UTC, datetime, timedelta

import discord
import pytest

from sandbox.discord import Permission


@pytest.fixture
async def bot(standin, castle, connect):
    async with connect(standin) as client:
        yield client


async def sent(bot, channel, text="hello"):
    return await bot.get_partial_messageable(channel.id).send(text)


async def refused(bot, channel):
    with pytest.raises(discord.HTTPException) as error:
        await sent(bot, channel)
    return error.value.status, error.value.code


async def test_a_message_opens_an_archived_thread_but_no_locked_one(castle, bot):
    thread = castle.guild.add_thread("log", castle.console)
    await sent(bot, thread)
    thread.edit(archived=True)
    await sent(bot, thread)
    assert not thread.archived
    thread.edit(archived=True, locked=True)
    assert await refused(bot, thread) == (400, 50083)
    thread.edit(archived=False)
    assert await refused(bot, thread) == (400, 160005)
    castle.guild.bot_role.edit(permissions=castle.guild.bot_role.permissions | Permission.MANAGE_THREADS)
    await sent(bot, thread)
    assert len(thread.messages) == 3


async def test_a_private_thread_is_hidden_from_who_is_not_in_it(castle, bot):
    thread = castle.guild.add_thread("secret", castle.console, private=True)
    assert await refused(bot, thread) == (403, 50001)
    thread.add_member(castle.guild.me)
    await sent(bot, thread)
    thread.remove_member(castle.guild.me)
    assert await refused(bot, thread) == (403, 50001)


async def test_a_thread_has_a_right_of_its_own_to_send(castle, bot):
    thread = castle.guild.add_thread("log", castle.console)
    castle.console.set_permissions(castle.guild.everyone, deny=Permission.SEND_MESSAGES_IN_THREADS)
    assert await refused(bot, thread) == (403, 50013)
    await sent(bot, castle.console)


async def test_who_is_timed_out_may_look_but_not_post(castle, bot):
    castle.guild.me.time_out(datetime.now(UTC) + timedelta(seconds=60))
    assert await refused(bot, castle.console) == (403, 50013)
    assert [message async for message in bot.get_partial_messageable(castle.console.id).history()] == []
    castle.guild.me.time_out(datetime.now(UTC) - timedelta(seconds=1))
    await sent(bot, castle.console)
