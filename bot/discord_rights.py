"""The rights that the bot asks for when it is invited, and what it can do without some of them."""

from typing import Final

import discord

INVITED_WITH: Final = discord.Permissions(
    view_channel=True, send_messages=True, embed_links=True, attach_files=True, read_message_history=True
)
"""117760: what the invitation asks for, and nothing more."""


def invitation(application_id: int) -> str:
    """Return the address that invites the bot, and gives it further rights where it is a member already."""
    return discord.utils.oauth_url(application_id, permissions=INVITED_WITH, scopes=("bot", "applications.commands"))
