"""The base of all buttons, menus and forms: for one member, with the commands' error handling, and an end."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import discord

from bot.discord_replies import UNSAID, answer, answer_error, answer_privately, claim, persist
from bot.i18n import _
from cogs._context import Interaction

CONFIRM_SECONDS = 60.0
BROWSE_SECONDS = 600.0
"""Less than the 15 minutes after which Discord no longer lets us tidy the buttons away."""


class Form(discord.ui.Modal):
    """A form whose failures become a private sentence."""

    def __init__(self, *, title: str) -> None:
        super().__init__(title=title, timeout=BROWSE_SECONDS)

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        claim(interaction)
        return True

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:
        await answer_error(interaction, error)


class OwnedView(discord.ui.View):
    """Buttons that only the member who asked may press, and that say so when their time is over."""

    def __init__(self, interaction: discord.Interaction[Any], *, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.owner_id = interaction.user.id
        self.origin = interaction
        """The latest interaction whose original response is the message with the buttons."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        claim(interaction)
        if interaction.user.id == self.owner_id:
            return True
        await answer_privately(
            interaction, _("These buttons belong to someone else; use the command yourself to get your own.")
        )
        return False

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, _item: discord.ui.Item[Any], /
    ) -> None:
        """Say what went wrong; a view that has ended leaves no dead buttons behind."""
        await answer_error(interaction, error)
        if self.is_finished():
            await self.tidy()

    async def on_timeout(self) -> None:
        """Take the buttons away when nobody used them for long."""
        await self.tidy()

    async def tidy(self, content: str | None = None) -> None:
        """Take the buttons away, and say `content` in the place of the text; the message may be gone, which is fine."""
        with contextlib.suppress(*UNSAID):
            if content is None:
                await self.origin.edit_original_response(view=None)
            else:
                await self.origin.edit_original_response(content=content, view=None)


class Confirm(OwnedView):
    """One button that does something which cannot be undone, and one that does not."""

    def __init__(
        self,
        interaction: discord.Interaction[Any],
        *,
        label: str,
        act: Callable[[Interaction], Awaitable[None]],
    ) -> None:
        """Call `act` once with the interaction of the pressed button, not yet acknowledged."""
        super().__init__(interaction, timeout=CONFIRM_SECONDS)
        self._act = act
        self.go.label = label

    @discord.ui.button(style=discord.ButtonStyle.danger)
    async def go(self, interaction: Interaction, _button: discord.ui.Button[Self]) -> None:
        """Do it."""
        self.stop()
        await self._act(interaction)

    @discord.ui.button(label=_("Cancel"), style=discord.ButtonStyle.secondary)
    async def cancel(self, interaction: Interaction, _button: discord.ui.Button[Self]) -> None:
        """Leave everything as it is."""
        self.stop()
        await cancel(interaction)

    async def on_timeout(self) -> None:
        """Say that nothing was done."""
        await self.tidy(_nothing_done())


@dataclass(frozen=True, slots=True)
class Choice:
    """A button, and what it does with the interaction of its press, which is not acknowledged yet."""

    label: str
    style: discord.ButtonStyle
    act: Callable[[Interaction], Awaitable[None]]


class Choose(OwnedView):
    """Several buttons of which one is pressed once; what it does answers in the place of the question."""

    def __init__(
        self,
        interaction: discord.Interaction[Any],
        choices: Sequence[Choice],
        *,
        timeout: float = CONFIRM_SECONDS,
        can_cancel: bool = True,
    ) -> None:
        """Where it can be cancelled, nothing has been done yet."""
        super().__init__(interaction, timeout=timeout)
        self._can_cancel = can_cancel
        for choice in choices:
            self.add_item(_Chosen(choice))
        if can_cancel:
            self.add_item(_Chosen(Choice(_("Cancel"), discord.ButtonStyle.secondary, cancel)))

    async def on_timeout(self) -> None:
        """Say that nothing was done, where that is so."""
        await self.tidy(_nothing_done() if self._can_cancel else None)


class _Chosen(discord.ui.Button[Choose]):
    def __init__(self, choice: Choice) -> None:
        super().__init__(label=choice.label, style=choice.style)
        self._act = choice.act

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if self.view is not None:
            self.view.stop()
        await self._act(interaction)


async def cancel(interaction: Interaction) -> None:
    """Say, in the place of a question, that everything stays as it is."""
    text = _("Cancelled; nothing was done.")
    await persist(interaction, lambda: interaction.response.edit_message(content=text, view=None))


def _nothing_done() -> str:
    return _("No answer in time; nothing was done. Use the command again if you still want it.")


class Leafing(OwnedView):
    """A page at a time, with buttons to those before and after it."""

    def __init__(self, interaction: discord.Interaction[Any], count: int) -> None:
        """`count`: how many pages there are."""
        super().__init__(interaction, timeout=BROWSE_SECONDS)
        self.count = count
        self.page = 0
        self._mark_ends()

    @discord.ui.button(label=_("Back"), emoji="◀️")
    async def back(self, interaction: Interaction, _button: discord.ui.Button[Self]) -> None:
        """Show the page before."""
        await self._turn(interaction, self.page - 1)

    @discord.ui.button(label=_("Next"), emoji="▶️")
    async def forward(self, interaction: Interaction, _button: discord.ui.Button[Self]) -> None:
        """Show the page after."""
        await self._turn(interaction, self.page + 1)

    async def turned(self, interaction: Interaction) -> None:
        """Acknowledge the press of a button, and show the page that is the present one now."""
        raise NotImplementedError

    async def _turn(self, interaction: Interaction, page: int) -> None:
        self.page = min(max(page, 0), self.count - 1)
        self._mark_ends()
        await self.turned(interaction)

    def _mark_ends(self) -> None:
        self.back.disabled = self.page == 0
        self.forward.disabled = self.page == self.count - 1


class Pages(Leafing):
    """Leafs through embeds."""

    def __init__(self, interaction: discord.Interaction[Any], embeds: Sequence[discord.Embed]) -> None:
        super().__init__(interaction, len(embeds))
        self._embeds = embeds

    async def turned(self, interaction: Interaction) -> None:
        """Show the embed."""
        embed = self._embeds[self.page]
        await persist(interaction, lambda: interaction.response.edit_message(embed=embed, view=self))
        self.origin = interaction


async def answer_in_pages(interaction: Interaction, embeds: Sequence[discord.Embed]) -> None:
    """Answer with the first embed, and buttons to the others where there are any."""
    view = Pages(interaction, embeds) if len(embeds) > 1 else None
    await answer(interaction, embed=embeds[0], view=view)
