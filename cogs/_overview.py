"""The pages of `/servers`: what is known at once, and the rest when the panels have answered."""

import asyncio
from collections.abc import Sequence
from typing import Self

import discord

from bot.discord_replies import answer
from bot.i18n import _
from bot.services import ServerOverview, Services
from cogs._context import Interaction, member_of
from cogs._render import overview_embed, overview_parts
from cogs._views import BROWSE_SECONDS, OwnedView

_AT_ONCE = 0.7
"""Seconds within which most panels answer: one message is calmer than two."""


class OverviewPages(OwnedView):
    """Leafs through the servers; panels are asked for the states of those that are shown, and of no others."""

    def __init__(self, services: Services, interaction: Interaction, rows: Sequence[ServerOverview]) -> None:
        super().__init__(interaction, timeout=BROWSE_SECONDS)
        self._services = services
        self._pages = [frozenset(row.server.id for row in part) for part in overview_parts(rows)]
        self._page = 0
        self._turns = 0
        """How often a page was turned to: what comes for an earlier one is not shown."""
        self._mark_ends()

    async def show(self, interaction: Interaction) -> None:
        """Fill the answer with the present page: with what is known, and again once its panels have answered."""
        turn = self._turns = self._turns + 1
        ids = self._pages[self._page]
        asking = asyncio.create_task(self._services.servers.overview(member_of(interaction), ids))
        patience = asyncio.create_task(asyncio.sleep(_AT_ONCE))
        try:
            await asyncio.wait({asking, patience}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                known = await self._services.servers.known(member_of(interaction), ids)
                await self._draw(interaction, turn, known)
            found = await asking
        finally:
            asking.cancel()
            patience.cancel()
        await self._draw(interaction, turn, found)

    @discord.ui.button(label=_("Back"), emoji="◀️")
    async def back(self, interaction: Interaction, _button: discord.ui.Button[Self]) -> None:
        """Show the page before."""
        await self._turn(interaction, self._page - 1)

    @discord.ui.button(label=_("Next"), emoji="▶️")
    async def forward(self, interaction: Interaction, _button: discord.ui.Button[Self]) -> None:
        """Show the page after."""
        await self._turn(interaction, self._page + 1)

    async def _turn(self, interaction: Interaction, page: int) -> None:
        self._page = min(max(page, 0), len(self._pages) - 1)
        self._mark_ends()
        await interaction.response.defer()
        self.origin = interaction
        await self.show(interaction)

    async def _draw(self, interaction: Interaction, turn: int, rows: Sequence[ServerOverview]) -> None:
        if turn != self._turns:
            return  # somebody has leafed on
        count = len(self._pages)
        embed = overview_embed(rows, page=self._page, count=count)
        await answer(interaction, embed=embed, view=self if count > 1 else None)

    def _mark_ends(self) -> None:
        self.back.disabled = self._page == 0
        self.forward.disabled = self._page == len(self._pages) - 1
