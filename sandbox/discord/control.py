"""A small JSON interface for acting as people with curl, served beside the stand-in's own routes.

Things are called by their names; `guild` may be left out while there is only one. Every body is a JSON object.

    GET  /sandbox/world                      guilds with members, roles and channels; commands; gateway counters
    GET  /sandbox/messages?channel=console   what is in a channel (&member=Hank: what he sees of it)
    GET  /sandbox/commands?member=Hank       the commands offered to a member
    GET  /sandbox/requests?last=20           the bot's latest REST requests
    GET  /sandbox/replies/ID                 an answer as it stands now
    POST /sandbox/slash         {"member": "Hank", "channel": "console", "command": "start", "options": {"server": "x"}}
    POST /sandbox/autocomplete  {"member": ..., "channel": ..., "command": ..., "option": "server", "typed": "pa"}
    POST /sandbox/click         {"reply": ID, "which": "Kill it"}, with "member" for another person
                                or {"member": ..., "channel": ..., "message": ID, "which": ...}
    POST /sandbox/select        the same with "values": ["..."]
    POST /sandbox/submit        {"reply": ID, "values": {"url": "...", "api_key": "..."}}
    POST /sandbox/say           {"member": ..., "channel": ..., "content": "..."}
    POST /sandbox/fault         {"kind": "status", "status": 502, "route": "POST /channels", "count": 1, "after": false}
                                kinds: status, hang, reset, rate_limit, cloudflare, forbidden, not_found, clear
    POST /sandbox/gateway       {"do": "drop"}: drop, close (with "code"), reconnect, invalidate (with "resumable"),
                                stop_acking_heartbeats, resume_acks, down, up

What a client would not let a person do is a 400 with a sentence under "refused".
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .client_options import find_command
from .command_rules import CHANNEL, ROLE, USER_OPTION
from .errors import ClientRefused

if TYPE_CHECKING:
    from .channel import Channel
    from .guild import Guild
    from .members import Member
    from .messages import Message
    from .reply import Reply
    from .standin import DiscordStandIn

Json = dict[str, Any]
Action = Callable[[Json], Awaitable[Any]]
KEPT_REPLIES = 1000


class Control:
    """The JSON interface to one stand-in."""

    def __init__(self, standin: DiscordStandIn) -> None:
        self._standin = standin
        self._replies: dict[str, Reply] = {}

    def add_to(self, app: web.Application) -> None:
        """Registers the routes under /sandbox."""
        reads: dict[str, Action] = {
            "/world": self.world,
            "/messages": self.messages,
            "/commands": self.commands,
            "/requests": self.requests,
            "/replies/{id}": self.reply,
        }
        acts: dict[str, Action] = {
            name: getattr(self, name.strip("/"))
            for name in ("/slash", "/autocomplete", "/click", "/select", "/submit", "/say", "/fault", "/gateway")
        }
        for path, action in reads.items():
            app.router.add_get("/sandbox" + path, _served(action))
        for path, action in acts.items():
            app.router.add_post("/sandbox" + path, _served(action))

    def _guild(self, body: Json) -> Guild:
        guilds = self._standin.guilds
        if "guild" not in body and len(guilds) == 1:
            return guilds[0]
        return next(guild for guild in guilds if guild.name == body["guild"])

    def _who(self, body: Json) -> tuple[Member, Channel]:
        guild = self._guild(body)
        return guild.member(body["member"]), guild.channel(body["channel"])

    def _things(self, body: Json) -> dict[str, Any]:
        """The options with names turned into members, roles and channels where the command asks for such."""
        member, channel = self._who(body)
        words = str(body["command"]).strip("/").split()
        _, _, definitions = find_command(self._standin.registry, member, channel, words)
        kinds = {item["name"]: item["type"] for item in definitions}
        find = {USER_OPTION: channel.guild.member, CHANNEL: channel.guild.channel, ROLE: channel.guild.role}
        options: Json = body.get("options") or {}
        return {name: find[kinds[name]](value) if kinds.get(name) in find else value for name, value in options.items()}

    def _shown(self, reply: Reply) -> Json:
        number = str(reply.interaction.id)
        self._replies[number] = reply
        while len(self._replies) > KEPT_REPLIES:
            del self._replies[next(iter(self._replies))]
        return {
            "reply": number,
            "text": reply.text,
            "failed": reply.failed,
            "acknowledged_after": reply.acknowledged_after,
            "deferred": reply.deferred,
            "ephemeral": reply.ephemeral,
            "modal": reply.interaction.modal,
            "messages": [message.payload() for message in reply.messages],
        }

    async def world(self, _: Json) -> Json:
        """Everything there is."""
        gateway = self._standin.gateway
        return {
            "guilds": [
                {
                    "name": guild.name,
                    "members": {member.name: [role.name for role in member.roles] for member in guild.members.values()},
                    "channels": [channel.name for channel in guild.channels.values()],
                    "roles": [role.name for role in guild.roles.values()],
                }
                for guild in self._standin.guilds
            ],
            "commands": self._standin.commands,
            "gateway": {
                "connected": gateway.connected,
                "identifies": gateway.identifies,
                "resumes": gateway.resumes,
                "close_codes": gateway.close_codes,
            },
        }

    async def messages(self, body: Json) -> list[Json]:
        """A channel's messages."""
        guild = self._guild(body)
        channel = guild.channel(body["channel"])
        seen = channel.messages_for(guild.member(body["member"])) if "member" in body else channel.messages
        return [message.payload() for message in seen]

    async def commands(self, body: Json) -> list[Json]:
        """What a member's client offers."""
        return self._standin.visible_commands(self._guild(body).member(body["member"]))

    async def requests(self, body: Json) -> list[Json]:
        """The bot's latest requests."""
        return [vars(record) for record in self._standin.requests[-int(body.get("last", 20)) :]]

    async def reply(self, body: Json) -> Json:
        """An answer as it stands now."""
        return self._shown(self._replies[body["id"]])

    async def slash(self, body: Json) -> Json:
        """Types a command."""
        member, channel = self._who(body)
        return self._shown(await self._standin.slash(member, channel, body["command"], **self._things(body)))

    async def autocomplete(self, body: Json) -> list[Json]:
        """Asks for suggestions."""
        member, channel = self._who(body)
        return await self._standin.autocomplete(
            member, channel, body["command"], option=body["option"], typed=body.get("typed", ""), **self._things(body)
        )

    def _place(self, body: Json) -> tuple[Member, list[Message]]:
        """Who acts, and the messages that the component may be on."""
        if "reply" in body:
            reply = self._replies[str(body["reply"])]
            member = reply.interaction.member
            if "member" in body:
                member = member.guild.member(body["member"])
            return member, list(reversed(reply.messages))
        member, channel = self._who(body)
        message = channel.find(int(body["message"]))
        return member, [message] if message else []

    async def click(self, body: Json) -> Json:
        """Presses a button."""
        member, messages = self._place(body)
        if not messages:
            raise ClientRefused("there is no such message")
        return self._shown(await self._standin.click(member, messages[0], body["which"]))

    async def select(self, body: Json) -> Json:
        """Chooses in a select."""
        member, messages = self._place(body)
        if not messages:
            raise ClientRefused("there is no such message")
        return self._shown(await self._standin.select(member, messages[0], body["which"], body["values"]))

    async def submit(self, body: Json) -> Json:
        """Sends a form."""
        return self._shown(await self._replies[str(body["reply"])].submit(**body["values"]))

    async def say(self, body: Json) -> Json:
        """Writes a message."""
        member, channel = self._who(body)
        return self._standin.say(member, channel, body["content"]).payload()

    async def fault(self, body: Json) -> Json:
        """Plans a failure."""
        details = {name: value for name, value in body.items() if name != "kind"}
        getattr(self._standin.faults, str(body["kind"]))(**details)
        return {"planned": body}

    async def gateway(self, body: Json) -> Json:
        """Disturbs the gateway."""
        details = {name: value for name, value in body.items() if name != "do"}
        getattr(self._standin.gateway, str(body["do"]))(**details)
        return {"done": body}


def _served(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            body: Json = dict(request.query) | dict(request.match_info)
            if request.method == "POST":
                body |= json.loads(await request.text() or "{}")
            return web.json_response(await action(body))
        except ClientRefused as error:
            return web.json_response({"refused": str(error)}, status=400)
        except TimeoutError as error:
            return web.json_response({"timeout": str(error)}, status=504)
        except (KeyError, StopIteration, ValueError, TypeError, AttributeError) as error:
            return web.json_response({"mistake": f"{type(error).__name__}: {error}"}, status=400)

    return handle
