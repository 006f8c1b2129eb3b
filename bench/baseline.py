"""The ten-line script that people write first: read the console, `channel.send` every line. For comparison only."""

import asyncio
import json
import os
from typing import Any, cast

import aiohttp
import discord
import websockets
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route


async def read_and_send(client: discord.Client) -> None:
    """The script itself."""
    panel, server = os.environ["PANEL_URL"], os.environ["SERVER"]
    channel = cast("discord.TextChannel", client.get_channel(int(os.environ["CHANNEL"])))
    headers = {"Authorization": f"Bearer {os.environ['PANEL_KEY']}", "Accept": "application/json"}
    url = f"{panel}/api/client/servers/{server}/websocket"
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        ticket: dict[str, Any] = (await response.json())["data"]
    async with websockets.connect(ticket["socket"], origin=websockets.Origin(panel)) as socket:
        await socket.send(json.dumps({"event": "auth", "args": [ticket["token"]]}))
        async for frame in socket:
            message: dict[str, Any] = json.loads(frame)
            if message["event"] == "console output":
                await channel.send(message["args"][0])


async def main() -> None:
    """Log in to the stand-in and run the script until it breaks."""
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
    Route.BASE = os.environ["DISCORD_API_URL"]
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        await client.login(os.environ["DISCORD_TOKEN"])
        connection = asyncio.create_task(client.connect())
        await client.wait_until_ready()
        await read_and_send(client)
        connection.cancel()


if __name__ == "__main__":
    asyncio.run(main())
