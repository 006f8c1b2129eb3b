"""A caller of the panel's REST API and a reader of its console, for the stand-in's own tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from sandbox.panel import PanelStandIn, Profile, Server, User

EVERYTHING = ["control.console", "control.start", "control.stop", "control.restart", "activity.read"]


@dataclass
class Reply:
    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> dict[str, Any]:
        [error] = self.json["errors"]
        return error


@dataclass
class Socket:
    ws: aiohttp.ClientWebSocketResponse
    seen: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    closed_with: int | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Task[None] | None = None

    async def read(self) -> None:
        async for message in self.ws:
            self.raw.append(message.data)
            parsed = _object(message.data)
            if parsed is not None:
                self.seen.append(parsed)
            self.changed.set()
        self.closed_with = self.ws.close_code
        self.changed.set()

    async def send(self, event: str, *args: str | None) -> None:
        await self.ws.send_str(json.dumps({"event": event, "args": list(args)}))

    async def until(self, condition: Callable[[], object], timeout: float = 10.0) -> None:
        """Wait until the condition holds; it is looked at after every message."""
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise AssertionError(f"not seen in time; last messages: {self.raw[-12:]}") from None

    async def until_event(self, event: str, *args: str, count: int = 1) -> None:
        await self.until(lambda: len(self.of(event, *args)) >= count)

    async def until_closed(self) -> int | None:
        assert self.reader is not None
        await asyncio.wait_for(asyncio.shield(self.reader), 10)
        return self.closed_with

    def of(self, event: str, *args: str) -> list[list[str]]:
        found = [message.get("args", []) for message in self.seen if message["event"] == event]
        return [each for each in found if not args or tuple(each) == args]

    def events(self) -> list[str]:
        return [message["event"] for message in self.seen]

    def lines(self) -> list[str]:
        return [args[0] for args in self.of("console output") if args]

    def states(self) -> list[str]:
        return [args[0] for args in self.of("status") if args]


@dataclass
class Scene:
    """A panel with an owner, a bot user who is a subuser of one server, and clients that are closed at the end."""

    panel: PanelStandIn
    http: aiohttp.ClientSession
    stack: AsyncExitStack
    owner: User
    bot: User
    key: str
    server: Server

    async def call(
        self, method: str, path: str, *, key: str | None = None, headers: dict[str, str] | None = None, **options: Any
    ) -> Reply:
        sent = {"Authorization": f"Bearer {key or self.key}", "Accept": "application/json", **(headers or {})}
        sent = {name: value for name, value in sent.items() if value}
        async with self.http.request(
            method, self.panel.url + path, headers=sent, allow_redirects=False, **options
        ) as response:
            return Reply(response.status, response.headers, await response.text())

    async def get(self, path: str = "", **options: Any) -> Reply:
        return await self.call("GET", "/api/client" + path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return await self.call("POST", "/api/client" + path, json=body, **options)

    def path(self, what: str = "", server: Server | None = None) -> str:
        return f"/servers/{(server or self.server).identifier}{what}"

    async def ticket(self, key: str | None = None) -> dict[str, str]:
        reply = await self.get(self.path("/websocket"), key=key)
        assert reply.status == 200, reply.text
        return reply.json["data"]

    async def open(self, url: str | None = None, *, origin: str | None = None, compress: int = 15) -> Socket:
        address = url or f"{self.panel.node.url}/api/servers/{self.server.uuid}/ws"
        ws = await self.http.ws_connect(address, origin=origin or self.panel.url, compress=compress, max_msg_size=0)
        self.stack.push_async_callback(ws.close)
        socket = Socket(ws)
        socket.reader = asyncio.create_task(socket.read())
        self.stack.push_async_callback(_ended, socket.reader)
        return socket

    async def console(self, key: str | None = None, *, compress: int = 15) -> Socket:
        """An authenticated socket."""
        token = (await self.ticket(key))["token"]
        socket = await self.open(compress=compress)
        await socket.send("auth", token)
        await socket.until_event("auth success")
        return socket


def _object(text: str) -> dict[str, Any] | None:
    try:
        message = json.loads(text)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def make_scene() -> AsyncIterator[Callable[..., Awaitable[Scene]]]:
    """A function that sets a scene; everything ends with the test. Keywords beside the panel's go to the server."""
    async with AsyncExitStack() as stack:

        async def make(
            profile: Profile = Profile.PTERO_1_12,
            *,
            scale: float = 1.0,
            permissions: list[str] | None = None,
            panel_options: dict[str, Any] | None = None,
            **server_options: Any,
        ) -> Scene:
            panel = await stack.enter_async_context(PanelStandIn(profile, time_scale=scale, **(panel_options or {})))
            owner, bot = panel.add_user("owner"), panel.add_user("botuser")
            server_options.setdefault("boot_seconds", 0.05)
            server_options.setdefault("stop_seconds", 0.02)
            server = panel.add_server("Paper Survival", owner=owner, **server_options)
            panel.add_subuser(server, bot, EVERYTHING if permissions is None else permissions)
            http = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
            return Scene(panel, http, stack, owner, bot, panel.add_key(bot), server)

        yield make


@pytest.fixture
async def scene(make_scene: Callable[..., Awaitable[Scene]]) -> Scene:
    return await make_scene()
