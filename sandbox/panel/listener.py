"""A listening socket on 127.0.0.1 that can go away and come back on the same port."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Listener:
    """Serves every request with one handler; ``up`` and ``down`` take effect at once."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        self.port = port
        self._handler = handler
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._starting: asyncio.Task[None] | None = None

    @property
    def is_up(self) -> bool:
        """True while connections are accepted."""
        return self._server is not None or self._starting is not None

    async def start(self) -> None:
        """Begin to listen; the port is known afterwards."""
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handler)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
        await self._runner.setup()
        await self.up()

    def up(self) -> asyncio.Task[None]:
        """Listen (again). The socket is bound before this returns; the task ends when it is served."""
        if self._starting is not None:
            return self._starting
        if self._server is not None:
            return asyncio.get_running_loop().create_task(asyncio.sleep(0))
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        listening.listen(256)
        listening.setblocking(False)
        self.port = int(listening.getsockname()[1])
        self._starting = asyncio.get_running_loop().create_task(self._serve(listening))
        return self._starting

    async def _serve(self, listening: socket.socket) -> None:
        if self._runner is None or self._runner.server is None:
            listening.close()
            raise RuntimeError("the listener has not been started")
        try:
            self._server = await asyncio.get_running_loop().create_server(self._runner.server, sock=listening)
        finally:
            self._starting = None

    def down(self) -> None:
        """Refuse connections from now on and break those that exist."""
        if self._starting is not None:
            raise RuntimeError("the listener is only just starting; wait for up() first")
        if self._server is not None:
            self._server.close()
            self._server = None
        self.break_connections()

    def break_connections(self) -> None:
        """End every TCP connection at once."""
        if self._runner is None or self._runner.server is None:
            return
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def close(self) -> None:
        """Stop for good."""
        if self._starting is not None:
            await self._starting
        self.down()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
