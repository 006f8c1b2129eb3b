"""How an interaction is answered: within three seconds, in one message, and privately when something went wrong."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakSet

import aiohttp
import discord
from discord import app_commands

from bot import metrics
from bot.discord_refusals import NO_LINE, About, about
from bot.errors import BotError
from bot.i18n import _
from bot.logs import keep_log_context
from bot.time_slice import count_for
from bot.told import told

_log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 1.5
"""Seconds that a local look-up may take before the interaction is acknowledged without its result (Discord: 3 s)."""
LONGEST_LOOK_UP = 2.0
"""Seconds for a look-up that decides what the first answer is; nothing can be acknowledged before it."""
CONTENT_LIMIT = 2000
"""Characters in a message's content."""

_answering: "WeakSet[asyncio.Task[Any]]" = WeakSet()
"""The tasks of interactions; those that have ended disappear by themselves."""
_THINKING = "thinking"
_ARRIVED = "arrived"
_AGAIN = (0.2, 0.8)
"""Seconds before something is sent again whose connection broke: all of it within the three that Discord waits."""
_CLAIMED = "claimed"
_UNKNOWN_MESSAGE = 10008
_UNKNOWN_WEBHOOK = 10015
_UNKNOWN_INTERACTION = 10062
_ALREADY_ACKNOWLEDGED = 40060
_INVALID_WEBHOOK_TOKEN = 50027
_TOO_LATE = frozenset(
    {_UNKNOWN_MESSAGE, _UNKNOWN_WEBHOOK, _UNKNOWN_INTERACTION, _ALREADY_ACKNOWLEDGED, _INVALID_WEBHOOK_TOKEN}
)
"""Discord's codes for an interaction that expired or whose answer was deleted: nobody is waiting any more."""


BROKEN_LINE = (*NO_LINE, discord.DiscordServerError)
"""What says nothing of a message, only that it could not get through now."""
UNSAID = (discord.HTTPException, *BROKEN_LINE, RuntimeError)
"""What comes of saying something that cannot be said: it is refused, the line breaks, the client is closed by now.

For what matters less than what it stands in the way of.
"""


