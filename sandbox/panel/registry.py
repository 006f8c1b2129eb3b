"""All users, keys, servers and nodes of one panel, and the settings of the panel itself."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.panel.clock import Clock
from sandbox.panel.faults import Faults
from sandbox.panel.journal import Journal
from sandbox.panel.limits import FixedWindow
from sandbox.panel.profiles import Facts, Profile
from sandbox.panel.wings import Node
from sandbox.panel.world import Key, Server, User


@dataclass
class Registry:
    """What the dialects look things up in. ``token_lifetime`` is in modelled seconds, before scaling."""

    profile: Profile
    facts: Facts
    clock: Clock
    journal: Journal
    faults: Faults
    general: FixedWindow
    websocket: FixedWindow | None
    utilization: FixedWindow
    users: dict[str, User] = field(default_factory=dict[str, User])
    keys: dict[str, Key] = field(default_factory=dict[str, Key])
    servers: dict[str, Server] = field(default_factory=dict[str, Server])
    nodes: list[Node] = field(default_factory=list[Node])
    url: str = ""
    app_url: str = ""
    token_lifetime: float = 600.0
    maintenance: bool = False
    require_two_factor: bool = False
    use_server_identifiers: bool = False  # PTERODACTYL_USE_SERVER_IDENTIFIERS of panel >= 1.12.1
    resources: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict[str, tuple[float, dict[str, Any]]])
    activity: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    tickets: dict[str, int] = field(default_factory=dict[str, int])

    def key(self, authorization: str) -> Key | None:
        """The key in an Authorization header."""
        scheme, _, token = authorization.partition(" ")
        return self.keys.get(token.strip()) if scheme.lower() == "bearer" else None

    def server(self, identifier: str) -> Server | None:
        """The server a route parameter means: 8 characters are a short id, everything else a UUID or `serv_…`."""
        if len(identifier) == 8:
            return next((each for each in self.servers.values() if each.identifier == identifier), None)
        if self.facts.serv_identifiers and identifier.startswith("serv_"):
            return next((each for each in self.servers.values() if each.serv_identifier == identifier), None)
        return self.servers.get(identifier)
