"""What callers see of a panel: frozen values with one set of units, whatever the panel's kind."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from bot.errors import BusyReason
from bot.terms import PanelKind, PowerState


@dataclass(frozen=True, slots=True)
class Allocation:
    """An address the server listens on."""

    ip: str
    port: int
    alias: str | None = None
    is_default: bool = False

    @property
    def is_everywhere(self) -> bool:
        """Whether it is every address of its node, so that its IP says nothing."""
        return self.ip in {"0.0.0.0", "::"} and not self.alias  # noqa: S104  compared, not bound


@dataclass(frozen=True, slots=True)
class Limits:
    """What the panel allows the server; None means unlimited or unknown."""

    memory_bytes: int | None = None
    disk_bytes: int | None = None
    cpu_percent: float | None = None
    """Percent of one core: 200 is two cores."""


@dataclass(frozen=True, slots=True)
class ListedServer:
    """What of a server in the panel's list is needed to find and link it; lists may be long, and are kept."""

    identifier: str
    """What goes into request paths: the 8-character short id, or the `serv_…` form where the panel uses it."""
    uuid: str
    name: str
    is_minecraft: bool | None = None
    """See `Server.is_minecraft`."""


class ListEnd(Enum):
    """Where the reading of a server list ended."""

    COMPLETE = "all the panel shows"
    TOO_MANY = "more servers than are taken"
    TOO_SLOW = "the time was over"


@dataclass(frozen=True, slots=True)
class ServerList:
    """The servers that a key's user may see, each once, as far as the list was read."""

    servers: tuple[ListedServer, ...] = ()
    end: ListEnd = ListEnd.COMPLETE


@dataclass(frozen=True, slots=True)
class Server:
    """One server as the panel describes it."""

    identifier: str
    """What goes into request paths: the 8-character short id, or the `serv_…` form where the panel uses it."""
    uuid: str
    name: str
    description: str = ""
    node: str | None = None
    limits: Limits = field(default_factory=Limits)
    node_host: str | None = None
    """The name of the node's machine, by which its files are reached."""
    allocations: tuple[Allocation, ...] = ()
    busy: BusyReason | None = None
    """Set while the server is suspended, installing, restoring, transferring or its node under maintenance."""
    is_minecraft: bool | None = None
    """Whether its egg has Minecraft's EULA among its features; None where the panel does not tell (0.7)."""
    permissions: frozenset[str] | None = None
    """Panel permissions of the key's user; `*` for owners. None where the panel does not tell (lists, 0.7)."""

    @property
    def address(self) -> str | None:
        """What players type to connect: host and port, an IPv6 address in brackets; None where no address is told."""
        default = next((each for each in self.allocations if each.is_default), None)
        chosen = default or next(iter(self.allocations), None)
        if chosen is None:
            return None
        host = chosen.alias or chosen.ip
        if chosen.is_everywhere and self.node_host:
            host = self.node_host
        return f"[{host}]:{chosen.port}" if ":" in host and not host.startswith("[") else f"{host}:{chosen.port}"


@dataclass(frozen=True, slots=True)
class Resources:
    """What the server uses right now. The panel caches it for 20 s (0.7 does not)."""

    state: PowerState
    memory_bytes: int = 0
    cpu_percent: float = 0.0
    """Percent of one core."""
    disk_bytes: int | None = None
    """None where the panel cannot tell (0.7 reports 0 for a server that is off)."""
    network_rx_bytes: int | None = None
    network_tx_bytes: int | None = None
    """Cumulative since the container started; None on 0.7."""
    uptime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class ConsoleTicket:
    """A short-lived token for a server's console socket, and where that socket is."""

    token: str = field(repr=False)
    socket_url: str
    expires_at: datetime
    """Read from the token itself, UTC."""
    issuer: str | None = None
    """The panel's own idea of its URL: the second Origin to try when the node refuses the first."""


@dataclass(frozen=True, slots=True)
class PanelIdentity:
    """What recognition found out about a panel and the key."""

    url: str
    """Normalised: no trailing slash, no `/api`."""
    kind: PanelKind
    username: str | None = None
    is_admin: bool = False
