"""From permits to live things: a panel's client and a server's console. The one place where a stored key is used."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Protocol

from bot.console.hub import ConsoleHub
from bot.console.listener import Listener
from bot.console.target import ConsoleTarget
from bot.errors import BotError, KeyMissing, KeyRefused, NotAllowed, ServerNotFound
from bot.i18n import _
from bot.panel.client import PanelClient
from bot.panel.models import ConsoleTicket, Resources, ServerList
from bot.panel.models import Server as PanelServer
from bot.panel.pool import PanelPool
from bot.services.access import Access
from bot.services.minecraft import learn_minecraft
from bot.services.permits import Permit
from bot.store.store import Store
from bot.store.values import LinkedServer, Panel, PanelKey
from bot.terms import Action, PowerState, Signal
from bot.text.markdown import escape

READ_WITHIN = 1.0
"""Seconds for which a look at the rights is good for reading. Before anything is sent they are looked at anew."""


class Catalogue(Protocol):
    """The part of a panel's client that admins need to link servers: it can do nothing to one."""

    async def list_servers(self) -> ServerList:
        """Return the servers that the key reaches; see `PanelClient`."""
        ...

    async def server(self, identifier: str) -> PanelServer:
        """Return one server; see `PanelClient`."""
        ...


class Connections:
    """Hands out clients and consoles; features that use the same key share one client and its budget.

    For what members do, both are had for a permit and for nothing else, and go by the permit's key.
    """

    def __init__(self, store: Store, access: Access, pool: PanelPool, hub: ConsoleHub) -> None:
        self._store = store
        self._access = access
        self._pool = pool
        self._hub = hub

    async def client(self, permit: Permit) -> "PermittedClient":
        """Return what acts for the permit, with its key.

        Raises KeyMissing where the panel has none, BotError when it was removed meanwhile.
        """
        return self._permitted(permit, await self._current(permit.panel.guild_id, permit.panel.id))

    async def clients(self, permits: Sequence[Permit]) -> "dict[Permit, PermittedClient]":
        """Return the same for many permits of one guild from one look at its keys; none where panel or key is gone."""
        keys = await self._store.panels.keys(permits[0].panel.guild_id) if permits else {}
        return {
            permit: self._permitted(permit, self._pooled(keys[permit.panel.id]))
            for permit in permits
            if permit.panel.id in keys
        }

    async def is_minecraft(self, permit: Permit) -> bool:
        """Ask the panel by the permit's key whether its server is Minecraft, and remember it; raises what that does."""
        details = await (await self.client(permit)).server()
        await learn_minecraft(self._store, permit.server.panel_id, [details])
        return bool(details.is_minecraft)

    async def hear(self, permit: Permit, stack: AsyncExitStack, *, within: float) -> Listener:
        """Return a listener on the console of the permit's server, by the permit's key, open until the stack is closed.

        Where that is the key the server was linked with, relays listen on the same socket. Any other key has a socket
        of its own, for as long as somebody listens by it.

        Raises why it is not up within so many seconds (ConsoleError or PanelError), and then nobody listens: a console
        that is tried for on and on would use up the panel's tickets, five a minute.
        """
        async with AsyncExitStack() as opening:
            target = self._target(permit.server, permit.panel.id, permit.panel.url)
            listener = await opening.enter_async_context(self._hub.listen(target))
            try:
                await listener.ready(within)
            except KeyRefused as refused:
                # That may be what the panel said a while ago, to a console that nobody waited for.
                await (await self.client(permit)).server()
                self._hub.renew(target.key)
                await listener.ready(within, besides=refused)
            stack.push_async_exit(opening.pop_all())
        return listener

    def live_state(self, permit: Permit) -> PowerState:
        """Return the power state by a console that is open by the permit's key anyway; UNKNOWN where none is."""
        return self._hub.state(_console_key(permit.panel.id, permit.server))

    def live_usage(self, permit: Permit) -> Resources | None:
        """Return what the server uses by such a console, a second or so old; None where there is none, or it is off.

        The state may have changed since: between two processes there always are stats of none.
        """
        stats, state = self._hub.stats(_console_key(permit.panel.id, permit.server)), self.live_state(permit)
        if stats is None or PowerState.OFFLINE in {stats.state, state}:
            return None
        return Resources(
            state=state,
            memory_bytes=stats.memory_bytes,
            cpu_percent=stats.cpu_percent,
            disk_bytes=stats.disk_bytes,
            network_rx_bytes=stats.network_rx_bytes,
            network_tx_bytes=stats.network_tx_bytes,
            uptime=stats.uptime,
        )

    # For no member's action: the relays' consoles, and what admins look at to link servers.

    def relay_target(self, server: LinkedServer, panel_url: str) -> ConsoleTarget:
        """Return the server's console for relays, by the key it was linked with. Nothing is read, and no key opened."""
        return self._target(server, server.panel_id, panel_url)

    async def catalogue(self, panel: Panel) -> Catalogue:
        """Return what an admin picks servers from; raises as `client`."""
        return await self._current(panel.guild_id, panel.id)

    def dropped(self, former: PanelKey | None, panel: Panel, servers: Sequence[LinkedServer]) -> None:
        """Forget a key that was replaced or removed: neither its client nor a console that came by it is used again.

        None where there was none: the consoles that wait for one try again. `servers` are all that the guild had linked
        then: by a grant, a key is used for servers linked with another.
        """
        if former is not None:
            self._pool.forget(url=former.url, key=former.key)
        for server in servers:
            self._hub.renew(_console_key(panel.id, server))

    def _permitted(self, permit: Permit, client: PanelClient) -> "PermittedClient":
        current = partial(self._current, permit.panel.guild_id, permit.panel.id)
        return PermittedClient(permit, client, access=self._access, current=current)

    def _target(self, server: LinkedServer, panel_id: int, panel_url: str) -> ConsoleTarget:
        return ConsoleTarget(
            key=_console_key(panel_id, server),
            identifier=server.identifier,
            uuid=server.uuid,
            name=server.name,
            panel_url=panel_url,
            panel=_StoredPanel(partial(self._current, server.guild_id, panel_id)),
        )

    async def _current(self, guild_id: int, panel_id: int) -> PanelClient:
        """The client for the key that the panel has now."""
        key = await self._store.panels.key(guild_id, panel_id)
        if key is None:
            if await self._store.panels.get(guild_id, panel_id) is not None:
                raise key_missing()
            raise BotError(_("The panel of this server is not connected any more, so nothing can be asked of it."))
        return self._pooled(key)

    def _pooled(self, key: PanelKey) -> PanelClient:
        return self._pool.client(url=key.url, key=key.key, kind=key.kind)


