"""`/say`, `/command` and `/console`: talking to a console and reading its last lines."""

from discord import app_commands
from discord.ext import commands

from bot.client import WingcordClient
from bot.discord_replies import answer, answer_privately, defer, in_time
from bot.i18n import _
from bot.services import Permit, Services
from bot.terms import Action
from cogs._complete import server_names
from cogs._console_text import with_lines
from cogs._context import Interaction, channel_of, member_of
from cogs._render import code

_SERVER = _("The server; left out: this channel's, or the only one")


class Console(commands.Cog):
    """The console in a conversation."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="say", description=_("Say something to the players on a server"))
    @app_commands.describe(message=_("What to say, in one line"), server=_SERVER)
    @app_commands.autocomplete(server=server_names(Action.SAY))
    async def say(self, interaction: Interaction, message: str, server: str | None = None) -> None:
        """Send the server's say-template with the message."""
        permit = await in_time(interaction, self._resolve(interaction, server, Action.SAY), private=False)
        await defer(interaction, private=False)
        said = await self._services.consoles.say(permit, message, told=lambda text: answer(interaction, text))
        if not said.refused:
            return
        await answer(interaction, said.sentence)
        if said.lines:
            heading = _("The console answered:")
            text, file = await with_lines(heading, said.lines, None, keep="head")
            await answer_privately(interaction, text, file=file)

    @app_commands.command(name="command", description=_("Send one console command and see what it printed"))
    @app_commands.describe(command=_("The command as typed into the console, in one line"), server=_SERVER)
    @app_commands.autocomplete(server=server_names(Action.COMMAND))
    async def command(self, interaction: Interaction, command: str, server: str | None = None) -> None:
        """Send a command and show the console's answer."""
        await defer(interaction, private=True)
        permit = await self._resolve(interaction, server, Action.COMMAND)
        reply = await self._services.consoles.command(permit, command)
        text, file = await with_lines(code(reply.command, 150), reply.lines, reply.note, keep="head")
        await answer(interaction, text, file=file)

    @app_commands.command(name="console", description=_("The last lines of a server's console"))
    @app_commands.describe(server=_SERVER, lines=_("How many lines, 20 if left out"))
    @app_commands.autocomplete(server=server_names(Action.CONSOLE))
    async def console(
        self, interaction: Interaction, server: str | None = None, lines: app_commands.Range[int, 1, 200] = 20
    ) -> None:
        """Show the console's last lines."""
        await defer(interaction, private=True)
        permit = await self._resolve(interaction, server, Action.CONSOLE)
        found, note = await self._services.consoles.last_lines(permit, lines)
        text, file = await with_lines("", found, note, keep="tail")
        await answer(interaction, text, file=file)

    async def _resolve(self, interaction: Interaction, text: str | None, action: Action) -> Permit:
        return await self._services.servers.resolve(
            member_of(interaction), text, channel_id=channel_of(interaction), action=action
        )


async def setup(bot: WingcordClient) -> None:
    """Add the cog."""
    await bot.add_cog(Console(bot.services))
