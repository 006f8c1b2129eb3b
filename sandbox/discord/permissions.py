"""Who may do what: Discord's permission bits and the computation from roles and channel overwrites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag


class Permission(IntFlag):
    """The bits that matter here (Discord docs, topics: permissions)."""

    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40


ALL = (1 << 53) - 1

EVERYONE_DEFAULT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.MENTION_EVERYONE
)
"""What @everyone may do in a fresh guild; pinging everyone is among it, which makes ping mistakes show."""

BOT_DEFAULT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
)


@dataclass(frozen=True)
class Overwrite:
    """What one channel allows or denies one role or member."""

    target_id: int
    is_role: bool
    allow: int = 0
    deny: int = 0


def guild_permissions(role_bits: Iterable[int], *, is_owner: bool) -> int:
    """Permissions from roles alone (the @everyone role's bits are among `role_bits`)."""
    bits = 0
    for role in role_bits:
        bits |= role
    if is_owner or bits & Permission.ADMINISTRATOR:
        return ALL
    return bits


def channel_permissions(
    base: int, *, everyone_id: int, role_ids: Iterable[int], member_id: int, overwrites: Mapping[int, Overwrite]
) -> int:
    """Permissions in a channel, by Discord's documented order: everyone, then all roles together, then the member."""
    if base & Permission.ADMINISTRATOR:
        return ALL
    bits = base
    everyone = overwrites.get(everyone_id)
    if everyone:
        bits = bits & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role_id in role_ids:
        overwrite = overwrites.get(role_id)
        if overwrite and role_id != everyone_id:
            allow |= overwrite.allow
            deny |= overwrite.deny
    bits = bits & ~deny | allow
    own = overwrites.get(member_id)
    if own:
        bits = bits & ~own.deny | own.allow
    if not bits & Permission.VIEW_CHANNEL:
        return 0  # who cannot see a channel can do nothing in it
    return bits
