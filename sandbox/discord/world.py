"""The make-believe world: one bot application, its users and its guilds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .channel import Channel
from .guild import INTENT_GUILDS, Guild
from .hub import Hub
from .snowflakes import Snowflakes
from .users import User

Json = dict[str, Any]
Emit = Callable[[str, Json, Guild, int], None]


def _nobody_listens(event: str, data: Json, guild: Guild, intent: int) -> None:
    """Before the gateway is there, events have no one to go to."""


class World:
    """Everything that exists; the gateway plugs itself in as `emit`."""

    def __init__(
        self, *, bot_name: str = "Wingcord", keep_messages: int = 10_000, application_id: int | None = None
    ) -> None:
        self.ids = Snowflakes()
        self.hub = Hub()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.keep_messages = keep_messages
        self.emit: Emit = _nobody_listens
        self.bot = self.new_user(bot_name, bot=True, user_id=application_id)
        self.application_id = self.bot.id
        self.developer = self.new_user("Developer")
        self.attachment_base = ""

    def self_payload(self) -> Json:
        """The bot's own account, as `/users/@me` and READY carry it."""
        return self.bot.payload() | {"verified": True, "mfa_enabled": True, "locale": "en-US", "email": None}

    def new_user(self, name: str, *, bot: bool = False, user_id: int | None = None) -> User:
        """Makes an account."""
        user = User(self.ids.fixed() if user_id is None else user_id, name, bot)
        self.users[user.id] = user
        return user

    def add_guild(
        self, name: str, *, locale: str = "en-US", bot_permissions: int | None = None, commands_only: bool = False
    ) -> Guild:
        """Makes a guild with the bot in it (GUILD_CREATE); `bot_permissions` are the bits of the bot's role.

        `commands_only`: the application was added with the scope `applications.commands` alone. Its commands can be
        used, but there is no bot: gateway and REST know nothing of such a guild.
        """
        guild = Guild(self, name, locale=locale, bot_permissions=bot_permissions)
        if commands_only:
            guild.joined = False
            guild.members.pop(self.bot.id)
        else:
            self._join(guild)
        self.hub.tell("guild", guild)
        return guild

    def remove_guild(self, guild: Guild) -> None:
        """Kicks the bot out of a guild (GUILD_DELETE)."""
        self.emit("GUILD_DELETE", {"id": str(guild.id)}, guild, INTENT_GUILDS)
        guild.joined = False
        self.guilds.pop(guild.id, None)
        self.hub.tell("guild", guild)

    def invite_again(self, guild: Guild) -> None:
        """Lets the bot into a guild that it was removed from (GUILD_CREATE)."""
        guild.joined = True
        self._join(guild)
        self.hub.tell("guild", guild)

    def _join(self, guild: Guild) -> None:
        self.guilds[guild.id] = guild
        self.emit("GUILD_CREATE", {}, guild, INTENT_GUILDS)

    def channel(self, channel_id: int) -> Channel | None:
        """The channel with this id, in a guild that the bot is in."""
        for guild in self.guilds.values():
            if channel_id in guild.channels:
                return guild.channels[channel_id]
            if channel_id in guild.threads:
                return guild.threads[channel_id]
        return None

    def application_payload(self) -> Json:
        """The bot's application, as `/applications/@me` answers it."""
        return {
            "id": str(self.application_id),
            "name": self.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "type": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": ["bot", "applications.commands"],
            "role_connections_verification_url": None,
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "owner": self.developer.payload(),
            "team": None,
            "bot": self.bot.payload(),
            "rpc_origins": [],
            "tags": [],
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "approximate_guild_count": len(self.guilds),
        }
