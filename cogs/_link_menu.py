"""The menu that links a panel's servers right after connecting it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import discord

from bot.discord_replies import CONTENT_LIMIT, clip, persist
from bot.errors import BotError, LimitReached
from bot.i18n import _, ngettext
from bot.names import is_blank
from bot.services import LinkChoice, Services
from bot.store.values import Panel
from cogs._context import Interaction, member_of
from cogs._render import safe
from cogs._views import BROWSE_SECONDS, OwnedView

_MENU_SIZE = 25
_REASONS = 3
"""So many reasons are named why servers could not be linked."""


class LinkMenu(OwnedView):
    """Offers servers, 25 at a time, and links those picked."""

    def __init__(
        self,
        services: Services,
        interaction: Interaction,
        panel: Panel,
        choices: Sequence[LinkChoice],
        *,
        heading: str,
    ) -> None:
        super().__init__(interaction, timeout=BROWSE_SECONDS)
        self._services = services
        self._panel = panel
        # Discord refuses a menu with the same value twice; no honest panel gives one identifier to two servers.
        self._choices = list({choice.identifier: choice for choice in choices}.values())
        self._heading = heading
        self._linked: list[str] = []
        self._picked = 0
        self._refused: Counter[str] = Counter()
        """How many of those picked last could not be linked, by the reason."""
        self._page = 0
        self._arrange()

    def text(self) -> str:
        """Return the message that stands above the menu."""
        lines = [self._heading]
        if self._linked:
            names = ", ".join(f"**{safe(name)}**" for name in self._linked)
            lines.append(_("Linked: {names}.").format(names=clip(names, 700)))
            lines.append(_("Next: `/access grant` gives a role its rights, `/relay add` sends a console to a channel."))
        if self._refused:
            lines += self._refusals()
        if self._choices:
            lines.append(
                ngettext(
                    "{count} server can be linked; pick it below, or later with `/server link`.",
                    "{count} servers can be linked; pick below, or later with `/server link`.",
                    len(self._choices),
                ).format(count=len(self._choices))
            )
        return clip("\n".join(lines), CONTENT_LIMIT)

    async def link(self, interaction: Interaction, identifiers: Sequence[str]) -> None:
        """Link the picked servers, one by one; what cannot be linked is said and stays in the menu."""
        await persist(interaction, interaction.response.defer)
        self._picked = len(identifiers)
        self._refused.clear()
        for done, identifier in enumerate(identifiers):
            try:
                linked = await self._services.servers.link(
                    member_of(interaction), panel=self._panel, text=identifier, name=None, say_template=None
                )
            except LimitReached as error:
                self._refused[str(error)] += self._picked - done
                break
            except BotError as error:
                self._refused[str(error)] += 1
                continue
            self._linked.append(linked.name)
            self._choices = [choice for choice in self._choices if choice.identifier != identifier]
        await self.redraw(interaction)

    def _refusals(self) -> list[str]:
        """Return how many of several could be linked, and the reasons why the others were not."""
        lines = [clip(reason, 200) for reason in list(self._refused)[:_REASONS]]
        if self._picked > 1:
            done = self._picked - self._refused.total()
            text = _("None of these {count} servers was linked.")
            if done:
                text = ngettext("{done} of {count} servers was linked.", "{done} of {count} servers were linked.", done)
            lines.insert(0, text.format(done=done, count=self._picked))
        return lines

    async def turn(self, interaction: Interaction, step: int) -> None:
        """Show other servers in the menu."""
        await persist(interaction, interaction.response.defer)
        self._page += step
        await self.redraw(interaction)

    async def redraw(self, interaction: Interaction) -> None:
        """Put text and menu as they are now into the message."""
        self._arrange()
        text, view = self.text(), self if self._choices else None
        await persist(interaction, lambda: interaction.edit_original_response(content=text, view=view))
        self.origin = interaction
        if not self._choices:
            self.stop()

    def _arrange(self) -> None:
        self.clear_items()
        last = max(0, (len(self._choices) - 1) // _MENU_SIZE)
        self._page = min(max(self._page, 0), last)
        shown = self._choices[self._page * _MENU_SIZE : (self._page + 1) * _MENU_SIZE]
        if shown:
            self.add_item(_Menu(self, shown))
        if last:
            self.add_item(_Turn(self, _("Back"), -1, disabled=self._page == 0))
            self.add_item(_Turn(self, _("More servers"), 1, disabled=self._page == last))


class _Menu(discord.ui.Select[LinkMenu]):
    def __init__(self, menu: LinkMenu, choices: Sequence[LinkChoice]) -> None:
        super().__init__(
            placeholder=_("Servers to link"),
            max_values=len(choices),
            options=[
                discord.SelectOption(
                    label=clip(choice.identifier if is_blank(choice.name) else choice.name.strip(), 100),
                    value=clip(choice.identifier, 100),
                    description=clip(choice.identifier, 100),
                )
                for choice in choices
            ],
        )
        self._menu = menu

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await self._menu.link(interaction, self.values)


class _Turn(discord.ui.Button[LinkMenu]):
    def __init__(self, menu: LinkMenu, label: str, step: int, *, disabled: bool) -> None:
        super().__init__(label=label, style=discord.ButtonStyle.secondary, disabled=disabled)
        self._menu = menu
        self._step = step

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await self._menu.turn(interaction, self._step)
