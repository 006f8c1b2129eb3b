"""Users of the make-believe Discord, people and the bot alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

JOINED_AT = "2025-01-01T00:00:00.000000+00:00"


@dataclass(frozen=True)
class User:
    """A Discord account."""

    id: int
    name: str
    bot: bool = False

    @property
    def mention(self) -> str:
        """How the user is written in a message."""
        return f"<@{self.id}>"

    def payload(self) -> dict[str, Any]:
        """The user as Discord writes it."""
        return {
            "id": str(self.id),
            "username": self.name.lower().replace(" ", "."),
            "global_name": None if self.bot else self.name,
            "discriminator": "0001" if self.bot else "0",
            "avatar": None,
            "avatar_decoration_data": None,
            "banner": None,
            "accent_color": None,
            "flags": 0,
            "public_flags": 0,
            "primary_guild": None,
            "bot": self.bot,
        }
