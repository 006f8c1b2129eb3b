"""A panel scripted answer by answer, clients for it, and a search for the planted key in all that was logged."""

import asyncio
import datetime
import ipaddress
import json
import logging
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.errors import PanelError
from bot.panel.client import PanelClient
from bot.panel.pool import PanelPool
from bot.panel.timing import PanelTiming
from bot.terms import PanelKind

KEY = "ptlc_PlantedKeyMustNeverShow00000000000000000000"
SERVER = "/api/client/servers/a1c4e7f0"
QUICK = PanelTiming(
    total=5.0,
    connect=2.0,
    patience=1.0,
    retry_first=0.005,
    default_retry_after=30.0,
    resources_fresh=0.0,
    resources_scarce=0.0,
)


async def allowed() -> None:
    """Confirms whatever is about to be sent."""


@dataclass
class Reply:
    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    after: asyncio.Event | None = None
    """Answer only when this is set."""
    cut: bool = False
    """Break the connection instead of answering."""


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


class ScriptedPanel:
    """Answers what the test has written; the last answer for a path is given again and again."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.arrived = asyncio.Condition()
        self._transports: set[asyncio.BaseTransport] = set()
        self._script: dict[tuple[str, str], list[Reply]] = {}
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    @property
    def connections(self) -> int:
        return len(self._transports)

    def on(self, path: str, *replies: Reply | dict[str, Any], method: str = "GET") -> None:
        self._script[method, path] = [reply if isinstance(reply, Reply) else Reply(body=reply) for reply in replies]

    def asked(self, path: str | None = None, method: str | None = None) -> list[Seen]:
        return [one for one in self.seen if path in (None, one.path) and method in (None, one.method)]

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self.arrived:
            await self.arrived.wait_for(condition)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(
            Seen(request.method, request.path, dict(request.query), dict(request.headers), await request.text())
        )
        assert request.transport is not None
        self._transports.add(request.transport)
        async with self.arrived:
            self.arrived.notify_all()
        replies = self._script.get((request.method, request.path))
        if not replies:
            return web.json_response(
                error(404, "NotFoundHttpException", "The route nope could not be found."), status=404
            )
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if reply.after is not None:
            await reply.after.wait()
        if reply.cut:
            assert request.transport is not None
            request.transport.abort()
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        if reply.status == 204:
            return web.Response(status=204, headers=reply.headers)
        return web.Response(status=reply.status, text=text, headers=reply.headers, content_type=reply.content_type)


def error(status: int, code: str, detail: str = "", **more: Any) -> dict[str, Any]:
    return {"errors": [{"code": code, "status": str(status), "detail": detail, **more}]}


@pytest.fixture
async def panel() -> AsyncIterator[ScriptedPanel]:
    scripted = ScriptedPanel()
    await scripted.server.start_server()
    yield scripted
    await scripted.server.close()


@pytest.fixture
async def pools() -> AsyncIterator[Callable[..., PanelPool]]:
    made: list[PanelPool] = []

    def make(*, allow_private: bool = True, timing: PanelTiming = QUICK) -> PanelPool:
        made.append(PanelPool(allow_private=allow_private, timing=timing))
        return made[-1]

    yield make
    for pool in made:
        await pool.close()


@pytest.fixture
def client_for(panel: ScriptedPanel, pools: Callable[..., PanelPool]) -> Callable[..., PanelClient]:
    def make(kind: PanelKind | None = PanelKind.PTERODACTYL, *, timing: PanelTiming = QUICK) -> PanelClient:
        return pools(timing=timing).client(url=panel.url, key=KEY, kind=kind)

    return make


@pytest.fixture
async def client(client_for: Callable[..., PanelClient]) -> PanelClient:
    return client_for()


@pytest.fixture
def recorded() -> Callable[[str, str], dict[str, Any]]:
    def load(version: str, name: str) -> dict[str, Any]:
        return json.loads((Path(__file__).parent / "fixtures" / version / f"{name}.json").read_text())

    return load


@pytest.fixture
def refusal() -> Callable[[Awaitable[object]], Awaitable[PanelError]]:
    """Await something that must fail; return the error after checking that it is one clean sentence."""

    async def catch(doing: Awaitable[object]) -> PanelError:
        with pytest.raises(PanelError) as caught:
            await doing
        text = str(caught.value)
        assert text[:1].isupper() or text[:1].isdigit() or text[:1] == "“", text
        assert text.endswith("."), text
        for secret in (KEY, KEY[5:], "198.51.100.7", "Stack trace", "No query results", "planted-debug"):
            assert secret not in "".join(traceback.format_exception(caught.value))
            assert all(secret not in repr(one) for one in chain(caught.value))
        return caught.value

    return catch


def chain(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


@pytest.fixture(autouse=True)
def nothing_logged_tells_the_key(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        assert KEY[5:] not in record.getMessage() + str(record.exc_info)


@pytest.fixture
def kit() -> Any:
    """What the test modules need from here: they are not importable from one another."""

    class Kit:
        key = KEY
        server = SERVER
        quick = QUICK
        reply = Reply
        error = staticmethod(error)

    return Kit


@pytest.fixture
def certificate(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "panel.example.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "panel.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
