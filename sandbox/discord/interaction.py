"""One interaction: what a member did, what the bot answered, and how it looks on the wire."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .jsons import parts
from .message_rules import MAX_FILE
from .messages import Message

if TYPE_CHECKING:
    from .channel import Channel
    from .members import Member
    from .world import World

Json = dict[str, Any]

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
REPLY, DEFER_REPLY, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


@dataclass(eq=False)
class Interaction:
    """One thing a member did, and all that the bot answered to it.

    `acknowledged_after` is in seconds, None while unanswered. `original` is the message of the first answer (for
    type 6 and 7 the message that was clicked). `modal` and `choices` hold such answers as the bot sent them.
    """

    id: int
    token: str
    kind: int
    member: Member
    channel: Channel
    data: Json
    message: Message | None
    deadline: float
    lifetime: float
    started: float = field(default_factory=time.monotonic)
    acknowledged_after: float | None = None
    callback_type: int | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list[Message])
    modal: Json | None = None
    choices: list[Json] | None = None

    @property
    def age(self) -> float:
        """Seconds since the member did it."""
        return time.monotonic() - self.started

    @property
    def failed(self) -> bool:
        """Whether the client shows "The application did not respond"."""
        return self.acknowledged_after is None and self.age >= self.deadline

    @property
    def name(self) -> str:
        """What was done: the command's full name, or the custom id."""
        if self.kind not in (COMMAND, AUTOCOMPLETE):
            return str(self.data.get("custom_id"))
        words, options = [str(self.data["name"])], parts(self.data, "options")
        while options and options[0]["type"] in (1, 2):
            words.append(str(options[0]["name"]))
            options = parts(options[0], "options")
        return " ".join(words)

    def payload(self, world: World) -> Json:
        """The interaction as INTERACTION_CREATE carries it; permissions are worked out here and now."""
        guild = self.channel.guild
        member = self.member.payload() | {"permissions": str(self.member.permissions_in(self.channel))}
        channel = self.channel.payload() | {"permissions": member["permissions"]}
        channel.pop("permission_overwrites", None)
        body: Json = {
            "id": str(self.id),
            "application_id": str(world.application_id),
            "type": self.kind,
            "token": self.token,
            "version": 1,
            "data": self.data,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "channel_id": str(self.channel.id),
            "channel": channel,
            "member": member,
            "app_permissions": str(guild.me.permissions_in(self.channel) if guild.joined else 0),
            "locale": self.member.locale,
            "guild_locale": guild.locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": str(guild.id)},
            "context": 0,
            "attachment_size_limit": MAX_FILE,
        }
        if self.message:
            body["message"] = self.message.payload()
        return body

    def origin(self, world: World) -> Json:
        """What a message made by this interaction says about where it comes from."""
        owners = {"0": str(self.channel.guild.id)}
        user = self.member.user.payload()
        metadata: Json = {"id": str(self.id), "type": self.kind, "user": user, "authorizing_integration_owners": owners}
        if self.kind == COMPONENT and self.message:
            metadata["interacted_message_id"] = str(self.message.id)
        body: Json = {
            "application_id": str(world.application_id),
            "webhook_id": str(world.application_id),
            "interaction_metadata": metadata,
        }
        if self.kind == COMMAND:
            body["type"] = 20
            body["interaction"] = {"id": str(self.id), "type": 2, "name": self.name, "user": user}
        return body
