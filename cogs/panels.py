"""`/panel`: connect a panel, look at what is connected, change its key, remove it."""

from discord import Permissions, app_commands
from discord.ext import commands

from bot.client import WingcordClient
from bot.discord_replies import answer, before_answer, defer, persist
from bot.i18n import _, ngettext
from bot.services import PanelRow, Services
from bot.store.values import Panel
from cogs._complete import panel_labels
from cogs._connect import ConnectForm, KeyForm
from cogs._context import Interaction, member_of
from cogs._render import kind_words, pages, safe
from cogs._views import Confirm, answer_in_pages

_PANEL = _("The panel's label; left out: the only one")


@app_commands.default_permissions(Permissions(manage_guild=True))
class PanelCommands(commands.GroupCog, group_name="panel", group_description=_("Panels and their keys")):
    """Panels of this guild."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="connect", description=_("Connect a panel with a client API key, in a form"))
    async def connect(self, interaction: Interaction) -> None:
        """Open the form."""
        self._services.access.require_admin(member_of(interaction))
        form = ConnectForm(self._services)
        await persist(interaction, lambda: interaction.response.send_modal(form))

    @app_commands.command(name="list", description=_("The connected panels"))
    async def list_panels(self, interaction: Interaction) -> None:
        """List the connected panels."""
        await defer(interaction, private=True)
        rows = await self._services.panels.list(member_of(interaction))
        if not rows:
            await answer(interaction, _("No panel is connected yet; start with `/panel connect`."))
            return
        await answer_in_pages(interaction, pages(_("Panels"), [_panel_line(row) for row in rows]))

    @app_commands.command(name="remove", description=_("Forget a panel, its key, and everything linked through it"))
    @app_commands.describe(panel=_PANEL)
    @app_commands.autocomplete(panel=panel_labels)
    async def remove(self, interaction: Interaction, panel: str | None = None) -> None:
        """Remove a panel after a confirmation."""
        await defer(interaction, private=True)
        member = member_of(interaction)
        found = await self._services.panels.find(member, panel)
        servers = next((row.servers for row in await self._services.panels.list(member) if row.panel == found), 0)
        text = _("Remove **{label}**? Its key is deleted. No server is linked through it. {unchanged}")
        if servers:
            text = ngettext(
                "Remove **{label}**? Its key is deleted, and with it {count} linked server, its grants and relays. "
                "{unchanged}",
                "Remove **{label}**? Its key is deleted, and with it {count} linked servers, their grants and relays. "
                "{unchanged}",
                servers,
            )
        unchanged = _("Nothing changes on the panel itself.")
        text = text.format(label=safe(found.label), count=servers, unchanged=unchanged)

        async def act(pressed: Interaction) -> None:
            await persist(pressed, pressed.response.defer)
            await self._remove(pressed, found)

        await answer(interaction, text, view=Confirm(interaction, label=_("Remove the panel"), act=act))

    @app_commands.command(name="replace-key", description=_("Put a new key in the place of the old one, in a form"))
    @app_commands.describe(panel=_PANEL)
    @app_commands.autocomplete(panel=panel_labels)
    async def replace_key(self, interaction: Interaction, panel: str | None = None) -> None:
        """Open the form for the key."""
        found = await before_answer(self._services.panels.find(member_of(interaction), panel))
        form = KeyForm(self._services, found)
        await persist(interaction, lambda: interaction.response.send_modal(form))

    async def _remove(self, pressed: Interaction, panel: Panel) -> None:
        count = await self._services.panels.remove(member_of(pressed), panel)
        text = _("✅ Removed **{label}**. {key}")
        if count:
            text = ngettext(
                "✅ Removed **{label}** and {count} linked server. {key}",
                "✅ Removed **{label}** and {count} linked servers. {key}",
                count,
            )
        key = _("The key is deleted here; delete it in the panel too if nothing else uses it.")
        text = text.format(label=safe(panel.label), count=count, key=key)
        await answer(pressed, text)


def _panel_line(row: PanelRow) -> str:
    servers = _("no server linked")
    if row.servers:
        servers = ngettext("{count} linked server", "{count} linked servers", row.servers).format(count=row.servers)
    line = f"**{safe(row.panel.label)}** · {kind_words(row.panel.kind)} · {servers}\n{safe(row.panel.url, 200)}"
    if not row.panel.has_key:
        line += "\n⚠️ " + _(
            "Its key was deleted when I was removed from this Discord server: enter it again with `/panel replace-key`."
        )
    return line


async def setup(bot: WingcordClient) -> None:
    """Add the cog."""
    await bot.add_cog(PanelCommands(bot.services))
