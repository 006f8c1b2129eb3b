"""Refusals: what the stand-in answers to a bot, and what a Discord client would not even let a person send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

MESSAGES: Mapping[int, str] = {
    0: "404: Not Found",
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10011: "Unknown Role",
    10013: "Unknown User",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10063: "Unknown application command",
    20009: "Explicit content cannot be sent to the desired recipient(s)",
    20028: "The channel you are writing has hit the write rate limit",
    30034: "Max number of daily application command creates has been reached (200)",
    40004: "Send messages has been temporarily disabled",
    40005: "Request entity too large",
    40060: "Interaction has already been acknowledged.",
    40333: "internal network error",
    50001: "Missing Access",
    50005: "Cannot edit a message authored by another user",
    50006: "Cannot send an empty message",
    50013: "Missing Permissions",
    50027: "Invalid Webhook Token",
    50034: "You can only bulk delete messages that are under 14 days old.",
    50035: "Invalid Form Body",
    50083: "Thread is archived",
    50109: "The request body contains invalid JSON.",
    130000: "API resource is currently overloaded. Try again a little later",
    160005: "Thread is locked",
    200000: "Message was blocked by automatic moderation",
    240000: "Message blocked by harmful links filter",
}
"""Wording of Discord's JSON error codes (Discord docs, opcodes and status codes)."""


class ApiError(Exception):
    """A refusal that travels to the bot as an HTTP status and Discord's JSON error body."""

    def __init__(self, status: int, code: int, message: str | None = None, errors: Json | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message if message is not None else MESSAGES.get(code, "Error")
        self.errors = errors
        super().__init__(f"{status} {code}: {self.message} {errors or ''}")

    def body(self) -> Json:
        """The JSON body that goes with the status."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


class ClientRefused(Exception):
    """What a person tried is not possible in a Discord client: hidden command, wrong option, disabled button."""


class FormErrors:
    """Collects complaints about a request body, then raises them all as one 400 with code 50035."""

    def __init__(self) -> None:
        self._tree: Json = {}

    def add(self, path: str, message: str, code: str = "BASE_TYPE_BAD_LENGTH") -> None:
        """Notes a complaint about a field; `path` is dotted, such as ``embeds.0.title``."""
        node = self._tree
        for part in path.split("."):
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: str, value: object, minimum: int, maximum: int) -> None:
        """Complains unless `value` is a text of `minimum` to `maximum` characters."""
        if not isinstance(value, str):
            self.add(path, "Could not interpret as string.", "STRING_TYPE_CONVERT")
        elif not minimum <= text_length(value) <= maximum:
            self.add(path, f"Must be between {minimum} and {maximum} in length.")

    def __bool__(self) -> bool:
        return bool(self._tree)

    def raise_if_any(self) -> None:
        """Raises ApiError 400/50035 if anything was added."""
        if self._tree:
            raise ApiError(400, 50035, errors=self._tree)


def text_length(text: str) -> int:
    """Characters as Discord may count them: the larger of code points and UTF-16 units (undocumented; be strict)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
