"""What may be in a message: Discord's limits on content, embeds, files and components, applied to a request body."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .components import check_components
from .errors import ApiError, FormErrors, text_length
from .jsons import part, parts
from .mentions import check_allowed_mentions
from .messages import COMPONENTS_V2, SUPPRESS_EMBEDS, Attachment, Message, walk
from .permissions import Permission

if TYPE_CHECKING:
    from .world import World

Json = dict[str, Any]

MAX_FILE = 10 * 1024 * 1024
"""Bytes of one file in a guild without boosts."""
MAX_REQUEST = 25 * 1024 * 1024
"""Bytes of a whole request."""


@dataclass(frozen=True)
class Upload:
    """A file part of a multipart request: `files[index]`."""

    index: str
    filename: str
    data: bytes


def check_message(body: Json, uploads: list[Upload], *, before: Message | None = None) -> None:
    """Raises ApiError unless `body` makes a valid message, new or (with `before`) changed.

    400/50035 for a limit, 400/50006 for nothing in it, 413/40005 for a file above 10 MiB.
    """
    errors = FormErrors()
    content = body.get("content")
    if content is not None:
        if not isinstance(content, str):
            errors.add("content", "Could not interpret as string.", "STRING_TYPE_CONVERT")
        elif text_length(content) > 2000:
            errors.add("content", "Must be 2000 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    v2 = bool((body.get("flags") or 0) & COMPONENTS_V2 or (before and before.flags & COMPONENTS_V2))
    _check_embeds(parts(body, "embeds"), errors)
    if body.get("components"):
        check_components(body["components"], errors, v2=v2)
    if v2 and (body.get("content") or body.get("embeds")):
        errors.add(
            "content",
            "Not allowed together with IS_COMPONENTS_V2.",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
        )
    check_allowed_mentions(body.get("allowed_mentions"), errors)
    if len(str(body.get("nonce") or "")) > 25:
        errors.add("nonce", "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    if len(uploads) > 10 or len(body.get("attachments") or []) > 10:
        errors.add("attachments", "Must be 10 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    errors.raise_if_any()
    if any(len(upload.data) > MAX_FILE for upload in uploads):
        raise ApiError(413, 40005)
    if _is_empty(body, uploads, before):
        raise ApiError(400, 50006)


def _is_empty(body: Json, uploads: list[Upload], before: Message | None) -> bool:
    if uploads:
        return False
    for name in ("content", "embeds", "components", "attachments"):
        kept = getattr(before, name) if before and name not in body else None
        if name == "attachments" and not before:
            continue  # on a new message this only describes uploads
        value = body.get(name) or kept
        if isinstance(value, str) and not value.strip():
            continue
        if value:
            return False
    return not body.get("poll") and not body.get("sticker_ids")


_EMBED_TEXTS = (("title", 256), ("description", 4096))


def _check_embeds(items: list[Json], errors: FormErrors) -> None:
    if len(items) > 10:
        errors.add("embeds", "Must be 10 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    total = sum(_check_embed(embed, f"embeds.{index}", errors) for index, embed in enumerate(items))
    if total > 6000:
        errors.add("embeds", "Embed size exceeds maximum size of 6000", "MAX_EMBED_SIZE_EXCEEDED")


def _check_embed(embed: Json, path: str, errors: FormErrors) -> int:
    """Complains about one embed; gives the characters that count towards the 6,000."""
    total = 0

    def text(where: str, value: Any, maximum: int, minimum: int = 0) -> None:
        nonlocal total
        if value is None and not minimum:
            return
        errors.length(f"{path}.{where}", value, minimum, maximum)
        total += text_length(str(value))

    for name, maximum in _EMBED_TEXTS:
        text(name, embed.get(name), maximum)
    text("footer.text", part(embed, "footer").get("text"), 2048)
    text("author.name", part(embed, "author").get("name"), 256)
    entries = parts(embed, "fields")
    if len(entries) > 25:
        errors.add(f"{path}.fields", "Must be 25 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for index, entry in enumerate(entries):
        text(f"fields.{index}.name", entry.get("name"), 256, 1)
        text(f"fields.{index}.value", entry.get("value"), 1024, 1)
    color = embed.get("color")
    if color is not None and not 0 <= color <= 0xFFFFFF:
        errors.add(f"{path}.color", "int value should be less than or equal to 16777215.", "NUMBER_TYPE_MAX")
    for name in ("image", "thumbnail"):
        url = str(part(embed, name).get("url") or "https://")
        if not url.startswith(("http://", "https://", "attachment://")):
            errors.add(f"{path}.{name}.url", "Scheme must be one of ('http', 'https').", "URL_TYPE_INVALID_SCHEME")
    return total


def check_rights(body: Json, uploads: list[Upload], bits: int, *, new: bool) -> None:
    """Raises 403/50013 unless the bits allow such a message; changing one's own needs no right to send."""
    needed = Permission.SEND_MESSAGES if new else Permission(0)
    if body.get("embeds"):
        needed |= Permission.EMBED_LINKS
    if uploads:
        needed |= Permission.ATTACH_FILES
    if bits & needed != needed:
        raise ApiError(403, 50013)


def apply(message: Message, body: Json, uploads: list[Upload], world: World) -> None:
    """Puts a checked body into a message; fields that are absent stay as they are, null empties them."""
    if "content" in body:
        message.content = (body["content"] or "").strip()
    if "embeds" in body:
        message.embeds = list(body["embeds"] or [])
    if "components" in body:
        message.components = list(body["components"] or [])
        for number, part in enumerate(walk(message.components), start=1):
            part.setdefault("id", number)
    if "flags" in body:
        changeable = SUPPRESS_EMBEDS | COMPONENTS_V2
        message.flags = message.flags & ~changeable | (body["flags"] or 0) & changeable
    if "allowed_mentions" in body:
        message.allowed_mentions = body["allowed_mentions"]
    if uploads or "attachments" in body:
        message.attachments = _attachments(message, body, uploads, world)


def _attachments(message: Message, body: Json, uploads: list[Upload], world: World) -> list[Attachment]:
    described: dict[str, Json] = {str(item.get("id")): item for item in parts(body, "attachments")}
    kept = [item for item in message.attachments if "attachments" not in body or str(item.id) in described]
    fresh: list[Attachment] = []
    for upload in uploads:
        meta = described.get(upload.index, {})
        name = str(meta.get("filename") or upload.filename)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        fresh.append(Attachment(world.ids.now(), name, upload.data, kind, meta.get("description")))
    return kept + fresh
