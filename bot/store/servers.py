"""Queries about linked servers."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import BadInput, UnknownServer
from bot.i18n import _
from bot.names import fold
from bot.store.database import Database
from bot.store.guilds import ensure_guild
from bot.store.limits import refuse_more_servers
from bot.store.locks import delete_relays, hold
from bot.store.tables import GrantRow, PanelRow, RelayRow, ServerRow
from bot.store.values import LinkedServer
from bot.terms import Separators
from bot.text.markdown import escape

DEFAULT_SAY_TEMPLATE = "say {message}"


class Servers:
    """The servers that guilds linked."""

    def __init__(self, database: Database, *, most: int) -> None:
        """`most`: how many a guild may have."""
        self._database = database
        self._most = most

    async def link(
        self,
        guild_id: int,
        panel_id: int,
        name: str,
        identifier: str,
        uuid: str,
        *,
        say_template: str = DEFAULT_SAY_TEMPLATE,
        is_minecraft: bool = False,
    ) -> LinkedServer:
        """Link a panel's server under a name, and return it.

        Raises:
            BadInput: the name is taken, or another server's identifier; the server's identifier is another's name; the
                server is linked already; or the panel is not one of the guild's.
            LimitReached: the guild has linked all the servers that it may.
        """
        async with self._database.writing() as session:
            await ensure_guild(session, guild_id)
            if await session.scalar(select(PanelRow.guild_id).where(PanelRow.id == panel_id)) != guild_id:
                raise BadInput(_("This guild has no such panel any more; connect it first with /panel connect."))
            linked_as = await session.scalar(
                select(ServerRow.name).where(ServerRow.guild_id == guild_id, ServerRow.uuid == uuid)
            )
            if linked_as is not None:
                raise BadInput(_("That server is linked already, as “{name}”.").format(name=escape(linked_as)))
            await refuse_more_servers(session, guild_id, self._most)
            await _refuse_taken_name(session, guild_id, name)
            await _refuse_taken_words(session, guild_id, name, (identifier, uuid))
            row = ServerRow(
                guild_id=guild_id,
                panel_id=panel_id,
                name=name,
                name_folded=fold(name),
                identifier=identifier,
                uuid=uuid,
                say_template=say_template,
                separators=Separators.CHECKED.value,
                is_minecraft=is_minecraft,
            )
            session.add(row)
            await session.flush()
            return server_value(row)

    async def list(self, guild_id: int, *, fitting: str = "") -> Sequence[LinkedServer]:
        """Return the guild's servers by name: those in whose folded name or identifier `fitting` occurs."""
        async with self._database.reading() as session:
            return [server_value(row) for row in await session.execute(servers_of(guild_id, fitting))]

    async def get(self, server_id: int) -> LinkedServer | None:
        """Return the linked server of that id, of whichever guild."""
        async with self._database.reading() as session:
            row = await session.get(ServerRow, server_id)
            return server_value(row) if row is not None else None

    async def edit(
        self,
        server_id: int,
        *,
        name: str | None = None,
        say_template: str | None = None,
        separators: Separators | None = None,
    ) -> LinkedServer:
        """Change what is given, and return the server.

        Raises:
            BadInput: the name is taken, or another server's identifier.
            UnknownServer: it has been unlinked meanwhile.
        """
        async with self._database.writing() as session:
            row = await hold(session, ServerRow, server_id)
            if row is None:
                raise UnknownServer(_("That server is no longer linked."))
            if name is not None:
                await _refuse_taken_name(session, row.guild_id, name, but=server_id)
                await _refuse_taken_words(session, row.guild_id, name, (), but=server_id)
                row.name = name
                row.name_folded = fold(name)
            if say_template is not None:
                row.say_template = say_template
            if separators is not None:
                row.separators = separators.value
            return server_value(row)

    async def learn_minecraft(self, panel_id: int, known: Mapping[str, bool]) -> None:
        """Store which of the servers linked through a panel are Minecraft, by uuid; writes only what has changed."""
        columns = select(ServerRow.id, ServerRow.uuid, ServerRow.is_minecraft)
        async with self._database.reading() as session:
            rows = (await session.execute(columns.where(ServerRow.panel_id == panel_id))).all()
        changed = {row.id: known[row.uuid] for row in rows if known.get(row.uuid, row.is_minecraft) != row.is_minecraft}
        if not changed:
            return  # as nearly always, and nobody waited for those who write
        async with self._database.writing() as session:
            if await hold(session, PanelRow, panel_id) is None:
                return
            for told in (True, False):
                # What is told and not the opposite of what was there: somebody else may have stored it meanwhile.
                ids = [server_id for server_id, value in changed.items() if value is told]
                differs = ServerRow.id.in_(ids) & (ServerRow.is_minecraft != told)
                await session.execute(update(ServerRow).where(differs).values(is_minecraft=told))

    async def unlink(self, server_id: int) -> None:
        """Delete the linked server with its relays and the grants about it."""
        async with self._database.writing() as session:
            if await hold(session, ServerRow, server_id) is None:
                return
            await delete_relays(session, RelayRow.server_id == server_id)
            await session.execute(delete(GrantRow).where(GrantRow.server_id == server_id))
            await session.execute(delete(ServerRow).where(ServerRow.id == server_id))


