"""The menu of servers under "Which server?": a command that named none goes on with the one that is chosen."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.discord_replies import UNSAID, answer_privately, clip
from bot.errors import WhichServer
from bot.i18n import _
from cogs._views import BROWSE_SECONDS, OwnedView

_MENU_SIZE = 25
_LONGEST_OPTION = 100

Run = Callable[[discord.Interaction[Any], str], Awaitable[None]]


async def ask_which(interaction: discord.Interaction[Any], error: WhichServer) -> bool:
    """Answer with a menu; return False where there are too many servers, or the command cannot be gone on with."""
    run = _again(interaction)
    if run is None or len(error.names) > _MENU_SIZE:
        return False
    await answer_privately(interaction, _("Which server?"), view=_ServerMenu(interaction, error.names, run))
    return True


def _again(interaction: discord.Interaction[Any]) -> Run | None:
    """Return what runs the same command with a server; None where Discord must be asked what its options mean."""
    command = interaction.command
    if not isinstance(command, app_commands.Command) or (cog := command.binding) is None:
        return None
    given: dict[str, Any] = dict(iter(interaction.namespace))
    names = {parameter.name for parameter in command.parameters if parameter.name == parameter.display_name}
    if "server" not in names or any(name not in names for name in given):
        return None
    if not all(isinstance(value, str | int | bool) for value in given.values()):
        return None
    callback: Callable[..., Awaitable[None]] = command.callback  # pyright: ignore[reportUnknownMemberType]

    async def run(pressed: discord.Interaction[Any], server: str) -> None:
        await callback(cog, pressed, **given | {"server": server})

    return run


class _ServerMenu(OwnedView):
    def __init__(self, interaction: discord.Interaction[Any], names: Sequence[str], run: Run) -> None:
        super().__init__(interaction, timeout=BROWSE_SECONDS)
        self.run = run
        self.add_item(_Servers(names))


class _Servers(discord.ui.Select[_ServerMenu]):
    def __init__(self, names: Sequence[str]) -> None:
        options = [
            discord.SelectOption(label=clip(name, _LONGEST_OPTION), value=str(n)) for n, name in enumerate(names)
        ]
        super().__init__(placeholder=_("Choose a server"), options=options)
        self._names = names

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Run the command, whose answer stands by itself; the question goes."""
        menu = self.view
        if menu is None:
            return
        menu.stop()
        try:
            await menu.run(interaction, self._names[int(self.values[0])])
        finally:
            with contextlib.suppress(*UNSAID):
                await menu.origin.delete_original_response()
