"""The pages of `/servers`: what is known at once, and the rest when the panels have answered."""

import asyncio
from collections.abc import Sequence

from bot.discord_replies import answer, persist
from bot.services import ServerOverview, Services
from cogs._context import Interaction, member_of
from cogs._render import overview_embed, overview_parts
from cogs._views import Leafing

_AT_ONCE = 0.7
"""Seconds within which most panels answer: one message is calmer than two."""


class OverviewPages(Leafing):
    """Leafs through the servers; panels are asked for the states of those that are shown, and of no others."""

    def __init__(self, services: Services, interaction: Interaction, rows: Sequence[ServerOverview]) -> None:
        self._pages = [frozenset(row.server.id for row in part) for part in overview_parts(rows)]
        super().__init__(interaction, len(self._pages))
        self._services = services
        self._turns = 0
        """How often a page was turned to: what comes for an earlier one is not shown."""

    async def show(self, interaction: Interaction) -> None:
        """Fill the answer with the present page: with what is known, and again once its panels have answered."""
        turn = self._turns = self._turns + 1
        ids = self._pages[self.page]
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

    async def turned(self, interaction: Interaction) -> None:
        """Ask for the page's servers."""
        self._turns += 1  # what comes for the page before is late already
        await persist(interaction, interaction.response.defer)
        self.origin = interaction
        await self.show(interaction)

    async def _draw(self, interaction: Interaction, turn: int, rows: Sequence[ServerOverview]) -> None:
        if turn != self._turns:
            return  # somebody has leafed on
        embed = overview_embed(rows, page=self.page, count=self.count)
        await answer(interaction, embed=embed, view=self if self.count > 1 else None)
