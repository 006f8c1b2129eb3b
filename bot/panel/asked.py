"""What was asked of a panel and what it answered: the two values that a refusal is judged by."""

import gc
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, cast

from pydantic_core import from_json

from bot.errors import PanelBroken, PanelUnreachable
from bot.terms import PanelKind

_MOST_PARTS = 100_000
"""Values in one JSON answer, by its commas and brackets: some 20 ms of parsing. A real page of 1 MiB has 60,000."""


_PHP_MESSAGE = re.compile(
    r"\s*(?:<br />\s*)?(?:<b>|PHP )?(?:Deprecated|Notice|Warning|Fatal error|Parse error)(?:</b>)?: .{1,500} on line ",
    re.DOTALL,
)


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
    unbidden: bool = False
    """Whether nobody waits for the answer: a key that the panel refuses is not tried for it again and again."""

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
    """One response, read to its end or to what is taken of it."""

    status: int
    headers: Mapping[str, str]
    """Case-insensitive, as aiohttp gives them."""
    text: str
    is_cut: bool = False
    """Whether there was more text than is taken."""

    @cached_property
    def payload(self) -> dict[str, Any] | None:
        """The JSON object in the body, whatever the content type claims; None where there is none.

        Of an error that is cut, what its beginning says. Parsing takes up to some 20 ms, once.
        """
        if self.has_too_many_parts or (self.is_cut and self.is_success):
            return None
        found = _parsed(self.text, is_cut=self.is_cut)
        return cast("dict[str, Any]", found) if isinstance(found, dict) else None

    @cached_property
    def has_too_many_parts(self) -> bool:
        """Whether the text, as JSON, holds more values than any honest answer."""
        return sum(self.text.count(mark) for mark in ",[{") > _MOST_PARTS

    @property
    def is_success(self) -> bool:
        """Whether the panel did what was asked."""
        return 200 <= self.status < 300

    @property
    def is_too_long(self) -> bool:
        """Whether it is a success that says more than is taken, where the status alone does not tell enough."""
        return self.is_success and not self.is_web_page and (self.is_cut or self.has_too_many_parts)

    @property
    def is_web_page(self) -> bool:
        """Whether the body is markup meant for a browser; where there is none, its type says nothing."""
        if self.is_empty:
            return False
        return "html" in self.headers.get("Content-Type", "").lower() or self.text.lstrip()[:1] == "<"

    @property
    def begins_with_php_messages(self) -> bool:
        """Whether PHP, left to itself, has printed what it minds about the panel's code before the answer."""
        return _PHP_MESSAGE.match(self.text) is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in the body."""
        return not self.text.strip("\ufeff \t\r\n\0")

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


class AnswerTooLong(PanelBroken):
    """An answer that is longer, or has more parts, than is taken; a smaller page of a list may fit."""


def _parsed(text: str, *, is_cut: bool) -> object:
    """Return what the JSON text says, None if it is none or too deep.

    The garbage collector pauses meanwhile: so many new values would make it look through everything the bot holds, for
    ten times as long as the parsing takes, and there is nothing in circles here for it to find.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        partial = "trailing-strings" if is_cut else "off"
        return from_json(
            text.encode("utf-8", "replace"), allow_inf_nan=False, cache_strings="none", allow_partial=partial
        )
    except ValueError:
        return None
    finally:
        if was_on:
            gc.enable()


def _text(value: object) -> str:
    return value[:2000] if isinstance(value, str) else ""  # a debug-mode panel puts whole queries there