class PermittedClient:
    """A panel's client for one permit: about its server only, for its action only, and only while it would be given.

    An action is confirmed in the moment it is sent: what makes it wait (a rate limit, other actions, the connection) is
    over by then. A read is asked within READ_WITHIN of a look at the rights; one under way is not broken off.
    """

    def __init__(
        self, permit: Permit, client: PanelClient, *, access: Access, current: Callable[[], Awaitable[PanelClient]]
    ) -> None:
        """`client` has the key that `current` returned a moment ago."""
        self._permit = permit
        self._identifier = permit.server.identifier
        self._client = client
        self._access = access
        self._current = current
        self._looked_at = permit.at
        self._sent = permit.action in {Action.VIEW, Action.CONSOLE}  # those two have nothing to send

    async def server(self) -> PanelServer:
        """Return the server's description; see `PanelClient`. NotAllowed where the permit would not be given again."""
        return await (await self._reader()).server(self._identifier)

    async def resources(self) -> Resources:
        """Return the server's usage; see `PanelClient`. NotAllowed where the permit would not be given again."""
        return await (await self._reader()).resources(self._identifier)

    async def send_signal(self) -> None:
        """Send the signal that the permit is for; see `PanelClient`. NotAllowed where it would not be given again."""
        signal = Signal(self._permit.action.value)
        await self._client.send_signal(self._identifier, signal, confirm=self._confirm)

    async def send_command(self, line: str, *, known_state: PowerState | None = None) -> None:
        """Send a console line; see `PanelClient`. NotAllowed where the permit would not be given again."""
        if self._permit.action not in {Action.SAY, Action.COMMAND}:
            raise ValueError(f"a permit to {self._permit.action} sends no console line")
        client = await self._reader()  # Pelican is asked for the state before
        await client.send_command(self._identifier, line, confirm=self._confirm, known_state=known_state)

    async def _reader(self) -> PanelClient:
        if _now() - self._looked_at > READ_WITHIN:
            self._client = await self._look_again()
            self._looked_at = _now()
        return self._client

    async def _confirm(self) -> None:
        await self._look_again()
        self._sent = True

    async def _look_again(self) -> PanelClient:
        """Raise NotAllowed unless the permit would be given again, and what is still to be sent by the same key."""
        try:
            await self._access.confirm(self._permit)
            client = await self._current()
            if client is not self._client and not self._sent:
                raise NotAllowed(
                    _("The key of **{panel}** was replaced while your request was waiting.").format(
                        panel=escape(self._permit.panel.label)
                    )
                )
        except BotError as error:
            if self._sent:
                raise
            raise NotAllowed(_("{reason} Nothing was sent.").format(reason=error)) from error
        return client


class _StoredPanel:
    """The console's view of the panel: looks the key up each time, so that a replaced key is used at once."""

    def __init__(self, current: Callable[[], Awaitable[PanelClient]]) -> None:
        self._current = current

    async def console_ticket(self, identifier: str) -> ConsoleTicket:
        return await (await self._client()).console_ticket(identifier)

    async def server(self, identifier: str) -> PanelServer:
        return await (await self._client()).server(identifier, unbidden=True)

    async def _client(self) -> PanelClient:
        try:
            return await self._current()
        except BotError as error:
            raise ServerNotFound(str(error)) from error


def key_missing() -> KeyMissing:
    """Return the error for a panel without a key."""
    return KeyMissing(
        _(
            "The panel's key was deleted when I was removed from this Discord server: `/panel replace-key` takes it "
            "again, from whoever has *Manage Server*."
        )
    )


def _console_key(panel_id: int, server: LinkedServer) -> tuple[int, str]:
    """One socket for each key and server: what one key may hear is not told to who acts by another."""
    return (panel_id, server.uuid)


def _now() -> float:
    return asyncio.get_running_loop().time()
