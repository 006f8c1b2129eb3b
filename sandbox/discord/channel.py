"""Text channels and what was said in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .messages import Message
from .permissions import Overwrite, Permission

if TYPE_CHECKING:
    from .guild import Guild
    from .members import Member, Role

Json = dict[str, Any]

INTENT_GUILD_MESSAGES = 1 << 9
_TIMED_OUT = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY


class Channel:
    """A text channel of a guild."""

    def __init__(self, channel_id: int, name: str, guild: Guild, *, position: int, topic: str | None) -> None:
        self.id = channel_id
        self.name = name
        self.guild = guild
        self.position = position
        self.topic = topic
        self.overwrites: dict[int, Overwrite] = {}
        self.everything: list[Message] = []

    def __repr__(self) -> str:
        return f"<Channel #{self.name} {self.id}>"

    @property
    def mention(self) -> str:
        """How the channel is written in a message."""
        return f"<#{self.id}>"

    @property
    def messages(self) -> list[Message]:
        """The messages that everybody in the channel sees, oldest first."""
        return [message for message in self.everything if message.ephemeral_to is None]

    @property
    def kind(self) -> int:
        """Discord's number for such a channel."""
        return 0

    @property
    def rules(self) -> dict[int, Overwrite]:
        """The overwrites that count in it."""
        return self.overwrites

    def narrowed(self, member: Member, bits: int) -> int:
        """What is left of a member's bits here: one who was timed out only sees and reads."""
        return bits & _TIMED_OUT if member.is_timed_out and not bits & Permission.ADMINISTRATOR else bits

    def open_for_message(self, bits: int) -> None:
        """Raises ApiError where nothing at all can be sent, whoever may."""

    def messages_for(self, member: Member) -> list[Message]:
        """What this member sees: nothing without access; else the channel and the member's own private replies."""
        if not member.permissions_in(self) & Permission.VIEW_CHANNEL:
            return []
        return [message for message in self.everything if message.ephemeral_to in (None, member)]

    @property
    def text(self) -> str:
        """All public text in the channel, message by message."""
        return "\n".join(message.text for message in self.messages)

    def find(self, message_id: int) -> Message | None:
        """The message with this id, private replies included."""
        return next((message for message in reversed(self.everything) if message.id == message_id), None)

    async def wait_for(self, condition: Callable[[Channel], bool], *, timeout: float = 10.0) -> Channel:
        """Waits until `condition(channel)` holds; TimeoutError with the channel's text after `timeout` seconds."""
        await self.guild.world.hub.wait_until(
            lambda: condition(self),
            timeout=timeout,
            describe=lambda: f"#{self.name} shows:\n{self.text[-3000:]}",
        )
        return self

    def set_permissions(self, target: Role | Member, *, allow: int = 0, deny: int = 0) -> None:
        """Sets the overwrite of one role or member (CHANNEL_UPDATE); nothing allowed or denied removes it."""
        is_role = target.id in self.guild.roles
        self.overwrites.pop(target.id, None)
        if allow or deny:
            self.overwrites[target.id] = Overwrite(target.id, is_role, int(allow), int(deny))
        self.guild.emit("CHANNEL_UPDATE", self.payload())

    def add(self, message: Message) -> None:
        """Puts a message into the channel and tells everyone who may see it."""
        self.everything.append(message)
        del self.everything[: -self.guild.world.keep_messages]
        self.announce("MESSAGE_CREATE", message)

    def remove(self, message: Message) -> None:
        """Takes a message out of the channel."""
        message.deleted = True
        if message in self.everything:
            self.everything.remove(message)
        self.announce("MESSAGE_DELETE", message)

    def announce(self, event: str, message: Message) -> None:
        """Sends a message event to the bot if it can see the channel, and tells the listeners."""
        seen = self.guild.joined and self.guild.me.permissions_in(self) & Permission.VIEW_CHANNEL
        if seen and message.ephemeral_to is None:
            if event == "MESSAGE_DELETE":
                data: Json = {"id": str(message.id), "channel_id": str(self.id)}
            else:
                data = message.payload()
                author = self.guild.members.get(message.author.id)
                if author:
                    data["member"] = author.payload(with_user=False)
            self.guild.world.emit(event, {**data, "guild_id": str(self.guild.id)}, self.guild, INTENT_GUILD_MESSAGES)
        self.guild.world.hub.tell(event.lower(), message)

    def payload(self) -> Json:
        """The channel as Discord writes it."""
        return {
            "id": str(self.id),
            "type": self.kind,
            "guild_id": str(self.guild.id),
            "name": self.name,
            "position": self.position,
            "topic": self.topic,
            "nsfw": False,
            "flags": 0,
            "parent_id": None,
            "rate_limit_per_user": 0,
            "last_message_id": str(self.everything[-1].id) if self.everything else None,
            "permission_overwrites": [
                {
                    "id": str(overwrite.target_id),
                    "type": 0 if overwrite.is_role else 1,
                    "allow": str(overwrite.allow),
                    "deny": str(overwrite.deny),
                }
                for overwrite in self.overwrites.values()
            ],
        }
