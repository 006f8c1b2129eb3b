"""What concerns a relay's channel: whether the bot may write there, what it lacks, and who reads it."""

from typing import Any, TypeAlias

import discord
from discord import AppCommandOptionType, ChannelType, app_commands

from bot.discord_rights import LOOK_BACK, cannot_look_back, lacking
from bot.errors import BadInput
from bot.i18n import _
from cogs._context import Interaction

RelayChannel = discord.TextChannel | discord.Thread
ChosenChannel: TypeAlias = app_commands.AppCommandChannel | app_commands.AppCommandThread


class ChannelOption(app_commands.Transformer):
    """A text channel or thread by what Discord says of it with the command.

    discord.py's own option refuses what the bot does not know, and it knows no thread that is archived, and no private
    one that it is not in. What goes there can be paused and removed all the same.
    """

    @property
    def type(self) -> AppCommandOptionType:
        """What the option takes."""
        return AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[ChannelType]:
        """The kinds of channel that can be chosen."""
        threads = [ChannelType.news_thread, ChannelType.private_thread, ChannelType.public_thread]
        return [ChannelType.text, ChannelType.news, *threads]

    async def transform(self, _: discord.Interaction[Any], value: ChosenChannel, /) -> ChosenChannel:
        """Return what was chosen."""
        return value


def known(chosen: ChosenChannel | None) -> RelayChannel | None:
    """Return the channel that was chosen, None where none was; BadInput for one that the bot does not know."""
    if chosen is None:
        return None
    channel = chosen.resolve()
    if isinstance(channel, discord.TextChannel | discord.Thread):
        return channel
    if isinstance(chosen, app_commands.AppCommandThread):
        text = _(
            "I do not see the thread {channel}: it is archived, or private and without me. Write something in it, or "
            "mention me there if it is private, then try again."
        )
    else:
        text = _("I do not see {channel}. Give me **View Channel** there, then try again.")
    raise BadInput(text.format(channel=chosen.mention))


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
