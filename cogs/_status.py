"""The buttons under `/status`: refresh, and the signals that the member may send."""

import contextlib
from typing import Any, Self

import discord

from bot.discord_replies import UNSAID, answer, answer_privately, before_answer, persist
from bot.errors import BotError, NotAllowed
from bot.i18n import _
from bot.services import Permit, ServerStatus, Services
from bot.store.values import LinkedServer
from bot.terms import Action, Signal
from cogs._context import Interaction, member_of
from cogs._power import ask_to_kill_again, press
from cogs._render import meanwhile, signal_word, status_embed
from cogs._views import BROWSE_SECONDS, OwnedView

_STYLES = {
    Signal.START: discord.ButtonStyle.success,
    Signal.STOP: discord.ButtonStyle.secondary,
    Signal.RESTART: discord.ButtonStyle.primary,
    Signal.KILL: discord.ButtonStyle.danger,
}


class StatusView(OwnedView):
    """Shows one server's state, again and again."""

    def __init__(self, services: Services, interaction: Interaction, server: LinkedServer) -> None:
        super().__init__(interaction, timeout=BROWSE_SECONDS)
        self._services = services
        self._server = server
        self._busy = False
        self._shown: ServerStatus | None = None

    async def show(self, interaction: Interaction, permit: Permit) -> None:
        """Read the state and put it, with fitting buttons, into the message."""
        self._shown = await self._services.servers.status(permit)
        await self._draw(interaction, self._shown)

    @discord.ui.button(label=_("Refresh"), emoji="🔄", style=discord.ButtonStyle.secondary)
    async def refresh(self, interaction: Interaction, _button: discord.ui.Button[Self]) -> None:
        """Read the state again."""
        await self.show(interaction, await self._take(interaction, Action.VIEW))

    async def send(self, interaction: Interaction, signal: Signal) -> None:
        """Send a signal; while one is on its way, a second press is told so."""
        if signal is Signal.KILL:
            await self._check(interaction, Action.KILL)
            await ask_to_kill_again(self._services, interaction, self._server)
            return
        if self._busy:
            await answer_privately(interaction, _("I am still following your last press; wait for how it ends."))
            return
        self._busy = True
        try:
            await self._press(interaction, await self._take(interaction, Action(signal.value)), signal)
        finally:
            self._busy = False

    async def _press(self, interaction: Interaction, permit: Permit, signal: Signal) -> None:
        """Send the signal; meanwhile the card says so, and shows neither figures nor buttons that are out of date."""
        former = self._shown
        if former is not None:
            with contextlib.suppress(*UNSAID):  # it may have been dismissed, which stops no signal
                await self._draw(interaction, meanwhile(former, signal))
        shown = False

        async def look_already() -> None:
            nonlocal shown
            with contextlib.suppress(BotError, *UNSAID):  # it is looked once more at the end
                await self._look_again(interaction)
                shown = True

        try:
            last = await press(self._services, interaction, permit, arrived=look_already)
        except BotError:
            if former is not None:
                with contextlib.suppress(*UNSAID):
                    await self._draw(interaction, former)
            raise
        if not (shown and last.ok):
            await self._look_again(interaction)

    async def _look_again(self, interaction: Interaction) -> None:
        # It may have taken minutes, in which the right to look may have gone.
        view = await self._services.access.require(member_of(interaction), Action.VIEW, self._server)
        await self.show(interaction, view)

    async def _draw(self, interaction: Interaction, status: ServerStatus) -> None:
        self._offer(status)
        await answer(interaction, embed=status_embed(status, now=discord.utils.utcnow()), view=self)

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        """Say what went wrong; where a right was taken away, the buttons go too."""
        if isinstance(error, NotAllowed):
            self.stop()
        await super().on_error(interaction, error, item)

    async def _check(self, interaction: Interaction, action: Action) -> Permit:
        """Refuse now, as the first answer, what the member who pressed may no longer do."""
        return await before_answer(self._services.access.require(member_of(interaction), action, self._server))

    async def _take(self, interaction: Interaction, action: Action) -> Permit:
        """Acknowledge a press; from now on the message is tidied up by this, younger, interaction."""
        permit = await self._check(interaction, action)
        await persist(interaction, interaction.response.defer)
        self.origin = interaction
        return permit

    def _offer(self, status: ServerStatus) -> None:
        self.clear_items()
        for signal in status.signals:
            self.add_item(_SignalButton(self, signal))
        self.add_item(self.refresh)


class _SignalButton(discord.ui.Button[StatusView]):
    def __init__(self, view: StatusView, signal: Signal) -> None:
        super().__init__(label=signal_word(signal), style=_STYLES[signal], custom_id=f"{view.id}:{signal.value}")
        self._status = view
        self._signal = signal

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Send the signal of this button."""
        await self._status.send(interaction, self._signal)
