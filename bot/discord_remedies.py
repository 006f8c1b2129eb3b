"""Why the bot may not post in a channel, and what to do: in a sentence, from what is known of channel and bot."""

from datetime import datetime

import discord

from bot.discord_refusals import About
from bot.discord_rights import lacking
from bot.i18n import _
from bot.relay.sink import ChannelForbidden
from bot.text.markdown import escape

_LONGEST = 200
_CLOCKS_APART = 2.0
"""Seconds: Discord's clock and ours; a time-out that is not over yet would be another refusal."""
Place = discord.abc.GuildChannel | discord.Thread


def channel_forbidden(why: About, client: discord.Client, channel_id: int, said: str) -> ChannelForbidden:
    """Return the error for a channel that the bot may not post in now. `said`: by Discord, where there are no words."""
    channel = _known(client, channel_id)
    until = None if channel is None else _timed_out(channel)
    if until is not None and why in {About.RIGHTS, About.ACCESS}:
        text = _(
            "This bot itself was timed out in this Discord server, until {when}; it posts again then, or as soon as "
            "somebody removes the time-out."
        )
        seconds = (until - discord.utils.utcnow()).total_seconds()
        return ChannelForbidden(
            text.format(when=discord.utils.format_dt(until)), retry_after=max(seconds, 0.0) + _CLOCKS_APART
        )
    return ChannelForbidden(_sentence(why, client, channel, said))


def _known(client: discord.Client, channel_id: int) -> Place | None:
    channel = client.get_channel(channel_id)
    return channel if isinstance(channel, discord.abc.GuildChannel | discord.Thread) else None


def _timed_out(channel: Place) -> datetime | None:
    me = channel.guild.me
    # None until Discord sent it
    return me.timed_out_until if me is not None and me.is_timed_out() else None  # pyright: ignore[reportUnnecessaryComparison]


def _sentence(why: About, client: discord.Client, channel: Place | None, said: str) -> str:
    match why:
        case About.ACCESS if _is_a_thread_without_the_bot(client, channel):
            return _(
                "The bot is not in the private thread of this relay, or may not see the channel that it belongs to. "
                "Mention the bot in the thread, or give it the right Manage Threads there; and View Channel."
            )
        case About.ACCESS:
            return _("The bot cannot see the channel of this relay; give it the right View Channel there.")
        case About.LOCKED:
            return _("The thread of this relay is locked; unlock it, or give the bot the right Manage Threads there.")
        case About.THREADS:
            return _(
                "The archived thread of this relay cannot be opened again: this Discord server has as many open "
                "threads as it may have. Close one, or send the console into a channel."
            )
        case About.RIGHTS:
            return _rights(channel)
        case _:
            text = _("Discord lets the bot post nothing in the channel of this relay, and says: “{said}”.")
            return text.format(said=escape(said[:_LONGEST]))


def _rights(channel: Place | None) -> str:
    in_thread = isinstance(channel, discord.Thread)
    # None until Discord sent it
    me = None if channel is None else channel.guild.me  # pyright: ignore[reportUnnecessaryComparison]
    missing: list[str] = []
    if channel is not None and me is not None:  # pyright: ignore[reportUnnecessaryComparison]
        try:
            missing = lacking(channel.permissions_for(me), in_thread=in_thread)
        except discord.ClientException:  # a thread whose channel is not known
            missing = []
    # Where nothing seems to be missing, what is known is not what Discord knows: then all that is needed is named.
    rights = missing or lacking(discord.Permissions.none(), in_thread=in_thread)
    return _("The bot may not post in the channel of this relay; give it the rights {rights} there.").format(
        rights=", ".join(rights)
    )


def _is_a_thread_without_the_bot(client: discord.Client, channel: Place | None) -> bool:
    """All channels of a guild are known, whether the bot can see them or not; of threads only those it can see."""
    if channel is not None:
        return isinstance(channel, discord.Thread) and channel.is_private()
    return client.is_ready() and bool(client.guilds) and not any(guild.unavailable for guild in client.guilds)
