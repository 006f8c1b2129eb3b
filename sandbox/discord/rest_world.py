"""REST routes about the bot itself, guilds, channels and commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from .errors import ApiError, FormErrors
from .limits import EDIT_CHANNEL
from .permissions import Permission
from .rest_call import Answer, Call, Route

if TYPE_CHECKING:
    from .channel import Channel
    from .commands import Commands
    from .guild import Guild
    from .world import World

Json = dict[str, Any]


class WorldRoutes:
    """Reads of the world, and the registration of commands."""

    def __init__(
        self, world: World, commands: Commands, gateway_info: Callable[[], Json], *, member_list: bool
    ) -> None:
        self._member_list = member_list
        self._world = world
        self._commands = commands
        self._gateway_info = gateway_info

    def routes(self) -> list[Route]:
        """All routes of this part."""
        app, guild = "/applications/{application_id}", "/guilds/{guild_id}"
        commands = [
            route
            for base in (app, f"{app}{guild}")
            for route in (
                Route("GET", f"{base}/commands", self.list_commands),
                Route("PUT", f"{base}/commands", self.replace_commands),
                Route("POST", f"{base}/commands", self.create_command),
                Route("GET", f"{base}/commands/{{command_id}}", self.get_command),
                Route("PATCH", f"{base}/commands/{{command_id}}", self.edit_command),
                Route("DELETE", f"{base}/commands/{{command_id}}", self.delete_command),
            )
        ]
        return [
            Route("GET", "/users/@me", lambda _: (200, self._world.self_payload())),
            Route("GET", "/applications/@me", lambda _: (200, self._world.application_payload())),
            Route("GET", "/oauth2/applications/@me", lambda _: (200, self._world.application_payload())),
            Route("GET", "/users/@me/guilds", self.list_guilds),
            Route("GET", "/users/{user_id}", self.get_user),
            Route("GET", "/gateway", lambda _: (200, {"url": self._gateway_info()["url"]}), open=True),
            Route("GET", "/gateway/bot", lambda _: (200, self._gateway_info())),
            Route("GET", guild, lambda call: (200, self._guild(call).payload()), major="guild_id"),
            Route("GET", f"{guild}/channels", self.list_channels, major="guild_id"),
            Route("GET", f"{guild}/roles", self.list_roles, major="guild_id"),
            Route("GET", f"{guild}/members", self.list_members, major="guild_id"),
            Route("GET", f"{guild}/members/{{user_id}}", self.get_member, major="guild_id"),
            Route("GET", "/channels/{channel_id}", self.get_channel, major="channel_id"),
            Route("PATCH", "/channels/{channel_id}", self.edit_channel, EDIT_CHANNEL, major="channel_id"),
            *commands,
        ]

    def _guild(self, call: Call) -> Guild:
        guild = self._world.guilds.get(call.number("guild_id"))
        if guild is None:
            raise ApiError(404, 10004)
        return guild

    def list_guilds(self, call: Call) -> Answer:
        """GET /users/@me/guilds, in pages by `before` or `after` and `limit` (1 to 200), ascending by id."""
        query = call.request.query
        limit = min(max(int(query.get("limit", "200")), 1), 200)
        ids = sorted(self._world.guilds)
        if "before" in query:
            page = [guild_id for guild_id in ids if guild_id < int(query["before"])][-limit:]
        else:
            page = [guild_id for guild_id in ids if guild_id > int(query.get("after", "0"))][:limit]
        return 200, [self._world.guilds[guild_id].partial_payload() for guild_id in page]

    def get_user(self, call: Call) -> Answer:
        """GET /users/{id}."""
        user = self._world.users.get(call.number("user_id"))
        if user is None:
            raise ApiError(404, 10013)
        return 200, user.payload()

    def list_channels(self, call: Call) -> Answer:
        """GET /guilds/{id}/channels."""
        return 200, [channel.payload() for channel in self._guild(call).channels.values()]

    def list_roles(self, call: Call) -> Answer:
        """GET /guilds/{id}/roles."""
        return 200, [role.payload() for role in self._guild(call).roles.values()]

    def list_members(self, call: Call) -> Answer:
        """GET /guilds/{id}/members, in pages by `after` and `limit` (1 to 1,000)."""
        guild = self._guild(call)
        if not self._member_list:  # needs the privileged intent
            raise ApiError(403, 50001)
        limit = min(int(call.request.query.get("limit", "1")), 1000)
        after = int(call.request.query.get("after", "0"))
        members = sorted(guild.members.values(), key=lambda member: member.id)
        return 200, [member.payload() for member in members if member.id > after][:limit]

    def get_member(self, call: Call) -> Answer:
        """GET /guilds/{id}/members/{id}."""
        member = self._guild(call).members.get(call.number("user_id"))
        if member is None:
            raise ApiError(404, 10007)
        return 200, member.payload()

    def _channel(self, call: Call) -> Channel:
        channel = self._world.channel(call.number("channel_id"))
        if channel is None:
            raise ApiError(404, 10003)
        if not channel.guild.me.permissions_in(channel) & Permission.VIEW_CHANNEL:
            raise ApiError(403, 50001)
        return channel

    def get_channel(self, call: Call) -> Answer:
        """GET /channels/{id}; 403/50001 if hidden from the bot."""
        return 200, self._channel(call).payload()

    def edit_channel(self, call: Call) -> Answer:
        """PATCH /channels/{id}: name and topic, with MANAGE_CHANNELS, twice in ten minutes."""
        channel = self._channel(call)
        if not channel.guild.me.permissions_in(channel) & Permission.MANAGE_CHANNELS:
            raise ApiError(403, 50013)
        errors = FormErrors()
        if "name" in call.fields:
            errors.length("name", call.fields["name"], 1, 100)
        if call.fields.get("topic") is not None:
            errors.length("topic", call.fields["topic"], 0, 1024)
        errors.raise_if_any()
        channel.name = call.fields.get("name", channel.name)
        channel.topic = call.fields.get("topic", channel.topic)
        channel.guild.emit("CHANNEL_UPDATE", channel.payload())
        return 200, channel.payload()

    def _scope(self, call: Call) -> int | None:
        if call.number("application_id") != self._world.application_id:
            raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
        if "guild_id" not in call.request.match_info:
            return None
        if call.number("guild_id") not in self._world.guilds:
            raise ApiError(403, 50001)
        return call.number("guild_id")

    def list_commands(self, call: Call) -> Answer:
        """GET .../commands; translations only where they are asked for."""
        translated = call.request.query.get("with_localizations") in ("1", "true", "True")
        commands = self._commands.all(self._scope(call))
        return 200, commands if translated else [_untranslated(command) for command in commands]

    def replace_commands(self, call: Call) -> Answer:
        """PUT .../commands: exactly these from now on."""
        scope = self._scope(call)
        if not isinstance(call.body, list):
            raise ApiError(400, 50035)
        return 200, self._commands.replace(scope, cast("list[Json]", call.body))

    def create_command(self, call: Call) -> Answer:
        """POST .../commands: 201 for a new one, 200 for a replaced one."""
        command, is_new = self._commands.upsert(self._scope(call), call.fields)
        return 201 if is_new else 200, command

    def get_command(self, call: Call) -> Answer:
        """GET .../commands/{id}."""
        return 200, self._commands.get(self._scope(call), call.number("command_id"))

    def edit_command(self, call: Call) -> Answer:
        """PATCH .../commands/{id}."""
        return 200, self._commands.edit(self._scope(call), call.number("command_id"), call.fields)

    def delete_command(self, call: Call) -> Answer:
        """DELETE .../commands/{id}."""
        self._commands.delete(self._scope(call), call.number("command_id"))
        return 204, None


def _untranslated(part: Json) -> Json:
    """A command or an option without its translations."""
    kept = {name: value for name, value in part.items() if not name.endswith("_localizations")}
    if part.get("options"):
        kept["options"] = [_untranslated(option) for option in part["options"]]
    return kept
