"""Serves the page: who has the key gets in, files and pictures come from here alone, one websocket carries the rest."""

import asyncio
import hmac
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.demo import show
from sandbox.demo.actions import Actions
from sandbox.demo.live import Live, Page
from sandbox.discord import Attachment

Json = dict[str, Any]
Handler = Callable[[web.Request], Any]

STATIC = Path(__file__).parent / "static"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
SECTIONS = ("world", "commands", "channel", "servers", "console", "requests", "tour", "bot")
MAX_FRAME = 64 * 1024
MAX_DOING = 30
"""Things one page may ask for at the same time."""
LOCKED = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Wingcord demo: locked</title>"
    "<main><h1>This page is locked</h1><p>Open the address that the terminal prints. "
    "Each address works in one browser; a new one is printed whenever one has been used.</p></main></html>"
)


class Web:
    """The page's server. `key` opens it once; `used` is called when it has been, and `key` is then a new one."""

    def __init__(self, live: Live, actions: Actions, used: Callable[[], None]) -> None:
        self.key = secrets.token_urlsafe(18)
        self.port = 0
        self._used = used
        self._live, self._actions = live, actions
        self._session = secrets.token_urlsafe(32)
        self._runner: web.AppRunner | None = None
        self._sockets: set[web.WebSocketResponse] = set()

    async def start(self, host: str, ports: list[int]) -> None:
        """Listen on the first of these ports that is free (0: any). OSError when none is."""
        app = web.Application(client_max_size=MAX_FRAME, middlewares=[self._guard])
        app.router.add_get("/", self._index)
        app.router.add_get("/live", self._socket)
        app.router.add_get("/static/{path:.+}", self._static)
        app.router.add_get("/files/{channel}/{message}/{file}", self._file)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.3)
        await self._runner.setup()
        for number, port in enumerate(ports):
            try:
                await web.TCPSite(self._runner, host, port).start()
            except OSError:
                if number == len(ports) - 1:
                    raise
                continue
            break
        self.port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """End all sockets and stop listening."""
        farewells = [
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"the demo has ended") for socket in self._sockets
        ]
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*farewells, return_exceptions=True), 0.3)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    # -- who may come in ---------------------------------------------------------------------------------------

    @property
    def _cookie(self) -> str:
        return f"wingcord_demo_{self.port}"  # cookies know no ports: two demos must not overwrite each other's

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.cookies.get(self._cookie, "")
        inside = hmac.compare_digest(given.encode(), self._session.encode())
        if not inside and not self._unlocks(request):
            return web.Response(status=403, text=LOCKED, content_type="text/html", headers=HEADERS)
        try:
            response = cast("web.StreamResponse", await handler(request))
        except web.HTTPException as refusal:
            return web.Response(status=refusal.status, text=refusal.reason, headers=HEADERS)
        if not inside:
            response.set_cookie(self._cookie, self._session, httponly=True, samesite="Strict", path="/")
            self.key = secrets.token_urlsafe(18)
            self._used()
        return response

    def _unlocks(self, request: web.Request) -> bool:
        given = request.query.get("key", "")
        return request.path == "/" and hmac.compare_digest(given.encode(), self.key.encode())

    # -- files -------------------------------------------------------------------------------------------------

    async def _index(self, _: web.Request) -> web.Response:
        return _served(STATIC / "index.html")

    async def _static(self, request: web.Request) -> web.Response:
        path = (STATIC / request.match_info["path"]).resolve()
        if not path.is_relative_to(STATIC) or path.suffix not in KINDS or not path.is_file():
            raise web.HTTPNotFound
        return _served(path)

    async def _file(self, request: web.Request) -> web.Response:
        """An attachment: pictures as such, everything else as plain text, whatever it claims to be."""
        attachment = self._attachment(request)
        if attachment is None:
            raise web.HTTPNotFound
        is_picture = attachment.content_type in show.IMAGES
        kind = attachment.content_type if is_picture else "text/plain"
        headers = HEADERS | {"Content-Security-Policy": "default-src 'none'; sandbox"}
        return web.Response(
            body=attachment.data, content_type=kind, charset=None if is_picture else "utf-8", headers=headers
        )

    def _attachment(self, request: web.Request) -> Attachment | None:
        try:
            channel_id, message_id, wanted = (int(request.match_info[name]) for name in ("channel", "message", "file"))
        except ValueError:
            return None
        channel = self._live.scene.guild.places.get(channel_id)
        message = channel.find(message_id) if channel else None
        found = message.attachments if message else []
        return next((attachment for attachment in found if attachment.id == wanted), None)

    # -- the websocket -----------------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden
        # aiohttp would send compressed long frames by a task of its own, whose traceback shows when a tab is closed.
        socket = web.WebSocketResponse(heartbeat=20.0, max_msg_size=MAX_FRAME, compress=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await self._serve(socket)
        finally:
            self._sockets.discard(socket)
        return socket

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        scene = self._live.scene

        async def send(body: Json) -> None:
            with suppress(ConnectionError, RuntimeError):  # the page is gone; the reader notices too
                await socket.send_str(json.dumps(body, ensure_ascii=False, separators=(",", ":")))

        page = Page(self._live, send, scene.owner, scene.channel("general"), scene.castle)
        self._live.pages.add(page)
        tasks: set[asyncio.Task[None]] = {asyncio.create_task(page.keep_telling())}
        page.stale(*SECTIONS)
        try:
            async for message in socket:
                wanted = _wish(message.data) if message.type is WSMsgType.TEXT else None
                if wanted is None or len(tasks) > MAX_DOING:
                    continue
                task = asyncio.create_task(self._do(page, wanted, send))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        finally:
            self._live.pages.discard(page)
            ending = list(tasks)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)

    async def _do(self, page: Page, wanted: Json, send: Callable[[Json], Any]) -> None:
        await send(await self._actions.do(page, wanted))


def _wish(text: str) -> Json | None:
    """What a page asks for; None for what is no JSON object."""
    try:
        wanted: Any = json.loads(text)
    except ValueError:
        return None
    return cast("Json", wanted) if isinstance(wanted, dict) else None


def _served(path: Path) -> web.Response:
    return web.Response(body=path.read_bytes(), content_type=KINDS[path.suffix], charset="utf-8", headers=HEADERS)
