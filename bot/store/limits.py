"""How many of each thing one guild may have: what the bot does for all costs more with each, wherever it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import BadInput, LimitReached
from bot.i18n import _
from bot.store.tables import GrantRow, PanelRow, RelayRow, ServerRow

_MOST_PATTERN_CHARACTERS = 20_000
"""In all grants of a guild."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one guild may have of each (`MAX_PANELS` and so on); what it has beyond them already stays."""

    panels: int = 25
    servers: int = 500
    grants: int = 500
    relays: int = 500


async def refuse_more_panels(session: AsyncSession, guild_id: int, most: int) -> None:
    """Raise LimitReached where a guild has all the panels it may have; in the transaction that would add one."""
    if await _count(session, PanelRow, guild_id) >= most:
        text = _(
            "No further panel can be connected: {count} is the limit for each Discord server here, which the owner of "
            "the bot can raise (MAX_PANELS)."
        )
        raise LimitReached(text.format(count=most))


async def refuse_more_servers(session: AsyncSession, guild_id: int, most: int) -> None:
    """Raise LimitReached where a guild has linked all the servers it may; in the transaction that would add one."""
    if await _count(session, ServerRow, guild_id) >= most:
        text = _(
            "No further server can be linked: {count} is the limit for each Discord server here, which the owner of "
            "the bot can raise (MAX_SERVERS)."
        )
        raise LimitReached(text.format(count=most))


async def refuse_more_grants(session: AsyncSession, guild_id: int, most: int) -> None:
    """Raise LimitReached where a guild has all the grants it may have; in the transaction that would add one."""
    if await _count(session, GrantRow, guild_id) >= most:
        text = _(
            "No further grant can be made: {count} is the limit for each Discord server here, which the owner of the "
            "bot can raise (MAX_GRANTS). A grant without `server` is one for all of them."
        )
        raise LimitReached(text.format(count=most))


async def refuse_more_patterns(
    session: AsyncSession, guild_id: int, patterns: Sequence[str], *, replaced: Iterable[Sequence[str]]
) -> None:
    """Raise BadInput where these patterns, with those that the guild's grants have, are more than can be gone through.

    A command is held against all that its sender's roles have, in one piece: some 30 ms for as many as are taken.
    `replaced`: those that were there in their place, in the same transaction; no more than they had is always taken.
    """
    more = _characters([patterns])
    if more <= _characters(replaced):
        return
    had = _characters(await session.scalars(select(GrantRow.commands).where(GrantRow.guild_id == guild_id)))
    if had + more > _MOST_PATTERN_CHARACTERS:
        text = _(
            "The command patterns of all other grants here have {had} characters, and at most {most} are taken: "
            "`/access revoke` some first, or use `*`."
        )
        raise BadInput(text.format(had=had, most=_MOST_PATTERN_CHARACTERS))


def _characters(commands: Iterable[Sequence[str]]) -> int:
    return sum(len(pattern) for patterns in commands for pattern in patterns)


async def refuse_more_relays(session: AsyncSession, guild_id: int, most: int) -> None:
    """Raise LimitReached where a guild has all the relays it may have; in the transaction that would add one."""
    if await _count(session, RelayRow, guild_id) >= most:
        text = _(
            "No further console can be sent to a channel: {count} is the limit for each Discord server here, which the "
            "owner of the bot can raise (MAX_RELAYS)."
        )
        raise LimitReached(text.format(count=most))


async def most_per_guild(session: AsyncSession) -> Limits:
    """Return the most that any guild has of each."""
    return Limits(
        panels=await _most(session, PanelRow),
        servers=await _most(session, ServerRow),
        grants=await _most(session, GrantRow),
        relays=await _most(session, RelayRow),
    )


_Rows = type[PanelRow | ServerRow | GrantRow | RelayRow]


async def _count(session: AsyncSession, rows: _Rows, guild_id: int) -> int:
    return await session.scalar(select(func.count()).select_from(rows).where(rows.guild_id == guild_id)) or 0


async def _most(session: AsyncSession, rows: _Rows) -> int:
    counts = select(func.count().label("count")).select_from(rows).group_by(rows.guild_id).subquery()
    return await session.scalar(select(func.max(counts.c.count))) or 0
