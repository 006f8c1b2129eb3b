"""`/start`, `/stop`, `/restart` and `/kill`: send the signal and follow the outcome where everybody sees it."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import WingcordClient
from bot.discord_replies import answer, defer, in_time
from bot.i18n import _
from bot.services import Permit, Services
from bot.terms import Action, Signal
from cogs._complete import server_names
from cogs._context import Interaction, channel_of, member_of
from cogs._outcome import CommandReply
from cogs._power import ask_to_kill, follow, offer_of

_SERVER = _("The server; left out: this channel's, or the only one")


class Power(commands.Cog):
    """Power signals as commands."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="start", description=_("Start a server and follow it until it runs"))
    @app_commands.describe(server=_SERVER)
    @app_commands.autocomplete(server=server_names(Action.START))
    async def start(self, interaction: Interaction, server: str | None = None) -> None:
        """Start a server."""
        await self._send(interaction, server, Signal.START)

    @app_commands.command(name="stop", description=_("Stop a server and follow it until it is offline"))
    @app_commands.describe(server=_SERVER)
    @app_commands.autocomplete(server=server_names(Action.STOP))
    async def stop(self, interaction: Interaction, server: str | None = None) -> None:
        """Stop a server."""
        await self._send(interaction, server, Signal.STOP)

    @app_commands.command(name="restart", description=_("Restart a server and follow it until it runs again"))
    @app_commands.describe(server=_SERVER)
    @app_commands.autocomplete(server=server_names(Action.RESTART))
    async def restart(self, interaction: Interaction, server: str | None = None) -> None:
        """Restart a server."""
        await self._send(interaction, server, Signal.RESTART)

    @app_commands.command(name="kill", description=_("End a server's process by force, after asking you once more"))
    @app_commands.describe(server=_SERVER)
    @app_commands.autocomplete(server=server_names(Action.KILL))
    async def kill(self, interaction: Interaction, server: str | None = None) -> None:
        """Kill a server, after a confirmation."""
        permit = await self._resolve(interaction, server, Signal.KILL, private=True)
        await defer(interaction, private=True)
        text, view = ask_to_kill(self._services, interaction, permit.server)
        await answer(interaction, text, view=view)

    async def _send(self, interaction: Interaction, server: str | None, signal: Signal) -> None:
        permit = await self._resolve(interaction, server, signal, private=False)
        await defer(interaction, private=False)
        offer = offer_of(self._services, interaction, permit.server)
        await follow(self._services, interaction, permit, CommandReply(interaction, offer))

    async def _resolve(
        self, interaction: discord.Interaction[WingcordClient], text: str | None, signal: Signal, *, private: bool
    ) -> Permit:
        """Rights first: a refusal must come before anything public."""
        look_up = self._services.servers.resolve(
            member_of(interaction), text, channel_id=channel_of(interaction), action=Action(signal.value)
        )
        return await in_time(interaction, look_up, private=private)


async def setup(bot: WingcordClient) -> None:
    """Add the cog."""
    await bot.add_cog(Power(bot.services))
