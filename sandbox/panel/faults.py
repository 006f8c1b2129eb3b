"""Things that go wrong on demand: what, on which requests or sockets, and how often."""

import asyncio
import re
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.panel.hostile import Hostile

CHALLENGE = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    "<body><h1>Checking your browser before accessing the site.</h1></body></html>"
)
FRONT_PAGE = (
    "<!DOCTYPE html><html><head><title>Pterodactyl</title></head>"
    '<body><div id="app"></div><script src="/assets/bundle.js"></script></body></html>'
)
LOGIN_PAGE = FRONT_PAGE.replace("<title>Pterodactyl", "<title>Login - Pterodactyl")
GATEWAY = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


@dataclass(frozen=True)
class Respond:
    """Answer this instead of doing anything. ``{url}`` and ``{path}`` in header values are filled in."""

    status: int
    body: str = ""
    content_type: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Fail:
    """A panel error with this status, code and detail; ``debug`` adds what APP_DEBUG=true adds."""

    status: int
    code: str
    detail: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    debug: bool = False


@dataclass(frozen=True)
class Slow:
    """Do what was asked, then wait ``seconds`` *real* seconds before answering."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """Do what was asked, then answer only when ``gate`` is set."""

    gate: asyncio.Event


@dataclass(frozen=True)
class Truncate:
    """Do what was asked and send only the first ``keep`` characters of the answer (with a fitting length)."""

    keep: int = 40


@dataclass(frozen=True)
class Empty:
    """Do what was asked and answer 200 with no body."""


@dataclass(frozen=True)
class Mislabel:
    """Do what was asked and answer as always, but with this Content-Type, also where there is no content (204)."""

    content_type: str = "text/html; charset=UTF-8"


@dataclass(frozen=True)
class Reset:
    """Break the connection without an answer, before or after doing what was asked."""

    after_action: bool = False


@dataclass(frozen=True)
class Omit:
    """Leave these names out of every ``attributes`` object of the answer."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class WingsFails:
    """The panel's call to Wings gets this status and text, or no answer when ``status`` is None."""

    status: int | None
    text: str = "An unexpected error was encountered while processing this request"


class SocketTrouble(StrEnum):
    """What may go wrong on a console socket."""

    ABRUPT_CLOSE = "abrupt close"  # TCP ends right after the 101, no close frame
    TOO_MANY = "too many sockets"  # 400 in the handshake
    FORBIDDEN = "forbidden"  # 403 in the handshake, whatever the Origin
    HTML_GATEWAY = "html gateway"  # 502 and HTML in the handshake, from a proxy
    MUTE = "mute"  # 101, then never an answer to anything
    NO_STATUS = "no status"  # `status` events are lost
    NO_STOPPING = "no stopping"  # `status stopping` is skipped
    DOUBLE_STOPPING = "double stopping"  # `status stopping` comes twice
    JWT_FLOOD = "jwt flood"  # every pushed event becomes a `jwt error`
    UNKNOWN_EVENTS = "unknown events"  # events nobody has heard of between the others
    NULL_ARGS = "null args"  # `"args": null` and `[null]` events between the others
    BROKEN_FRAMES = "broken frames"  # frames that are not JSON objects between the others


@dataclass(frozen=True)
class SocketClose:
    """101, then a close frame with this code and reason; ``at_auth`` waits for the first `auth`."""

    code: int
    reason: str = ""
    at_auth: bool = False


HttpEffect = Respond | Fail | Slow | Hold | Truncate | Empty | Mislabel | Reset | Omit | WingsFails | Hostile
SocketEffect = SocketTrouble | SocketClose


