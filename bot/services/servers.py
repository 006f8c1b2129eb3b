"""Linked servers: finding the one that is meant, linking, and what state each is in."""

import asyncio
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.errors import BadInput, BotError, BusyReason, NotAllowed, UnknownServer, WhichServer
from bot.i18n import _
from bot.names import refuse_blank, tidied
from bot.panel.models import Server as PanelServer
from bot.services.access import Access
from bot.services.action_log import noted, refusals
from bot.services.connections import Connections
from bot.services.console_input import check_template
from bot.services.finding import MAX_NAME, check_name, named, sought, which
from bot.services.forbidden import has_no_server, may_nowhere, none_linked
from bot.services.freshness import Newest
from bot.services.lately import Lately
from bot.services.members import Member
from bot.services.minecraft import learn_minecraft
from bot.services.panels import Panels
from bot.services.permits import MemberRights, Permit
from bot.services.states import ServerOverview, States
from bot.store.servers import DEFAULT_SAY_TEMPLATE
from bot.store.store import Store
from bot.store.values import LinkedServer, Panel
from bot.terms import Action, PowerState, Separators, Signal
from bot.told import told

_MEANWHILE: dict[Signal, tuple[Signal, ...]] = {
    Signal.START: (Signal.STOP, Signal.KILL),
    Signal.STOP: (Signal.KILL,),
    Signal.RESTART: (Signal.KILL,),
    Signal.KILL: (),
}
"""What makes sense while a signal is under way: Wings drops the others."""
_SIGNALS: dict[PowerState, tuple[Signal, ...]] = {
    PowerState.OFFLINE: (Signal.START,),
    PowerState.STARTING: (Signal.STOP, Signal.KILL),
    PowerState.RUNNING: (Signal.STOP, Signal.RESTART, Signal.KILL),
    PowerState.STOPPING: (Signal.KILL,),
    PowerState.UNKNOWN: tuple(Signal),
}


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What `/status` shows; None where nobody tells or there is no limit."""

    server: LinkedServer
    state: PowerState
    note: str | None = None
    cpu_percent: float | None = None
    """Percent of one core."""
    cpu_limit_percent: float | None = None
    memory_bytes: int | None = None
    memory_limit_bytes: int | None = None
    disk_bytes: int | None = None
    disk_limit_bytes: int | None = None
    network_rx_bytes: int | None = None
    network_tx_bytes: int | None = None
    uptime: timedelta | None = None
    address: str | None = None
    node: str | None = None
    panel_label: str | None = None
    busy: BusyReason | None = None
    """What stands in the way of everything, by the panel's word."""
    under_way: Signal | None = None
    """What was sent through the bot and is followed still."""
    signals: tuple[Signal, ...] = ()
    """Those that make sense now and that the member may send."""


