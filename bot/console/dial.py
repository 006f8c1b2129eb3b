"""Opening the socket: to an address that was checked, with an Origin that the node accepts, past no detours."""

import functools
import logging
import re
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Origin

from bot.addresses import ResolvedAddress, resolve_public
from bot.console.bounds import LARGEST_FRAME
from bot.console.inflow import Inflow
from bot.console.refusals import (
    Lost,
    bad_socket_url,
    handshake_sentence,
    is_page,
    judge,
    origin_refused,
    unknown_to_node,
)
from bot.console.timing import ConsoleTiming
from bot.errors import BotError
from bot.i18n import _
from bot.text.markdown import escape

# At DEBUG the library prints every frame, and `auth` carries a token.
_quiet = logging.getLogger("bot.console.socket")
_quiet.setLevel(logging.WARNING)

_USER_AGENT = "Wingcord"
_BARE_IPV6 = re.compile(r"^(wss?://)([0-9A-Fa-f]*:[0-9A-Fa-f:.]*):([0-9]+)(/.*)$")


@dataclass(frozen=True, slots=True)
class SocketAddress:
    """Where a console socket is."""

    url: str
    host: str
    port: int
    secure: bool

    @property
    def node(self) -> str:
        """Host and port, for sentences."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_socket_url(url: str) -> SocketAddress:
    """Read the URL of a ticket; IPv6 literals, which the panel leaves bare, get their brackets. Raises Hopeless."""
    url = _BARE_IPV6.sub(r"\1[\2]:\3\4", url.strip())
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise bad_socket_url() from None
    if parts.scheme not in {"ws", "wss"} or not parts.hostname or parts.username is not None:
        raise bad_socket_url()
    secure = parts.scheme == "wss"
    return SocketAddress(url, parts.hostname, port or (443 if secure else 80), secure)


def origin_of(panel_url: str) -> str:
    """Return `scheme://host[:port]`: lower case, without the default port, as Wings' `remote` usually is."""
    parts = urlsplit(panel_url)
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    default = {"http": 80, "https": 443}.get(parts.scheme)
    suffix = "" if parts.port in {None, default} else f":{parts.port}"
    return f"{parts.scheme.lower()}://{host}{suffix}"


class _OriginRefused(Exception):
    """HTTP 403 from Wings (wings `router/websocket/websocket.go` compares byte for byte)."""


class _Connect(connect):
    """The library's opening handshake, but following no redirect: it would lead past the address check."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Dialler:
    """Opens sockets for one server and remembers which Origin worked."""

    def __init__(self, name: str, panel_url: str, *, allow_private: bool, timing: ConsoleTiming) -> None:
        self._name = name
        self._own_origin = origin_of(panel_url)
        self._good_origin: str | None = None
        self._allow_private = allow_private
        self._timing = timing

    async def open(self, socket_url: str, issuer: str | None) -> Inflow:
        """Open the socket of a ticket. Raises Lost or Hopeless."""
        address = read_socket_url(socket_url)
        try:
            found = await resolve_public(address.host, address.port, allow_private=self._allow_private)
        except BotError as exc:
            raise judge(exc) from exc
        origins = self._origins(issuer)
        for origin in origins:
            try:
                socket = await self._open_any(address, found, origin)
            except _OriginRefused:
                continue
            self._good_origin = origin
            return socket
        self._good_origin = None
        raise origin_refused(address.node, origins)

    def _origins(self, issuer: str | None) -> list[str]:
        wanted = [self._good_origin, self._own_origin, issuer.rstrip("/") if issuer else None]
        return list(dict.fromkeys(origin for origin in wanted if origin))

    async def _open_any(self, address: SocketAddress, found: list[ResolvedAddress], origin: str) -> Inflow:
        failure = Lost(_("{node} has no usable address.").format(node=escape(address.node)))
        for candidate in found:
            try:
                return await self._open_one(address, candidate, origin)
            except (InvalidStatus, InvalidHandshake, InvalidURI, EOFError, OSError) as exc:
                if isinstance(exc, InvalidStatus):
                    raise self._refused(address, exc) from exc
                failure = Lost(_failure_sentence(address, exc))
        raise failure

    async def _open_one(self, address: SocketAddress, candidate: ResolvedAddress, origin: str) -> Inflow:
        timing = self._timing
        connection = await _Connect(
            address.url,
            host=candidate.ip,
            port=candidate.port,
            origin=Origin(origin),
            user_agent_header=_USER_AGENT,
            proxy=None,
            # Console lines are short: inflating each frame costs more than it saves, and a small one could burst.
            compression=None,
            open_timeout=timing.open_timeout,
            close_timeout=timing.close_timeout,
            ping_interval=None,  # see `Inflow.watch`
            max_size=LARGEST_FRAME,
            max_queue=None,
            create_connection=Inflow,
            logger=_quiet,
            ssl=_tls() if address.secure else None,
            server_hostname=address.host if address.secure else None,
        )
        if not isinstance(connection, Inflow):
            raise TypeError("the library made a connection of another kind than it was asked for")
        return connection

    def _refused(self, address: SocketAddress, refusal: InvalidStatus) -> Exception:
        status = refusal.response.status_code
        body = bytes(refusal.response.body or b"")[:2000].decode("utf-8", "replace")
        page = is_page(body)
        if status == 403 and not page:
            return _OriginRefused()
        if status == 404 and not page:
            return unknown_to_node(self._name, address.node)
        return Lost(handshake_sentence(address.node, status, body, secure=address.secure))


@functools.cache
def _tls() -> ssl.SSLContext:
    # Made once: reading the certificate store takes longer than a handshake.
    return ssl.create_default_context()


def _failure_sentence(address: SocketAddress, error: Exception) -> str:
    node = escape(address.node)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _(
            "The certificate of the node at {node} is not valid for it: whoever runs the node has to replace it."
        ).format(node=node)
    if isinstance(error, ssl.SSLError):
        return _("No encrypted connection to {node} is possible: the panel and the node disagree about SSL.").format(
            node=node
        )
    if isinstance(error, TimeoutError):
        return _("{node} does not answer: is the port open to the bot's machine?").format(node=node)
    if isinstance(error, OSError):
        return _(
            "No connection to {node}: the node is down, or its port is closed to the bot's machine. "
            "The panel itself may work all the same."
        ).format(node=node)
    return _("{node} answers, but not like a node: a wrong port, or a proxy in between.").format(node=node)
