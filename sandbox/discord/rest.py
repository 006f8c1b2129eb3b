"""The REST side of the stand-in: every call passes faults, authorisation and rate limits before its handler."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .errors import ApiError
from .faults import Body, Fault, Faults
from .limits import OTHER_LIMIT, OTHER_WINDOW, VIA, Denied, Limits, Rule, denied
from .rest_call import Call, RequestRecord, Route, read_body

if TYPE_CHECKING:
    from .hub import Hub

BASE = "/api/v10"
KEPT_REQUESTS = 20_000
INTERESTING = ("X-RateLimit-", "Retry-After", "Via")


class Rest:
    """Serves the routes under `/api/v10` and keeps a record of each request."""

    def __init__(self, routes: list[Route], token: str, limits: Limits, faults: Faults, hub: Hub) -> None:
        self._routes = routes
        self._token = token
        self._limits = limits
        self._faults = faults
        self._hub = hub
        self.requests: deque[RequestRecord] = deque(maxlen=KEPT_REQUESTS)
        self.closing = asyncio.Event()

    def add_to(self, app: web.Application) -> None:
        """Registers all routes; anything else under the base is Discord's plain 404."""
        for route in self._routes:
            app.router.add_route(route.method, BASE + route.path, self._serve(route))
        unknown = Route("*", "/{unknown:.*}", _unknown)
        app.router.add_route("*", BASE + unknown.path, self._serve(unknown))

    def _serve(self, route: Route) -> Any:
        async def handle(request: web.Request) -> web.StreamResponse:
            record = RequestRecord(request.method, route.path, request.path.removeprefix(BASE))
            for name in ("User-Agent", "X-Audit-Log-Reason"):
                if name in request.headers:
                    record.request_headers[name] = request.headers[name]
            self.requests.append(record)
            self._hub.wake()
            try:
                response = await self._answer(Call(request, record), route)
            except ConnectionResetError:  # the bot was killed while it asked
                response = _CUT
            record.status = 0 if response is _CUT else response.status
            record.headers = {name: value for name, value in response.headers.items() if name.startswith(INTERESTING)}
            if record.status in (401, 403, 429):
                self._limits.count_invalid(record.status, record.headers.get("X-RateLimit-Scope"))
            self._hub.tell("request", record)
            if response is _CUT:
                _abort(request)
                return web.Response(status=500)
            return response

        return handle

    async def _answer(self, call: Call, route: Route) -> web.Response:
        fault = self._faults.take(f"{call.record.method} {call.record.path}")
        if self._limits.banned:
            return _cloudflare(600.0)
        if fault and not fault.after:
            early = await self._strike(fault)
            if early is not None:
                with contextlib.suppress(ApiError):
                    await read_body(call)  # for the record
                return early
        response = await self._normal(call, route)
        if fault and fault.after:
            return await self._strike(fault) or response
        return response

    async def _strike(self, fault: Fault) -> web.Response | None:
        """The faulty answer; None if the call shall go on normally (after a hang)."""
        if fault.action == "hang":
            await self._pause(fault.seconds)
            return None
        if fault.action == "reset":
            return _CUT
        if fault.action == "limit":
            return _limited(denied(fault.seconds, fault.scope))
        if fault.action == "cloudflare":
            return _cloudflare(fault.seconds)
        if fault.action == "blocked":
            return _blocked(fault.body)
        if fault.code:
            error = ApiError(fault.status, fault.code)
            return _json(error.status, error.body())
        return web.Response(status=fault.status, text="error code: 502\n", headers={"Via": VIA})

    async def _pause(self, seconds: float) -> None:
        """Sleeps, but not beyond the end of the stand-in."""
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except TimeoutError:
            return

    async def _normal(self, call: Call, route: Route) -> web.Response:
        headers: dict[str, str] = {}
        try:
            if not route.open and call.request.headers.get("Authorization") != f"Bot {self._token}":
                raise ApiError(401, 0, "401: Unauthorized")
            headers, refusal = self._limit(call, route)
            await read_body(call)
            if refusal:
                return _limited(refusal)
            status, body = route.handler(call)
        except ApiError as error:
            return _json(error.status, error.body(), headers)
        if body is None:
            return web.Response(status=status, headers={**headers, "Via": VIA})
        return _json(status, body, headers)

    def _limit(self, call: Call, route: Route) -> tuple[dict[str, str], Denied | None]:
        if not self._limits.enabled:
            return {}, None
        if not route.open:
            refusal = self._limits.check_global()
            if refusal:
                return {}, refusal
        if route.rule is None and route.open:
            return {}, None
        rule = route.rule or Rule(f"{route.method} {route.path}", OTHER_LIMIT, OTHER_WINDOW)
        major = call.request.match_info.get(route.major, "") if route.major else ""
        return self._limits.take(rule, major)


_CUT = web.Response(status=500)


def _unknown(_: Call) -> tuple[int, Any]:
    raise ApiError(404, 0)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    # discord.py compares the content type with 'application/json' literally: no charset may follow it
    raw = json.dumps(body, ensure_ascii=False).encode()
    return web.Response(
        status=status, body=raw, content_type="application/json", headers={**(headers or {}), "Via": VIA}
    )


def _limited(refusal: Denied) -> web.Response:
    return _json(429, refusal.body(), refusal.headers)


def _blocked(body: Body) -> web.Response:
    headers = {"Server": "cloudflare"}
    if body == "json":
        return _json(403, ApiError(403, 40333).body(), headers)
    if body == "text":
        return web.Response(status=403, text="error code: 1020", headers=headers)
    page = "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>…</body></html>"
    return web.Response(status=403, text=page, content_type="text/html", headers=headers)


def _cloudflare(seconds: float) -> web.Response:
    page = "<html><head><title>Access denied | discord.com used Cloudflare to restrict access</title></head></html>"
    return web.Response(
        status=429,
        text=page,
        content_type="text/html",
        headers={"Retry-After": str(int(seconds)), "Server": "cloudflare"},
    )
