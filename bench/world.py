"""Both stand-ins and what connects to them: the real bot, set up through slash commands, or the ten-line script."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.process import Child
from sandbox.discord import Channel, DiscordStandIn, Guild, Member, Reply
from sandbox.panel import PanelStandIn, Server, User

PATIENCE = 60.0
AT_ONCE = 4
"""So many commands are typed at once while many servers are set up."""
PER_GUILD = 250
"""Discord allows 500 channels in a guild; communities with hundreds of servers have several guilds."""
WIDE_LIMIT = 1_000_000
TRIES = 3


@dataclass(frozen=True, slots=True)
class Console:
    """A server and the channel its console goes to."""

    index: int
    server: Server
    channel: Channel


class World:
    """The stand-ins, filled, and the child process between them."""

    def __init__(self, panel: PanelStandIn, discord: DiscordStandIn, child: Child, key: str) -> None:
        self.panel = panel
        self.discord = discord
        self.child = child
        self.key = key
        self.consoles: list[Console] = []
        self._admins: dict[int, tuple[Member, Channel]] = {}

    @property
    def admin(self) -> tuple[Member, Channel]:
        """Who sets things up, and where: in the first guild."""
        return next(iter(self._admins.values()))

    def populate(self, owner: User, user: User, count: int) -> None:
        """Make `count` running servers and a channel for each, spread over guilds."""
        guild: Guild | None = None
        for index in range(count):
            if guild is None or index % PER_GUILD == 0:
                guild = self.discord.add_guild(f"Guild {index // PER_GUILD + 1}")
                member = guild.add_member("Olivia", manage_guild=True)
                self._admins[guild.id] = member, guild.add_channel("general")
            server = self.panel.add_server(f"Server {index:04}", owner=owner, running=True)
            self.panel.add_subuser(server, user, ["websocket.connect", "control.console"])
            self.consoles.append(Console(index, server, guild.add_channel(f"console-{index:04}")))

    async def set_up_bot(self) -> None:
        """Start the bot; connect the panel, link every server and relay it, all through slash commands."""
        await self.child.start()
        await self.discord.wait_until(self._ready, timeout=PATIENCE, what=self.child.last_words)
        if not self.child.alive:
            raise RuntimeError(f"the bot did not start: {self.child.last_words}")
        await self.set_up_guilds()

    async def set_up_guilds(self) -> None:
        """Connect the panel, link every server and relay it, all through slash commands, with a bot that runs."""
        for member, lobby in self._admins.values():
            form = await self._typed(member, lobby, "panel connect")
            reply = await form.submit(url=self.panel.url, api_key=self.key, label="Main")
            self._must(await reply.answered(timeout=PATIENCE), "Connected")
        await _each(self.consoles, self._link)
        await _each(self.consoles, self._relay)

    def _ready(self) -> bool:
        discord = self.discord
        return not self.child.alive or (bool(discord.commands) and discord.gateway.connected > 0)

    async def _link(self, console: Console) -> None:
        member, lobby = self._admins[console.channel.guild.id]
        self._must(
            await self._typed(member, lobby, "server link", server=console.server.identifier), console.server.name
        )

    async def _relay(self, console: Console) -> None:
        member, lobby = self._admins[console.channel.guild.id]
        reply = await self._typed(member, lobby, "relay add", server=console.server.name, channel=console.channel)
        self._must(reply, console.channel.mention)

    async def _typed(self, member: Member, lobby: Channel, command: str, **options: Any) -> Reply:
        for _ in range(TRIES):
            reply = await self.discord.slash(member, lobby, command, **options)
            if not reply.failed:
                return await reply.answered(timeout=PATIENCE)
        raise RuntimeError(f"/{command} was not answered in 3 s; the bot said last: {self.child.last_words}")

    def _must(self, reply: Reply, word: str) -> None:
        # A command whose first answer came too late is typed again, and may find its work done.
        if word not in reply.text and "already" not in reply.text:
            raise RuntimeError(
                f"the set-up failed, {word!r} is not in the answer {reply.text!r}; "
                f"the bot said: {self.child.last_words}"
            )


async def _each(consoles: list[Console], act: Callable[[Console], Coroutine[Any, Any, None]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(console: Console) -> None:
        async with gate:
            await act(console)

    async with asyncio.TaskGroup() as group:
        for console in consoles:
            group.create_task(one(console))


@asynccontextmanager
async def open_world(
    servers: int, code: Path, *, module: str = "bot", wide_limit: bool = False, wide_tickets: bool = False
) -> AsyncGenerator[World]:
    """Open both stand-ins with so many servers and, in `module`, the program to be measured (not started yet).

    `code` is the folder with the packages. `wide_limit` lifts the panel's limit for all requests of a key,
    `wide_tickets` the one of 5 console tickets a minute and server.
    """
    async with (
        PanelStandIn(
            general_limit=WIDE_LIMIT if wide_limit else None, websocket_limit=WIDE_LIMIT if wide_tickets else None
        ) as panel,
        DiscordStandIn(keep_messages=1_000_000) as discord,
    ):
        owner, user = panel.add_user("owner"), panel.add_user("botuser")
        with TemporaryDirectory(prefix="wingcord-bench-") as folder:
            child = Child(
                module,
                Path(folder),
                code,
                DISCORD_TOKEN=discord.token,
                DISCORD_API_URL=discord.api_url,
                ALLOW_PRIVATE_PANELS="true",
            )
            world = World(panel, discord, child, panel.add_key(user))
            world.populate(owner, user, servers)
            try:
                yield world
            finally:
                await child.stop()


@asynccontextmanager
async def open_neighbour(world: World, servers: int) -> AsyncGenerator[World]:
    """Open another guild of the same bot, with a panel of its own and so many servers; `set_up_guilds` sets it up."""
    async with PanelStandIn(general_limit=WIDE_LIMIT) as panel:
        owner, user = panel.add_user("owner"), panel.add_user("botuser")
        neighbour = World(panel, world.discord, world.child, panel.add_key(user))
        neighbour.populate(owner, user, servers)
        yield neighbour
