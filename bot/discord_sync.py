"""Registers the slash commands with Discord, only when they differ from what was registered last."""

import hashlib
import json
import logging
from typing import Any, Protocol

import discord
from discord import app_commands

_log = logging.getLogger(__name__)


class TreeState(Protocol):
    """Where the fingerprint of the last registered commands is kept between runs."""

    async def get(self, key: str) -> str | None:
        """Return the value stored under the key, None where there is none."""
        ...

    async def set(self, key: str, value: str) -> None:
        """Store the value under the key."""
        ...


async def sync_if_changed(tree: app_commands.CommandTree[Any], application_id: int, state: TreeState) -> bool:
    """Register the commands if they changed since the last success for this application; return whether it was done.

    Discord allows 200 creations a day, and a failure must not keep the bot from serving what is registered already:
    it is logged, and tried again at the next start.
    """
    key = f"command_tree:{application_id}"
    fingerprint = await _fingerprint(tree)
    if await state.get(key) == fingerprint:
        return False
    try:
        registered = await tree.sync()
    except (discord.HTTPException, app_commands.TranslationError) as error:
        _log.error("Discord did not take the slash commands; people see the old ones until the next start: %s", error)
        return False
    await state.set(key, fingerprint)
    _log.info("Registered %s slash commands with Discord", len(registered))
    return True


async def _fingerprint(tree: app_commands.CommandTree[Any]) -> str:
    """Return a hash over everything that Discord would be told."""
    translator = tree.translator
    payload = [
        await command.get_translated_payload(tree, translator) if translator else command.to_dict(tree)
        for command in tree.get_commands()
    ]
    payload.sort(key=lambda command: (command.get("type", 1), command["name"]))
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