@dataclass(eq=False)
class Fault:
    """An effect and where it applies.

    ``method`` and ``path`` (a regular expression searched in the path) select HTTP requests, ``server`` a server's
    uuid or short id within the path; None means any. ``times`` is how often it strikes (for sockets: how many
    sockets), None means until removed. ``used`` counts.
    """

    effect: HttpEffect | SocketEffect
    method: str | None = None
    path: str | None = None
    server: str | None = None
    times: int | None = 1
    used: int = 0

    @property
    def spent(self) -> bool:
        """True when it has struck as often as it was asked to."""
        return self.times is not None and self.used >= self.times

    def matches(self, method: str, path: str) -> bool:
        """True when this request is meant."""
        return (
            not self.spent
            and self.method in (None, method)
            and (self.path is None or re.search(self.path, path) is not None)
            and (self.server is None or self.server[:8] in path)
        )


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force; it is returned so that it can be removed or looked at."""
        self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """End a fault; ending it twice is harmless."""
        self._faults = [other for other in self._faults if other is not fault]

    def clear(self) -> None:
        """End all faults."""
        self._faults.clear()

    def http(self, method: str, path: str) -> list[HttpEffect]:
        """The effects on this request, each counted as used."""
        return [
            fault.effect
            for fault in self._strike(method, path)
            if not isinstance(fault.effect, SocketTrouble | SocketClose)
        ]

    def socket(self, path: str) -> list[SocketEffect]:
        """The effects on this new socket, each counted as used."""
        return [
            fault.effect for fault in self._strike("WS", path) if isinstance(fault.effect, SocketTrouble | SocketClose)
        ]

    def _strike(self, method: str, path: str) -> list[Fault]:
        on_socket = method == "WS"
        struck: list[Fault] = []
        for fault in self._faults:
            if isinstance(fault.effect, SocketTrouble | SocketClose) is not on_socket:
                continue
            if fault.matches(method, path):
                fault.used += 1
                struck.append(fault)
        self._faults = [fault for fault in self._faults if not fault.spent]
        return struck


def cloudflare() -> Respond:
    """A Cloudflare challenge instead of the panel."""
    headers = {"Server": "cloudflare", "cf-mitigated": "challenge", "cf-ray": "0000000000000000-FRA"}
    return Respond(403, CHALLENGE, headers=headers)


def gateway(status: int = 502) -> Respond:
    """nginx in front of the panel got no answer from it: 502, 503 or 504 as HTML."""
    title = f"{status} {GATEWAY[status]}"
    body = (
        f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center>"
        "<hr><center>nginx</center></body></html>"
    )
    return Respond(status, body, headers={"Server": "nginx"})


UNAVAILABLE = {
    "haproxy": (
        (
            "<html><body><h1>503 Service Unavailable</h1>\n"
            "No server is available to handle this request.\n</body></html>\n"
        ),
        "text/html",
    ),
    "traefik": ("no available server\n", "text/plain"),
    "cloudflare": (
        (
            "<!DOCTYPE html><html><head><title>503: Service Temporarily Unavailable</title></head>"
            "<body>Ray ID</body></html>"
        ),
        "text/html",
    ),
    "caddy": ("", "text/plain"),
}


def unavailable(proxy: str) -> Respond:
    """A proxy's own 503, which is no maintenance mode of the panel's; `proxy` is a key of UNAVAILABLE."""
    body, content_type = UNAVAILABLE[proxy]
    return Respond(503, body, content_type=content_type)


def redirect(status: int = 301, location: str = "https://elsewhere.example.test{path}") -> Respond:
    """The panel lives elsewhere, e.g. behind https."""
    return Respond(status, "<html><body>Moved</body></html>", headers={"Location": location})


def login_page() -> Respond:
    """A redirect to the panel's login page with a session cookie, as without a JSON Accept."""
    headers = {"Location": "{url}/auth/login", "Set-Cookie": "pterodactyl_session=invented; path=/; httponly"}
    return Respond(302, "<html><body>Redirecting to /auth/login</body></html>", headers=headers)


def front_page() -> Respond:
    """The panel's web page with 200: what a wrong base URL gives."""
    return Respond(200, FRONT_PAGE)


def not_json() -> Respond:
    """200, labelled JSON, and not JSON."""
    return Respond(200, "<b>Warning</b>: something", content_type="application/json")


def debug_error() -> Fail:
    """What a panel with APP_DEBUG=true says: raw message, source and a long trace."""
    return Fail(500, "QueryException", "SQLSTATE[HY000] [2002] Connection refused", debug=True)
