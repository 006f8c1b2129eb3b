"""Power signals by button: from `/status`, and the question before `/kill`."""

from bot.discord_replies import answer, before_answer, defer
from bot.i18n import _
from bot.services import Permit, Services
from bot.store.values import LinkedServer
from bot.terms import Action
from cogs._context import Interaction, member_of
from cogs._outcome import ButtonReply, follow_outcome
from cogs._render import safe
from cogs._views import Confirm


async def press(services: Services, interaction: Interaction, permit: Permit) -> None:
    """Send the permit's signal for the member who pressed, and follow it in a public message.

    The interaction must be acknowledged already. Raises NotAllowed and PanelError before anything is posted.
    """
    await follow_outcome(services.power.follow(permit), ButtonReply(interaction))


def ask_to_kill(services: Services, interaction: Interaction, server: LinkedServer) -> tuple[str, Confirm]:
    """Return the question and its buttons; the answer belongs into a private reply to `interaction`."""

    async def kill(pressed: Interaction) -> None:
        permit = await before_answer(services.access.require(member_of(pressed), Action.KILL, server))
        text = _("Confirmed for **{server}**; how it goes is told below.").format(server=safe(server.name))
        await pressed.response.edit_message(content=text, view=None)
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