async def _refuse_taken_name(session: AsyncSession, guild_id: int, name: str, *, but: int | None = None) -> None:
    same = select(ServerRow).where(ServerRow.guild_id == guild_id, ServerRow.name_folded == fold(name))
    taken = await session.scalar(same)
    if taken is not None and taken.id != but:
        raise BadInput(
            _("There is a server called “{name}” already; choose another name.").format(name=escape(taken.name))
        )


async def _refuse_taken_words(
    session: AsyncSession, guild_id: int, name: str, identifiers: Sequence[str], *, but: int | None = None
) -> None:
    """Raise BadInput where a word would come to mean two servers: as the name of one, as an identifier of another."""
    others = select(ServerRow).where(ServerRow.guild_id == guild_id)
    if but is not None:
        others = others.where(ServerRow.id != but)
    wanted = fold(name)
    is_id = (func.lower(ServerRow.identifier) == wanted) | (func.lower(ServerRow.uuid) == wanted)
    bearer = await session.scalar(others.where(is_id).limit(1))
    if bearer is not None:
        raise BadInput(
            _(
                "“{name}” is an identifier of **{server}**, so it cannot be another server's name: choose another with "
                "the option `name`."
            ).format(name=escape(name.strip()), server=escape(bearer.name))
        )
    ids = {fold(identifier) for identifier in identifiers}
    namesake = await session.scalar(others.where(ServerRow.name_folded.in_(ids)).limit(1)) if ids else None
    if namesake is not None:
        raise BadInput(
            _(
                "Another server is called “{name}” here, which is this server's identifier: rename it with "
                "`/server edit` first."
            ).format(name=escape(namesake.name))
        )


def servers_of(guild_id: int, fitting: str = "") -> Select[Any]:
    """Return the query for a guild's servers by name: those in whose folded name or identifier `fitting` occurs."""
    # Plain rows: what the ORM does besides for each would be half the price of a key typed in a guild of many servers.
    query = select(*ServerRow.__table__.columns).where(ServerRow.guild_id == guild_id).order_by(ServerRow.name_folded)
    if fitting:
        by_name = ServerRow.name_folded.contains(fitting, autoescape=True)
        query = query.where(by_name | func.lower(ServerRow.identifier).contains(fitting, autoescape=True))
    return query


def server_value(row: ServerRow | Row[Any]) -> LinkedServer:
    """Return what the database hands out for a row."""
    return LinkedServer(
        id=row.id,
        guild_id=row.guild_id,
        panel_id=row.panel_id,
        name=row.name,
        identifier=row.identifier,
        uuid=row.uuid,
        say_template=row.say_template,
        separators=Separators(row.separators),
        is_minecraft=row.is_minecraft,
    )
