"""Registers the slash commands with Discord, only where what Discord has differs from what they are."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

import discord
from discord import app_commands
from discord.http import Route

from bot.discord_refusals import NO_LINE

_log = logging.getLogger(__name__)

Json = Mapping[str, Any]
_PATIENCE = 8.0
"""Seconds for an answer, discord.py's own attempts included: the bot starts without it."""

# What a registration says; Discord's answer has more, such as ids and versions.
_SAID = (
    *("type", "name", "description", "name_localizations", "description_localizations", "options", "contexts"),
    *("integration_types", "default_member_permissions", "nsfw", "required", "choices", "value", "autocomplete"),
    *("channel_types", "min_value", "max_value", "min_length", "max_length"),
)
_SETS = frozenset({"contexts", "integration_types", "channel_types"})
_NESTED = frozenset({"options", "choices"})


class TreeState(Protocol):
    """Where it is kept between runs what Discord had after the last registration."""

    async def get(self, key: str) -> str | None:
        """Return the value stored under the key, None where there is none."""
        ...

    async def set(self, key: str, value: str) -> None:
        """Store the value under the key."""
        ...


async def sync_if_changed(tree: app_commands.CommandTree[Any], application_id: int, state: TreeState) -> bool:
    """Register the commands unless Discord has them as they are; return whether it was done. At most three requests.

    Others may have overwritten them: a second program with the same token, or somebody who tidied up. Discord may also
    write something in its own way: what it made of a registration is remembered, so that nobody registers for ever.

    Discord allows 200 creations a day, and a failure must not keep the bot from serving what is registered already:
    it is logged, and tried again at the next start.
    """
    key = f"command_tree:{application_id}"
    wanted = await _wanted(tree)
    ours, known = _fingerprint(wanted), await state.get(key)
    found = await _registered(tree, application_id)
    if found is None:
        if known is not None and known.startswith(ours):
            return False
    elif _fingerprint(found) == ours or known == f"{ours} {_fingerprint(found)}":
        return False
    elif known is not None and known.startswith(ours):
        _log.warning("The slash commands that Discord has are not those registered last: they are restored")
    try:
        registered = await tree.sync()
    except (discord.HTTPException, app_commands.TranslationError, *NO_LINE) as error:
        _log.error("Discord did not take the slash commands; people see the old ones until the next start: %s", error)
        return False
    made_of_it = await _registered(tree, application_id)
    await state.set(key, ours if made_of_it is None else f"{ours} {_fingerprint(made_of_it)}")
    _log.info("Registered %s slash commands with Discord", len(registered))
    return True


async def _wanted(tree: app_commands.CommandTree[Any]) -> list[Json]:
    """Return everything that Discord would be told."""
    translator = tree.translator
    return [
        await command.get_translated_payload(tree, translator) if translator else command.to_dict(tree)
        for command in tree.get_commands()
    ]


async def _registered(tree: app_commands.CommandTree[Any], application_id: int) -> list[Json] | None:
    """Return what Discord has; None where it cannot be asked. discord.py itself never asks for the translations."""
    route = Route("GET", "/applications/{application_id}/commands", application_id=application_id)
    try:
        async with asyncio.timeout(_PATIENCE):
            answer = await tree.client.http.request(route, params={"with_localizations": "true"})
    except (discord.HTTPException, *NO_LINE) as error:
        _log.warning("Discord could not be asked which slash commands it has: %s", error or "no answer in time")
        return None
    commands = cast("list[object]", answer) if isinstance(answer, list) else [None]
    if not all(isinstance(command, dict) and "name" in command for command in commands):
        _log.warning("Discord could not be asked which slash commands it has: the answer is no list of them")
        return None
    return cast("list[Json]", commands)


def _fingerprint(commands: Iterable[Json]) -> str:
    """Return a hash over what commands say, in whatever order they come."""
    said = [_said(command) for command in commands]
    said.sort(key=lambda command: (command.get("type", 1), command["name"]))
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _said(part: Json) -> dict[str, Any]:
    """Return a command, an option or a choice without what Discord adds, what is left out and what is the default."""
    said: dict[str, Any] = {}
    for name in _SAID:
        value = part.get(name)
        if value is None or value is False or value in ([], {}, "") or (name == "type" and value == 1):
            continue
        if name in _NESTED:
            value = [_said(inner) for inner in value]
        elif name in _SETS:
            value = sorted(value)
        elif name == "default_member_permissions":
            value = str(value)
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
        said[name] = value
    return said
