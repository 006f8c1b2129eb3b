"""Whom a message notifies: mentions outside code, as far as `allowed_mentions` and permissions let them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from .errors import FormErrors
from .jsons import values
from .permissions import Permission

if TYPE_CHECKING:
    from .channel import Channel

Json = dict[str, Any]

_CODE = re.compile(r"(`{3}).*?\1|(`{1,2})(?!`).*?(?<!`)\2(?!`)", re.DOTALL)
_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)\b")


def outside_code(content: str) -> str:
    """The content without its code blocks and inline code, where nothing is a mention."""
    return _CODE.sub(" ", content)


def check_allowed_mentions(allowed: Any, errors: FormErrors) -> None:
    """Complains about an `allowed_mentions` object that Discord would refuse."""
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        errors.add("allowed_mentions", "Only dictionaries may be used in a DictType", "DICT_TYPE_CONVERT")
        return
    rules = cast("Json", allowed)
    parse = values(rules, "parse")
    for index, kind in enumerate(parse):
        if kind not in ("everyone", "users", "roles"):
            errors.add(
                f"allowed_mentions.parse.{index}", "Value must be one of everyone, users, roles.", "BASE_TYPE_CHOICES"
            )
    for kind in ("users", "roles"):
        ids = values(rules, kind)
        if len(ids) > 100:
            errors.add(f"allowed_mentions.{kind}", "Must be 100 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
        if ids and kind in parse:
            errors.add(
                "allowed_mentions",
                f"parse:[{kind!r}] and {kind}: [ids...] are mutually exclusive.",
                "MUTUALLY_EXCLUSIVE",
            )


def pings(content: str, allowed: Json | None, channel: Channel, sender_bits: int) -> tuple[str, ...]:
    """The names notified by `content`, such as ``@everyone`` or ``@Hank``; empty if it disturbs nobody."""
    text = outside_code(content)
    guild = channel.guild
    may_all = bool(sender_bits & Permission.MENTION_EVERYONE)
    found: list[str] = []
    if may_all and _lets(allowed, "everyone", ""):
        found += [f"@{word}" for word in _EVERYONE.findall(text)]
    for user_id in _USER.findall(text):
        member = guild.members.get(int(user_id))
        if member and _lets(allowed, "users", user_id):
            found.append(f"@{member.name}")
    for role_id in _ROLE.findall(text):
        role = guild.roles.get(int(role_id))
        if role and (role.mentionable or may_all) and _lets(allowed, "roles", role_id):
            found.append(f"@{role.name}")
    return tuple(dict.fromkeys(found))


def _lets(allowed: Json | None, kind: str, target_id: str) -> bool:
    if allowed is None:  # nothing said: everything pings
        return True
    if kind in values(allowed, "parse"):
        return True
    return target_id in [str(item) for item in values(allowed, kind)] if target_id else False
