"""The real bot as a child process between a stand-in panel and a stand-in Discord, all on real sockets."""

import asyncio
import os
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sandbox.discord import DiscordStandIn
from sandbox.panel import PanelStandIn, Profile

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
"""Seconds; two busy cores are slow, and a condition that comes true ends the waiting at once."""


class BotProcess:
    """`python -m bot` with a folder of its own for its database, its output kept for the search for secrets."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.log = folder / "output.txt"
        self.environment = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ
        } | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", "LOG_LEVEL": "debug", **environment}
        self.program = ("-m", "bot")
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, *arguments: str) -> None:
        with self.log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.program,
                *arguments,
                cwd=self.folder,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    async def finished(self) -> int:
        """Wait for the process to end by itself; return its exit code."""
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    async def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal and wait; return the exit code and the seconds it took."""
        began = time.monotonic()
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.finished(), time.monotonic() - began

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class World:
    """One panel, one Discord with one guild, and the bot, with the shortcuts that every journey needs."""

    def __init__(
        self, panel: PanelStandIn, discord: DiscordStandIn, bot: BotProcess, database_url: str, stored
    ) -> None:
        self.panel = panel
        self.discord = discord
        self.bot = bot
        self.database_url = database_url
        self._stored = stored
        self.secrets = {discord.token}
        self.panel_user = panel.add_user("botuser")
        self.owner_user = panel.add_user("owner")
        self.key = self.new_key(panel, self.panel_user)
        self.guild = discord.add_guild("Castle Community")
        self.helpers = self.guild.add_role("helpers")
        self.admin = self.guild.add_member("Olivia", manage_guild=True)
        self.helper = self.guild.add_member("Hank", roles=[self.helpers])
        self.stranger = self.guild.add_member("Sam")
        self.general = self.guild.add_channel("general")
        self.console = self.guild.add_channel("console")

    def new_key(self, panel, user) -> str:
        key = panel.add_key(user)
        self.secrets.add(key)
        return key

    def new_server(self, name: str, *, panel=None, user=None, **game):
        """A game server with the bot's panel user as subuser."""
        panel = panel or self.panel
        owner = (
            next(iter(panel.registry.users.values())) if user is None and panel is not self.panel else self.owner_user
        )
        server = panel.add_server(name, owner=owner, **game)
        panel.add_subuser(
            server,
            user or self.panel_user,
            ["websocket.connect", "control.console", "control.start", "control.stop", "control.restart"],
        )
        return server

    async def slash(self, actor, command: str, /, *, where=None, **options):
        """Type a command and wait for its first words; fails when Discord would say that nothing responded."""
        reply = await self.discord.slash(actor, where or self.general, command, **options)
        assert not reply.failed, f"/{command} was not acknowledged in time\n{self.bot.output[-3000:]}"
        return await reply.answered(timeout=PATIENCE)

    async def connect(self, *, member=None, panel=None, key=None, label="Main", where=None):
        """`/panel connect`, form filled in; the reply with the menu of servers."""
        form = await self.slash(member or self.admin, "panel connect", where=where)
        assert form.modal is not None
        reply = await form.submit(url=(panel or self.panel).url, api_key=key or self.key, label=label)
        return await reply.answered(timeout=PATIENCE)

    async def set_up(self, *names: str, allow: str = "operator", relay: bool = True, **game):
        """Connect, link the servers of these names, grant them to the helpers, relay the first into #console."""
        servers = [self.new_server(name, **game) for name in names]
        await self.connect()
        for name in names:
            await self.slash(self.admin, "server link", server=name)
        await self.slash(self.admin, "access grant", role=self.helpers, allow=allow)
        if relay:
            await self.slash(self.admin, "relay add", server=names[0], channel=self.console)
            await self.logs(f"console of {names[0]}: connected")
        return servers

    async def logs(self, text: str, times: int = 1) -> None:
        """Wait until the bot's log has the text so many times: a relay begins after its console's history."""
        async with asyncio.timeout(PATIENCE):
            while self.bot.output.count(text) < times:  # noqa: ASYNC110  another process's file tells no one
                await asyncio.sleep(0.05)

    async def says(self, reply, *words: str, timeout: float = PATIENCE):
        """Wait until the reply has all these words."""
        return await reply.wait_for(lambda r: all(word in r.text for word in words), timeout=timeout)

    async def shows(self, *words: str, channel=None, timeout: float = PATIENCE):
        """Wait until the channel shows all these words."""
        return await (channel or self.console).wait_for(
            lambda c: all(word in c.text for word in words), timeout=timeout
        )

    def no_secret_got_out(self) -> None:
        """Search everything that the process wrote and everything people can read for keys, tokens and tickets."""
        seen = self.bot.output
        for guild in self.discord.guilds:
            for channel in guild.channels.values():
                seen += channel.text
        for record in self.discord.requests:
            seen += str(record.body)
        stored = self._stored()
        for secret in self.secrets:
            assert secret not in seen, "a planted secret got out"
            assert secret.encode() not in stored, "a planted secret lies in plain text in the database"
        assert "eyJ0eX" not in self.bot.output, "a console ticket got into the log"


def readable(channel) -> str:
    """All that a reader finds in the channel: texts, and the files opened where they stand."""
    return "\n".join(
        "\n".join([message.text, *(attachment.data.decode() for attachment in message.attachments)])
        for message in channel.messages
    )


def pytest_collection_modifyitems(items):
    """Whole processes on busy machines: the limit for one that hangs is longer here."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(180))


@pytest.fixture
def profile():
    return Profile.PTERO_1_12


@pytest.fixture
async def world(tmp_path, profile, engine, url, stored):
    async with AsyncExitStack() as stack:
        panel = await stack.enter_async_context(PanelStandIn(profile))
        discord = await stack.enter_async_context(DiscordStandIn())
        bot = BotProcess(
            tmp_path,
            DISCORD_TOKEN=discord.token,
            DISCORD_API_URL=discord.api_url,
            ALLOW_PRIVATE_PANELS="true",
        )
        if engine == "postgresql":  # SQLite's is where it is by default
            bot.environment["DATABASE_URL"] = url
        world = World(panel, discord, bot, url, stored)
        await bot.start()
        try:
            await discord.wait_for_commands(timeout=PATIENCE)
            yield world
            code, _seconds = await bot.stop()
            assert code == 0, bot.output[-3000:]
            assert "Traceback" not in bot.output, bot.output[-5000:]
            world.no_secret_got_out()
        finally:
            if bot.process.returncode is None:
                bot.process.kill()
                await bot.process.wait()
