"""A real discord.py bot, in this process, connected to the stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import pytest
import yarl
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from sandbox.discord import DiscordStandIn


class Bot(commands.AutoShardedBot):
    """discord.py as it comes; `setup` fills the command tree before it is synced."""

    def __init__(self, setup, *, intents=None, **kwargs):
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=intents or discord.Intents(guilds=True),
            guild_ready_timeout=0.05,
            **kwargs,
        )
        self._setup = setup
        self.readied = asyncio.Event()
        self.errors: list[Exception] = []
        self.tree.on_error = self._note_error

    async def _note_error(self, interaction, error):
        self.errors.append(getattr(error, "original", error))

    async def on_ready(self):
        self.readied.set()

    async def setup_hook(self):
        if self._setup:
            self._setup(self.tree)
        await self.tree.sync()


@pytest.fixture
def connect(monkeypatch):
    """Gives a context manager that runs a bot against a stand-in."""

    @asynccontextmanager
    async def run(standin: DiscordStandIn, setup=None, **kwargs) -> AsyncIterator[Bot]:
        monkeypatch.setattr(discord.http.Route, "BASE", standin.api_url)
        # discord.py falls back to this address after a session was invalidated or a connection refused
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(standin.gateway_url))
        bot = Bot(setup, **kwargs)
        task = asyncio.create_task(bot.start(standin.token))
        bot.task = task
        try:
            readied = asyncio.create_task(bot.readied.wait())
            await asyncio.wait([task, readied], timeout=30, return_when=asyncio.FIRST_COMPLETED)
            readied.cancel()
            if task.done():
                task.result()
            assert bot.readied.is_set()
            yield bot
        finally:
            await bot.close()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return run


@pytest.fixture
async def standin():
    async with DiscordStandIn() as discord_standin:
        yield discord_standin


@pytest.fixture
def castle(standin):
    """A guild with an owner, a helper, a stranger and a channel, as attributes of one object."""

    class Castle:
        guild = standin.add_guild("Castle")
        helper_role = guild.add_role("helper")
        owner = guild.add_member("Olivia", manage_guild=True)
        helper = guild.add_member("Hank", roles=[helper_role])
        console = guild.add_channel("console")

    return Castle
