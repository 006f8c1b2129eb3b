"""From stored rows to live things: the panel client of a panel row, the console of a linked server."""

from bot.console.hub import ConsoleHub, Listener
from bot.console.target import ConsoleTarget
from bot.errors import BotError, ServerNotFound
from bot.i18n import _
from bot.panel.client import PanelClient
from bot.panel.models import ConsoleTicket
from bot.panel.models import Server as PanelServer
from bot.panel.pool import PanelPool
from bot.services.access import Permit
from bot.store.store import Store
from bot.store.values import LinkedServer, Panel, PanelKey
from bot.terms import PowerState


class Connections:
    """Hands out clients and consoles; features that use the same key share one client and its budget."""

    def __init__(self, store: Store, pool: PanelPool, hub: ConsoleHub) -> None:
        self._store = store
        self._pool = pool
        self._hub = hub

    async def panel(self, guild_id: int, panel_id: int) -> Panel:
        """Return the guild's panel; BotError when it was removed meanwhile."""
        panel = await self._store.panels.get(guild_id, panel_id)
        if panel is None:
            raise _gone()
        return panel

    async def client(self, guild_id: int, panel_id: int) -> PanelClient:
        """Return the client for the key that the panel has now; BotError when the panel was removed meanwhile."""
        found = await self._store.panels.key(guild_id, panel_id)
        if found is None:
            raise _gone()
        return self._pool.client(url=found.url, key=found.key, kind=found.kind)

    def forget(self, former: PanelKey) -> None:
        """Forget the client of a key that was replaced or removed."""
        self._pool.forget(url=former.url, key=former.key)

    async def client_for(self, server: LinkedServer, permit: Permit | None = None) -> PanelClient:
        """Return the client to act on the server with: by the permit's key, else by the one it was linked with."""
        return await self.client(server.guild_id, permit.panel_id if permit else server.panel_id)

    async def listen(self, server: LinkedServer) -> Listener:
        """Return a listener on the server's console."""
        return self._hub.listen(await self.target(server))

    def live_state(self, server: LinkedServer) -> PowerState:
        """Return the power state by the server's console, if one is open anyway: the panel's word is up to 20 s old."""
        return self._hub.state((server.panel_id, server.uuid))

    async def rekeyed(self, panel: Panel) -> None:
        """Let the panel's consoles try again at once: what kept them away may have been its old key."""
        for server in await self._store.servers.list(panel.guild_id):
            if server.panel_id == panel.id:
                self._hub.adopt(self.target_at(server, panel.url))

    async def target(self, server: LinkedServer) -> ConsoleTarget:
        """Return what identifies the server's console, by the key it was linked with: one socket for all features."""
        return self.target_at(server, (await self.panel(server.guild_id, server.panel_id)).url)

    def target_at(self, server: LinkedServer, panel_url: str) -> ConsoleTarget:
        """Return the same where the panel's address is known: nothing is read, and no key opened before a ticket is."""
        return ConsoleTarget(
            key=(server.panel_id, server.uuid),
            identifier=server.identifier,
            uuid=server.uuid,
            name=server.name,
            panel_url=panel_url,
            panel=_StoredPanel(self, server),
        )


class _StoredPanel:
    """The console's view of the panel: looks the key up each time, so that a replaced key is used at once."""

    def __init__(self, connections: Connections, server: LinkedServer) -> None:
        self._connections = connections
        self._server = server

    async def console_ticket(self, identifier: str) -> ConsoleTicket:
        return await (await self._client()).console_ticket(identifier)

    async def server(self, identifier: str) -> PanelServer:
        return await (await self._client()).server(identifier)

    async def _client(self) -> PanelClient:
        try:
            return await self._connections.client_for(self._server)
        except BotError as error:
            raise ServerNotFound(str(error)) from error


def _gone() -> BotError:
    return BotError(_("The panel of this server is no longer connected; an admin can use `/panel connect`."))
