"""Who asks: a guild member as every service needs to know them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A guild member at the moment of acting: roles and permissions come with each interaction."""

    guild_id: int
    user_id: int
    name: str
    role_ids: frozenset[int]
    is_admin: bool
    """Has Manage Server, and so may do everything."""
