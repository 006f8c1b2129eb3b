"""Queries about grants: what a role may do."""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import BadInput
from bot.i18n import _
from bot.store.database import Database
from bot.store.guilds import ensure_guild
from bot.store.limits import refuse_more_grants, refuse_more_patterns
from bot.store.locks import hold_guild
from bot.store.tables import GrantRow, PanelRow, ServerRow
from bot.store.values import Grant
from bot.terms import Action


class AnyServer(Enum):
    """The one value ANY: whatever server a grant is about."""

    ANY = "any"


ANY = AnyServer.ANY


class Grants:
    """What roles may do."""

    def __init__(self, database: Database, *, most: int) -> None:
        """`most`: how many a guild may have."""
        self._database = database
        self._most = most

    async def list(self, guild_id: int) -> Sequence[Grant]:
        """Return the guild's grants, oldest first."""
        async with self._database.reading() as session:
            return [grant_value(row) for row in await session.execute(grants_of(guild_id))]

    async def roles(self) -> dict[int, frozenset[int]]:
        """Return the ids of all roles that were granted anything, by guild id."""
        found: dict[int, set[int]] = {}
        async with self._database.reading() as session:
            for row in await session.execute(select(GrantRow.guild_id, GrantRow.role_id).distinct()):
                found.setdefault(row.guild_id, set()).add(row.role_id)
        return {guild_id: frozenset(role_ids) for guild_id, role_ids in found.items()}

    async def add(
        self,
        guild_id: int,
        role_id: int,
        actions: Iterable[Action],
        server_id: int | None = None,
        *,
        panel_id: int | None = None,
        commands: Iterable[str] = (),
    ) -> Grant:
        """Store what a role may do and return it; a grant of the same role, server and panel is replaced.

        Args:
            guild_id: Whose grant it is.
            role_id: Who gets it.
            actions: What is allowed.
            server_id: The linked server it is about; None for all, those linked later included.
            panel_id: The panel whose key acts; None for the key the server was linked with.
            commands: Patterns for `/command`; none means any command.

        Raises:
            BadInput: the server or the panel is not one of the guild's, or its grants would have too many patterns.
            LimitReached: the guild has all the grants that it may have, and this one replaces none.
        """
        fixed = frozenset(actions), tuple(commands)
        _former, grant = await self.change(guild_id, role_id, lambda _former: fixed, server_id, panel_id=panel_id)
        return grant

    async def change(
        self,
        guild_id: int,
        role_id: int,
        decide: Callable[[Grant | None], tuple[frozenset[Action], tuple[str, ...]]],
        server_id: int | None = None,
        *,
        panel_id: int | None = None,
    ) -> tuple[Grant | None, Grant]:
        """Like `add`, with actions and patterns by what there was: `decide` tells them, or raises, and all stays.

        Returns what there was (None where nothing was) and what there is. Nobody changes it in between.
        """
        async with self._database.writing() as session:
            await ensure_guild(session, guild_id)
            await _refuse_strangers(session, guild_id, server_id, panel_id)
            # `==` with None becomes IS NULL, which a unique constraint could not express on every database.
            same = and_(
                GrantRow.guild_id == guild_id,
                GrantRow.role_id == role_id,
                GrantRow.server_id == server_id,
                GrantRow.panel_id == panel_id,
            )
            former = [grant_value(row) for row in (await session.scalars(select(GrantRow).where(same))).all()]
            before = former[0] if former else None
            actions, patterns = decide(before)
            if before is not None and len(former) == 1 and (before.actions, before.commands) == (actions, patterns):
                return before, before
            await session.execute(delete(GrantRow).where(same))
            if not former:
                await refuse_more_grants(session, guild_id, self._most)
            await refuse_more_patterns(session, guild_id, patterns, replaced=[each.commands for each in former])
            row = GrantRow(
                guild_id=guild_id,
                role_id=role_id,
                actions=tuple(sorted(action.value for action in actions)),
                server_id=server_id,
                panel_id=panel_id,
                commands=patterns,
            )
            session.add(row)
            await session.flush()
            return before, grant_value(row)

    async def revoke(self, guild_id: int, role_id: int, server_id: int | AnyServer | None = None) -> int:
        """Delete a role's grants and return how many that were.

        `server_id` names the server; None means the grants about all servers, ANY every grant of the role.
        """
        return len(await self.take(guild_id, role_id, server_id))

    async def take(self, guild_id: int, role_id: int, server_id: int | AnyServer | None = None) -> Sequence[Grant]:
        """Delete the same and return it, oldest first."""
        async with self._database.writing() as session:
            await hold_guild(session, guild_id)
            same = and_(GrantRow.guild_id == guild_id, GrantRow.role_id == role_id)
            if not isinstance(server_id, AnyServer):
                same = and_(same, GrantRow.server_id == server_id)
            # No RETURNING: SQLite knows it since 3.35, and systems with 3.34 are still about.
            rows = await session.scalars(select(GrantRow).where(same).order_by(GrantRow.id))
            taken = [grant_value(row) for row in rows]
            await session.execute(delete(GrantRow).where(GrantRow.id.in_([grant.id for grant in taken])))
            return taken


async def _refuse_strangers(session: AsyncSession, guild_id: int, server_id: int | None, panel_id: int | None) -> None:
    if server_id is not None:
        owner = await session.scalar(select(ServerRow.guild_id).where(ServerRow.id == server_id))
        if owner != guild_id:
            raise BadInput(_("This guild has no such server any more; link it first with /server link."))
    if panel_id is not None:
        owner = await session.scalar(select(PanelRow.guild_id).where(PanelRow.id == panel_id))
        if owner != guild_id:
            raise BadInput(_("This guild has no such panel any more; connect it first with /panel connect."))


def grants_of(guild_id: int) -> Select[Any]:
    """Return the query for a guild's grants, oldest first; as plain rows, for there may be many."""
    return select(*GrantRow.__table__.columns).where(GrantRow.guild_id == guild_id).order_by(GrantRow.id)


def grant_value(row: GrantRow | Row[Any]) -> Grant:
    """Return what the database hands out for a row."""
    return Grant(
        id=row.id,
        guild_id=row.guild_id,
        role_id=row.role_id,
        actions=_actions(row.actions),
        server_id=row.server_id,
        panel_id=row.panel_id,
        commands=row.commands,
    )


@lru_cache  # hundreds of grants have the same few sets of words
def _actions(words: tuple[str, ...]) -> frozenset[Action]:
    return frozenset(Action(word) for word in words)