class Servers:
    """Find, link and describe the servers of a guild."""

    def __init__(
        self,
        store: Store,
        access: Access,
        panels: Panels,
        connections: Connections,
        *,
        changed: Callable[[int], None],
        lately: Lately | None = None,
    ) -> None:
        """`lately` tells what `Power` has sent."""
        self._lately = lately if lately is not None else Lately()
        self._states = States(connections, self._lately)
        self._store = store
        self._access = access
        self._panels = panels
        self._connections = connections
        self._changed = changed

    async def resolve(self, member: Member, text: str | None, *, channel_id: int, action: Action) -> Permit:
        """Return the permit for the server that is meant, by name or identifier.

        Left out, it is the one whose console the channel relays, else the only one. Raises NotAllowed when it exists
        but the member may not `action` it, UnknownServer with a list of those he may otherwise.
        """
        with refusals(member, action.value):
            rights = await self._access.rights_of(member)
            allowed = [permit.server for permit in rights.permits(action)]
            among = rights.servers
            if text is not None:  # a word that could mean one he may not even see means the other
                among = [server for server in among if rights.actions(server)]
            server = await self._meant(text, channel_id=channel_id, servers=among, preferred=allowed)
            if server is None or not rights.actions(server):
                # A name that the member may not even see is answered as one that does not exist.
                if allowed:
                    raise _which(text, allowed)
                raise UnknownServer(_none(member, rights, action))
            return rights.permit(action, server)

    async def resolve_admin(self, member: Member, text: str | None, *, channel_id: int) -> LinkedServer:
        """Like `resolve`, for commands that need Manage Server."""
        self._access.require_admin(member)
        servers = await self._store.servers.list(member.guild_id)
        server = await self._meant(text, channel_id=channel_id, servers=servers, preferred=servers)
        if server is None:
            if servers:
                raise _which(text, servers)
            any_panel = bool(await self._store.panels.labels(member.guild_id))
            raise UnknownServer(none_linked(is_admin=True, any_panel=any_panel))
        return server

    async def names(self, member: Member, action: Action | None, typed: str) -> list[str]:
        """Return up to 25 names for autocomplete; without an action, all linked servers, for admins only."""
        if action is None and not member.is_admin:
            return []
        fitting = sought(typed)
        if fitting is None:
            return []
        servers = (
            await self._store.servers.list(member.guild_id, fitting=fitting)
            if action is None
            else await self._access.visible(member, action, fitting=fitting)
        )
        return [server.name for server in servers[:25]]

    @noted("server link")
    async def link(
        self, member: Member, *, panel: Panel, text: str, name: str | None = None, say_template: str | None = None
    ) -> LinkedServer:
        """Link the panel's server of that name or identifier; PanelError, BadInput or UnknownServer otherwise."""
        self._access.require_admin(member)
        found = await self._panels.find_server(panel, text)
        await self._panels.require_connected(member, panel)
        return await self._store.servers.link(
            member.guild_id,
            panel.id,
            check_name(name) if name is not None else tidied(found.name, MAX_NAME) or found.identifier,
            found.identifier,
            found.uuid,
            say_template=check_template(say_template) if say_template is not None else DEFAULT_SAY_TEMPLATE,
            is_minecraft=bool(found.is_minecraft),
        )

    @noted("server edit")
    async def edit(
        self,
        member: Member,
        server: LinkedServer,
        *,
        name: str | None,
        say_template: str | None,
        separators: Separators | None = None,
    ) -> LinkedServer:
        """Change what is given; BadInput for what cannot be used or when nothing was given."""
        self._access.require_admin(member)
        if name is None and say_template is None and separators is None:
            raise BadInput(_("Say what to change: the `name`, the `say_template` or the `separators`."))
        edited = await self._store.servers.edit(
            server.id,
            name=check_name(name) if name is not None else None,
            say_template=check_template(say_template) if say_template is not None else None,
            separators=separators,
        )
        self._changed(member.guild_id)
        return edited

    @noted("server unlink")
    async def unlink(self, member: Member, server: LinkedServer) -> None:
        """Forget the server with its grants and relays; nothing happens to it on the panel."""
        self._access.require_admin(member)
        await self._access.require_linked(member, server)
        await self._store.servers.unlink(server.id)
        self._changed(member.guild_id)

    async def why_none(self, member: Member) -> str:
        """Return the sentence for a member who sees no server at all, or none any more."""
        rights = await self._access.rights_of(member)
        return _none(member, rights, Action.VIEW)

    async def known(self, member: Member, among: Container[int] | None = None) -> list[ServerOverview]:
        """Return the same servers as `overview`, with their states as far as they are known: no panel is asked."""
        permits = (await self._access.rights_of(member)).permits(Action.VIEW)
        return [self._states.known(permit) for permit in permits if among is None or permit.server.id in among]

    async def overview(self, member: Member, among: Container[int] | None = None) -> list[ServerOverview]:
        """Return the servers the member may see, those `among` these ids, with their states.

        What cannot be read becomes a note. Each is asked for by the key that acts for the member there. Those he may
        not see any more once all have answered are left out.
        """
        permits = (await self._access.rights_of(member)).permits(Action.VIEW)
        wanted = [permit for permit in permits if among is None or permit.server.id in among]
        clients = await self._connections.clients(wanted)
        asked = [permit for permit in wanted if permit in clients or not permit.panel.has_key]
        rows = await asyncio.gather(*(self._states.ask(permit, clients.get(permit)) for permit in asked))
        now = await self._access.rights_of(member)
        return [row for row in rows if Action.VIEW in now.actions(row.server)]

    async def status(self, permit: Permit) -> ServerStatus:
        """Return everything the panel tells; PanelError when it tells nothing at all.

        Raises NotAllowed where the permit would not be given again once it has answered.
        """
        if permit.action is not Action.VIEW:
            raise ValueError(f"a permit to {permit.action} shows no status")
        client = await self._connections.client(permit)
        details = await client.server()
        if details.is_minecraft is not permit.server.is_minecraft:
            await learn_minecraft(self._store, permit.server.panel_id, [details])
        found = Newest(PowerState.UNKNOWN)
        if details.busy is None:
            try:
                found = self._states.newest(permit, await client.resources())
            except NotAllowed:
                raise
            except BotError as error:
                found = self._states.unanswered(permit, told(error, is_admin=permit.member.is_admin))
        deed = self._lately.of(permit)
        under_way = deed.signal if deed is not None and deed.under_way else None
        sensible = () if details.busy else _SIGNALS[found.state] if under_way is None else _MEANWHILE[under_way]
        rights = await self._access.rights_of(permit.member)
        rights.permit(Action.VIEW, permit.server)
        allowed = rights.actions(permit.server)
        signals = tuple(signal for signal in sensible if Action(signal.value) in allowed)
        described = _describe(permit, details, found, signals=signals)
        return replace(described, under_way=under_way)

    async def _meant(
        self, text: str | None, *, channel_id: int, servers: Sequence[LinkedServer], preferred: Sequence[LinkedServer]
    ) -> LinkedServer | None:
        refuse_blank("server", text)
        if text is not None:
            return named(text, servers)
        relayed = {relay.server_id for relay in await self._store.relays.of_channel(channel_id)}
        here = [server for server in servers if server.id in relayed]
        if len(here) == 1:
            return here[0]
        if len(servers) == 1:
            return servers[0]
        return preferred[0] if len(preferred) == 1 else None


