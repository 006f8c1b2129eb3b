"""Guilds: their roles, members and channels, and the events that tell the bot of changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .channel import Channel
from .members import Member, Role
from .permissions import BOT_DEFAULT, EVERYONE_DEFAULT, Permission
from .threads import Thread
from .users import JOINED_AT, User

if TYPE_CHECKING:
    from .world import World

Json = dict[str, Any]

INTENT_GUILDS = 1 << 0
INTENT_MEMBERS = 1 << 1


class Guild:
    """A Discord server. The bot is a member with a managed role of its own."""

    def __init__(self, world: World, name: str, *, locale: str, bot_permissions: int | None) -> None:
        self.world = world
        self.id = world.ids.fixed()
        self.name = name
        self.locale = locale
        self.joined = True
        self.available = True
        self.system_channel: Channel | None = None
        self.updates_channel: Channel | None = None
        self.everyone = Role(self.id, "@everyone", self, int(EVERYONE_DEFAULT), 0)
        self.roles: dict[int, Role] = {self.id: self.everyone}
        self.members: dict[int, Member] = {}
        self.channels: dict[int, Channel] = {}
        self.threads: dict[int, Thread] = {}
        self.owner_id = world.new_user(f"founder of {name}").id
        self.members[self.owner_id] = Member(world.users[self.owner_id], self)
        own = BOT_DEFAULT if bot_permissions is None else bot_permissions
        self.bot_role = self._new_role(world.bot.name, int(own), managed=True)
        self.me = Member(world.bot, self, [self.bot_role])
        self.members[world.bot.id] = self.me

    def __repr__(self) -> str:
        return f"<Guild {self.name!r} {self.id}>"

    def _new_role(self, name: str, permissions: int, *, managed: bool = False, mentionable: bool = False) -> Role:
        role = Role(
            self.world.ids.fixed(), name, self, permissions, len(self.roles), managed=managed, mentionable=mentionable
        )
        self.roles[role.id] = role
        return role

    def add_role(self, name: str, *, permissions: int = 0, mentionable: bool = False) -> Role:
        """Makes a role (GUILD_ROLE_CREATE); `permissions` are its bits, none by default."""
        role = self._new_role(name, int(permissions), mentionable=mentionable)
        self.emit("GUILD_ROLE_CREATE", {"role": role.payload()})
        return role

    def delete_role(self, role: Role) -> None:
        """Deletes a role and takes it from all members (GUILD_ROLE_DELETE)."""
        self.roles.pop(role.id, None)
        for member in self.members.values():
            if role in member.roles:
                member.roles.remove(role)
        self.emit("GUILD_ROLE_DELETE", {"role_id": str(role.id)})

    def add_member(
        self,
        name: str | User,
        *,
        roles: Iterable[Role] = (),
        administrator: bool = False,
        manage_guild: bool = False,
        owner: bool = False,
        nick: str | None = None,
        locale: str = "en-US",
    ) -> Member:
        """Lets a person join; pass another guild's `member.user` to have one person in both.

        `owner` makes the person the guild's owner; `administrator` and `manage_guild` give a role with that bit.
        """
        user = name if isinstance(name, User) else self.world.new_user(name)
        member = Member(user, self, list(roles), nick, locale)
        if administrator:
            member.roles.append(self._role_for("administrator", Permission.ADMINISTRATOR))
        if manage_guild:
            member.roles.append(self._role_for("manager", Permission.MANAGE_GUILD))
        if owner:
            self.owner_id = user.id
        self.members[user.id] = member
        self.emit("GUILD_MEMBER_ADD", member.payload(), intent=INTENT_MEMBERS)
        return member

    def _role_for(self, name: str, permission: Permission) -> Role:
        found = next((role for role in self.roles.values() if role.name == name), None)
        return found or self.add_role(name, permissions=int(permission))

    def remove_member(self, member: Member) -> None:
        """Lets a member leave (GUILD_MEMBER_REMOVE)."""
        self.members.pop(member.id, None)
        self.emit("GUILD_MEMBER_REMOVE", {"user": member.user.payload()}, intent=INTENT_MEMBERS)

    def member_changed(self, member: Member) -> None:
        """Tells the bot of a member's new roles; about itself it always hears."""
        intent = INTENT_GUILDS if member is self.me else INTENT_MEMBERS
        self.emit("GUILD_MEMBER_UPDATE", member.payload(), intent=intent)

    def add_channel(self, name: str, *, topic: str | None = None) -> Channel:
        """Makes a text channel that everyone sees (CHANNEL_CREATE)."""
        channel = Channel(self.world.ids.fixed(), name, self, position=len(self.channels), topic=topic)
        self.channels[channel.id] = channel
        self.emit("CHANNEL_CREATE", channel.payload())
        return channel

    def add_thread(self, name: str, parent: Channel, *, private: bool = False) -> Thread:
        """Makes a thread in a channel; of a private one the bot hears when it is added (THREAD_CREATE)."""
        thread = Thread(self.world.ids.fixed(), name, parent, private=private)
        self.threads[thread.id] = thread
        if not private:
            self.emit("THREAD_CREATE", {**thread.payload(), "newly_created": True})
        return thread

    def delete_channel(self, channel: Channel) -> None:
        """Deletes a channel with everything in it (CHANNEL_DELETE)."""
        self.channels.pop(channel.id, None)
        self.emit("CHANNEL_DELETE", channel.payload())

    def set_notice_channels(self, *, system: Channel | None = None, updates: Channel | None = None) -> None:
        """Says where Discord greets members and where it notifies moderators (GUILD_UPDATE)."""
        self.system_channel, self.updates_channel = system, updates
        self.emit("GUILD_UPDATE", self.payload())

    def break_down(self) -> None:
        """Begins an outage of the guild: GUILD_DELETE with `unavailable`, which is no farewell."""
        self.available = False
        self.world.emit("GUILD_DELETE", {"id": str(self.id), "unavailable": True}, self, INTENT_GUILDS)

    def recover(self) -> None:
        """Ends the outage: GUILD_CREATE, which says that the guild was known before."""
        self.available = True
        self.world.emit("GUILD_CREATE", {"unavailable": False}, self, INTENT_GUILDS)

    def be_called_deleted(self) -> None:
        """Sends the GUILD_DELETE of a removal although the bot was not removed: REST goes on knowing the guild."""
        self.world.emit("GUILD_DELETE", {"id": str(self.id)}, self, INTENT_GUILDS)

    @property
    def places(self) -> dict[int, Channel]:
        """Everything one can write into: the channels and the threads."""
        return {**self.channels, **self.threads}

    def channel(self, name: str) -> Channel:
        """The channel or thread called `name`; KeyError if there is none."""
        return _by_name(self.places.values(), name)

    def member(self, name: str) -> Member:
        """The member called `name`; KeyError if there is none."""
        return _by_name(self.members.values(), name)

    def role(self, name: str) -> Role:
        """The role called `name`; KeyError if there is none."""
        return _by_name(self.roles.values(), name)

    def emit(self, event: str, data: Json, *, intent: int = INTENT_GUILDS) -> None:
        """Sends a gateway event about this guild to the bot, and tells the listeners."""
        if self.joined and self.available and self.id in self.world.guilds:
            self.world.emit(event, {**data, "guild_id": str(self.id)}, self, intent)
        self.world.hub.tell("guild", self)

    def partial_payload(self) -> Json:
        """The guild as the list of the bot's guilds has it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(self.me.permissions),
            "features": [],
        }

    def payload(self) -> Json:
        """The guild as REST answers it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "preferred_locale": self.locale,
            "roles": [role.payload() for role in self.roles.values()],
            "region": "deprecated",
            "afk_timeout": 300,
            "system_channel_flags": 0,
            "premium_tier": 0,
            "max_members": 500_000,
            "max_video_channel_users": 25,
            "max_stage_video_channel_users": 50,
            "widget_enabled": False,
            "nsfw": False,
            "premium_progress_bar_enabled": False,
            "premium_subscription_count": 0,
            **dict.fromkeys(_NOTHING),
            **dict.fromkeys(_ZERO, 0),
            **{name: [] for name in _EMPTY},
            "system_channel_id": str(self.system_channel.id) if self.system_channel else None,
            "public_updates_channel_id": str(self.updates_channel.id) if self.updates_channel else None,
        }

    def create_payload(self, *, all_members: bool) -> Json:
        """The guild as GUILD_CREATE carries it; without the member intent only the bot itself is in it."""
        members = list(self.members.values()) if all_members else [self.me]
        return {
            **self.payload(),
            "joined_at": JOINED_AT,
            "large": False,
            "member_count": len(self.members),
            "members": [member.payload() for member in members],
            "channels": [channel.payload() for channel in self.channels.values()],
            "threads": [thread.payload() for thread in self.threads.values() if thread.is_listed],
        }


_NOTHING = (
    *("icon", "splash", "discovery_splash", "description", "banner", "home_header", "application_id"),
    *("afk_channel_id", "rules_channel_id"),
    *("safety_alerts_channel_id", "widget_channel_id", "vanity_url_code", "incidents_data", "max_presences"),
)
_ZERO = ("verification_level", "default_message_notifications", "explicit_content_filter", "mfa_level", "nsfw_level")
_EMPTY = (
    *("emojis", "stickers", "features", "stage_instances", "guild_scheduled_events", "threads", "presences"),
    *("voice_states", "soundboard_sounds"),
)


def _by_name(things: Iterable[Any], name: str) -> Any:
    for thing in things:
        if thing.name == name:
            return thing
    raise KeyError(name)
