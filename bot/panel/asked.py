"""What was asked of a panel and what it answered: the two values that a refusal is judged by."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, cast

from bot.errors import PanelBroken, PanelUnreachable
from bot.terms import PanelKind


class Operation(Enum):
    """What a request is for; the same status means different things for different ones."""

    LIST = "list"
    ACCOUNT = "account"
    PERMISSIONS = "permissions"
    SERVER = "server"
    RESOURCES = "resources"
    COMMAND = "command"
    POWER = "power"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    operation: Operation
    path: str
    """Below the panel's URL, without a query."""
    kind: PanelKind | None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, str] | None = None
    """Sent as JSON with POST; None means GET."""
    permission: str = ""
    """The panel permission that guards it, for the sentence that says it is missing."""
    bucket: str = "general"
    """Which rate limit it counts towards, see `bot.panel.budget`."""

    @property
    def is_action(self) -> bool:
        """Whether it changes something and so must never be repeated."""
        return self.body is not None

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "POST" if self.is_action else "GET"

    @property
    def about_server(self) -> bool:
        """Whether the path names a server."""
        return self.operation not in {Operation.LIST, Operation.ACCOUNT, Operation.PERMISSIONS}


@dataclass(frozen=True)
class Answer:
    """One response, read to its end."""

    status: int
    headers: Mapping[str, str]
    """Case-insensitive, as aiohttp gives them."""
    text: str

    @cached_property
    def payload(self) -> dict[str, Any] | None:
        """The JSON object in the body, whatever the content type claims; None where there is none."""
        try:
            found: object = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        return cast("dict[str, Any]", found) if isinstance(found, dict) else None

    @property
    def is_web_page(self) -> bool:
        """Whether the body is markup meant for a browser."""
        return "html" in self.headers.get("Content-Type", "").lower() or self.text.lstrip()[:1] == "<"

    @property
    def from_panel(self) -> bool:
        """Whether the body has the shape of an error that the panel's framework wrote itself."""
        return self.payload is not None and ("errors" in self.payload or "error" in self.payload)

    @property
    def code(self) -> str:
        """The PHP exception's class name, or ""."""
        return _text(self._first_error.get("code"))

    @property
    def detail(self) -> str:
        """The error's text. Never shown to anybody: it may hold addresses or a stack trace."""
        return _text(self._first_error.get("detail")) or _text((self.payload or {}).get("error"))

    @property
    def invalid_field(self) -> str:
        """Which input a 422 is about: `meta.source_field`, or `source.field` on 0.7."""
        for name, key in (("meta", "source_field"), ("source", "field")):
            inner = self._first_error.get(name)
            if isinstance(inner, dict) and (value := _text(cast("dict[str, Any]", inner).get(key))):
                return value
        return ""

    @property
    def _first_error(self) -> dict[str, Any]:
        errors = (self.payload or {}).get("errors")
        first: object = cast("list[object]", errors)[0] if isinstance(errors, list) and errors else None
        return cast("dict[str, Any]", first) if isinstance(first, dict) else {}


class ConnectionHiccup(PanelUnreachable):
    """A connection failure that may be over in a moment; a read may be tried again."""


class GarbledAnswer(PanelBroken):
    """An answer that broke off or was empty; a read may be tried again."""


def _text(value: object) -> str:
    return value[:2000] if isinstance(value, str) else ""  # a debug-mode panel puts whole queries there
