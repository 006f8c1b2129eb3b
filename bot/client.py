"""The Discord client: what it listens to, which cogs it carries, and how failures reach people."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import discord
from discord import app_commands
from discord.ext import commands

from bot import metrics
from bot.api_keys import refuse_key
from bot.application import Application
from bot.discord_guilds import GuildEvents
from bot.discord_replies import UNSAID, answer_error, answer_privately, is_claimed, name_in_logs, name_of
from bot.discord_rights import invitation
from bot.discord_sync import TreeState, sync_if_changed
from bot.discord_translator import CatalogueTranslator
from bot.errors import BadInput, WhichServer
from bot.i18n import _, ngettext
from bot.names import refuse_blank
from bot.services import Services

if TYPE_CHECKING:
    import aiohttp

_log = logging.getLogger(__name__)
# No voice here, so its missing libraries are nothing to warn an owner of.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

_MAY_HOLD_KEYS = frozenset({("command", "command")})
"""Options that go to a program, which may need a panel's key for its work; `/say` goes to players."""

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


AskWhich: TypeAlias = Callable[[discord.Interaction[Any], WhichServer], Awaitable[bool]]
"""Returns whether it asked."""


async def _cannot_ask(_interaction: discord.Interaction[Any], _error: WhichServer) -> bool:
    return False


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
                    if (name_of(interaction), option) not in _MAY_HOLD_KEYS:
                        refuse_key(option, text)
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
        failure: Exception = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        try:
            if isinstance(failure, WhichServer) and await interaction.client.ask_which(interaction, failure):
                return
        except Exception as trouble:  # noqa: BLE001 - of whatever kind, it is told or noted as any other
            failure = trouble
        await answer_error(interaction, failure)


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
        self._told_ready = False
        self.ask_which: AskWhich = _cannot_ask
        """Asks which of several servers is meant, where that can be asked; set by the commands, which know how."""

    async def setup_hook(self) -> None:
        """Load the cogs and register their commands where they changed. Runs once, before the gateway connects."""
        await self.tree.set_translator(CatalogueTranslator())
        await self.add_cog(GuildEvents(self.services.guilds))
        for cog in COGS:
            await self.load_extension(cog)
        if self.application_id is not None:
            await sync_if_changed(self.tree, self.application_id, self._tree_state)

    async def on_ready(self) -> None:
        """Tell the log, once, that all is well: who this is, where it is, and how it gets elsewhere."""
        if self._told_ready or self.user is None or self.application_id is None:
            return
        self._told_ready = True
        guilds = _("in no Discord server yet")
        if self.guilds:
            guilds = ngettext("in {count} Discord server", "in {count} Discord servers", len(self.guilds))
        _log.info(
            "Ready: this is %s, %s. To invite it: %s",
            Application(self.application_id, self.user.name),
            guilds.format(count=len(self.guilds)),
            invitation(self.application_id),
        )

    async def on_message(self, message: discord.Message, /) -> None:
        """Ignore messages: there are no prefix commands."""

    async def on_app_command_completion(
        self,
        interaction: discord.Interaction["WingcordClient"],
        _command: app_commands.Command[Any, ..., Any] | app_commands.ContextMenu,
    ) -> None:
        """Count what went well; failures are counted where they are told."""
        metrics.interactions.labels(name_of(interaction), "ok").inc()

    async def on_interaction(self, interaction: discord.Interaction["WingcordClient"]) -> None:
        """Answer buttons and forms that outlived their view, which nobody else would acknowledge."""
        if interaction.type not in {discord.InteractionType.component, discord.InteractionType.modal_submit}:
            return
        await asyncio.sleep(0)
        if is_claimed(interaction):
            return
        try:
            await answer_privately(interaction, _("This button or form is too old to work. Use the command once more."))
        except UNSAID as error:
            _log.info("A button that outlived its view could not be answered: %s", error)
