"""The buttons for trouble: what can go wrong on a panel, a node, a game server and in Discord, on demand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.demo.chatter import Chatter
from sandbox.demo.scene import Scene
from sandbox.panel import Server

Json = dict[str, Any]
Trouble = Callable[[Server], Awaitable[str]]

FLOOD_BATCH = 250
FLOOD_PAUSE = 0.03
"""Seconds between batches: 8,000 lines/s, below the 20,000 at which Wings itself begins to drop lines."""
LIMIT_SECONDS = 8.0
RESTART_SECONDS = 2.0
HOSTILE = (
    "<script>document.title = 'stolen'</script> <img src=x onerror=alert(1)> <b>not bold</b>",
    "```ansi\nout of the block? ``` @everyone <@&1> <#1> **bold** ||spoiler||",
    "[click me](javascript:alert(1)) javascript:alert(1) http://example.test/\u202egpj.exe",
    "\u202e\u2066right to left\u2069 \u202ereversed tail",
    "\x1b[2J\x1b[1;1H\x1b]0;title\x07\x1b[38;2;1;2;3mtrue colour\x1b[0m \x1b[5mblink\x1b[0m \x1b[45mindigo\x1b[0m",
    "login from 203.0.113.77 as admin@example.test with token ghp_" + "A1b2C3d4" * 4 + "Z9y8",
)


class Refused(Exception):
    """This trouble cannot be made now; the text says why."""


class Troubles:
    """One method a button; each returns what the page says about it."""

    def __init__(self, scene: Scene, chatter: Chatter) -> None:
        self._scene = scene
        self._chatter = chatter
        self._flooding = False
        self._floods = 0
        self._all: dict[str, Trouble] = {
            "crash": self._crash,
            "drop": self._drop,
            "restart-wings": self._restart_wings,
            "node-down": self._node_down,
            "node-up": self._node_up,
            "suspend": self._suspend,
            "unsuspend": self._unsuspend,
            "expire": self._expire,
            "flood-100": lambda server: self._flood(server, 100),
            "flood-1000": lambda server: self._flood(server, 1_000),
            "flood-10000": lambda server: self._flood(server, 10_000),
            "hostile": self._hostile,
            "limit": self._limit,
            "chatter-on": lambda _: self._chat(on=True),
            "chatter-off": lambda _: self._chat(on=False),
        }

    async def make(self, name: str, server: Server) -> str:
        """Make this trouble for this server. Refused when it cannot be made now, KeyError for an unknown one."""
        return await self._all[name](server)

    async def _crash(self, server: Server) -> str:
        if server.runtime.game is None:
            raise Refused(f"{server.name} is not running, so it cannot crash.")
        await server.crash(139)
        again = "Wings starts it again, unless it crashed less than a minute ago"
        return f"The process of {server.name} ended with code 139; {again}."

    async def _drop(self, server: Server) -> str:
        count = server.node.sockets(server)
        if not count:
            raise Refused(f"Nobody holds a console socket of {server.name} open.")
        server.node.drop_sockets(server)
        sockets = "socket" if count == 1 else "sockets"
        return f"Cut {count} console {sockets} of {server.name} without a word."

    async def _restart_wings(self, server: Server) -> str:
        if not server.node.is_up:
            raise Refused("The node is down; let it come back first.")
        server.node.restart(RESTART_SECONDS)
        return "Wings restarts: all sockets are cut, all tickets are void; the games go on."

    async def _node_down(self, server: Server) -> str:
        if not server.node.is_up:
            raise Refused("The node is down already.")
        server.node.down()
        return "The node refuses connections; the games go on unheard."

    async def _node_up(self, server: Server) -> str:
        if server.node.is_up:
            raise Refused("The node is up.")
        await server.node.up()
        return "The node answers again; the bot reconnects by itself, at growing intervals."

    async def _suspend(self, server: Server) -> str:
        if server.status is not None:
            raise Refused(f"{server.name} is {server.status} already.")
        server.suspend()
        return f"{server.name} is suspended."

    async def _unsuspend(self, server: Server) -> str:
        if server.status is None:
            raise Refused(f"{server.name} is neither suspended nor installing.")
        server.unsuspend()
        return f"{server.name} may be used again."

    async def _expire(self, _: Server) -> str:
        self._scene.panel.expire_tokens()
        return "All console tickets count as expired from now on."

    async def _flood(self, server: Server, count: int) -> str:
        if server.runtime.game is None:
            raise Refused(f"{server.name} is not running, so it prints nothing.")
        if self._flooding:
            raise Refused("A flood is still going on.")
        self._flooding = True
        self._floods += 1  # no two floods print the same lines, so that what is missing can be told from what was there
        try:
            for first in range(0, count, FLOOD_BATCH):
                for number in range(first, min(first + FLOOD_BATCH, count)):
                    colour = 31 + number % 7
                    server.emit(
                        f"\x1b[{colour}m[flood {self._floods}]\x1b[0m line {number + 1} of {count}: the quick brown fox"
                    )
                await asyncio.sleep(FLOOD_PAUSE)
        finally:
            self._flooding = False
        return f"{server.name} printed {count:,} lines."

    async def _hostile(self, server: Server) -> str:
        if server.runtime.game is None:
            raise Refused(f"{server.name} is not running, so it prints nothing.")
        for line in HOSTILE:
            server.emit(line)
        return f"{server.name} printed markup, scripts, escape codes, look-alike links and secrets."

    async def _limit(self, _: Server) -> str:
        self._scene.discord.faults.clear()
        self._scene.discord.faults.rate_limit(LIMIT_SECONDS, r"POST /channels/\d+/messages", scope="shared")
        return f"Discord will answer the next message with 429 and a wait of {LIMIT_SECONDS:g} s."

    async def _chat(self, *, on: bool) -> str:
        self._chatter.on = on
        return "The players talk." if on else "The players are silent."
