"""Messages as they stand in a channel, and how they look on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .jsons import part, parts
from .snowflakes import created_at

if TYPE_CHECKING:
    from .channel import Channel
    from .members import Member
    from .users import User

Json = dict[str, Any]

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15


@dataclass(frozen=True)
class Attachment:
    """A file on a message; `data` are its bytes."""

    id: int
    filename: str
    data: bytes
    content_type: str
    description: str | None = None

    def payload(self, base: str) -> Json:
        """The attachment as Discord writes it; `base` is where its bytes can be fetched."""
        url = f"{base}/{self.id}/{self.filename}"
        body: Json = {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.data),
            "url": url,
            "proxy_url": url,
            "content_type": self.content_type,
        }
        if self.description is not None:
            body["description"] = self.description
        return body


@dataclass(eq=False)
class Message:
    """One message. Its fields are what it says now; `edited` is the time of the last change, None if unchanged.

    `pings` names whom it notified when it was sent. `ephemeral_to` is the only member who sees it, None for all.
    """

    id: int
    channel: Channel
    author: User
    content: str = ""
    embeds: list[Json] = field(default_factory=list[Json])
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    components: list[Json] = field(default_factory=list[Json])
    flags: int = 0
    nonce: str | int | None = None
    allowed_mentions: Json | None = None
    pings: tuple[str, ...] = ()
    edited: datetime | None = None
    edits: int = 0
    ephemeral_to: Member | None = None
    deleted: bool = False
    origin: Json = field(default_factory=dict[str, Any])
    reference: Json | None = None

    @property
    def created_at(self) -> datetime:
        """When it was sent."""
        return created_at(self.id)

    @property
    def ephemeral(self) -> bool:
        """Whether only one member sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """Whether it still says "thinking…"."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """Everything readable in it: content, then embeds, then text components, one piece a line."""
        pieces = [self.content]
        for embed in self.embeds:
            pieces += [str(embed.get(name) or "") for name in ("title", "description")]
            for entry in parts(embed, "fields"):
                pieces += [str(entry["name"]), str(entry["value"])]
            pieces.append(str(part(embed, "footer").get("text") or ""))
        pieces += [str(part["content"]) for part in self.parts() if part.get("type") == 10]
        return "\n".join(piece for piece in pieces if piece)

    def parts(self) -> Iterator[Json]:
        """Every component of the message, however deep."""
        yield from walk(self.components)

    def mark_edited(self) -> None:
        """Notes that the author changed it just now."""
        self.edited = datetime.now(UTC)
        self.edits += 1

    def payload(self) -> Json:
        """The message as Discord writes it."""
        base = f"{self.channel.guild.world.attachment_base}/{self.channel.id}"
        embeds = [] if self.flags & SUPPRESS_EMBEDS else [self._embed_payload(embed, base) for embed in self.embeds]
        body: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": 0,
            "author": self.author.payload(),
            "content": self.content,
            "timestamp": self.created_at.isoformat(),
            "edited_timestamp": self.edited.isoformat() if self.edited else None,
            "tts": False,
            "pinned": False,
            "mention_everyone": "@everyone" in self.pings or "@here" in self.pings,
            "mentions": [],
            "mention_roles": [],
            "embeds": embeds,
            "attachments": [attachment.payload(base) for attachment in self.attachments],
            "components": self.components,
            "flags": self.flags,
            **self.origin,
        }
        if self.nonce is not None:
            body["nonce"] = self.nonce
        if self.reference is not None:
            body["message_reference"] = self.reference
            body["type"] = 19
        return body

    def _embed_payload(self, embed: Json, base: str) -> Json:
        shown: Json = {"type": "rich", **embed}
        for name in ("image", "thumbnail"):
            url = str(part(embed, name).get("url", ""))
            if url.startswith("attachment://"):
                wanted = url.removeprefix("attachment://")
                match = next((item for item in self.attachments if item.filename == wanted), None)
                if match:
                    shown[name] = {**embed[name], "url": match.payload(base)["url"]}
        return shown


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component in a tree of them: rows, sections, containers, labels, and what they hold."""
    for component in components:
        yield component
        yield from walk(parts(component, "components"))
        for name in ("component", "accessory"):
            inner = part(component, name)
            if inner:
                yield from walk([inner])
