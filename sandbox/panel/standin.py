"""The stand-in as its users hold it: start and end, settings, faults, and what happened."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from sandbox.panel.clock import Clock
from sandbox.panel.faults import Faults
from sandbox.panel.http import Front
from sandbox.panel.journal import Event, Journal, Request
from sandbox.panel.limits import FixedWindow
from sandbox.panel.listener import Listener
from sandbox.panel.population import Population
from sandbox.panel.profiles import FACTS, Profile
from sandbox.panel.registry import Registry
from sandbox.panel.rest_07 import PanelZero
from sandbox.panel.rest_1x import PanelOne
from sandbox.panel.world import Server


class PanelStandIn(Population):
    """A panel and its Wings on 127.0.0.1.

    ``time_scale`` multiplies every duration. ``app_url`` is what the panel believes to be its own address (the
    ticket's issuer and the Origin that Wings wants); by default the real one. ``general_limit`` and
    ``websocket_limit`` replace the profile's requests per minute. Port 0 takes any free one.
    """

    def __init__(
        self,
        profile: Profile = Profile.PTERO_1_12,
        *,
        time_scale: float = 1.0,
        seed: int = 1,
        port: int = 0,
        node_port: int = 0,
        app_url: str | None = None,
        general_limit: int | None = None,
        websocket_limit: int | None = None,
    ) -> None:
        self.profile = profile
        self.clock = clock = Clock(time_scale)
        self.journal = Journal()
        self.faults = Faults()
        facts = FACTS[profile]
        limit = websocket_limit or facts.websocket_limit
        registry = Registry(
            profile,
            facts,
            clock,
            self.journal,
            self.faults,
            general=FixedWindow(clock, general_limit or facts.general_limit),
            websocket=None if limit is None else FixedWindow(clock, limit),
            utilization=FixedWindow(clock, 15),
        )
        super().__init__(registry, seed)
        self._app_url = app_url
        dialect = PanelZero(registry) if facts.legacy else PanelOne(registry)
        self.front = Front(
            dialect.answer, journal=self.journal, faults=self.faults, now=clock.now, url=lambda: self.url
        )
        self._listener = Listener(self.front.serve, port)
        self.add_node("node1", port=node_port)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Begin to listen."""
        await self._listener.start()
        self.registry.url = self.url
        self.registry.app_url = self._app_url or self.url
        for node in self.nodes:
            await self.start_node(node)

    async def close(self) -> None:
        """End everything: sockets, game servers, listeners."""
        for server in [*self.registry.servers.values(), *self.deleted]:
            await server.runtime.close()
        for node in self.nodes:
            await node.close()
        await self._listener.close()

    @property
    def url(self) -> str:
        """The panel's base URL, without a trailing slash."""
        return f"http://127.0.0.1:{self._listener.port}"

    def down(self) -> None:
        """The panel refuses connections; its nodes go on."""
        self._listener.down()

    async def up(self) -> None:
        """The panel answers again."""
        await self._listener.up()

    # -- settings --------------------------------------------------------------------------------------------

    @property
    def token_lifetime(self) -> float:
        """Lifetime of tickets in modelled seconds."""
        return self.registry.token_lifetime

    @token_lifetime.setter
    def token_lifetime(self, seconds: float) -> None:
        self.registry.token_lifetime = seconds

    def expire_tokens(self) -> None:
        """All tickets given so far count as expired from now on, without warning."""
        for node in self.nodes:
            node.tickets.expire_all()

    # -- looking back ----------------------------------------------------------------------------------------

    @property
    def requests(self) -> list[Request]:
        """All HTTP requests so far."""
        return self.journal.requests

    @property
    def events(self) -> list[Event]:
        """What happened so far (the last 20 000 events)."""
        return list(self.journal.events)

    def commands_received(self, server: Server) -> list[str]:
        """Commands that reached the node, by REST or socket."""
        return list(server.runtime.commands)

    def signals_received(self, server: Server) -> list[str]:
        """Power signals that reached the node, by REST or socket."""
        return list(server.runtime.signals)

    def tickets_issued(self, server: Server) -> int:
        """How many tickets were minted for this server."""
        return self.registry.tickets.get(server.uuid, 0)

    def on_change(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``callback`` with every event; returns a function that ends it."""
        return self.journal.on_change(callback)

    async def wait_for(self, condition: Callable[[], object], timeout: float = 5.0) -> None:
        """Return once ``condition()`` is true; raises TimeoutError after ``timeout`` real seconds."""
        await self.journal.wait_for(condition, timeout)
