"""Threads of a text channel: public and private ones, archived and locked ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .channel import Channel
from .errors import ApiError
from .permissions import Overwrite, Permission
from .users import JOINED_AT

if TYPE_CHECKING:
    from .members import Member

Json = dict[str, Any]

PUBLIC, PRIVATE = 11, 12


class Thread(Channel):
    """A thread; its rights are its parent's. Of a private one, only those hear who are in it or manage threads."""

    def __init__(self, thread_id: int, name: str, parent: Channel, *, private: bool) -> None:
        super().__init__(thread_id, name, parent.guild, position=0, topic=None)
        self.parent = parent
        self.private = private
        self.archived = False
        self.locked = False
        self.inside: set[int] = set()

    @property
    def kind(self) -> int:
        """Discord's number for such a channel."""
        return PRIVATE if self.private else PUBLIC

    @property
    def rules(self) -> dict[int, Overwrite]:
        """The overwrites that count in it."""
        return self.parent.overwrites

    def narrowed(self, member: Member, bits: int) -> int:
        """What is left of the parent's bits in the thread."""
        bits = super().narrowed(member, bits)
        manages = bits & Permission.MANAGE_THREADS
        if self.private and member.id not in self.inside and not manages:
            return 0
        sends = bits & Permission.SEND_MESSAGES_IN_THREADS
        return bits | Permission.SEND_MESSAGES if sends else bits & ~Permission.SEND_MESSAGES

    def open_for_message(self, bits: int) -> None:
        """Raises ApiError 400 with 50083 or 160005 where nothing can be sent; a message opens what is only archived."""
        if self.locked and not bits & Permission.MANAGE_THREADS:
            raise ApiError(400, 50083 if self.archived else 160005)
        if self.archived:
            self.edit(archived=False)

    def edit(self, *, archived: bool | None = None, locked: bool | None = None) -> None:
        """Archives, locks or opens it (THREAD_UPDATE)."""
        self.archived = self.archived if archived is None else archived
        self.locked = self.locked if locked is None else locked
        if self._is_seen:
            self.guild.emit("THREAD_UPDATE", self.payload())

    def add_member(self, member: Member) -> None:
        """Lets a member in; the bot hears of it if it is itself (THREAD_CREATE, THREAD_MEMBERS_UPDATE)."""
        self.inside.add(member.id)
        if member is self.guild.me:
            self.guild.emit("THREAD_CREATE", self.payload())
            self._tell_members(added_members=[self._own_membership()])

    def remove_member(self, member: Member) -> None:
        """Takes a member out (THREAD_MEMBERS_UPDATE, to the bot about itself)."""
        self.inside.discard(member.id)
        if member is self.guild.me:
            self._tell_members(removed_member_ids=[str(member.id)])

    def _tell_members(self, **change: Any) -> None:
        self.guild.emit("THREAD_MEMBERS_UPDATE", {"id": str(self.id), "member_count": len(self.inside), **change})

    def _own_membership(self) -> Json:
        return {"id": str(self.id), "user_id": str(self.guild.me.id), "join_timestamp": JOINED_AT, "flags": 0}

    @property
    def _is_seen(self) -> bool:
        return bool(self.guild.joined and self.guild.me.permissions_in(self) & Permission.VIEW_CHANNEL)

    @property
    def is_listed(self) -> bool:
        """Whether GUILD_CREATE tells the bot of it."""
        return self._is_seen and not self.archived

    def payload(self) -> Json:
        """The thread as Discord writes it."""
        body: Json = {
            "id": str(self.id),
            "type": self.kind,
            "guild_id": str(self.guild.id),
            "parent_id": str(self.parent.id),
            "owner_id": str(self.guild.owner_id),
            "name": self.name,
            "last_message_id": str(self.everything[-1].id) if self.everything else None,
            "message_count": len(self.everything),
            "total_message_sent": len(self.everything),
            "member_count": len(self.inside),
            "rate_limit_per_user": 0,
            "flags": 0,
            "thread_metadata": {
                "archived": self.archived,
                "locked": self.locked,
                "auto_archive_duration": 10080,
                "archive_timestamp": JOINED_AT,
                "create_timestamp": JOINED_AT,
                **({"invitable": True} if self.private else {}),
            },
        }
        if self.guild.me.id in self.inside:
            body["member"] = self._own_membership()
        return body
