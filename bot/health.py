"""Serves /healthz, /readyz and /metrics to whoever watches over the process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot import metrics
from bot.errors import ExitCode, StartupError
from bot.i18n import _

log = logging.getLogger(__name__)

PING_TIMEOUT = 5.0
"""Seconds a ping may take."""

Ping = Callable[[], Awaitable[None]]


class Health:
    """The small HTTP server; `pings` are named checks that raise when what they ask is not well."""

    def __init__(self, pings: Mapping[str, Ping]) -> None:
        self._pings = pings
        self._failing: set[str] = set()
        self._rendering = asyncio.Lock()
        app = web.Application()
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)
        self.port = 0

    async def start(self, host: str, port: int) -> Self:
        """Listen; afterwards `port` tells the port taken, also where 0 asked for any.

        Raises:
            StartupError: the address cannot be listened on.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise cannot_listen(host, port, error) from error
        self.port = int(self._runner.addresses[0][1])
        return self

    async def close(self) -> None:
        """Stop listening and end what is open."""
        await self._runner.cleanup()

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        results = await asyncio.gather(*(self._ping(name, ping) for name, ping in self._pings.items()))
        well = dict(zip(self._pings, results, strict=True))
        answer = {name: "ok" if fine else "failing" for name, fine in well.items()}
        return web.json_response(answer, status=200 if all(results) else 503)

    async def _ping(self, name: str, ping: Ping) -> bool:
        try:
            async with asyncio.timeout(PING_TIMEOUT):
                await ping()
        except Exception as error:  # noqa: BLE001  whatever a ping raises means the same: not well
            # The reason goes to the log, once: the page may be read by anybody who reaches the port.
            if name not in self._failing:
                self._failing.add(name)
                log.warning("Not ready: %s does not answer: %s", name, str(error) or type(error).__name__)
            return False
        if name in self._failing:
            self._failing.remove(name)
            log.info("Ready again: %s answers", name)
        return True

    async def _metrics(self, _request: web.Request) -> web.Response:
        async with self._rendering:
            return web.Response(body=await metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def cannot_listen(host: str, port: int, error: OSError) -> StartupError:
    """Return the one sentence for an address that cannot be listened on."""
    return StartupError(
        _(
            "HTTP_LISTEN cannot be served on {host}:{port}: {reason}. Choose another address or end what uses it."
        ).format(host=host, port=port, reason=(error.strerror or str(error)).lower()),
        exit_code=ExitCode.HTTP_LISTEN,
    )