def clip(text: str, limit: int) -> str:
    """Return the text in at most `limit` characters, an ellipsis showing that some were cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def name_in_logs(interaction: discord.Interaction[Any]) -> None:
    """Have every line that this interaction's task logs say whom it concerns; `finish_answers` waits for the task.

    What it has to work off in bulk counts as its guild's.
    """
    count_for(interaction.guild_id)
    keep_log_context(guild=interaction.guild_id, user=interaction.user.id)
    task = asyncio.current_task()
    if task is not None:
        _answering.add(task)


async def finish_answers(seconds: float) -> None:
    """Wait, at most so long, until the interactions under way are answered."""
    if _answering:
        await asyncio.wait(tuple(_answering), timeout=seconds)


def claim(interaction: discord.Interaction[Any]) -> None:
    """Mark that a living view or form takes care of the interaction, and name it in the log."""
    interaction.extras[_CLAIMED] = True
    name_in_logs(interaction)


def is_claimed(interaction: discord.Interaction[Any]) -> bool:
    """Whether a living view or form takes care of the interaction."""
    return _CLAIMED in interaction.extras


def _is_acknowledged(interaction: discord.Interaction[Any]) -> bool:
    return interaction.response.is_done() or _ARRIVED in interaction.extras


async def persist(
    interaction: discord.Interaction[Any], say: Callable[[], Awaitable[object]], *, file: discord.File | None = None
) -> bool:
    """Say something to Discord, again where the connection breaks: a line that was idle for a while often does.

    For what may be said twice: a first answer, which Discord takes once, and the edit of an answer. `file` is what it
    has attached. Return whether it was said as it is; False where an earlier try turns out to have got through as the
    first answer, which discord.py knows nothing of. Raises what Discord has against it.
    """
    for number, pause in enumerate((*_AGAIN, None)):
        try:
            await say()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            if isinstance(error, discord.HTTPException):
                if number == 0 or error.code != _ALREADY_ACKNOWLEDGED:
                    raise
                interaction.extras[_ARRIVED] = True
                return False
            if pause is None:
                raise
            _log.info("The connection broke while interaction %s was answered; trying again: %r", interaction.id, error)
            await asyncio.sleep(pause)
            if file is not None:
                file.reset()
        else:
            return True
    raise AssertionError("the last try returns or raises")


async def defer(interaction: discord.Interaction[Any], *, private: bool) -> None:
    """Acknowledge with "thinking…", visible to all or only to the one who asked; nothing when already answered."""
    if _is_acknowledged(interaction):
        return
    await persist(interaction, lambda: interaction.response.defer(ephemeral=private, thinking=True))
    interaction.extras[_THINKING] = "private" if private else "public"


async def in_time(interaction: discord.Interaction[Any], work: Awaitable[T], *, private: bool) -> T:
    """Return the result of a local look-up, acknowledging the interaction first where it takes suspiciously long."""
    task = asyncio.ensure_future(work)
    try:
        done, _pending = await asyncio.wait({task}, timeout=PATIENCE)
        if not done:
            await defer(interaction, private=private)
        return await task
    finally:
        task.cancel()


async def before_answer(work: Awaitable[T]) -> T:
    """Return the result of a local look-up that decides what the first answer is; BotError when it takes too long."""
    try:
        async with asyncio.timeout(LONGEST_LOOK_UP):
            return await work
    except TimeoutError as error:
        raise BotError(_("My database did not answer in time; try again in a moment.")) from error


async def answer(
    interaction: discord.Interaction[Any],
    content: str | None = None,
    *,
    embed: discord.Embed | None = None,
    view: discord.ui.View | None = None,
    file: discord.File | None = None,
    private: bool = True,
) -> None:
    """Answer for the first time, or fill the answer given so far; `private` matters only before acknowledgement."""
    content = clip(content, CONTENT_LIMIT) if content is not None else None
    missing: Any = discord.utils.MISSING

    async def send() -> None:
        await interaction.response.send_message(
            content,
            embed=embed if embed is not None else missing,
            view=view if view is not None else missing,
            file=file if file is not None else missing,
            ephemeral=private,
        )

    async def fill() -> None:
        attachments = [file] if file is not None else missing
        await interaction.edit_original_response(content=content, embed=embed, view=view, attachments=attachments)

    if not _is_acknowledged(interaction) and await persist(interaction, send, file=file):
        return
    # Also where the message has arrived although its connection broke: discord.py would not know its buttons.
    interaction.extras.pop(_THINKING, None)
    if file is not None:
        file.reset()
    await persist(interaction, fill, file=file)


async def answer_privately(
    interaction: discord.Interaction[Any],
    content: str,
    *,
    view: discord.ui.View | None = None,
    file: discord.File | None = None,
) -> None:
    """Say something that only the one who asked sees, whatever was answered before.

    A public "thinking…" that was never filled disappears. It is filled first and removed last: a follow-up to an
    answer that is still thinking would take its place, and its publicity.
    """
    content = clip(content, CONTENT_LIMIT)
    thinking: str | None = interaction.extras.pop(_THINKING, None)
    if not _is_acknowledged(interaction) or thinking == "private":
        await answer(interaction, content, view=view, file=file)
        return
    if thinking == "public":
        with contextlib.suppress(discord.NotFound):
            await persist(interaction, lambda: interaction.edit_original_response(content="…"))

    async def send() -> None:
        await interaction.followup.send(
            content,
            view=view if view is not None else discord.utils.MISSING,
            file=file if file is not None else discord.utils.MISSING,
            ephemeral=True,
            wait=True,
        )

    await persist(interaction, send, file=file)  # in private, twice is better than never
    if thinking == "public":
        with contextlib.suppress(discord.NotFound):
            await interaction.delete_original_response()


async def answer_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Turn any failure into one private sentence; what nobody foresaw is logged under an incident id."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if _came_too_late(cause):
        _log.info("Interaction %s could not be answered any more: %s", interaction.id, cause)
        return
    if isinstance(cause, aiohttp.ClientError):  # Discord's: the panel client wraps its own
        _log.warning("Discord could not be reached to answer interaction %s: %r", interaction.id, cause)
        return
    asking = interaction.permissions
    sentence = sentence_for(cause, is_admin=asking.manage_guild or asking.administrator)
    metrics.interactions.labels(name_of(interaction), "refused" if sentence is not None else "error").inc()
    try:
        await answer_privately(interaction, sentence or _incident(interaction, cause))
    except UNSAID as failure:
        _log.info("Interaction %s could not be told what went wrong: %r", interaction.id, failure)


def name_of(interaction: discord.Interaction[Any]) -> str:
    """Return the command's full name, or `component` and the like where it was none."""
    return interaction.command.qualified_name if interaction.command is not None else interaction.type.name


def sentence_for(error: Exception, *, is_admin: bool) -> str | None:
    """Return the sentence for a foreseen failure, by who asks; None for any other."""
    match error:
        case BotError():
            return told(error, is_admin=is_admin)
        case discord.HTTPException() if about(error) in {About.WEATHER, About.LIMIT}:
            return _(
                "Discord itself had trouble just now, so I could not answer. What you asked for may have been done: "
                "look before you repeat it."
            )
        case app_commands.BotMissingPermissions():
            return _(
                "I lack a permission here: {permissions}. Give it to my role, or in this channel's settings."
            ).format(permissions=_permission_words(error.missing_permissions))
        case app_commands.MissingPermissions():
            return _("You lack a permission for this: {permissions}.").format(
                permissions=_permission_words(error.missing_permissions)
            )
        case app_commands.NoPrivateMessage():
            return _("This works only inside a Discord server.")
        case app_commands.CheckFailure():
            return _("You may not use this command here.")
        case app_commands.TransformerError():
            return _("`{value}` cannot be used for that option; choose one that Discord offers.").format(
                value=clip(str(error.value).replace("`", "'"), 100)
            )
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return _("This command has changed since Discord loaded it. Restart Discord, or try again in a minute.")
        case _:
            return None


def _permission_words(names: list[str]) -> str:
    return ", ".join(name.replace("_", " ").replace("guild", "server").title() for name in names)


def _came_too_late(error: Exception) -> bool:
    if isinstance(error, discord.InteractionResponded):
        return False
    return isinstance(error, discord.HTTPException) and error.code in _TOO_LATE


def _incident(interaction: discord.Interaction[Any], error: Exception) -> str:
    """Log an unforeseen failure with its traceback and return the sentence that names only the incident."""
    incident = secrets.token_hex(3).upper()
    _log.error("Incident %s in %s", incident, name_of(interaction), exc_info=error)
    return _(
        "Something broke on my side (incident {incident}). "
        "Whoever runs this bot finds the details in its log under that word."
    ).format(incident=incident)
