"""Tells every open page what changed: collects changes of both stand-ins and hands them on in small, rare portions."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.demo import show
from sandbox.demo.bot_child import BotChild
from sandbox.demo.scene import Scene
from sandbox.demo.tally import Tally
from sandbox.demo.tour import Tour
from sandbox.discord import Change, Channel, Member, Message
from sandbox.panel import Event, Request, Server

Json = dict[str, Any]
Send = Callable[[Json], Awaitable[None]]

PORTION_SECONDS = 0.1
"""The least time between two messages to one page: what happens meanwhile is put together."""
CONSOLE_KEPT = 400
"""Console lines that a page is sent at once or when it opens; more than a page shows."""
REQUESTS_KEPT = 60
MESSAGES_KEPT = 80
MESSAGES_WAITING = 200
SEEN_BYTES = 600


class Page:
    """One open page: who looks, at which channel and which game server, and what it has not been told yet."""

    def __init__(self, live: "Live", send: Send, me: Member, channel: Channel, server: Server) -> None:
        self.channel, self.server = channel, server
        self.hidden: deque[int] = deque(maxlen=500)
        """Private replies that this page has dismissed."""
        self._live, self._send = live, send
        self._stale: set[str] = set()
        self._messages: dict[int, Message | None] = {}
        self._unread: set[int] = set()
        self._console: deque[str] = deque(maxlen=CONSOLE_KEPT)
        self._console_count = 0
        self._requests: deque[Json] = deque(maxlen=REQUESTS_KEPT)
        self._wake = asyncio.Event()
        self.become(me)

    def become(self, me: Member) -> None:
        """Be this member, as a client that has just been started: Discord shows no earlier private reply again."""
        self.me = me
        self._since = self._live.scene.discord.world.ids.now()

    def sees(self, message: Message) -> bool:
        """Whether the page shows this message: all but others' private replies, dismissed and earlier ones."""
        if message.ephemeral_to is None:
            return True
        return message.ephemeral_to is self.me and message.id > self._since and message.id not in self.hidden

    def stale(self, *sections: str) -> None:
        """These sections are to be told anew: world, commands, channel, servers, console, tour, bot."""
        self._stale.update(sections)
        self._wake.set()

    def change(self, message: Message, *, gone: bool) -> None:
        """A message came, changed or went."""
        if message.channel is not self.channel:
            if not gone and self.sees(message):
                self._unread.add(message.channel.id)
                self._wake.set()
            return
        if not self.sees(message):
            return
        self._messages[message.id] = None if gone else message
        while len(self._messages) > MESSAGES_WAITING:
            del self._messages[next(iter(self._messages))]
        self._wake.set()

    def printed(self, server: str, text: str) -> None:
        """A game server printed a line."""
        if server == self.server.identifier:
            self._console.append(text)
            self._console_count += 1
            self._wake.set()

    def asked(self, request: Json) -> None:
        """The panel was asked something."""
        self._requests.append(request)
        self._wake.set()

    async def keep_telling(self) -> None:
        """Tell the page what is new, at most every PORTION_SECONDS, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            portion = self._portion()
            if portion:
                await self._send({"t": "news", **portion})
            await asyncio.sleep(PORTION_SECONDS)

    def _portion(self) -> Json:
        stale, self._stale = self._stale, set()
        portion = {name: self._live.section(name, self) for name in stale}
        if "channel" in stale:
            self._messages.clear()
        if self._messages:
            portion["messages"] = [show.message(item) for item in self._messages.values() if item is not None]
            portion["gone"] = [str(number) for number, item in self._messages.items() if item is None]
            self._messages = {}
        if self._unread:
            portion["unread"] = [str(number) for number in self._unread]
            self._unread = set()
        if "console" not in stale and self._console:
            skipped = self._console_count - len(self._console)
            portion["printed"] = {"server": self.server.identifier, "lines": list(self._console), "skipped": skipped}
        if "console" in stale or self._console:
            self._console.clear()
            self._console_count = 0
        if self._requests:
            portion["requests"] = list(self._requests)
            self._requests.clear()
        return portion


class Live:
    """All open pages, fed by both stand-ins."""

    def __init__(self, scene: Scene, bot: BotChild, tour: Tour, tally: Tally) -> None:
        self.scene, self.bot, self.tour, self.tally = scene, bot, tour, tally
        self.pages: set[Page] = set()
        self._consoles: dict[str, deque[str]] = {}
        self._recent: deque[Json] = deque(maxlen=REQUESTS_KEPT)
        self._limited = 0
        self._ends = [scene.discord.subscribe(self._in_discord), scene.panel.on_change(self._on_panel)]

    def close(self) -> None:
        """Listen no more."""
        for end in self._ends:
            end()

    def all_stale(self, *sections: str) -> None:
        """Every page is to be told these sections anew."""
        for page in self.pages:
            page.stale(*sections)

    def section(self, name: str, page: Page) -> Any:
        """One part of what a page shows, as it is now."""
        scene = self.scene
        if name == "world":
            return show.world(scene, page.me)
        if name == "commands":
            return show.commands(scene.discord, page.me, page.channel)
        if name == "channel":
            return self._channel(page, None)
        if name == "servers":
            return self._servers()
        if name == "console":
            lines = self._consoles.get(page.server.identifier, ())
            return {"server": page.server.identifier, "lines": list(lines)}
        if name == "tour":
            return self.tour.told()
        if name == "requests":
            return list(self._recent)
        return self.bot_state()

    def bot_state(self) -> Json:
        """Whether the bot is there: starting, ready, down; and why it is not."""
        state = self.bot.state
        kind = ("ready" if self.scene.discord.has_bot else "starting") if state.kind == "running" else state.kind
        return {"state": kind, "text": state.text, "restarts": state.restarts}

    def older(self, page: Page, before: int) -> Json:
        """The messages before this one."""
        return self._channel(page, before)

    def _channel(self, page: Page, before: int | None) -> Json:
        seen = [item for item in page.channel.messages_for(page.me) if page.sees(item)]
        if before is not None:
            seen = [item for item in seen if item.id < before]
        return {
            "id": str(page.channel.id),
            "messages": [show.message(item) for item in seen[-MESSAGES_KEPT:]],
            "more": len(seen) > MESSAGES_KEPT,
        }

    def _servers(self) -> Json:
        scene = self.scene
        return {
            "list": [show.game_server(scene, server) for server in scene.servers],
            "node_up": scene.panel.node.is_up,
            "tally": self.tally.counts(),
            "limited": self._limited,
        }

    # -- what happens ------------------------------------------------------------------------------------------

    def _in_discord(self, change: Change) -> None:
        if change.kind.startswith("message_"):
            self._message(change)
        elif change.kind in ("commands", "guild"):
            self.all_stale("commands", "world", "bot")
        elif change.kind == "gateway":
            self.all_stale("bot")
        elif change.kind == "interaction_update":
            self.tour.look_again()
        elif change.kind == "interaction" and change.subject.name in ("relay add", "relay remove"):
            self.tally.restart()
        elif change.kind == "request" and change.subject.status == 429:
            self._limited += 1
            self.all_stale("servers")

    def _message(self, change: Change) -> None:
        message: Message = change.subject
        if change.kind == "message_create" and message.author.bot and not message.origin:
            self.tally.posted(message)
            self.tour.look_again()
            self.all_stale("servers")
        for page in self.pages:
            page.change(message, gone=change.kind == "message_delete")

    def _on_panel(self, event: Event) -> None:
        if event.kind == "console" and event.server is not None:
            self._consoles.setdefault(event.server, deque(maxlen=CONSOLE_KEPT)).append(event.text)
            self.tally.printed(event.server, event.text)
            for page in self.pages:
                page.printed(event.server, event.text)
        elif event.kind == "request":
            told = _told(self.scene.panel.requests[-1])
            self._recent.append(told)
            for page in self.pages:
                page.asked(told)
        else:
            self.tour.look_again()
        self.all_stale("servers")


def _told(request: Request) -> Json:
    return {
        "at": int((request.time or time.time()) * 1000),
        "method": request.method,
        "path": request.path,
        "status": request.status,
        "user": request.user,
        "body": request.body[:SEEN_BYTES],
    }
