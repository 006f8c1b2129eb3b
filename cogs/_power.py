"""Power signals by button: from `/status`, and the question before `/kill`."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Self

import discord

from bot.discord_replies import UNSAID, answer, answer_privately, before_answer, defer, persist
from bot.errors import BotError
from bot.i18n import _
from bot.services import Permit, Progress, Services
from bot.store.values import LinkedServer
from bot.terms import Action
from cogs._console_text import with_lines
from cogs._context import Interaction, member_of
from cogs._outcome import ButtonReply, Offer, Reply, follow_outcome
from cogs._render import safe
from cogs._views import BROWSE_SECONDS, Confirm, OwnedView


async def press(
    services: Services,
    interaction: Interaction,
    permit: Permit,
    *,
    when_off: bool = False,
    arrived: Callable[[], Awaitable[None]] | None = None,
) -> Progress:
    """Send the permit's signal for the member who pressed, and follow it in a public message.

    `when_off`: once the server is off. `arrived` is called when the server is as was asked, which is watched for some
    seconds more. Returns the last step. The interaction must be acknowledged already. Raises NotAllowed and PanelError
    before anything is posted.
    """
    reply = ButtonReply(interaction, offer_of(services, interaction, permit.server), arrived=arrived)
    return await follow(services, interaction, permit, reply, when_off=when_off)


async def follow(
    services: Services, interaction: Interaction, permit: Permit, reply: Reply, *, when_off: bool = False
) -> Progress:
    """Send the permit's signal and show how it goes; where the server fails, show whoever asked its last lines.

    Those in private, and only where he may see the console: the right to start does not include that.
    """
    last = await follow_outcome(
        services.power.follow(permit, when_off=when_off), reply, is_admin=permit.member.is_admin
    )
    if last.crashed:
        await _show_last_words(services, interaction, permit)
    return last


async def _show_last_words(services: Services, interaction: Interaction, permit: Permit) -> None:
    """Show them where that can be done: nobody has asked for them, and how it ended was told."""
    lines: list[str] = []
    with contextlib.suppress(BotError):
        visible = await services.access.visible(permit.member, Action.CONSOLE)
        if any(server.id == permit.server.id for server in visible):
            console = await services.access.require(permit.member, Action.CONSOLE, permit.server)
            lines = await services.consoles.last_words(console)
    if lines:
        heading = _("The last lines of **{server}**:").format(server=safe(permit.server.name))
        text, file = await with_lines(heading, lines, None, keep="tail")
        with contextlib.suppress(*UNSAID):
            await answer_privately(interaction, text, file=file)


def offer_of(services: Services, interaction: Interaction, server: LinkedServer) -> Offer:
    """Return what offers the one who asked to start the server as soon as it is off."""
    return lambda edit: StartLater(services, interaction, server, edit=edit)


class StartLater(OwnedView):
    """One button that starts a server when it is off; it goes once it is pressed, or too old."""

    def __init__(
        self,
        services: Services,
        interaction: Interaction,
        server: LinkedServer,
        *,
        edit: Callable[..., Awaitable[object]],
    ) -> None:
        """`edit` changes the message with the button."""
        super().__init__(interaction, timeout=BROWSE_SECONDS)
        self._services = services
        self._server = server
        self._edit = edit

    @discord.ui.button(label=_("Start when it is off"), style=discord.ButtonStyle.success)
    async def start(self, interaction: Interaction, _button: discord.ui.Button[Self]) -> None:
        """Wait for the end of the stop, then send the start: the right to it is looked at now, and then again."""
        permit = await before_answer(self._services.access.require(member_of(interaction), Action.START, self._server))
        self.stop()
        await persist(interaction, lambda: interaction.response.edit_message(view=None))
        await press(self._services, interaction, permit, when_off=True)

    async def tidy(self, content: str | None = None) -> None:
        """Take the button away; the message may be gone, which is fine."""
        with contextlib.suppress(*UNSAID):
            await (self._edit(view=None) if content is None else self._edit(content=content, view=None))


def ask_to_kill(services: Services, interaction: Interaction, server: LinkedServer) -> tuple[str, Confirm]:
    """Return the question and its buttons; the answer belongs into a private reply to `interaction`."""

    async def kill(pressed: Interaction) -> None:
        permit = await before_answer(services.access.require(member_of(pressed), Action.KILL, server))
        text = _("Killing **{server}**; the result follows below.").format(server=safe(server.name))
        await persist(pressed, lambda: pressed.response.edit_message(content=text, view=None))
        await press(services, pressed, permit)

    text = _(
        "Kill **{server}**? Its process ends at once, without saving: progress since the last save is lost, "
        "and files that are being written can be damaged. `/stop` lets it save first."
    ).format(server=safe(server.name))
    label = _("Kill {server}").format(server=server.name[:60])
    return text, Confirm(interaction, label=label, act=kill)


async def ask_to_kill_again(services: Services, interaction: Interaction, server: LinkedServer) -> None:
    """Answer a button's interaction with the question, in a private message of its own."""
    await defer(interaction, private=True)
    text, view = ask_to_kill(services, interaction, server)
    await answer(interaction, text, view=view)
