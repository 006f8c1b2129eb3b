"""`/access`: which roles may do what with which servers."""

import discord
from discord import Permissions, app_commands
from discord.ext import commands

from bot.client import WingcordClient
from bot.discord_replies import answer, defer
from bot.i18n import _
from bot.services import Services
from bot.store.values import LinkedServer
from cogs._access_text import check_text, grant_entry, revoked_text
from cogs._complete import allowed_words, panel_labels, server_names
from cogs._context import Interaction, channel_of, member_named, member_of
from cogs._grant import WantedGrant
from cogs._render import pages
from cogs._views import answer_in_pages

_EVERY_SERVER = _("One server; left out: every linked server")


@app_commands.default_permissions(Permissions(manage_guild=True))
class AccessCommands(commands.GroupCog, group_name="access", group_description=_("Who may do what with the servers")):
    """Grants of this guild."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="grant", description=_("Allow a role to do things with one server or all"))
    @app_commands.describe(
        role=_("Who is allowed"),
        allow=_("A preset (viewer, operator, moderator, admin) or actions, comma-separated"),
        server=_EVERY_SERVER,
        panel=_("Act with this panel's key instead of the server's own"),
        commands=_("For /command: patterns of allowed commands, comma-separated, * for anything"),
    )
    @app_commands.autocomplete(allow=allowed_words, server=server_names(None), panel=panel_labels)
    async def grant(  # noqa: PLR0917 - Discord passes options by name
        self,
        interaction: Interaction,
        role: discord.Role,
        allow: str,
        server: str | None = None,
        panel: str | None = None,
        commands: str | None = None,
    ) -> None:
        """Grant actions to a role."""
        await defer(interaction, private=True)
        member = member_of(interaction)
        self._services.access.require_admin(member)
        wanted = WantedGrant(
            self._services,
            role_id=role.id,
            allow=allow,
            server=await self._named(interaction, server),
            panel=await self._services.panels.find(member, panel) if panel is not None else None,
            commands=commands,
        )
        await wanted.give(interaction)

    @app_commands.command(name="revoke", description=_("Take a role's rights away"))
    @app_commands.describe(
        role=_("Whose rights"), server=_("Only the grants that name this server; left out: all of the role's grants")
    )
    @app_commands.autocomplete(server=server_names(None))
    async def revoke(self, interaction: Interaction, role: discord.Role, server: str | None = None) -> None:
        """Revoke a role's grants."""
        await defer(interaction, private=True)
        member = member_of(interaction)
        linked = await self._named(interaction, server)
        revoked = await self._services.access.revoke(member, role_id=role.id, server=linked)
        await answer(interaction, revoked_text(revoked, role.id, member.guild_id, linked))

    @app_commands.command(name="list", description=_("Every grant: which role may do what with which server"))
    async def list_grants(self, interaction: Interaction) -> None:
        """List all grants."""
        await defer(interaction, private=True)
        rows = await self._services.access.list(member_of(interaction))
        if not rows:
            await answer(
                interaction,
                _("There are no grants: only members with *Manage Server* may do anything. Use `/access grant`."),
            )
            return
        guild_id = interaction.guild_id or 0
        await answer_in_pages(interaction, pages(_("Who may do what"), [grant_entry(row, guild_id) for row in rows]))

    @app_commands.command(name="check", description=_("What a member may do with a server, and why"))
    @app_commands.describe(member=_("Who"), server=_("The server; left out: this channel's, or the only one"))
    @app_commands.autocomplete(server=server_names(None))
    async def check(self, interaction: Interaction, member: discord.Member, server: str | None = None) -> None:
        """Check a member's rights."""
        await defer(interaction, private=True)
        asking = member_of(interaction)
        linked = await self._services.servers.resolve_admin(asking, server, channel_id=channel_of(interaction))
        who = member_named(member, asking.guild_id)
        found = await self._services.access.check(asking, who=who, server=linked)
        text = check_text(member.mention, linked, found, is_admin=who.is_admin, guild_id=asking.guild_id)
        await answer(interaction, text)

    async def _named(self, interaction: Interaction, text: str | None) -> LinkedServer | None:
        """The server that was named; None, which means every server, when the option was left out."""
        if text is None:
            return None
        return await self._services.servers.resolve_admin(
            member_of(interaction), text, channel_id=channel_of(interaction)
        )


async def setup(bot: WingcordClient) -> None:
    """Add the cog."""
    await bot.add_cog(AccessCommands(bot.services))
