"""Websocket tickets: minted by the panel, judged by Wings."""

import hashlib
import math
import random
import string
from dataclasses import dataclass, field
from typing import Any, cast

from sandbox.panel import jwt
from sandbox.panel.clock import Clock
from sandbox.panel.profiles import Facts
from sandbox.panel.world import Server, User, holds

EXPIRED = "jwt: exp claim is invalid"
DENIED = "jwt: created too far in past (denylist)"
NO_CONNECT = "jwt: missing connect permission"
OTHER_SERVER = "jwt: server uuid mismatch"


@dataclass
class TicketError(Exception):
    """Why a ticket is refused; ``about_ticket`` decides between `jwt error` and `daemon error`."""

    text: str
    about_ticket: bool = True


@dataclass(frozen=True)
class Ticket:
    """The claims that matter to Wings. ``expires`` is real unix time in whole seconds."""

    jti: str
    issued: float | None
    expires: int
    server_uuid: str
    user_uuid: str
    permissions: list[str]
    scope: str
    unique_id: str

    def may(self, permission: str) -> bool:
        """True when the ticket grants it."""
        return holds(self.permissions, permission)


@dataclass
class Tickets:
    """The tickets of one node: its secret, and what Wings remembers to deny."""

    clock: Clock
    facts: Facts
    rng: random.Random
    secret: str = field(repr=False)
    started: float = 0.0
    scope: bool = True  # False: a panel before 1.12.3 with a newer Wings
    skew: float = 0.0  # real seconds by which the node's watch is ahead
    _minted: dict[str, float] = field(default_factory=dict[str, float])
    _expired: set[str] = field(default_factory=set[str])
    _denied: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])

    def mint(self, user: User, server: Server, *, issuer: str, audience: str, lifetime: float) -> str:
        """A ticket for ``lifetime`` modelled seconds (`app/Services/Nodes/NodeJWTService.php`)."""
        now = self.clock.now()
        issued = int(now)
        # Whole seconds: where time is squeezed, a lifetime of one could be over at once.
        shortest = 1 if self.clock.scale >= 1 else 2
        alphabet = string.ascii_letters + string.digits
        unique_id = "".join(self.rng.choice(alphabet) for _ in range(16))
        jti = self.jti(user, server)
        claims: dict[str, Any] = {
            "iss": issuer,
            "aud": [audience],
            "jti": jti,
            "iat": issued,
            "nbf": issued - 300,
            "exp": issued + max(shortest, math.ceil(self.clock.real(lifetime))),
            "server_uuid": server.uuid,
            "permissions": server.permissions(user) or [],
        }
        if self.facts.modern_ticket and self.scope:
            claims["scope"] = "websocket"
        claims["user_uuid"] = user.uuid
        if not self.facts.modern_ticket:
            claims["user_id"] = user.id
        claims["unique_id"] = unique_id
        self._minted[unique_id] = now
        return jwt.sign(claims, self.secret, jti=jti)

    def jti(self, user: User, server: Server) -> str:
        """The id that all tickets of one user for one server share."""
        data = f"{user.id}{server.uuid}".encode()
        if self.facts.modern_ticket:
            return hashlib.sha256(data).hexdigest()
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    def admit(self, token: str, server_uuid: str) -> Ticket:
        """The ticket in an `auth`; raises TicketError (`wings router/tokens/websocket.go`)."""
        try:
            claims = jwt.read(token, self.secret)
        except jwt.BadTokenError:
            raise TicketError(
                "an unexpected error was encountered while handling this request", about_ticket=False
            ) from None
        ticket = _ticket(claims)
        error = self._judge(ticket)
        if error is None and self.facts.modern_wings:
            if "websocket" not in ticket.scope.split():
                error = NO_CONNECT
            elif ticket.server_uuid != server_uuid:
                error = OTHER_SERVER
        if error is not None:
            raise TicketError(error)
        return ticket

    def error(self, ticket: Ticket, server_uuid: str) -> str | None:
        """Why a ticket that was admitted is no longer good, or None."""
        return self._judge(ticket) or (None if ticket.server_uuid == server_uuid else OTHER_SERVER)

    def _judge(self, ticket: Ticket) -> str | None:
        # "now <= exp" in whole seconds, where a second of the model lasts ``scale`` real seconds.
        if self.clock.now() + self.skew >= ticket.expires + self.clock.scale or ticket.unique_id in self._expired:
            return EXPIRED
        if self._is_denied(ticket):
            return DENIED
        return None if ticket.may("websocket.connect") else NO_CONNECT

    def _is_denied(self, ticket: Ticket) -> bool:
        if ticket.issued is None:
            return True
        minted = self._minted.get(ticket.unique_id, ticket.issued)
        # Claims hold whole seconds, so what was minted in the second of a restart or revocation counts as older.
        issued = math.floor(minted / self.clock.scale) * self.clock.scale
        rules = (("jti", ticket.jti), (ticket.user_uuid, ticket.server_uuid))
        return issued < max(self.started, *(self._denied.get(rule, 0.0) for rule in rules))

    def deny(self, user: User, server: Server) -> None:
        """Deny all tickets of this user for this server minted before now."""
        self._denied["jti", self.jti(user, server)] = self.clock.now()
        if self.facts.modern_wings:
            self._denied[user.uuid, server.uuid] = self.clock.now()

    def expire_all(self) -> None:
        """Make every ticket minted so far count as expired, whatever its claim says."""
        self._expired.update(self._minted)


def _ticket(claims: dict[str, Any]) -> Ticket:
    issued: Any = claims.get("iat")
    permissions: Any = claims.get("permissions")
    expires: Any = claims.get("exp")
    return Ticket(
        jti=str(claims.get("jti", "")),
        issued=float(issued) if isinstance(issued, int | float) else None,
        expires=int(expires) if isinstance(expires, int | float) else 0,
        server_uuid=str(claims.get("server_uuid", "")),
        user_uuid=str(claims.get("user_uuid", "")),
        permissions=[str(name) for name in cast("list[Any]", permissions)] if isinstance(permissions, list) else [],
        scope=str(claims.get("scope", "")),
        unique_id=str(claims.get("unique_id", "")),
    )
