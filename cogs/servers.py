"""`/servers` and `/status`: what is linked and how it fares."""

from discord import app_commands
from discord.ext import commands

from bot.client import WingcordClient
from bot.discord_replies import answer, defer
from bot.i18n import _
from bot.services import Services
from bot.terms import Action
from cogs._complete import server_names
from cogs._context import Interaction, channel_of, member_of
from cogs._overview import OverviewPages
from cogs._status import StatusView
from cogs._which import ask_which


class Servers(commands.Cog):
    """Looking at servers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="servers", description=_("Every server you may see, with its state"))
    async def servers(self, interaction: Interaction) -> None:
        """List the servers that the member may see."""
        await defer(interaction, private=True)
        rows = await self._services.servers.known(member_of(interaction))
        if not rows:
            await answer(interaction, await self._services.servers.why_none(member_of(interaction)))
            return
        await OverviewPages(self._services, interaction, rows).show(interaction)

    @app_commands.command(name="status", description=_("A server's state and load, with the buttons you may press"))
    @app_commands.describe(server=_("The server; left out: this channel's, or the only one"))
    @app_commands.autocomplete(server=server_names(Action.VIEW))
    async def status(self, interaction: Interaction, server: str | None = None) -> None:
        """Show one server."""
        await defer(interaction, private=True)
        permit = await self._services.servers.resolve(
            member_of(interaction), server, channel_id=channel_of(interaction), action=Action.VIEW
        )
        await StatusView(self._services, interaction, permit.server).show(interaction, permit)


async def setup(bot: WingcordClient) -> None:
    """Add the cog, and what asks which server is meant."""
    bot.ask_which = ask_which
    await bot.add_cog(Servers(bot.services))
