"""Asks Discord about the token, without going online: whose it is, and where its bot is a member."""

import discord

from bot.application import Application
from bot.discord_gateway import log_in, point_rest_at, startup_errors


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


def _client() -> discord.AutoShardedClient:
    # With none of the intents, discord.py would warn in the log of what nobody asks it for.
    return discord.AutoShardedClient(intents=discord.Intents(guilds=True))
