"""`/server`: link servers of connected panels, rename them, unlink them."""

from discord import Permissions, app_commands
from discord.ext import commands

from bot.client import WingcordClient
from bot.discord_replies import answer, defer, persist
from bot.i18n import _
from bot.services import Services
from bot.store.values import LinkedServer
from bot.terms import Separators
from cogs._complete import linkable_servers, panel_labels, server_names
from cogs._context import Interaction, channel_of, member_of
from cogs._render import safe
from cogs._server_text import edited_text, linked_text
from cogs._views import Confirm

_LINKED = _("The linked server; left out: this channel's, or the only one")
_TEMPLATE = _("What /say sends, with {message} in it; left out: say {message}")


@app_commands.default_permissions(Permissions(manage_guild=True))
class ServerCommands(commands.GroupCog, group_name="server", group_description=_("Which servers can be used here")):
    """Linked servers of this guild."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="link", description=_("Make a panel's server usable here"))
    @app_commands.describe(
        server=_("The server's name or identifier on the panel"),
        panel=_("The panel's label; left out: the only one"),
        name=_("What to call it here; left out: its name on the panel"),
        say_template=_TEMPLATE,
    )
    @app_commands.autocomplete(server=linkable_servers, panel=panel_labels)
    async def link(
        self,
        interaction: Interaction,
        server: str,
        panel: str | None = None,
        name: str | None = None,
        say_template: str | None = None,
    ) -> None:
        """Link a server."""
        await defer(interaction, private=True)
        member = member_of(interaction)
        found = await self._services.panels.find(member, panel)
        linked = await self._services.servers.link(
            member, panel=found, text=server, name=name, say_template=say_template
        )
        await answer(interaction, linked_text(linked))

    @app_commands.command(name="unlink", description=_("Forget a linked server with its grants and relays"))
    @app_commands.describe(server=_LINKED)
    @app_commands.autocomplete(server=server_names(None))
    async def unlink(self, interaction: Interaction, server: str | None = None) -> None:
        """Unlink a server after a confirmation."""
        await defer(interaction, private=True)
        linked = await self._services.servers.resolve_admin(
            member_of(interaction), server, channel_id=channel_of(interaction)
        )
        text = _(
            "Unlink **{server}**? The grants that name it and its console relays go with it. "
            "Nothing changes on the panel: the server keeps running as it does."
        ).format(server=safe(linked.name))

        async def act(pressed: Interaction) -> None:
            await persist(pressed, pressed.response.defer)
            await self._unlink(pressed, linked)

        await answer(interaction, text, view=Confirm(interaction, label=_("Unlink"), act=act))

    @app_commands.command(name="edit", description=_("Change a linked server's name or how it is spoken to"))
    @app_commands.describe(
        server=_LINKED,
        name=_("What to call it here from now on"),
        say_template=_TEMPLATE,
        separators=_("Look for ; and the like in what members send, or does this game take a line for one command"),
    )
    @app_commands.choices(
        separators=[
            app_commands.Choice(name=_("checked"), value=Separators.CHECKED.value),
            app_commands.Choice(name=_("none: this game has none"), value=Separators.NONE.value),
        ]
    )
    @app_commands.autocomplete(server=server_names(None))
    async def edit(
        self,
        interaction: Interaction,
        server: str | None = None,
        name: str | None = None,
        say_template: str | None = None,
        separators: str | None = None,
    ) -> None:
        """Edit a linked server."""
        await defer(interaction, private=True)
        member = member_of(interaction)
        linked = await self._services.servers.resolve_admin(member, server, channel_id=channel_of(interaction))
        changed = await self._services.servers.edit(
            member,
            linked,
            name=name,
            say_template=say_template,
            separators=Separators(separators) if separators is not None else None,
        )
        await answer(interaction, edited_text(linked, changed))

    async def _unlink(self, pressed: Interaction, linked: LinkedServer) -> None:
        await self._services.servers.unlink(member_of(pressed), linked)
        await answer(pressed, _("Unlinked **{server}**.").format(server=safe(linked.name)))


async def setup(bot: WingcordClient) -> None:
    """Add the cog."""
    await bot.add_cog(ServerCommands(bot.services))
