"""Starts the stand-in alone: one guild with an owner, a helper, a stranger and three channels.

    python -m sandbox.discord --port 8081

prints the two addresses and the token for a bot's settings, and answers the JSON interface of `.control`:

    curl 127.0.0.1:8081/sandbox/slash -d '{"member": "Hank", "channel": "console", "command": "start"}'

Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from functools import partial

from aiohttp import web

from .control import Control
from .hub import Change
from .message_rules import MAX_REQUEST
from .standin import DiscordStandIn


def furnish(standin: DiscordStandIn) -> None:
    """Makes the guild that one can try things in."""
    guild = standin.add_guild("Castle")
    helper_role = guild.add_role("helper")
    guild.add_member("Olivia", owner=True)
    guild.add_member("Hank", roles=[helper_role])
    guild.add_member("Stan")
    for name in ("general", "console", "staff"):
        guild.add_channel(name)


async def serve(port: int, *, rate_limits: bool) -> None:
    """Runs until SIGINT or SIGTERM."""
    standin = DiscordStandIn(port=port, rate_limits=rate_limits)
    furnish(standin)
    app = web.Application(client_max_size=2 * MAX_REQUEST)
    Control(standin).add_to(app)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
            loop.add_signal_handler(number, ended.set)
    await standin.start(app)
    lines = (
        f"DISCORD_API_URL={standin.api_url}",
        f"DISCORD_GATEWAY_URL={standin.gateway_url}",
        f"DISCORD_TOKEN={standin.token}",
    )
    print("\n".join(lines), flush=True)  # noqa: T201 - this program's output
    standin.subscribe(partial(_tell_refusal, standin))
    try:
        await ended.wait()
    finally:
        await standin.close()


def _tell_refusal(standin: DiscordStandIn, change: Change) -> None:
    """Say why a bot was turned away: it hears a status alone."""
    if change.kind == "gateway" and change.subject == standin.gateway.refusal:
        print(standin.gateway.refusal, file=sys.stderr, flush=True)  # noqa: T201


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.discord", description="A stand-in Discord on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8081, help="0 picks a free one")
    parser.add_argument("--no-rate-limits", action="store_true", help="send neither rate-limit headers nor 429s")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments.port, rate_limits=not arguments.no_rate_limits))


if __name__ == "__main__":
    main()
