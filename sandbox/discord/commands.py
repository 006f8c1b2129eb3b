"""The bot's registered commands: global and per guild, and which of them a member gets to see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .command_rules import CHAT_INPUT, check_command
from .errors import ApiError, FormErrors
from .permissions import Permission

if TYPE_CHECKING:
    from .channel import Channel
    from .members import Member
    from .world import World

Json = dict[str, Any]

LIMITS = {1: 100, 2: 15, 3: 15}
"""How many commands of each type one scope may hold."""
CREATES_PER_DAY = 200
GUILD_CONTEXT = 0

_DEFAULTS: Json = {
    "type": CHAT_INPUT,
    "description": "",
    "options": [],
    "nsfw": False,
    "dm_permission": True,
    "contexts": None,
    "integration_types": [0],
    "default_member_permissions": None,
    "name_localizations": None,
    "description_localizations": None,
}


class Commands:
    """All registered commands; scope None is global, else a guild id."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._scopes: dict[int | None, dict[tuple[int, str], Json]] = {}
        self._created: dict[int | None, int] = {}
        self.syncs = 0

    def all(self, scope: int | None = None) -> list[Json]:
        """The commands of one scope, in the order of registration."""
        return list(self._scopes.get(scope, {}).values())

    def get(self, scope: int | None, command_id: int) -> Json:
        """One command by id; ApiError 404/10063 if unknown."""
        for command in self.all(scope):
            if command["id"] == str(command_id):
                return command
        raise ApiError(404, 10063)

    def replace(self, scope: int | None, bodies: list[Json]) -> list[Json]:
        """Bulk overwrite: exactly these commands from now on. ApiError 400/50035 if one of them is invalid."""
        errors = FormErrors()
        for index, body in enumerate(bodies):
            check_command(body, f"{index}.", errors)
        keys = [(body.get("type", CHAT_INPUT), str(body.get("name"))) for body in bodies]
        if len(set(keys)) != len(keys):
            errors.add("_errors", "Application command names must be unique", "APPLICATION_COMMANDS_DUPLICATE_NAME")
        for kind, limit in LIMITS.items():
            if sum(key[0] == kind for key in keys) > limit:
                errors.add(
                    "_errors", f"Maximum number of application commands reached ({limit}).", "BASE_TYPE_MAX_LENGTH"
                )
        errors.raise_if_any()
        old = self._scopes.get(scope, {})
        self._count_creates(scope, sum(key not in old for key in keys))
        self._scopes[scope] = {
            key: self._registered(scope, body, old.get(key)) for key, body in zip(keys, bodies, strict=True)
        }
        self._synced()
        return self.all(scope)

    def upsert(self, scope: int | None, body: Json) -> tuple[Json, bool]:
        """Registers one command, replacing one of the same name; also says whether it is new."""
        errors = FormErrors()
        check_command(body, "", errors)
        errors.raise_if_any()
        commands = self._scopes.setdefault(scope, {})
        key = (body.get("type", CHAT_INPUT), str(body["name"]))
        is_new = key not in commands
        if is_new:
            if sum(other[0] == key[0] for other in commands) >= LIMITS[key[0]]:
                raise ApiError(400, 30032, f"Maximum number of application commands reached ({LIMITS[key[0]]})")
            self._count_creates(scope, 1)
        commands[key] = self._registered(scope, body, commands.get(key))
        self._synced()
        return commands[key], is_new

    def edit(self, scope: int | None, command_id: int, changes: Json) -> Json:
        """Changes one command."""
        old = self.get(scope, command_id)
        body = {**old, **changes}
        errors = FormErrors()
        check_command(body, "", errors)
        errors.raise_if_any()
        commands = self._scopes[scope]
        del commands[old["type"], old["name"]]
        commands[body["type"], body["name"]] = self._registered(scope, body, old)
        self._synced()
        return commands[body["type"], body["name"]]

    def delete(self, scope: int | None, command_id: int) -> None:
        """Removes one command."""
        old = self.get(scope, command_id)
        del self._scopes[scope][old["type"], old["name"]]
        self._synced()

    def visible(self, member: Member, channel: Channel | None = None) -> list[Json]:
        """The commands that a client offers this member in the guild (in `channel`, if given)."""
        bits = member.permissions_in(channel) if channel else member.permissions
        if not bits & Permission.USE_APPLICATION_COMMANDS:
            return []
        return [command for command in self._offered(member.guild.id) if _may_see(command, bits)]

    def _offered(self, guild_id: int) -> list[Json]:
        merged = dict(self._scopes.get(None, {})) | self._scopes.get(guild_id, {})
        return [item for item in merged.values() if item["contexts"] is None or GUILD_CONTEXT in item["contexts"]]

    def _registered(self, scope: int | None, body: Json, old: Json | None) -> Json:
        bits = body.get("default_member_permissions")
        known = {name: body[name] for name in _DEFAULTS if body.get(name) is not None}
        return {
            **_DEFAULTS,
            **known,
            "id": old["id"] if old else str(self._world.ids.now()),
            "application_id": str(self._world.application_id),
            "version": str(self._world.ids.now()),
            "name": body["name"],
            "default_member_permissions": None if bits is None else str(bits),
            **({"guild_id": str(scope)} if scope else {}),
        }

    def _count_creates(self, scope: int | None, fresh: int) -> None:
        """Counts the day's creates (the stand-in's day is its whole life)."""
        if self._created.get(scope, 0) + fresh > CREATES_PER_DAY:
            raise ApiError(429, 30034)
        self._created[scope] = self._created.get(scope, 0) + fresh

    def _synced(self) -> None:
        self.syncs += 1
        self._world.hub.tell("commands", None)


def _may_see(command: Json, bits: int) -> bool:
    if bits & Permission.ADMINISTRATOR:
        return True
    needed = command["default_member_permissions"]
    if needed is None:
        return True
    return int(needed) != 0 and bits & int(needed) == int(needed)
