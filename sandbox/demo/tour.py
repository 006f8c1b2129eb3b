"""The guided tour: five steps, each ticked when the stand-ins show that it was done."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sandbox.demo.scene import Scene
from sandbox.discord import ClientRefused, Member, Message

Json = dict[str, Any]

STEPS = ("connect", "link", "grant", "relay", "start")
SETTLE_SECONDS = 0.25
"""After something happened, so long is waited for more before looking how far the tour is."""


class Tour:
    """Looks at the stand-ins after each change and ticks what has been done."""

    def __init__(self, scene: Scene, changed: Callable[[], None]) -> None:
        self.done: set[str] = set()
        self._scene = scene
        self._changed = changed
        self._something = asyncio.Event()

    def look_again(self) -> None:
        """Something happened that may have been a step."""
        if len(self.done) < len(STEPS):
            self._something.set()

    async def watch(self) -> None:
        """Look again whenever asked to, until cancelled or the tour is over."""
        while len(self.done) < len(STEPS):
            await self._something.wait()
            await asyncio.sleep(SETTLE_SECONDS)
            self._something.clear()
            before = len(self.done)
            await self._look()
            if len(self.done) > before:
                self._changed()

    def told(self) -> Json:
        """The steps for the page, with what to copy and what to type."""
        return {"steps": [{**_step(self._scene, name), "id": name, "done": name in self.done} for name in STEPS]}

    async def _look(self) -> None:
        scene = self._scene
        if "connect" not in self.done and _panel_answered(scene):
            self.done.add("connect")
        if "connect" in self.done and "link" not in self.done and await self._offered(scene.owner):
            self.done.add("link")
        if "link" in self.done and "grant" not in self.done and await self._offered(scene.people["helper"].member):
            self.done.add("grant")
        if "relay" not in self.done and _console_is_relayed(scene):
            self.done.add("relay")
        if "start" not in self.done and any("start" in server.runtime.signals for server in scene.servers):
            self.done.add("start")

    async def _offered(self, member: Member) -> bool:
        """Whether the bot offers this member the Castle when he types `/status server:`."""
        scene = self._scene
        with suppress(ClientRefused, TimeoutError):
            channel = scene.channel("general")
            choices = await scene.discord.autocomplete(member, channel, "status", option="server")
            return any(choice["value"] == scene.castle.name for choice in choices)
        return False


def _panel_answered(scene: Scene) -> bool:
    """The panel has given something to somebody who showed the key."""
    return any(request.user is not None and request.status == 200 for request in scene.panel.requests)


def _console_is_relayed(scene: Scene) -> bool:
    """The bot has written console lines into a channel of its own accord, or it has accepted a relay and listens."""
    messages = [message for channel in scene.guild.places.values() for message in channel.everything]
    if any(message.author.bot and not message.origin and "```" in message.content for message in messages):
        return True
    listens = any(server.node.authenticated(server) for server in scene.servers)
    return listens and any(_accepted_relay(message) for message in messages)


def _accepted_relay(message: Message) -> bool:
    return message.origin.get("interaction", {}).get("name") == "relay add" and not message.loading


def _step(scene: Scene, name: str) -> Json:
    steps: dict[str, Json] = {
        "connect": {
            "title": "Connect the panel",
            "text": (
                "/panel connect opens a form. It wants the panel's address and a key; here are both. "
                "Discord warns of sensitive information under every form: only the bot reads the key, and encrypts it."
            ),
            "copy": [
                {"label": "Address", "field": "url", "value": scene.panel.url, "secret": False},
                {"label": "API key", "field": "api_key", "value": scene.panel_key, "secret": True},
            ],
            "as": "owner",
            "type": {"command": "panel connect", "options": {}},
        },
        "link": {
            "title": "Link a server",
            "text": "Pick Castle in the menu under the bot's answer. Or type it:",
            "as": "owner",
            "type": {"command": "server link", "options": {"server": "Castle"}},
        },
        "grant": {
            "title": "Grant a role its rights",
            "text": "Until you do, nobody but you may do anything. Let @helpers view, start, stop, restart and say.",
            "as": "owner",
            "type": {"command": "access grant", "options": {"role": str(scene.helpers.id), "allow": "operator"}},
        },
        "relay": {
            "title": "Send the console to a channel",
            "text": "Every line of the Castle will appear in #castle-console, in order, once, in colour.",
            "as": "owner",
            "type": {
                "command": "relay add",
                "options": {"server": "Castle", "channel": str(scene.channel("castle-console").id)},
            },
        },
        "start": {
            "title": "Start it as a helper",
            "text": "As Hank, who has only the role: start the Castle, and watch #castle-console.",
            "as": "helper",
            "type": {"command": "start", "options": {"server": "Castle"}},
        },
    }
    return steps[name]
