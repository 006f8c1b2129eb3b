"""One REST call: its parts as handlers need them, and the record that stays of it."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from aiohttp import BodyPartReader, web

from .errors import ApiError
from .limits import Rule
from .message_rules import MAX_REQUEST, Upload

Json = dict[str, Any]


@dataclass
class RequestRecord:
    """What the bot asked and what it got. `body` is the JSON sent; `headers` are those of the answer that matter.

    `time` is on the monotonic clock, in seconds. `status` is 0 while unanswered or when the connection was cut.
    """

    method: str
    route: str
    path: str
    body: Any = None
    files: tuple[str, ...] = ()
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
    request_headers: dict[str, str] = field(default_factory=dict[str, str])
    time: float = field(default_factory=time.monotonic)


@dataclass
class Call:
    """A call on its way through the server."""

    request: web.Request
    record: RequestRecord
    body: Any = None
    uploads: list[Upload] = field(default_factory=list[Upload])

    def number(self, name: str) -> int:
        """An id from the path; ApiError 400/50035 if it is not one."""
        text = self.request.match_info[name]
        if not text.isdigit():
            raise ApiError(
                400,
                50035,
                errors={
                    name: {"_errors": [{"code": "NUMBER_TYPE_COERCE", "message": f'Value "{text}" is not snowflake.'}]}
                },
            )
        return int(text)

    def word(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    @property
    def fields(self) -> Json:
        """The body as an object; ApiError 400/50109 if it is something else."""
        if not isinstance(self.body, dict):
            raise ApiError(400, 50109)
        return cast("Json", self.body)


Answer = tuple[int, Any]
"""Status, and the JSON to send (None: no body)."""
Handler = Callable[[Call], Answer]
AsyncStep = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Route:
    """A REST route. `rule` names its bucket, `major` the path part it is counted by; `open` needs no bot token."""

    method: str
    path: str
    handler: Handler
    rule: Rule | None = None
    major: str = ""
    open: bool = False


async def read_body(call: Call) -> None:
    """Reads JSON or multipart (`payload_json` and `files[n]`) into the call.

    ApiError 413/40005 above 25 MiB, 400/50109 for broken JSON.
    """
    request = call.request
    if not request.can_read_body:
        return
    if request.content_type.startswith("multipart/"):
        await _read_multipart(call)
    else:
        raw = await request.content.read()
        if len(raw) > MAX_REQUEST:
            raise ApiError(413, 40005)
        call.body = _parse(raw) if raw else None
    call.record.body = call.body
    call.record.files = tuple(upload.filename for upload in call.uploads)


async def _read_multipart(call: Call) -> None:
    total = 0
    async for part in await call.request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytes(await part.read())
        total += len(data)
        name = part.name or ""
        if name == "payload_json":
            call.body = _parse(data)
        elif name.startswith("files[") and name.endswith("]"):
            call.uploads.append(Upload(name[6:-1], part.filename or "unknown", data))
    if total > MAX_REQUEST:
        raise ApiError(413, 40005)
    if call.body is None:
        call.body = {}


def _parse(raw: bytes) -> Any:
    try:
        body = json.loads(raw)
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except ValueError:
        raise ApiError(400, 50109) from None
    return body
