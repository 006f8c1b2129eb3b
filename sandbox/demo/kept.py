"""What the data folder remembers of the make-believe world, so that a bot that comes back finds it where it was."""

import json
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.discord import Change, DiscordStandIn
from sandbox.discord.errors import ApiError
from sandbox.panel import PanelStandIn

PANEL = "panel.json"
COMMANDS = "commands.json"


async def open_panel(folder: Path) -> PanelStandIn:
    """Start the panel of this folder: same seed (so same servers and keys), and the same ports if they are free."""
    kept = _read(folder)
    seed = kept.get("seed", secrets.randbits(32))
    panel = PanelStandIn(seed=seed, port=kept.get("panel", 0), node_port=kept.get("node", 0))
    try:
        await panel.start()
    except (OSError, OverflowError):
        await panel.close()
        panel = PanelStandIn(seed=seed)
        await panel.start()
    ports = {"panel": urlsplit(panel.url).port, "node": urlsplit(panel.node.url).port}
    (folder / PANEL).write_text(json.dumps({"seed": seed, **ports}))
    return panel


def keep_commands(folder: Path, discord: DiscordStandIn) -> None:
    """Register the commands of the last run, as Discord would still know them, and write down those of this one.

    The bot registers its commands only when they have changed.
    """
    with suppress(OSError, ValueError, ApiError):
        discord.registry.replace(None, json.loads((folder / COMMANDS).read_text()))

    def write(change: Change) -> None:
        if change.kind == "commands":
            (folder / COMMANDS).write_text(json.dumps(discord.commands))

    discord.subscribe(write)


def _read(folder: Path) -> dict[str, int]:
    """What was kept; nothing where it is missing or has been tampered with."""
    with suppress(OSError, ValueError, AttributeError):
        kept: dict[str, Any] = json.loads((folder / PANEL).read_text())
        return {name: value for name, value in kept.items() if isinstance(value, int)}
    return {}
