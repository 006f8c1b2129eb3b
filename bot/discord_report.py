"""Tells a guild's admins that a relay was parked: its own channel is the one place where that cannot be said."""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Iterator
from itertools import islice

import discord

from bot.discord_refusals import NO_LINE, About, about
from bot.errors import BotError
from bot.i18n import _, ngettext
from bot.relay import notices
from bot.relay.wanted import WantedRelay
from bot.text.markdown import quoted

_log = logging.getLogger(__name__)
_LIMIT = 2000
_ATTEMPTS = 5
"""Channels tried. Refused requests count towards a limit that would shut the bot out everywhere."""
_WEATHER = (discord.HTTPException, *NO_LINE)
_PATIENCE = 9
"""How often it is tried while Discord cannot be reached: with pauses that double, for some 15 minutes."""
_SHOWN = 8
"""Relays named in one message; a whole guild's worth of lost rights would not fit."""


class ParkedReports:
    """Posts one message per guild for all that is parked at about the same time. Never pings anybody.

    It goes to the first of these where the bot may write: the channel where Discord itself notifies moderators, the
    system channel, a channel that not everyone sees. Where there is none, `/relay list` and the log have it.
    """

    def __init__(self, client: discord.Client, *, gather: float = 2.0) -> None:
        """`gather`: seconds to wait for more to be parked: rights are lost for many channels at once."""
        self._client = client
        self._gather = gather
        self._waiting: dict[int, list[tuple[WantedRelay, BotError]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def report(self, wanted: WantedRelay, error: BotError) -> None:
        """Have it told soon. Returns at once: whoever runs the relays must not wait for Discord."""
        waiting = self._waiting.setdefault(wanted.relay.guild_id, [])
        waiting.append((wanted, error))
        if len(waiting) == 1:
            task = asyncio.create_task(self._tell(wanted.relay.guild_id), name="report of parked relays")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what was not told yet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self, guild_id: int) -> None:
        await asyncio.sleep(self._gather)
        parked = self._waiting.pop(guild_id)
        guild = self._client.get_guild(guild_id)
        if guild is None:
            return
        text, nonce = _text(parked), secrets.token_hex(8)
        silent = {wanted.relay.channel_id for wanted, _error in parked}
        for patience in range(_PATIENCE):
            hopeful = (channel for channel in _channels(guild) if channel.id not in silent)
            try:
                told = await self._told(text, nonce, islice(hopeful, _ATTEMPTS))
            except _WEATHER as error:
                _log.info("guild %s: parked relays could not be reported yet: %s", guild_id, error)
                await asyncio.sleep(self._gather * 2**patience)
                continue
            if not told:
                _log.warning("guild %s: there is no channel to report its parked relays in", guild_id)
            return
        _log.warning("guild %s: Discord could not be reached to report its parked relays", guild_id)

    async def _told(self, text: str, nonce: str, channels: Iterable[discord.TextChannel]) -> bool:
        """Post in the first channel that takes it; raise what says nothing of the channel, such as a broken line.

        Another channel is no remedy for that, and the message may have arrived.
        """
        for channel in channels:
            try:
                # With a nonce, because discord.py repeats what Discord answers by an error after all.
                await channel.send(
                    text,
                    nonce=nonce,
                    silent=True,
                    suppress_embeds=True,
                    allowed_mentions=discord.AllowedMentions.none(),
                )
            except discord.HTTPException as error:
                if about(error) in {About.WEATHER, About.LIMIT}:
                    raise
                _log.info("parked relays could not be reported in %s: %s", channel.id, error)
            else:
                return True
        return False


def _channels(guild: discord.Guild) -> Iterator[discord.TextChannel]:
    """Yield where the admins may see a message, the likeliest first, without those where the bot may not write."""
    likely = [guild.public_updates_channel, guild.system_channel]
    likely += [
        channel for channel in guild.text_channels if not channel.permissions_for(guild.default_role).view_channel
    ]
    seen: set[int] = set()
    for channel in likely:
        if channel is None or channel.id in seen:
            continue
        seen.add(channel.id)
        permissions = channel.permissions_for(guild.me)
        if permissions.view_channel and permissions.send_messages:
            yield channel


def _text(parked: list[tuple[WantedRelay, BotError]]) -> str:
    title = ngettext(
        "⛔ A console is not shown any more where it should be:",
        "⛔ {count} consoles are not shown any more where they should be:",
        len(parked),
    )
    lines = [title.format(count=len(parked))]
    for wanted, error in parked[:_SHOWN]:
        line = f"- **{notices.name(wanted.server_name)}** → <#{wanted.relay.channel_id}>: {quoted(str(error))}"
        if len("\n".join([*lines, line])) > _LIMIT - 200:
            break
        lines.append(line)
    rest = len(parked) - len(lines) + 1
    if rest:
        lines.append(ngettext("- and {count} more", "- and {count} more", rest).format(count=rest))
    lines.append(_("-# `/relay list` shows how every console is doing."))
    return "\n".join(lines)
