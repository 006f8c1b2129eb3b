"""The node: Wings' own listening socket, its handshake rules, and what the panel may ask of it."""

import asyncio
import json
import uuid
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from sandbox.panel.clock import Clock
from sandbox.panel.errors import WingsError, WingsUnreachableError
from sandbox.panel.faults import Faults, SocketEffect, SocketTrouble, WingsFails, gateway
from sandbox.panel.journal import Event, Journal
from sandbox.panel.listener import Listener
from sandbox.panel.profiles import Facts
from sandbox.panel.session import Session
from sandbox.panel.tickets import Tickets

if TYPE_CHECKING:
    from sandbox.panel.world import Server, User

MAX_SOCKETS = 30
MISSING = "The requested resource does not exist on this instance."
UNAUTHENTICATED = "The required authorization heads were not present in the request."
UNAUTHORIZED = "You are not authorized to access this endpoint."
UNEXPECTED = "An unexpected error was encountered while processing this request"


class Node:
    """One Wings (or, for 0.7, a daemon without a console). ``remote`` and ``allowed_origins`` are its config.yml."""

    def __init__(
        self,
        name: str,
        *,
        facts: Facts,
        clock: Clock,
        journal: Journal,
        faults: Faults,
        tickets: Tickets,
        port: int = 0,
    ) -> None:
        self.name = name
        self.facts = facts
        self.clock = clock
        self.tickets = tickets
        self.maintenance = False
        self.started = False
        self.remote = ""
        self.allowed_origins: list[str] = []
        self.auth_deadline: float | None = None
        self.max_sockets: int | None = MAX_SOCKETS if facts.modern_wings else None
        self.drop_for_slow_readers = True
        self.fails: WingsFails | None = None
        self.handshakes: list[int] = []  # status of every console handshake so far
        self.servers: dict[str, Server] = {}
        self._journal = journal
        self._faults = faults
        self._listener = Listener(self._serve, port)
        self._restarting: asyncio.Task[None] | None = None

    # -- the machine -----------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Base URL, without a trailing slash."""
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def is_up(self) -> bool:
        """True while Wings answers."""
        return self._listener.is_up

    async def start(self) -> None:
        """Begin to listen."""
        self.started = True
        # As if Wings had been up for a while: a ticket minted at once is not one of the same second.
        self.tickets.started = self.clock.now() - max(2.0, self.clock.real(2.0))
        await self._listener.start()

    async def close(self) -> None:
        """Stop for good."""
        if self._restarting is not None:
            self._restarting.cancel()
            await asyncio.gather(self._restarting, return_exceptions=True)
        await self._listener.close()

    def down(self) -> None:
        """Wings is gone: connections are refused, sockets break; the game servers go on."""
        self._note("node down")
        self._listener.down()

    def up(self) -> asyncio.Task[None]:
        """Wings answers again; awaiting the result is optional."""
        self._note("node up")
        return self._listener.up()

    def restart(self, boot_seconds: float = 0.13) -> asyncio.Task[None]:
        """Restart Wings: sockets break, older tickets are denied, running servers are adopted again.

        The new process counts from now; it answers after ``boot_seconds`` modelled seconds, on a small node within the
        second it started in. Await the result to wait for that.
        """
        self.down()
        self.tickets.started = self.clock.now()
        self._restarting = asyncio.get_running_loop().create_task(self._boot(boot_seconds))
        return self._restarting

    async def _boot(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        for server in self.servers.values():
            server.runtime.readopted()
        await self.up()

    def _note(self, text: str) -> None:
        self._journal.note(Event(self.clock.now(), "world", None, f"{self.name}: {text}"))

    # -- sockets ---------------------------------------------------------------------------------------------

    def sessions(self, server: "Server | None" = None) -> list[Session]:
        """The open sockets, of one server or of all."""
        servers = self.servers.values() if server is None else [server]
        return [session for each in servers for session in each.runtime.sessions]

    def sockets(self, server: "Server | None" = None) -> int:
        """How many console sockets are open, of one server or of all."""
        return len(self.sessions(server))

    def authenticated(self, server: "Server | None" = None) -> int:
        """How many of them have authenticated."""
        return sum(1 for session in self.sessions(server) if session.ticket is not None)

    def drop_sockets(self, server: "Server | None" = None) -> None:
        """Break sockets without a close frame."""
        for session in self.sessions(server):
            session.abort()

    def close_sockets(self, code: int, reason: str = "", server: "Server | None" = None) -> None:
        """End sockets with a close frame."""
        for session in self.sessions(server):
            session.close_soon(code, reason)

    def deauthorize(self, user: "User", server: "Server") -> None:
        """Deny tickets given so far; Wings >= 1.12 also cuts the sockets of that server, of all users."""
        self.tickets.deny(user, server)
        server.runtime.note("world", f"deauthorized {user.username}")
        if self.facts.modern_wings:
            self.drop_sockets(server)

    def remove(self, server: "Server") -> None:
        """Delete a server: `deleted`, then 1001 (Wings 1.11) or an abrupt end."""
        sessions = self.sessions(server)
        self.servers.pop(server.uuid, None)
        server.runtime.spawn(self._farewell(sessions, server))

    async def _farewell(self, sessions: list[Session], server: "Server") -> None:
        for session in sessions:
            if session.out.attached:
                await session.out.tell("deleted", "null")
            if self.facts.modern_wings:
                await asyncio.sleep(0)
                session.abort()
            else:
                await session.close(1001, "server deleted")
        server.runtime.end_process()

    # -- what the panel asks ---------------------------------------------------------------------------------

    def reach(self, server: "Server", effects: list[WingsFails]) -> None:
        """The panel's call; raises WingsUnreachableError or WingsError when it cannot be done."""
        if not self.is_up:
            raise WingsUnreachableError
        failure = effects[0] if effects else self.fails
        if failure is not None:
            if failure.status is None:
                raise WingsUnreachableError
            raise WingsError(failure.status, failure.text)
        if server.uuid not in self.servers:
            raise WingsError(404, MISSING)

    # -- HTTP ------------------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        headers = {"X-Request-Id": str(uuid.uuid4())}
        parts = request.path.split("/")
        if self.facts.legacy or len(parts) != 5 or parts[1:3] != ["api", "servers"] or parts[4] != "ws":
            return self._elsewhere(request, headers)
        response = await self._console(request, parts[3], headers)
        if response.status != 101:
            self.handshakes.append(response.status)
        return response

    def _elsewhere(self, request: web.Request, headers: dict[str, str]) -> web.Response:
        """Whatever the path: Wings asks for the node's own token first (`router/middleware/middleware.go`)."""
        if self.facts.legacy:
            return web.Response(status=404, text="404 page not found", headers=headers)
        headers |= {"Access-Control-Allow-Origin": self.remote, "Access-Control-Allow-Credentials": "true"}
        if not request.headers.get(hdrs.AUTHORIZATION, "").startswith("Bearer "):
            headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
            return _json_error(401, {"error": UNAUTHENTICATED}, headers)
        return _json_error(403, {"error": UNAUTHORIZED}, headers)

    async def _console(self, request: web.Request, server_uuid: str, headers: dict[str, str]) -> web.StreamResponse:
        server = self.servers.get(server_uuid)
        if server is None:
            return _json_error(404, {"error": MISSING}, headers)
        effects = self._faults.socket(request.path)
        if SocketTrouble.HTML_GATEWAY in effects:
            page = gateway(502)
            return web.Response(status=502, text=page.body, content_type="text/html")
        count = self.sockets(server)
        if SocketTrouble.TOO_MANY in effects or (self.max_sockets is not None and count >= self.max_sockets):
            return _json_error(400, {"error": "Too many open websocket connections."}, headers)
        if not _asks_upgrade(request):
            return web.Response(status=400, text="Bad Request\n", headers=headers)
        if SocketTrouble.FORBIDDEN in effects or not self._origin_allowed(request):
            return _forbidden(headers)
        return await self._open(request, server, headers, effects)

    async def _open(
        self, request: web.Request, server: "Server", headers: dict[str, str], effects: list[SocketEffect]
    ) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            compress=self.facts.modern_wings, max_msg_size=1024 * 1024, autoping=True, timeout=2.0
        )
        socket.headers.update(headers)
        await socket.prepare(request)
        self.handshakes.append(101)
        if self.facts.modern_wings and server.status == "suspended":
            await socket.close(code=4409, message=b"server is suspended")
            return socket
        session = Session(self, server.runtime, socket, request, effects)
        server.runtime.sessions.add(session)
        server.runtime.note("socket", "open")
        try:
            await session.run()
        finally:
            server.runtime.sessions.discard(session)
            server.runtime.note("socket", "closed")
        return socket

    def _origin_allowed(self, request: web.Request) -> bool:
        origin = request.headers.get(hdrs.ORIGIN, "")
        return origin == self.remote or origin in self.allowed_origins or "*" in self.allowed_origins


def _asks_upgrade(request: web.Request) -> bool:
    return (
        request.method == "GET"
        and request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
        and "upgrade" in request.headers.get(hdrs.CONNECTION, "").lower()
        and request.headers.get(hdrs.SEC_WEBSOCKET_VERSION) == "13"
    )


def _json_error(status: int, body: dict[str, str], headers: dict[str, str]) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps(body, separators=(",", ":")),
        headers=headers,
        content_type="application/json",
    )


def _forbidden(headers: dict[str, str]) -> web.Response:
    error = json.dumps({"error": UNEXPECTED, "request_id": headers["X-Request-Id"]}, separators=(",", ":"))
    return web.Response(status=403, text=f"Forbidden\n{error}", headers=headers, content_type="text/plain")
