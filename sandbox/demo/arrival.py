"""Tells when the bot has come up, and why it has not where that takes long: on the page and in the terminal."""

import asyncio
from collections.abc import Callable

from sandbox.demo.bot_child import BotChild
from sandbox.discord import DiscordStandIn

PATIENCE = 10.0
"""Seconds that a start may take before somebody who waits is owed a reason."""
GLANCE = 0.2
"""Seconds between two looks."""


def why_not_there(discord: DiscordStandIn, bot: BotChild) -> str:
    """Return what keeps the bot away, as a sentence: what the stand-in refused, or what its log says last."""
    if bot.state.kind == "down" and bot.state.text:
        return bot.state.text
    if discord.gateway.refusal:
        return discord.gateway.refusal
    said = bot.last_words
    return f"The bot's log says: {said}" if said else "The bot has logged nothing yet."


async def watch_arrival(discord: DiscordStandIn, bot: BotChild, say: Callable[[str], None]) -> None:
    """Say once for each start of the bot that it is ready, or that it is late and why; runs until cancelled."""
    loop = asyncio.get_running_loop()
    known: int | None = None
    began = loop.time()
    told_late = told_ready = False
    while True:
        if bot.state.kind != "running" or bot.pid != known:
            known, began, told_late, told_ready = bot.pid, loop.time(), False, False
        elif discord.has_bot:
            bot.explain("")
            if not told_ready:
                say("The bot is ready.")
            told_ready = True
        elif not told_ready and (discord.gateway.refusal or loop.time() - began > PATIENCE):
            why = f"The bot has not come up. {why_not_there(discord, bot)}"
            bot.explain(why)
            if not told_late:
                say(why)
            told_late = True
        await asyncio.sleep(GLANCE)
