"""A Wings that does exactly what a test tells it, a panel that hands out tickets for it, and a hub with time scaled."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from bot.console.events import ConsoleEvent, ConsoleLine
from bot.console.hub import ConsoleHub
from bot.console.listener import Listener
from bot.console.target import ConsoleTarget
from bot.console.timing import ConsoleTiming
from bot.errors import BusyReason

DEADLINE = 10.0

FAST = ConsoleTiming(
    open_timeout=3.0,
    close_timeout=0.2,
    auth_timeout=1.0,
    auth_spacing=0.1,
    boot_second=0.05,
    ticket_settled=0.08,
    refusal_grace=0.1,
    renew_debounce=0.1,
    ticket_reserve=1.0,
    renew_before=1.5,
    renew_jitter=0.2,
    renew_retry=0.1,
    ticket_window=2.0,
    rate_limited_wait=0.5,
    backoff_soon=0.02,
    backoff_first=0.02,
    backoff_cap=0.2,
    healthy_after=0.1,
    recheck=0.1,
    linger=0.05,
    ping_interval=0.2,
    ping_timeout=0.4,
    resync=5.0,
    status_trust=0.05,
    status_wait=0.2,
    history_wait=0.15,
    history_quiet=0.08,
    history_enough=0.1,
    history_bound=1.0,
    throttle_look=0.05,
    throttle_patience=0.5,
    throttle_rest=0.2,
    restart_margin=1.0,
)


@dataclass
class FakeTicket:
    token: str
    socket_url: str
    expires_at: datetime
    issuer: str | None = None


@dataclass
class FakeServer:
    busy: BusyReason | None = None


@dataclass
class FakePanel:
    """Hands out numbered tickets; `failure` is raised instead while it is set."""

    socket_url: str = "ws://127.0.0.1:9/unset"
    lifetime: float = 600.0
    issuer: str | None = None
    busy: BusyReason | None = None
    failure: Exception | None = None
    fetched: list[float] = field(default_factory=list)
    looked: int = 0

    async def console_ticket(self, identifier: str) -> FakeTicket:
        self.fetched.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        expires = datetime.now(UTC) + timedelta(seconds=self.lifetime)
        return FakeTicket(f"ticket-{len(self.fetched)}", self.socket_url, expires, self.issuer)

    async def server(self, identifier: str) -> FakeServer:
        self.looked += 1
        return FakeServer(self.busy)


Script = Callable[["Socket"], Awaitable[None]]


class Socket:
    """The node's end of one console socket."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.heard: list[tuple[str, str | None]] = []

    async def hear(self, event: str) -> str | None:
        """Wait for a message of the bot, skipping others."""
        while True:
            message = json.loads(await self.connection.recv())
            self.heard.append((message["event"], message["args"][0]))
            if message["event"] == event:
                return message["args"][0]

    async def say(self, event: str, *args: str) -> None:
        await self.connection.send(json.dumps({"event": event, "args": list(args)} if args else {"event": event}))

    async def lines(self, *lines: str) -> None:
        for line in lines:
            await self.say("console output", line)

    async def welcome(self, state: str = "running", history: tuple[str, ...] = ()) -> None:
        """Accept the next `auth` and answer the question for the history."""
        await self.hear("auth")
        await self.say("auth success")
        await self.say("status", state)
        if state != "offline":
            await self.hear("send logs")
            await self.lines(*history)

    async def idle(self) -> None:
        """Read on until the other side goes."""
        await self.hear("never")


class Wings:
    """Runs one script per connection, the last one again and again."""

    def __init__(self) -> None:
        self.scripts: list[Script] = []
        self.refusals: list[tuple[int, str]] = []
        self.allowed_origins: set[str] | None = None
        self.origins: list[str | None] = []
        self.sockets: list[Socket] = []
        self.server: Server | None = None
        self.location: str | None = None
        self.tasks: list[asyncio.Task[None]] = []

    async def serve(self, connection: ServerConnection) -> None:
        socket = Socket(connection)
        self.sockets.append(socket)
        self.tasks.append(asyncio.current_task())
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        with contextlib.suppress(Exception):
            await script(socket)

    def handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        self.origins.append(request.headers.get("Origin"))
        assert "Authorization" not in request.headers
        if self.refusals:
            status, body = self.refusals.pop(0)
            response = connection.respond(status, body)
            if self.location is not None:
                response.headers["Location"] = self.location
            return response
        if self.allowed_origins is not None and request.headers.get("Origin") not in self.allowed_origins:
            return connection.respond(403, 'Forbidden\n{"error":"unexpected"}')
        return None

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"ws://127.0.0.1:{next(iter(self.server.sockets)).getsockname()[1]}/api/servers/abc/ws"


@pytest.fixture
async def wings() -> AsyncIterator[Wings]:
    node = Wings()
    async with serve(
        node.serve, "127.0.0.1", 0, process_request=node.handshake, close_timeout=0.2, ping_interval=None
    ) as server:
        node.server = server
        yield node
        for socket in node.sockets:
            socket.connection.transport.abort()
        for task in node.tasks:
            task.cancel()


class ServerTls(ssl.SSLContext):
    """A TLS context with its self-signed certificate for `localhost`."""

    pem: str


@pytest.fixture
def tls(tmp_path: Path) -> ServerTls:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "node.pem").write_bytes(secret + pem)
    context = ServerTls(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "node.pem")
    context.pem = pem.decode()
    return context


@pytest.fixture
def panel(wings: Wings) -> FakePanel:
    return FakePanel(wings.url)


@pytest.fixture
async def hub() -> AsyncIterator[ConsoleHub]:
    hub = ConsoleHub(allow_private=True, timing=FAST)
    yield hub
    await hub.close()


@pytest.fixture
def target(panel: FakePanel) -> ConsoleTarget:
    return ConsoleTarget("key", "1a2b3c4d", "uuid", "Survival", "https://panel.example.test/", panel)


async def until(
    listener: Listener, wanted: Callable[[ConsoleEvent], Any], seen: list[ConsoleEvent] | None = None
) -> Any:
    """Read the listener until an event is wanted; collect what came before."""
    seen = [] if seen is None else seen
    try:
        async with asyncio.timeout(DEADLINE):
            async for event in listener:
                seen.append(event)
                if wanted(event):
                    return event
    except TimeoutError:
        raise AssertionError(f"not seen in time: {listener.health}; last: {seen[-12:]}") from None
    raise AssertionError(f"the listener ended: {seen[-12:]}")


async def until_kind(listener: Listener, kind: type, seen: list[ConsoleEvent] | None = None) -> Any:
    return await until(listener, lambda event: isinstance(event, kind), seen)


async def until_line(listener: Listener, text: str, seen: list[ConsoleEvent] | None = None) -> ConsoleLine:
    return await until(listener, lambda event: isinstance(event, ConsoleLine) and event.text == text, seen)


async def eventually(condition: Callable[[], Any], timeout: float = DEADLINE) -> None:
    """Wait for a condition nobody signals."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def texts(events: list[ConsoleEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, ConsoleLine)]
