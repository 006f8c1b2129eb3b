"""From an interaction to the member who asks, as the services know members."""

from typing import Any, TypeAlias

import discord

from bot.client import WingcordClient
from bot.errors import BadInput
from bot.i18n import _
from bot.services import Member

Interaction: TypeAlias = discord.Interaction[WingcordClient]


def member_of(interaction: discord.Interaction[Any]) -> Member:
    """Return who asks, with the roles and permissions that came with this interaction; BadInput outside guilds."""
    user = interaction.user
    if interaction.guild_id is None or not isinstance(user, discord.Member):
        raise BadInput(_("This works only inside a Discord server."))
    return _member(user, interaction.guild_id, interaction.permissions)


def member_named(chosen: discord.Member, guild_id: int) -> Member:
    """Return the member chosen in an option, with the roles and permissions that Discord resolved for it."""
    return _member(chosen, guild_id, chosen.resolved_permissions or chosen.guild_permissions)


def channel_of(interaction: discord.Interaction[Any]) -> int:
    """Return the id of the channel where the interaction happened; 0, which is no channel, where Discord tells none."""
    return interaction.channel_id or 0


def _member(user: discord.Member, guild_id: int, permissions: discord.Permissions) -> Member:
    return Member(
        guild_id=guild_id,
        user_id=user.id,
        name=user.name,
        role_ids=frozenset(role.id for role in user.roles) | {guild_id},  # everybody has the role of the guild's id
        is_admin=permissions.manage_guild or permissions.administrator,
    )
