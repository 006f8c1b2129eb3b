"""Asks Discord about the token, without going online: whose it is, and where its bot is a member."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import discord
from discord.http import Route

from bot.application import Application
from bot.discord_gateway import log_in, point_rest_at, startup_errors
from bot.discord_rights import not_given

_PAGE = 200
_MOST = 2000
"""Guilds looked at."""


@dataclass(frozen=True, slots=True)
class GuildRights:
    """A guild in which the bot was given less than its invitation asks for, channels left aside."""

    name: str
    """As Discord tells it."""
    lacking: tuple[str, ...]
    """In Discord's words."""


async def who_am_i(token: str, api_url: str | None) -> Application:
    """Return the application that the token belongs to.

    Raises:
        StartupError: Discord refuses the token or cannot be reached; the exit code tells which.
    """
    point_rest_at(api_url)
    async with _client() as client:
        return await log_in(client, token, gateway_url=None)


async def where_am_i(token: str, api_url: str | None) -> tuple[Application, frozenset[int]]:
    """Return the token's application, and the ids of all guilds that its bot is a member of. Raises as `who_am_i`."""
    point_rest_at(api_url)
    async with _client() as client:
        application = await log_in(client, token, gateway_url=None)
        with startup_errors():
            guilds = [guild.id async for guild in client.fetch_guilds(limit=None, with_counts=False)]
        return application, frozenset(guilds)


async def what_is_not_given(token: str, api_url: str | None) -> Sequence[GuildRights]:
    """Return the guilds in which rights are missing, of the first 2,000 that the bot is in. Raises as `who_am_i`."""
    point_rest_at(api_url)
    found: list[GuildRights] = []
    async with _client() as client:
        await log_in(client, token, gateway_url=None)
        after = 0
        for _page in range(_MOST // _PAGE):
            with startup_errors():  # by discord.py itself, the rights that come with a guild get lost
                params = {"limit": _PAGE, "after": after}
                page = cast(
                    "Sequence[Mapping[str, Any]]",
                    await client.http.request(Route("GET", "/users/@me/guilds"), params=params),
                )
            found += [rights for guild in page if (rights := _rights(guild)).lacking]
            if len(page) < _PAGE:
                break
            after = int(page[-1]["id"])
    return found


def _rights(guild: Mapping[str, Any]) -> GuildRights:
    given = discord.Permissions.all() if guild.get("owner") else discord.Permissions(int(guild["permissions"]))
    return GuildRights(str(guild["name"]), tuple(not_given(given)))


def _client() -> discord.AutoShardedClient:
    # With none of the intents, discord.py would warn in the log of what nobody asks it for.
    return discord.AutoShardedClient(intents=discord.Intents(guilds=True))
