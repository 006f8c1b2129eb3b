"""One look at all that says who may do what, so that nothing changes between two halves of an answer."""

from collections.abc import Collection

from sqlalchemy import select

from bot.store.database import Database
from bot.store.grants import grant_value
from bot.store.panels import panel_value
from bot.store.servers import server_value
from bot.store.tables import GrantRow, PanelRow, ServerRow
from bot.store.values import GuildRights


class Rights:
    """What the rights of a guild's members follow from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, guild_id: int, role_ids: Collection[int]) -> GuildRights:
        """Return the guild's servers and panels, and what these roles were granted, in one transaction."""
        servers = select(ServerRow).where(ServerRow.guild_id == guild_id).order_by(ServerRow.name_folded)
        panels = select(PanelRow).where(PanelRow.guild_id == guild_id)
        grants = select(GrantRow).where(GrantRow.guild_id == guild_id, GrantRow.role_id.in_(role_ids))
        async with self._database.reading() as session:
            return GuildRights(
                servers=tuple(server_value(row) for row in await session.scalars(servers)),
                panels={row.id: panel_value(row) for row in await session.scalars(panels)},
                grants=tuple(grant_value(row) for row in await session.scalars(grants.order_by(GrantRow.id))),
            )
