"""`/access`: which roles may do what with which servers."""

from collections.abc import Iterable

import discord
from discord import Permissions, app_commands
from discord.ext import commands

from bot.client import WingcordClient
from bot.discord_replies import answer, defer
from bot.i18n import _, ngettext
from bot.services import AccessCheck, AccessRow, Services
from bot.store.values import LinkedServer
from bot.terms import Action
from cogs._complete import allowed_words, panel_labels, server_names
from cogs._context import Interaction, channel_of, member_named, member_of
from cogs._render import code, pages, safe
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
        grant = await self._services.access.grant(
            member,
            role_id=role.id,
            allow=allow,
            server=(linked := await self._named(interaction, server)),
            panel=await self._services.panels.find(member, panel) if panel is not None else None,
            commands=commands,
        )
        lines = [
            _("{role} may now {actions} on {servers}.").format(
                role=role.mention, actions=_actions(grant.actions), servers=_servers(linked.name if linked else None)
            )
        ]
        if grant.commands:
            patterns = ", ".join(code(pattern, 60) for pattern in grant.commands)
            lines.append(_("`/command` takes only {patterns}.").format(patterns=patterns))
        if role.is_default():
            lines.append(_("⚠️ That role is everyone: every member of this Discord server may do it."))
        await answer(interaction, "\n".join(lines))

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
        count = await self._services.access.revoke(member, role_id=role.id, server=linked)
        if count == 0:
            await answer(
                interaction,
                _("There was no such grant for {role}; `/access list` shows what there is.").format(role=role.mention),
            )
            return
        text = ngettext("Took {count} grant from {role}.", "Took {count} grants from {role}.", count)
        await answer(interaction, text.format(count=count, role=role.mention))

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
        await answer_in_pages(interaction, pages(_("Who may do what"), [_grant_line(row, guild_id) for row in rows]))

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
        await answer(interaction, _check_text(member, linked, found, is_admin=who.is_admin, guild_id=asking.guild_id))

    async def _named(self, interaction: Interaction, text: str | None) -> LinkedServer | None:
        """The server that was named; None, which means every server, when the option was left out."""
        if text is None:
            return None
        return await self._services.servers.resolve_admin(
            member_of(interaction), text, channel_id=channel_of(interaction)
        )


def _actions(actions: Iterable[Action]) -> str:
    chosen = frozenset(actions)
    return ", ".join(f"**{action.value}**" for action in Action if action in chosen)


def _servers(name: str | None) -> str:
    return f"**{safe(name)}**" if name is not None else _("every linked server")


def _role(role_id: int, guild_id: int) -> str:
    """A mention that shows the role's name; nobody is pinged, because replies allow no mentions."""
    return "@everyone" if role_id == guild_id else f"<@&{role_id}>"


def _grant_line(row: AccessRow, guild_id: int) -> str:
    grant = row.grant
    lines = [
        f"{_role(grant.role_id, guild_id)} · {_servers(row.server_name if grant.server_id is not None else None)}",
        _actions(grant.actions),
    ]
    if row.panel_label is not None:
        lines.append(_("with the key of **{panel}**").format(panel=safe(row.panel_label)))
    if grant.commands:
        patterns = ", ".join(code(pattern, 60) for pattern in grant.commands)
        lines.append(_("commands: {patterns}").format(patterns=patterns))
    return "\n-# ".join(lines)


def _check_text(
    member: discord.Member, linked: LinkedServer, found: AccessCheck, *, is_admin: bool, guild_id: int
) -> str:
    heading = _("{member} on **{server}**:").format(member=member.mention, server=safe(linked.name))
    if is_admin:
        return "\n".join([heading, _("everything, by the *Manage Server* permission.")])
    if not found.actions:
        return "\n".join([heading, _("nothing: no grant names one of their roles. Use `/access grant`.")])
    lines = [heading]
    for action in Action:
        roles = ", ".join(_role(role_id, guild_id) for role_id in dict.fromkeys(found.reasons.get(action, ())))
        if action in found.actions:
            lines.append(_("✅ **{action}** by {roles}").format(action=action.value, roles=roles))
        else:
            lines.append(f"❌ {action.value}")
    if found.commands:
        patterns = ", ".join(code(pattern) for pattern in found.commands)
        lines.append(_("`/command` takes only {patterns}.").format(patterns=patterns))
    if found.panel_labels:
        labels = ", ".join(f"**{safe(label)}**" for label in found.panel_labels)
        lines.append(_("Some of it with the key of {labels}.").format(labels=labels))
    return "\n".join(lines)


async def setup(bot: WingcordClient) -> None:
    """Add the cog."""
    await bot.add_cog(AccessCommands(bot.services))
