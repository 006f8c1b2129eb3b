"""Discord as far as guilds are concerned: what the gateway tells of them, and what REST answers when it is asked."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

import discord
from discord.ext import commands

from bot.discord_refusals import NO_LINE
from bot.services import Guilds
from bot.services.departures import Answer

_log = logging.getLogger(__name__)
_PATIENCE = 60.0
"""Seconds for an answer, discord.py's own attempts included."""
# Discord's own codes in the body of a refusal (Discord docs, JSON error codes). A 403 or 404 without them comes from
# something in between, such as Cloudflare or a proxy that has lost its way, and says nothing about the guild.
_UNKNOWN_GUILD = 10004
_MISSING_ACCESS = 50001

T = TypeVar("T")


class GuildEvents(commands.Cog):
    """Hands on what the gateway tells; whoever it is handed to does not make the gateway wait."""

    def __init__(self, guilds: Guilds) -> None:
        self._guilds = guilds

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was invited."""
        self._guilds.here(guild.id)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A guild was there all the time, or is back after an outage."""
        self._guilds.here(guild.id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed; discord.py does not call this for outages."""
        self._guilds.left(guild.id)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """What the role was allowed is to be forgotten."""
        self._guilds.role_deleted(role.guild.id, role.id)

    @commands.Cog.listener()
    async def on_guild_role_update(self, _before: discord.Role, after: discord.Role) -> None:
        """A role may give back what the bot lacked."""
        self._guilds.rights_changed(after.guild.id)

    @commands.Cog.listener()
    async def on_guild_channel_update(self, _before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """A channel may let the bot in again."""
        self._guilds.rights_changed(after.guild.id)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Nothing more can be relayed into the channel."""
        self._guilds.channel_deleted(channel.guild.id, channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Nor into a thread."""
        self._guilds.channel_deleted(payload.guild_id, payload.thread_id)

    @commands.Cog.listener()
    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        """A thread may have been unlocked."""
        self._guilds.thread_changed(payload.guild_id, payload.thread_id)

    @commands.Cog.listener()
    async def on_thread_join(self, thread: discord.Thread) -> None:
        """The bot may have been let into a private thread."""
        self._guilds.thread_changed(thread.guild.id, thread.id)

    @commands.Cog.listener()
    async def on_member_update(self, _before: discord.Member, after: discord.Member) -> None:
        """The bot may have been given a role; about other members it hears nothing."""
        if after.id == after.guild.me.id:
            self._guilds.rights_changed(after.guild.id)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Something may have happened while the bot was away. May come more than once."""
        self._guilds.connected()

    @commands.Cog.listener()
    async def on_shard_ready(self, _shard_id: int) -> None:
        """The same where only one connection of several is new."""
        self._guilds.connected()

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """A guild in which commands are used is no dead one, unless somebody brought his own commands along."""
        if interaction.guild_id is not None and (
            interaction.is_guild_integration() or not interaction.is_user_integration()
        ):
            self._guilds.spoke(interaction.guild_id)


class DiscordGuilds:
    """The services' `GuildSource`, by a client that is logged in."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def listed(self) -> frozenset[int] | None:
        """See `GuildSource`."""
        return await _answered("its list of the bot's guilds", self._listed())

    async def ask(self, guild_id: int) -> Answer:
        """See `GuildSource`."""
        return await _answered(f"guild {guild_id}", self._asked(guild_id)) or Answer.NONE

    def roles_known(self, guild_id: int) -> frozenset[int] | None:
        """See `GuildSource`."""
        guild = self._client.get_guild(guild_id)
        if guild is None or guild.unavailable or guild.get_role(guild_id) is None:
            return None
        return frozenset(role.id for role in guild.roles)

    async def roles(self, guild_id: int) -> frozenset[int] | None:
        """See `GuildSource`."""
        guild = self._client.get_guild(guild_id)
        return None if guild is None else await _answered(f"the roles of guild {guild_id}", _roles(guild))

    async def _listed(self) -> frozenset[int]:
        return frozenset([guild.id async for guild in self._client.fetch_guilds(limit=None, with_counts=False)])

    async def _asked(self, guild_id: int) -> Answer:
        try:
            await self._client.fetch_guild(guild_id, with_counts=False)
        except (discord.NotFound, discord.Forbidden) as error:
            if error.code in {_UNKNOWN_GUILD, _MISSING_ACCESS}:
                return Answer.GONE
            raise
        return Answer.HERE


async def _roles(guild: discord.Guild) -> frozenset[int]:
    return frozenset(role.id for role in await guild.fetch_roles())


async def _answered(about: str, question: Awaitable[T]) -> T | None:
    """Return the answer; None, with a line in the log, where there is none that says anything."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await question
    except (discord.DiscordException, *NO_LINE, RuntimeError) as error:
        # RuntimeError: the client was closed meanwhile.
        _log.warning("Discord could not be asked about %s: %s", about, error)
        return None
