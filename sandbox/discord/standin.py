"""The stand-in as one object: start it, point a bot at it, set up guilds, act as people, look at what happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from .channel import Channel
from .commands import Commands
from .faults import Faults
from .gateway import Gateway
from .guild import INTENT_MEMBERS, Guild
from .hub import Listener
from .interactions import Interactions
from .limits import Limits
from .members import Member, Role
from .message_rules import MAX_REQUEST
from .messages import Message
from .people import People
from .reply import Reply
from .rest import BASE, Rest
from .rest_call import RequestRecord
from .rest_messages import MessageRoutes
from .rest_world import WorldRoutes
from .world import World

Json = dict[str, Any]

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.stand.in-token-for-the-sandbox-only"  # noqa: S105 - it opens nothing


class DiscordStandIn:
    """A Discord of one's own on 127.0.0.1.

    `rate_limits`: send rate-limit headers and 429s. `time_scale`: factor on all rate-limit windows. `port`: 0 picks a
    free one. `shards`: what /gateway/bot recommends. `privileged_intents`: bits switched on "in the portal".
    `interaction_deadline` and `token_lifetime` in seconds (Discord: 3 s, 15 min). `heartbeat_interval` in seconds.
    `application_id`: whose token it is; left out, the same application in every stand-in.
    """

    def __init__(
        self,
        *,
        rate_limits: bool = True,
        time_scale: float = 1.0,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = TOKEN,
        shards: int = 1,
        privileged_intents: int = 0,
        heartbeat_interval: float = 41.25,
        interaction_deadline: float = 3.0,
        token_lifetime: float = 900.0,
        bot_name: str = "Wingcord",
        keep_messages: int = 10_000,
        application_id: int | None = None,
    ) -> None:
        self.token = token
        self._host, self._port = host, port
        self.world = World(bot_name=bot_name, keep_messages=keep_messages, application_id=application_id)
        self.registry = Commands(self.world)
        self.interactions = Interactions(self.world, deadline=interaction_deadline, lifetime=token_lifetime)
        self.limits = Limits(enabled=rate_limits, time_scale=time_scale)
        self.faults = Faults()
        self.gateway = Gateway(
            self.world, token, shards=shards, heartbeat_interval=heartbeat_interval, privileged=privileged_intents
        )
        self._people = People(self.world, self.registry, self.interactions, self.gateway)
        routes = [
            *WorldRoutes(
                self.world, self.registry, self.gateway.info, member_list=bool(privileged_intents & INTENT_MEMBERS)
            ).routes(),
            *MessageRoutes(self.world, self.interactions).routes(),
        ]
        self._rest = Rest(routes, token, self.limits, self.faults, self.world.hub)
        self._runner: web.AppRunner | None = None
        self.api_url = ""
        self.gateway_url = ""

    # life

    async def start(self, app: web.Application | None = None) -> None:
        """Opens the port; after `close` the same one again, with the same world.

        Pass `app` to serve further routes from the same port.
        """
        self._rest.closing.clear()
        self.gateway.up()
        app = app or web.Application(client_max_size=2 * MAX_REQUEST)
        self._rest.add_to(app)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self._attachment)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = int(self._runner.addresses[0][1])
        self.api_url = f"http://{self._host}:{self._port}{BASE}"
        self.gateway_url = f"ws://{self._host}:{self._port}/gateway"
        self.gateway.url = self.gateway_url
        self.world.attachment_base = f"http://{self._host}:{self._port}/attachments"

    async def close(self) -> None:
        """Cuts all connections and closes the port."""
        self._rest.closing.set()
        self.gateway.down()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # the world

    def add_guild(
        self, name: str, *, locale: str = "en-US", bot_permissions: int | None = None, commands_only: bool = False
    ) -> Guild:
        """Makes a guild with the bot in it; the bot hears of it at once if it is connected.

        `commands_only`: the application's commands can be used there, but the bot is not a member.
        """
        return self.world.add_guild(name, locale=locale, bot_permissions=bot_permissions, commands_only=commands_only)

    def remove_guild(self, guild: Guild) -> None:
        """Removes the bot from a guild."""
        self.world.remove_guild(guild)

    def invite_again(self, guild: Guild) -> None:
        """Lets the bot into a guild that it was removed from, with all that was in it."""
        self.world.invite_again(guild)

    @property
    def guilds(self) -> list[Guild]:
        """The guilds that the bot is in."""
        return list(self.world.guilds.values())

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener(change)` at every change; the returned function ends that. See `hub.Change` for the kinds."""
        return self.world.hub.subscribe(listener)

    async def wait_until(self, condition: Callable[[], bool], *, timeout: float = 10.0, what: str = "") -> None:
        """Waits until something holds that depends on this stand-in."""
        await self.world.hub.wait_until(condition, timeout=timeout, describe=lambda: what)

    # commands

    @property
    def commands(self) -> list[Json]:
        """The globally registered commands as Discord would give them."""
        return self.registry.all()

    def guild_commands(self, guild: Guild) -> list[Json]:
        """The commands registered for one guild only."""
        return self.registry.all(guild.id)

    def visible_commands(self, member: Member, channel: Channel | None = None) -> list[Json]:
        """The commands that this member's client offers, in a channel or in the guild at large."""
        return self.registry.visible(member, channel)

    async def wait_for_commands(self, *, timeout: float = 20.0) -> list[Json]:
        """Waits until the bot has registered commands and is connected; gives the global ones.

        The TimeoutError says what is missing, and what this stand-in refused.
        """
        await self.world.hub.wait_until(lambda: self.has_bot, timeout=timeout, describe=self._without_bot)
        return self.commands

    @property
    def has_bot(self) -> bool:
        """Whether a bot is connected that has registered its commands."""
        return self.registry.syncs > 0 and self.gateway.connected > 0

    def _without_bot(self) -> str:
        missing = "the bot is not connected" if not self.gateway.connected else "the bot has registered no commands"
        return f"{missing}. {self.gateway.refusal}".strip()

    # people

    async def slash(self, member: Member, channel: Channel, command: str, /, **options: Any) -> Reply:
        """`member` types a command, such as "start" or "access grant", in `channel`.

        Returns at the bot's first answer or when 3 s have passed. Raises ClientRefused where a client would not send
        it: not offered to this member, unknown option, required one missing, value of the wrong type or range.
        """
        return await self._people.slash(member, channel, command, options)

    async def autocomplete(
        self, member: Member, channel: Channel, command: str, /, *, option: str, typed: str = "", **others: Any
    ) -> list[Json]:
        """The suggestions for `option` after `typed`: a list of name and value. TimeoutError if none come in 3 s."""
        return await self._people.autocomplete(member, channel, command, others, option=option, typed=typed)

    async def click(self, member: Member, message: Message, which: str) -> Reply:
        """`member` presses a button of a message, by label or custom id."""
        return await self._people.click(member, message, which)

    async def select(
        self, member: Member, message: Message, which: str, values: Sequence[str | Member | Role | Channel]
    ) -> Reply:
        """`member` chooses in a select of a message."""
        return await self._people.select(member, message, which, values)

    def say(self, member: Member, channel: Channel, content: str) -> Message:
        """`member` writes a plain message."""
        return self._people.say(member, channel, content)

    # what happened

    @property
    def requests(self) -> list[RequestRecord]:
        """All REST requests so far, oldest first (the last 20,000)."""
        return list(self._rest.requests)

    def count(self, *, method: str | None = None, route: str | None = None, status: int | None = None) -> int:
        """How many requests had this method, this status, and a path in which the pattern `route` is found."""
        return sum(
            1
            for record in self._rest.requests
            if (method is None or record.method == method)
            and (status is None or record.status == status)
            and (route is None or re.search(route, record.path))
        )

    async def _attachment(self, request: web.Request) -> web.Response:
        channel = self.world.channel(int(request.match_info["channel_id"]))
        for message in channel.everything if channel else ():
            for attachment in message.attachments:
                if str(attachment.id) == request.match_info["attachment_id"]:
                    return web.Response(body=attachment.data, content_type=attachment.content_type)
        raise web.HTTPNotFound