def _which(text: str | None, servers: Sequence[LinkedServer]) -> UnknownServer:
    sentence = which(text, servers)
    if text is not None:
        return UnknownServer(sentence)
    return WhichServer(sentence, names=[server.name for server in servers])


def _none(member: Member, rights: MemberRights, action: Action) -> str:
    """Return why there is no server to do `action` with, by who asks."""
    if not rights.servers:
        return none_linked(is_admin=member.is_admin, any_panel=rights.any_panel)
    return may_nowhere(action) if any(rights.actions(server) for server in rights.servers) else has_no_server()


def _describe(permit: Permit, details: PanelServer, found: Newest, *, signals: tuple[Signal, ...]) -> ServerStatus:
    usage = found.usage
    return ServerStatus(
        server=permit.server,
        state=found.state,
        note=found.note,
        cpu_percent=usage.cpu_percent if usage else None,
        cpu_limit_percent=details.limits.cpu_percent,
        memory_bytes=usage.memory_bytes if usage else None,
        memory_limit_bytes=details.limits.memory_bytes,
        disk_bytes=usage.disk_bytes if usage else None,
        disk_limit_bytes=details.limits.disk_bytes,
        network_rx_bytes=usage.network_rx_bytes if usage else None,
        network_tx_bytes=usage.network_tx_bytes if usage else None,
        uptime=usage.uptime if usage else None,
        address=details.address,
        node=details.node,
        panel_label=permit.panel.label,
        busy=details.busy,
        signals=signals,
    )
