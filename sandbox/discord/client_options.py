"""What a Discord client does before it sends a command: finds it, checks its options, resolves what they point at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .channel import Channel
from .command_rules import (
    BOOLEAN,
    CHANNEL,
    GROUP,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUBCOMMAND,
    USER_OPTION,
)
from .errors import ClientRefused, text_length
from .members import Member, Role

if TYPE_CHECKING:
    from .commands import Commands

Json = dict[str, Any]


def find_command(
    commands: Commands, member: Member, channel: Channel, words: list[str]
) -> tuple[Json, list[Json], list[Json]]:
    """The registered command, the sub-commands on the way, and the last one's options; ClientRefused if not offered."""
    offered = [item for item in commands.visible(member, channel) if item["type"] == 1]
    root = next((item for item in offered if item["name"] == words[0]), None)
    if root is None:
        known = ", ".join(item["name"] for item in offered) or "none"
        raise ClientRefused(f"/{words[0]} is not offered to {member.name} in #{channel.name} (offered: {known})")
    way: list[Json] = []
    options: list[Json] = root["options"]
    for word in words[1:]:
        found = next((item for item in options if item["name"] == word and item["type"] in (SUBCOMMAND, GROUP)), None)
        if found is None:
            raise ClientRefused(f"/{' '.join(words)} does not exist")
        way.append(found)
        options = found.get("options") or []
    if any(item["type"] in (SUBCOMMAND, GROUP) for item in options):
        raise ClientRefused(f"/{' '.join(words)} needs one of: {', '.join(item['name'] for item in options)}")
    return root, way, options


def wrap(root: Json, way: list[Json], filled: list[Json], resolved: Json) -> Json:
    """The `data` of a command interaction."""
    for part in reversed(way):
        filled = [{"name": part["name"], "type": part["type"], "options": filled}]
    data: Json = {"id": root["id"], "name": root["name"], "type": 1, "options": filled}
    if resolved:
        data["resolved"] = resolved
    if "guild_id" in root:
        data["guild_id"] = root["guild_id"]
    return data


class OptionFiller:
    """Checks given values against option definitions and turns them into what goes over the wire."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.resolved: Json = {}

    def fill(self, definitions: list[Json], values: dict[str, Any], *, partial: bool = False) -> list[Json]:
        """The option list; `partial` (autocomplete) forgives missing required options. ClientRefused if wrong."""
        unknown = set(values) - {item["name"] for item in definitions}
        if unknown:
            raise ClientRefused(f"no such option: {', '.join(sorted(unknown))}")
        filled: list[Json] = []
        for definition in definitions:
            name = definition["name"]
            if values.get(name) is not None:
                value = self._value(definition, values[name])
                filled.append({"name": name, "type": definition["type"], "value": value})
            elif definition.get("required") and not partial:
                raise ClientRefused(f"option {name} is required")
        return filled

    def _value(self, definition: Json, value: Any) -> Any:
        kind, name = definition["type"], definition["name"]
        if definition.get("choices"):
            for choice in definition["choices"]:
                if value in (choice["value"], choice["name"]):
                    return choice["value"]
            raise ClientRefused(f"option {name}: {value!r} is not one of the choices")
        if kind in (USER_OPTION, CHANNEL, ROLE, MENTIONABLE):
            return self._thing(definition, value)
        wanted = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: (int, float)}.get(kind)
        if wanted is None or not isinstance(value, wanted) or (isinstance(value, bool) and kind != BOOLEAN):
            raise ClientRefused(f"option {name}: {value!r} is of the wrong type")
        _check_range(definition, value)
        return value

    def _thing(self, definition: Json, value: Any) -> str:
        kind, name = definition["type"], definition["name"]
        if isinstance(value, Member) and kind in (USER_OPTION, MENTIONABLE):
            self._note("users", value.id, value.user.payload())
            body = value.payload(with_user=False) | {"permissions": str(value.permissions_in(self._channel))}
            self._note("members", value.id, body)
        elif isinstance(value, Role) and kind in (ROLE, MENTIONABLE):
            self._note("roles", value.id, value.payload())
        elif isinstance(value, Channel) and kind == CHANNEL:
            if definition.get("channel_types") and value.kind not in definition["channel_types"]:
                raise ClientRefused(f"option {name}: {value!r} is not of the types asked for")
            self._note("channels", value.id, value.payload() | {"permissions": "0"})
        else:
            raise ClientRefused(f"option {name}: {value!r} is of the wrong type")
        return str(value.id)

    def _note(self, kind: str, thing_id: int, body: Json) -> None:
        self.resolved.setdefault(kind, {})[str(thing_id)] = body


def _check_range(definition: Json, value: Any) -> None:
    name = definition["name"]
    size = text_length(value) if isinstance(value, str) else value
    least = definition.get("min_length" if isinstance(value, str) else "min_value")
    most = definition.get("max_length" if isinstance(value, str) else "max_value")
    if isinstance(value, str):
        most = 6000 if most is None else most
        if not value:
            raise ClientRefused(f"option {name} is empty")
    if (least is not None and size < least) or (most is not None and size > most):
        raise ClientRefused(f"option {name}: {size} is not between {least} and {most}")
