"""Roles, and the people (and the bot) who hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .permissions import channel_permissions, guild_permissions
from .users import JOINED_AT, User

if TYPE_CHECKING:
    from .channel import Channel
    from .guild import Guild

Json = dict[str, Any]


@dataclass(eq=False)
class Role:
    """A role of a guild; `permissions` is a bit set."""

    id: int
    name: str
    guild: Guild
    permissions: int
    position: int
    managed: bool = False
    mentionable: bool = False
    color: int = 0

    @property
    def mention(self) -> str:
        """How the role is written in a message."""
        return f"<@&{self.id}>"

    def edit(self, *, permissions: int | None = None, name: str | None = None) -> None:
        """Changes the role and tells the bot (GUILD_ROLE_UPDATE)."""
        self.permissions = self.permissions if permissions is None else int(permissions)
        self.name = self.name if name is None else name
        self.guild.emit("GUILD_ROLE_UPDATE", {"role": self.payload()})

    def payload(self) -> Json:
        """The role as Discord writes it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "description": None,
            "color": self.color,
            "colors": {"primary_color": self.color, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": self.position,
            "permissions": str(int(self.permissions)),
            "managed": self.managed,
            "mentionable": self.mentionable,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass(eq=False)
class Member:
    """A user in a guild. `locale` is the language of the person's client."""

    user: User
    guild: Guild
    roles: list[Role] = field(default_factory=list[Role])
    nick: str | None = None
    locale: str = "en-US"
    timed_out_until: datetime | None = None

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user.id

    @property
    def name(self) -> str:
        """What others see."""
        return self.nick or self.user.name

    @property
    def permissions(self) -> int:
        """Guild-wide permission bits, without channel overwrites."""
        bits = [self.guild.everyone.permissions, *(role.permissions for role in self.roles)]
        return guild_permissions(bits, is_owner=self.guild.owner_id == self.id)

    def permissions_in(self, channel: Channel) -> int:
        """Permission bits in a channel, overwrites included; 0 when the channel is hidden."""
        bits = channel_permissions(
            self.permissions,
            everyone_id=self.guild.id,
            role_ids=[role.id for role in self.roles],
            member_id=self.id,
            overwrites=channel.rules,
        )
        return channel.narrowed(self, bits)

    def add_role(self, role: Role) -> None:
        """Gives the member a role."""
        if role not in self.roles:
            self.roles.append(role)
            self.guild.member_changed(self)

    def remove_role(self, role: Role) -> None:
        """Takes a role from the member."""
        if role in self.roles:
            self.roles.remove(role)
            self.guild.member_changed(self)

    @property
    def is_timed_out(self) -> bool:
        """Whether the member may only see and read for now."""
        return self.timed_out_until is not None and self.timed_out_until > datetime.now(UTC)

    def time_out(self, until: datetime | None) -> None:
        """Silences the member until then, or (None) no longer; Discord says nothing when the time is over."""
        self.timed_out_until = until
        self.guild.member_changed(self)

    def payload(self, *, with_user: bool = True) -> Json:
        """The member as Discord writes it."""
        body: Json = {
            "roles": [str(role.id) for role in self.roles],
            "nick": self.nick,
            "avatar": None,
            "banner": None,
            "joined_at": JOINED_AT,
            "premium_since": None,
            "communication_disabled_until": self.timed_out_until.isoformat() if self.timed_out_until else None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }
        if with_user:
            body["user"] = self.user.payload()
        return body
