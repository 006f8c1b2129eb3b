"""Giving a role a grant, with a question first where something would be lost, and a way to take the rest away."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import discord

from bot.discord_replies import answer, persist
from bot.i18n import _
from bot.services import AskFirst, Patterns, Services
from bot.store.values import LinkedServer, Panel
from cogs._access_text import granted_text
from cogs._context import Interaction, member_of
from cogs._views import BROWSE_SECONDS, Choice, Choose


@dataclass(frozen=True, slots=True)
class WantedGrant:
    """What an admin typed into `/access grant`, read."""

    services: Services
    role_id: int
    allow: str
    server: LinkedServer | None
    panel: Panel | None
    commands: str | None

    async def give(self, interaction: Interaction, *, patterns: Patterns = Patterns.ASK, only: bool = False) -> None:
        """Give it and say what the role had and has; or ask, where limits of its console commands would be lost.

        The interaction must be acknowledged already. It may be that of a button: rights are looked at again.
        """
        member = member_of(interaction)
        try:
            change = await self.services.access.grant(
                member,
                role_id=self.role_id,
                allow=self.allow,
                server=self.server,
                panel=self.panel,
                commands=self.commands,
                patterns=patterns,
                only=only,
            )
        except AskFirst as question:
            await answer(interaction, str(question), view=self._question(interaction, question))
            return
        any_linked = bool(await self.services.servers.names(member, None, ""))
        label = self.panel.label if self.panel is not None else None
        text = granted_text(change, self.server, any_linked=any_linked, panel_label=label)
        rest = self._rest(interaction) if change.unnamed else None
        await answer(interaction, text, view=rest)

    def _question(self, interaction: Interaction, question: AskFirst) -> Choose:
        if question.limited:
            keep, replace = _("Keep the limits"), _("Allow any command")
        else:
            keep, replace = _("Leave any command"), _("Only these commands")
        return Choose(
            interaction,
            [
                Choice(keep, discord.ButtonStyle.primary, self._given(patterns=Patterns.KEEP)),
                Choice(replace, discord.ButtonStyle.danger, self._given(patterns=Patterns.REPLACE)),
            ],
        )

    def _rest(self, interaction: Interaction) -> Choose:
        label = _("Only what I named")
        only = Choice(label, discord.ButtonStyle.danger, self._given(patterns=Patterns.KEEP, only=True))
        return Choose(interaction, [only], timeout=BROWSE_SECONDS, can_cancel=False)

    def _given(self, *, patterns: Patterns, only: bool = False) -> Callable[[Interaction], Awaitable[None]]:
        async def act(pressed: Interaction) -> None:
            await persist(pressed, pressed.response.defer)
            await self.give(pressed, patterns=patterns, only=only)

        return act
