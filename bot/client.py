"""The Discord client: what it listens to, which cogs it carries, and how failures reach people."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import metrics
from bot.discord_replies import answer_error, answer_privately, is_claimed, name_in_logs, name_of
from bot.discord_sync import TreeState, sync_if_changed
from bot.discord_translator import CatalogueTranslator
from bot.errors import BadInput
from bot.i18n import _
from bot.names import refuse_blank
from bot.services import Services

if TYPE_CHECKING:
    import aiohttp

_log = logging.getLogger(__name__)
# No voice here, so its missing libraries are nothing to warn an owner of.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

COGS = (
    "cogs.servers",
    "cogs.power",
    "cogs.console",
    "cogs.panels",
    "cogs.links",
    "cogs.access",
    "cogs.relays",
)
"""Named as strings, so that cogs may import this module and never the other way round."""


class WingcordTree(app_commands.CommandTree["WingcordClient"]):
    """The slash commands, whose failures always become a sentence."""

    async def interaction_check(self, interaction: discord.Interaction["WingcordClient"], /) -> bool:
        """Let every command through, with its name on what it logs, unless an option is blank.

        Rights are the services' business.
        """
        name_in_logs(interaction)
        if interaction.type is discord.InteractionType.application_command:
            try:
                required = _required(interaction)
                for option, text in _texts(cast("Mapping[str, Any]", interaction.data or {})):
                    refuse_blank(option, text, required=option in required)
            except BadInput as error:
                await answer_error(interaction, error)
                return False
        return True

    async def on_error(
        self, interaction: discord.Interaction["WingcordClient"], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer privately with what went wrong; autocomplete has no room for sentences."""
        if interaction.type is discord.InteractionType.autocomplete:
            _log.info("Autocomplete found no answer: %s", error)
            return
        await answer_error(interaction, error)


def _required(interaction: discord.Interaction["WingcordClient"]) -> frozenset[str]:
    """Return the names of the options that the command cannot go without."""
    command = interaction.command
    if not isinstance(command, app_commands.Command):
        return frozenset()
    return frozenset(parameter.display_name for parameter in command.parameters if parameter.required)


def _texts(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the options that are text, with their names; those of a command stand below its group's."""
    for option in data.get("options", ()):
        if option["type"] == discord.AppCommandOptionType.string.value:
            yield option["name"], str(option["value"])
        yield from _texts(option)


class WingcordClient(commands.AutoShardedBot):
    """A bot of slash commands only: no messages are read, nobody is ever pinged."""

    def __init__(
        self, services: Services, *, tree_state: TreeState, http_trace: "aiohttp.TraceConfig | None" = None
    ) -> None:
        """Take what the commands act with, where the fingerprint of the commands is kept, and a trace for metrics."""
        options: dict[str, Any] = {} if http_trace is None else {"http_trace": http_trace}
        super().__init__(
            command_prefix=(),
            help_command=None,
            intents=discord.Intents(guilds=True),
            tree_cls=WingcordTree,
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
            allowed_mentions=discord.AllowedMentions.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            **options,
        )
        self.services = services
        self._tree_state = tree_state

    async def setup_hook(self) -> None:
        """Load the cogs and register their commands where they changed. Runs once, before the gateway connects."""
        await self.tree.set_translator(CatalogueTranslator())
        for cog in COGS:
            await self.load_extension(cog)
        if self.application_id is not None:
            await sync_if_changed(self.tree, self.application_id, self._tree_state)

    async def on_message(self, message: discord.Message, /) -> None:
        """Ignore messages: there are no prefix commands."""

    async def on_app_command_completion(
        self,
        interaction: discord.Interaction["WingcordClient"],
        _command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu,
    ) -> None:
        """Count what went well; failures are counted where they are told."""
        metrics.interactions.labels(name_of(interaction), "ok").inc()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Make room for a new guild."""
        await self.services.guilds.joined(guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Forget a guild that threw the bot out; discord.py does not call this for outages."""
        await self.services.guilds.left(guild.id)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Forget what the role was allowed."""
        await self.services.guilds.role_deleted(role.guild.id, role.id)

    async def on_guild_role_update(self, _before: discord.Role, after: discord.Role) -> None:
        """A role may give back what the bot lacked."""
        self.services.guilds.rights_changed(after.guild.id)

    async def on_guild_channel_update(self, _before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        """A channel may let the bot in again."""
        self.services.guilds.rights_changed(after.guild.id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Nothing more can be relayed into the channel."""
        self.services.guilds.channel_deleted(channel.guild.id, channel.id)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Nor into a thread."""
        self.services.guilds.channel_deleted(payload.guild_id, payload.thread_id)

    async def on_member_update(self, _before: discord.Member, after: discord.Member) -> None:
        """The bot may have been given a role; about other members it hears nothing."""
        if after.id == after.guild.me.id:
            self.services.guilds.rights_changed(after.guild.id)

    async def on_ready(self) -> None:
        """Catch up with guilds joined or left and roles deleted while away. May run more than once."""
        present = {guild.id for guild in self.guilds}
        known = frozenset(await self.services.guilds.known())
        for guild_id in present - known:
            await self.services.guilds.joined(guild_id)
        for guild_id in known - present:
            if self._on_my_shards(guild_id) and await self._is_gone(guild_id):
                await self.services.guilds.left(guild_id)
        for guild in self.guilds:
            if not guild.unavailable:
                await self.services.guilds.roles_are(guild.id, [role.id for role in guild.roles])

    async def on_interaction(self, interaction: discord.Interaction["WingcordClient"]) -> None:
        """Answer buttons and forms that outlived their view, which nobody else would acknowledge."""
        if interaction.type not in {discord.InteractionType.component, discord.InteractionType.modal_submit}:
            return
        await asyncio.sleep(0)
        if is_claimed(interaction):
            return
        try:
            await answer_privately(interaction, _("This button or form is too old to work. Use the command once more."))
        except discord.HTTPException as error:
            _log.info("A button that outlived its view could not be answered: %s", error)

    def _on_my_shards(self, guild_id: int) -> bool:
        """Whether this process would see the guild: others may serve other shards."""
        return (guild_id >> 22) % (self.shard_count or 1) in self.shards

    async def _is_gone(self, guild_id: int) -> bool:
        """Ask Discord: forgetting deletes keys, so a guild missing from a list is not enough."""
        try:
            await self.fetch_guild(guild_id, with_counts=False)
        except (discord.NotFound, discord.Forbidden):
            return True
        except discord.HTTPException as error:
            _log.warning("Could not find out whether the bot is still in guild %s: %s", guild_id, error)
        return False
