"""What concerns a relay's channel: whether the bot may write there, what it lacks, and who reads it."""

import discord

from bot.discord_rights import LOOK_BACK, cannot_look_back, lacking
from bot.errors import BadInput
from bot.i18n import _
from cogs._context import Interaction

RelayChannel = discord.TextChannel | discord.Thread


def everyone_reads(channel: RelayChannel) -> bool:
    """Whether all members can read the channel, as far as is known."""
    if isinstance(channel, discord.Thread) and (channel.is_private() or channel.parent is None):
        return False
    return channel.permissions_for(channel.guild.default_role).view_channel


def rights_in(interaction: Interaction, channel_id: int) -> str | None:
    """Return what the bot cannot do in a channel of the guild, as far as it is known."""
    channel = None if interaction.guild is None else interaction.guild.get_channel_or_thread(channel_id)
    # None until Discord sent it
    if channel is None or channel.guild.me is None:  # pyright: ignore[reportUnnecessaryComparison]
        return None
    try:
        permissions = channel.permissions_for(channel.guild.me)
    except discord.ClientException:  # a thread of a channel that is not known
        return None
    return _warning(permissions, in_thread=isinstance(channel, discord.Thread))


def _refuse_silenced(channel: RelayChannel, permissions: discord.Permissions) -> None:
    """Raise BadInput where no right is missing and the bot can post nothing all the same."""
    me = channel.guild.me
    if me is not None and me.is_timed_out() and me.timed_out_until is not None:  # pyright: ignore[reportUnnecessaryComparison]
        text = _("I am timed out in this Discord server until {when}. Remove the time-out, then try again.")
        raise BadInput(text.format(when=discord.utils.format_dt(me.timed_out_until)))
    if isinstance(channel, discord.Thread) and channel.locked and not permissions.manage_threads:
        text = _("{channel} is locked. Unlock it, or give me **Manage Threads** there, then try again.")
        raise BadInput(text.format(channel=channel.mention))
    if isinstance(channel, discord.Thread) and _is_closed_to_me(channel, permissions):
        text = _("I am not in the private thread {channel}. Mention me there, then try again.")
        raise BadInput(text.format(channel=channel.mention))


def _is_closed_to_me(thread: discord.Thread, permissions: discord.Permissions) -> bool:
    """Whether it is a private thread without the bot. Of open threads, Discord tells the bot of those it can see."""
    if not thread.is_private() or thread.archived or permissions.manage_threads:
        return False
    known = thread.guild.get_thread(thread.id)
    return known is None or known.me is None


def existing(interaction: Interaction) -> set[int]:
    """Return the ids of the guild's channels and open threads."""
    guild = interaction.guild
    return set() if guild is None else {channel.id for channel in (*guild.channels, *guild.threads)}


def writable(interaction: Interaction, chosen: RelayChannel | None) -> RelayChannel:
    """Return the channel for the lines; BadInput names what the bot may not do there."""
    channel = chosen if chosen is not None else interaction.channel
    if not isinstance(channel, discord.TextChannel | discord.Thread):
        raise BadInput(_("Consoles go into text channels and threads; choose one with `channel`."))
    if chosen is None or chosen.id == interaction.channel_id:
        permissions = interaction.app_permissions
    elif channel.guild.me is not None:  # pyright: ignore[reportUnnecessaryComparison] - None until Discord sent it
        permissions = channel.permissions_for(channel.guild.me)
    else:
        raise BadInput(
            _("I do not know {channel} yet; try again in a moment, or use the command inside it.").format(
                channel=channel.mention
            )
        )
    _refuse_silenced(channel, permissions)
    missing = _missing(permissions, in_thread=isinstance(channel, discord.Thread))
    if missing:
        raise BadInput(
            _("In {channel} I lack {permissions}. Allow it in the channel's settings, then try again.").format(
                channel=channel.mention, permissions=", ".join(missing)
            )
        )
    return channel


def _missing(permissions: discord.Permissions, *, in_thread: bool) -> list[str]:
    """Return, in Discord's words, what the bot needs in a console channel and does not have."""
    return [f"**{name}**" for name in lacking(permissions, in_thread=in_thread)]


def _warning(permissions: discord.Permissions, *, in_thread: bool) -> str | None:
    """Return what the bot cannot do in a console channel for want of a right; None where it has all."""
    missing = _missing(permissions, in_thread=in_thread)
    if missing:
        return _("I lack {permissions} there.").format(permissions=", ".join(missing))
    if cannot_look_back(permissions):
        text = _("I lack **{right}** there: a line that is on its way while I am killed may come twice.")
        return text.format(right=LOOK_BACK)
    return None
