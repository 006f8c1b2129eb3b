"""Suggestions while people type: from the database or memory, never from a panel, and never an error."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any

from discord import app_commands

from bot.errors import BotError
from bot.services import PRESETS
from bot.terms import Action
from cogs._context import Interaction, member_of

_log = logging.getLogger(__name__)

_SECONDS = 2.0
"""Discord gives up after 3 s."""
_MAX_CHOICES = 25
_MAX_LENGTH = 100

Choices = list[app_commands.Choice[str]]
Completer = Callable[[Interaction, str], Coroutine[Any, Any, Choices]]


def server_names(action: Action | None) -> Completer:
    """Suggest linked servers with which the member may do `action`; None: all of them, to admins."""

    async def complete(interaction: Interaction, typed: str) -> Choices:
        async def look_up() -> list[str]:
            return await interaction.client.services.servers.names(member_of(interaction), action, typed)

        return await _within_time(look_up)

    return complete


async def panel_labels(interaction: Interaction, typed: str) -> Choices:
    """Suggest connected panels."""

    async def look_up() -> Sequence[str]:
        return await interaction.client.services.panels.labels(member_of(interaction), typed)

    return await _within_time(look_up)


async def linkable_servers(interaction: Interaction, typed: str) -> Choices:
    """Suggest servers of the chosen panel, or of all panels, that are not linked yet."""
    services = interaction.client.services
    label: str | None = getattr(interaction.namespace, "panel", None)

    async def look_up() -> list[tuple[str, str]]:
        member = member_of(interaction)
        panel = await services.panels.find(member, label) if label else None
        choices = await services.panels.link_choices(member, panel, typed)
        return [(f"{_short(choice.name, 70)} ({choice.identifier})", choice.identifier) for choice in choices]

    return await _within_time(look_up)


async def allowed_words(_interaction: Interaction, typed: str) -> Choices:
    """Suggest presets and actions for `allow`, continuing a comma list word by word."""
    *before, last = [part.strip() for part in typed.split(",")]
    words = [action.value for action in Action] if before else [*PRESETS, *Action]
    fitting = [word for word in words if word.startswith(last.casefold()) and word not in before]
    return _choices(", ".join([*before, word]) for word in fitting)


async def _within_time(look_up: Callable[[], Awaitable[Iterable[str] | Iterable[tuple[str, str]]]]) -> Choices:
    """Run a look-up, with nothing as the answer when it fails or takes too long: there is no room for a sentence."""
    try:
        async with asyncio.timeout(_SECONDS):
            return _choices(await look_up())
    except (BotError, TimeoutError) as error:
        _log.debug("Autocomplete found nothing: %r", error)
    except Exception:  # noqa: BLE001 - a suggestion that fails must not be more than an empty list
        _log.warning("Autocomplete failed", exc_info=True)
    return []


def _choices(found: Iterable[str] | Iterable[tuple[str, str]]) -> Choices:
    choices: Choices = []
    for each in found:
        name, value = (each, each) if isinstance(each, str) else each
        if name and 0 < len(value) <= _MAX_LENGTH:
            choices.append(app_commands.Choice(name=_short(name, _MAX_LENGTH), value=value))
    return choices[:_MAX_CHOICES]


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
