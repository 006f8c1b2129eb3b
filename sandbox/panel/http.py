"""What both dialects of the panel share: a request as they see it, an answer, and the faults around them."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.panel import hostile
from sandbox.panel.errors import GENERIC
from sandbox.panel.faults import (
    Empty,
    Fail,
    Faults,
    Hold,
    HttpEffect,
    Mislabel,
    Omit,
    Reset,
    Respond,
    Slow,
    Truncate,
    WingsFails,
)
from sandbox.panel.hostile import Hostile
from sandbox.panel.journal import Event, Journal, Request

JSON_HEADERS = {"Cache-Control": "no-cache, private"}


@dataclass
class Call:
    """One request. ``user`` and ``rate_headers`` are filled in on the way."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str
    address: str
    wings: list[WingsFails] = field(default_factory=list[WingsFails])
    user: str | None = None
    rate_headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def expects_json(self) -> bool:
        """Laravel's `expectsJson`: the best accepted type contains /json or +json, or it is an XHR that takes all."""
        accepted = _accepted(self.headers.get("accept", ""))
        first = accepted[0] if accepted else ""
        ajax = self.headers.get("x-requested-with") == "XMLHttpRequest"
        return "/json" in first or "+json" in first or (ajax and first in ("", "*", "*/*"))

    @property
    def sends_json(self) -> bool:
        """True when the body is declared to be JSON."""
        kind = self.headers.get("content-type", "").lower()
        return "/json" in kind or "+json" in kind

    def json_is_broken(self) -> bool:
        """True for a body that is declared to be JSON and is not."""
        if not self.sends_json or not self.body:
            return False
        try:
            json.loads(self.body)
        except ValueError:
            return True
        return False

    def inputs(self) -> dict[str, Any]:
        """Query and body together, strings trimmed, empty ones null (`TrimStrings`, `ConvertEmptyStringsToNull`)."""
        values: dict[str, Any] = dict(self.query)
        if self.sends_json and self.body:
            loaded: Any = json.loads(self.body)
            if isinstance(loaded, dict):
                values.update(cast("dict[str, Any]", loaded))
        elif "form-urlencoded" in self.headers.get("content-type", ""):
            values.update(parse_qsl(self.body, keep_blank_values=True))
        return {name: (value.strip() or None) if isinstance(value, str) else value for name, value in values.items()}


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    text: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict[str, str])


def json_answer(value: Any) -> Answer:
    """200 with compact JSON."""
    return Answer(200, json.dumps(value, separators=(",", ":")), headers=dict(JSON_HEADERS))


def html_answer(status: int, title: str, headers: dict[str, str] | None = None) -> Answer:
    """One of Laravel's plain pages."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{status} | {title}</h1></body></html>"
    return Answer(status, page, "text/html", headers or {})


def _accepted(header: str) -> list[str]:
    weighted: list[tuple[float, int, str]] = []
    for position, item in enumerate(header.split(",")):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if name:
            weighted.append((-quality, position, name))
    return [name for _, _, name in sorted(weighted)]


class Front:
    """The panel's web server: reads the request, lets faults strike, records, and sends the answer."""

    def __init__(
        self,
        dialect: Callable[[Call], Awaitable[Answer]],
        *,
        journal: Journal,
        faults: Faults,
        now: Callable[[], float],
        url: Callable[[], str],
    ) -> None:
        self._dialect = dialect
        self._journal = journal
        self._faults = faults
        self._now = now
        self._url = url
        self.caller_ip: str | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request."""
        call = await self._read(request)
        effects = self._faults.http(call.method, call.path)
        for effect in effects:
            if isinstance(effect, Hostile) and effect.concerns(call.method, call.path):
                self._record(call, Answer(200))
                return await hostile.respond(effect, request)
        call.wings = [effect for effect in effects if isinstance(effect, WingsFails)]
        answer = self._instead(call, effects)
        if answer is None:
            answer = await self._dialect(call)
        for effect in effects:
            answer = _altered(answer, effect)
        self._record(call, answer)
        for effect in effects:
            if isinstance(effect, Slow):
                await asyncio.sleep(effect.seconds)
            if isinstance(effect, Hold):
                await effect.gate.wait()
        if any(isinstance(effect, Reset) for effect in effects):
            _reset(request)
        kind = None if answer.status == 204 else answer.content_type
        written = "utf-8" if 300 <= answer.status < 400 else "UTF-8"  # Symfony's redirects, Laravel's pages
        charset = written if answer.content_type.startswith("text/") and kind else None
        return web.Response(
            status=answer.status, body=answer.text.encode(), headers=answer.headers, content_type=kind, charset=charset
        )

    async def _read(self, request: web.Request) -> Call:
        body = (await request.read()).decode("utf-8", errors="replace")
        return Call(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            address=self.caller_ip or request.remote or "127.0.0.1",
        )

    def _instead(self, call: Call, effects: list[HttpEffect]) -> Answer | None:
        for effect in effects:
            if isinstance(effect, Respond):
                headers = {
                    name: value.replace("{url}", self._url()).replace("{path}", call.path)
                    for name, value in effect.headers.items()
                }
                return Answer(effect.status, effect.body, effect.content_type, headers)
            if isinstance(effect, Fail):
                return _failed(effect)
            if isinstance(effect, Reset) and not effect.after_action:
                return Answer(0)
        return None

    def _record(self, call: Call, answer: Answer) -> None:
        secret = ("authorization", "cookie")
        shown = {name: "(present)" if name in secret else value for name, value in call.headers.items()}
        now = self._now()
        self._journal.requests.append(
            Request(call.method, call.path, call.query, shown, call.user, answer.status, call.body, now)
        )
        self._journal.note(Event(now, "request", None, f"{call.method} {call.path} {answer.status}"))


def _altered(answer: Answer, effect: HttpEffect) -> Answer:
    if isinstance(effect, Truncate):
        return replace(answer, text=answer.text[: effect.keep])
    if isinstance(effect, Empty):
        return replace(answer, status=200, text="")
    if isinstance(effect, Mislabel):
        return replace(answer, headers={**answer.headers, "Content-Type": effect.content_type})
    if isinstance(effect, Omit) and answer.content_type == "application/json" and answer.text:
        return replace(answer, text=json.dumps(_without(json.loads(answer.text), effect.names)))
    return answer


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_without(item, names) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    return {name: _without(item, names) for name, item in fields.items() if name not in names}


def _failed(effect: Fail) -> Answer:
    entry: dict[str, Any] = {"code": effect.code, "status": str(effect.status), "detail": effect.detail or GENERIC}
    if effect.debug:
        step = {"file": "/app/vendor/laravel/framework/src/Pipeline.php", "line": 183, "function": "handle"}
        entry["source"] = {"line": 391, "file": "/app/vendor/laravel/framework/src/Connection.php"}
        entry["meta"] = {"trace": [step] * 60, "previous": []}
    text = json.dumps({"errors": [entry]}, indent=4)
    return Answer(effect.status, text, headers=dict(effect.headers))


def _reset(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is not None:
        # Lingering for zero seconds makes the kernel send RST instead of FIN.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
