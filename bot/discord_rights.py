"""The rights that the bot asks for when it is invited, and what it can do without some of them."""

from typing import Final

import discord

from bot.i18n import _

INVITED_WITH: Final = discord.Permissions(
    view_channel=True, send_messages=True, embed_links=True, attach_files=True, read_message_history=True
)
"""117760: what the invitation asks for, and nothing more."""


LOOK_BACK: Final = _("Read Message History")
"""What it takes to find out whether a message whose answer was lost has arrived."""


def invitation(application_id: int) -> str:
    """Return the address that invites the bot, and gives it further rights where it is a member already."""
    return discord.utils.oauth_url(application_id, permissions=INVITED_WITH, scopes=("bot", "applications.commands"))


def lacking(permissions: discord.Permissions, *, in_thread: bool) -> list[str]:
    """Return, in Discord's words, the rights without which no console can be sent into a channel."""
    may_send = permissions.send_messages_in_threads if in_thread else permissions.send_messages
    needed = {
        _("View Channel"): permissions.view_channel,
        _("Send Messages in Threads") if in_thread else _("Send Messages"): may_send,
        _("Attach Files"): permissions.attach_files,
    }
    return [] if permissions.administrator else [name for name, granted in needed.items() if not granted]


def cannot_look_back(permissions: discord.Permissions) -> bool:
    """Whether the bot cannot look whether a message whose answer was lost has arrived, so that it may come twice."""
    return not (permissions.administrator or permissions.read_message_history)


def not_given(permissions: discord.Permissions) -> list[str]:
    """Return, in Discord's words, which of the rights that the invitation asks for were not given."""
    words = {
        "view_channel": _("View Channel"),
        "send_messages": _("Send Messages"),
        "embed_links": _("Embed Links"),
        "attach_files": _("Attach Files"),
        "read_message_history": LOOK_BACK,
    }
    return [] if permissions.administrator else [word for name, word in words.items() if not getattr(permissions, name)]
