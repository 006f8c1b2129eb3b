"""Who and what exists on the panel: users, keys, servers, and who may do what."""

import base64
import ipaddress
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.panel.game import Game, GameSpec

if TYPE_CHECKING:
    from sandbox.panel.runtime import Runtime
    from sandbox.panel.wings import Node

ADMIN_CLAIMS = ("admin.websocket.errors", "admin.websocket.install", "admin.websocket.transfer")


@dataclass(eq=False)
class User:
    """A panel user. ``two_factor`` matters only while the panel enforces it."""

    id: int
    uuid: str
    username: str
    email: str
    root_admin: bool = False
    two_factor: bool = False
    created_at: datetime = field(default_factory=lambda: datetime(2026, 2, 3, 10, 15, tzinfo=UTC))


@dataclass(frozen=True)
class Key:
    """An API key; an application key is refused on client routes."""

    token: str = field(repr=False)
    user: User
    allowed_ips: tuple[str, ...] = ()
    application: bool = False

    def admits(self, address: str) -> bool:
        """True when the key may be used from ``address``."""
        if not self.allowed_ips:
            return True
        caller = ipaddress.ip_address(address)
        return any(caller in ipaddress.ip_network(entry, strict=False) for entry in self.allowed_ips)


@dataclass(frozen=True)
class Allocation:
    """An address of a server."""

    id: int
    ip: str
    port: int
    alias: str | None = None
    notes: str | None = None
    default: bool = False


@dataclass(frozen=True)
class Variable:
    """A startup variable; hidden ones appear as [hidden] in the invocation."""

    name: str
    env: str
    value: str
    default: str = ""
    description: str = ""
    rules: str = "required|string"
    viewable: bool = True
    editable: bool = True


@dataclass(frozen=True)
class Limits:
    """Resource limits: MiB (0 unlimited), CPU in percent of one core."""

    memory: int = 4096
    swap: int = 0
    disk: int = 10240
    io: int = 500
    cpu: int = 200
    threads: str | None = None


@dataclass(eq=False)
class Server:
    """A server as the panel knows it; what happens on its node is in ``runtime``."""

    id: int
    uuid: str
    name: str
    owner: User
    node: "Node"
    spec: GameSpec
    limits: Limits = field(default_factory=Limits)
    description: str = ""
    external_id: str | None = None
    status: str | None = None
    transferring: bool = False
    docker_image: str = "ghcr.io/pterodactyl/yolks:java_21"
    egg_features: tuple[str, ...] | None = ("eula", "java_version", "pid_limit")
    startup: str = "java -Xms128M -XX:MaxRAMPercentage=95.0 -jar {{SERVER_JARFILE}} --rcon.password {{RCON_PASSWORD}}"
    allocations: list[Allocation] = field(default_factory=list[Allocation])
    variables: list[Variable] = field(default_factory=list[Variable])
    feature_limits: dict[str, int | None] = field(
        default_factory=lambda: {"databases": 0, "allocations": 2, "backups": 3}
    )
    subusers: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    _runtime: "Runtime | None" = None

    @property
    def identifier(self) -> str:
        """The short id, 8 characters."""
        return self.uuid[:8]

    @property
    def serv_identifier(self) -> str:
        """The `serv_…` form of panel 1.12.1 and later (`app/Models/Traits/HasRealtimeIdentifier.php`)."""
        encoded = base64.b32encode(uuid.UUID(self.uuid).bytes).decode().lower().rstrip("=")
        return f"serv_{encoded}"

    @property
    def runtime(self) -> "Runtime":
        """The server on its node."""
        if self._runtime is None:
            raise RuntimeError("the server has not been placed on a node")
        return self._runtime

    @runtime.setter
    def runtime(self, runtime: "Runtime") -> None:
        self._runtime = runtime

    @property
    def state(self) -> str:
        """The power state on the node: offline, starting, running or stopping."""
        return self.runtime.state

    @property
    def players(self) -> list[str]:
        """Names of the players who are on the make-believe game server."""
        game = self.runtime.game
        return list(game.players) if game is not None else []

    def suspend(self) -> None:
        """Suspend it: 409 on the panel; on the node, the game is stopped and (Wings >= 1.12) sockets are cut."""
        self.status = "suspended"
        self.runtime.suspended()

    def unsuspend(self) -> None:
        """End a suspension."""
        self.set_status(None)

    def set_installing(self, *, installing: bool = True) -> None:
        """Begin or end an installation, with the events that Wings sends."""
        if installing:
            self.set_status("installing")
            self.runtime.install_started()
        else:
            self.set_status(None)
            self.runtime.install_completed()

    def set_status(self, status: str | None) -> None:
        """Set the panel's status: None, installing, install_failed, reinstall_failed, suspended, restoring_backup."""
        self.status = status
        self.runtime.note("world", f"status {status}")

    def emit(self, line: str | bytes) -> None:
        """Print on the console at once; a missing newline is added."""
        self.runtime.emit(line)

    def flood(self, count: int, text: str = "flood line {n}") -> None:
        """Print ``count`` numbered lines at once."""
        for number in range(count):
            self.runtime.emit(text.format(n=number))

    def joins(self, name: str) -> None:
        """A player comes on; the game must run."""
        self._game.joins(name)

    def says(self, name: str, text: str) -> None:
        """A player chats; the game must run."""
        self._game.says(name, text)

    def leaves(self, name: str) -> None:
        """A player goes; the game must run."""
        self._game.leaves(name)

    @property
    def _game(self) -> Game:
        game = self.runtime.game
        if game is None:
            raise RuntimeError("the server is not running")
        return game

    async def crash(self, exit_code: int = 1, *, oom: bool = False) -> None:
        """End the game's process by itself; returns when Wings has noticed."""
        await self.runtime.crash(exit_code, oom=oom)

    def permissions(self, user: User) -> list[str] | None:
        """What ``user`` may do here, as in tickets and in meta.user_permissions; None for no relation."""
        if user.root_admin:
            return ["*", *ADMIN_CLAIMS]
        if user is self.owner:
            return ["*"]
        return self.subusers.get(user.uuid)

    def can(self, user: User, permission: str) -> bool:
        """True when ``user`` may do this (`app/Policies/ServerPolicy.php`)."""
        return holds(self.permissions(user) or [], permission)

    def set_permissions(self, user: User, permissions: list[str] | None) -> None:
        """Make ``user`` a subuser with these permissions, or none at all; Wings forgets tickets given before."""
        known = user.uuid in self.subusers
        if permissions is None:
            self.subusers.pop(user.uuid, None)
        else:
            self.subusers[user.uuid] = list(dict.fromkeys(["websocket.connect", *permissions]))
        if known:
            self.node.deauthorize(user, self)

    def revoke(self, user: User) -> None:
        """Remove a subuser."""
        self.set_permissions(user, None)


def holds(permissions: list[str], permission: str) -> bool:
    """True when the list grants it; ``*`` grants all but the admin ones."""
    return permission in permissions or ("*" in permissions and not permission.startswith("admin"))
