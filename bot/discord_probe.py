"""Asks Discord whether it takes the token, without going online: for `python -m bot check`."""

import discord

from bot.discord_gateway import log_in, point_rest_at


async def who_am_i(token: str, api_url: str | None) -> str:
    """Return the name of the bot that the token belongs to.

    Raises:
        StartupError: Discord refuses the token or cannot be reached; the exit code tells which.
    """
    point_rest_at(api_url)
    async with discord.AutoShardedClient(intents=discord.Intents.none()) as client:
        await log_in(client, token, gateway_url=None)
        return str(client.user)
