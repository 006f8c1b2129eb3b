"""One look at all that says who may do what, so that nothing changes between two halves of an answer."""

from collections.abc import Collection

from sqlalchemy import select

from bot.store.database import Database
from bot.store.grants import grant_value, grants_of
from bot.store.panels import panel_value
from bot.store.servers import server_value, servers_of
from bot.store.tables import GrantRow, PanelRow
from bot.store.values import GuildRights


class Rights:
    """What the rights of a guild's members follow from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, guild_id: int, role_ids: Collection[int], *, fitting: str = "") -> GuildRights:
        """Return the guild's servers and panels, and what these roles were granted, in one transaction.

        `fitting`: only the servers in whose folded name or identifier that occurs.
        """
        servers = servers_of(guild_id, fitting)
        panels = select(PanelRow).where(PanelRow.guild_id == guild_id)
        grants = grants_of(guild_id).where(GrantRow.role_id.in_(role_ids))
        async with self._database.reading() as session:
            return GuildRights(
                servers=tuple(server_value(row) for row in await session.execute(servers)),
                panels={row.id: panel_value(row) for row in await session.scalars(panels)},
                grants=tuple(grant_value(row) for row in await session.execute(grants)),
            )
