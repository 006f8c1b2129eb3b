"""Filling a panel: users, keys, servers, subusers and nodes."""

import random
import string
import uuid
from typing import Any

from sandbox.panel.game import GameSpec
from sandbox.panel.registry import Registry
from sandbox.panel.rest_07 import legacy_permissions
from sandbox.panel.runtime import Runtime
from sandbox.panel.tickets import Tickets
from sandbox.panel.wings import Node
from sandbox.panel.world import Allocation, Key, Limits, Server, User, Variable

LETTERS = string.ascii_letters + string.digits


class Population:
    """The half of a stand-in that puts people and servers on the panel; everything is the same for the same seed."""

    def __init__(self, registry: Registry, seed: int) -> None:
        self.registry = registry
        self.deleted: list[Server] = []
        self._rng = random.Random(seed)

    @property
    def node(self) -> Node:
        """The first node."""
        return self.registry.nodes[0]

    @property
    def nodes(self) -> list[Node]:
        """All nodes."""
        return self.registry.nodes

    def add_node(self, name: str, *, port: int = 0) -> Node:
        """A further node; one that is added after the start begins with ``start_node``."""
        secret = "".join(self._rng.choice(LETTERS) for _ in range(64))
        registry = self.registry
        node = Node(
            name,
            facts=registry.facts,
            clock=registry.clock,
            journal=registry.journal,
            faults=registry.faults,
            tickets=Tickets(registry.clock, registry.facts, random.Random(self._rng.random()), secret),
            port=port,
        )
        registry.nodes.append(node)
        return node

    async def start_node(self, node: Node) -> None:
        """Begin to listen on a node, and bring its servers to life."""
        node.remote = node.remote or self.registry.app_url
        await node.start()
        for server in node.servers.values():
            server.runtime.open()

    def add_user(self, name: str, *, root_admin: bool = False, two_factor: bool = False) -> User:
        """A panel user."""
        number = len(self.registry.users) + 1
        user = User(number, self._uuid(), name, f"{name}@example.test", root_admin, two_factor)
        self.registry.users[user.uuid] = user
        return user

    def add_key(self, user: User, *, allowed_ips: tuple[str, ...] = (), application: bool = False) -> str:
        """A key of ``user``: 48 characters, with the profile's prefix."""
        facts = self.registry.facts
        prefix = facts.application_prefix if application else facts.client_prefix
        token = prefix + "".join(self._rng.choice(LETTERS) for _ in range(48 - len(prefix)))
        self.registry.keys[token] = Key(token, user, tuple(allowed_ips), application)
        return token

    def revoke_key(self, token: str) -> None:
        """The user deletes a key."""
        self.registry.keys.pop(token, None)

    def add_server(
        self,
        name: str,
        *,
        owner: User,
        node: Node | None = None,
        running: bool = False,
        memory_mib: int = 4096,
        disk_mib: int = 10240,
        cpu_percent: int = 200,
        description: str = "",
        spec: GameSpec | None = None,
        **game: Any,
    ) -> Server:
        """A server; further keywords are those of GameSpec (boot_seconds, chatter, players, ...)."""
        number = len(self.registry.servers) + 41
        server = Server(
            number,
            self._uuid(),
            name,
            owner,
            node or self.node,
            spec or GameSpec(**game),
            Limits(memory=memory_mib, disk=disk_mib, cpu=cpu_percent),
            description,
            allocations=[
                Allocation(number, "203.0.113.20", 25500 + number, alias="play.example.test", default=True),
                Allocation(number + 1000, "203.0.113.20", 26500 + number, notes="rcon"),
            ],
            variables=[
                Variable("Server Jar File", "SERVER_JARFILE", "server.jar", "server.jar", "jar to run"),
                Variable("Rcon password", "RCON_PASSWORD", "hunter2-example", viewable=False),
            ],
        )
        runtime = Runtime(server, self.registry.clock, self.registry.journal, random.Random(self._rng.random()))
        runtime.starts_running = running
        runtime.meter.disk_io = self.registry.facts.pelican
        server.runtime = runtime
        server.node.servers[server.uuid] = server
        self.registry.servers[server.uuid] = server
        if server.node.started:
            runtime.open()
        return server

    def add_subuser(self, server: Server, user: User, permissions: list[str]) -> None:
        """Give ``user`` these permissions; on 0.7, names of 1.x are translated."""
        legacy = self.registry.facts.legacy
        server.set_permissions(user, legacy_permissions(permissions) if legacy else permissions)

    def delete_server(self, server: Server) -> None:
        """Delete a server, on the panel and on its node."""
        self.registry.servers.pop(server.uuid, None)
        self.deleted.append(server)
        server.node.remove(server)

    def _uuid(self) -> str:
        return str(uuid.UUID(bytes=self._rng.randbytes(16), version=4))
