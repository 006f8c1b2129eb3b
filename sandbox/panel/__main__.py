"""Runs the panel stand-in alone: ``python -m sandbox.panel --profile ptero-1.12 --port 8080``."""

import argparse
import asyncio
import signal
import sys

from sandbox.panel import Fault, Hostile, PanelStandIn, Profile

PERMISSIONS = ["control.console", "control.start", "control.stop", "control.restart", "activity.read"]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox.panel", description="A stand-in game panel with its Wings.")
    parser.add_argument("--profile", choices=[str(profile) for profile in Profile], default=str(Profile.PTERO_1_12))
    parser.add_argument("--port", type=int, default=0, help="the panel's port (0: any)")
    parser.add_argument("--node-port", type=int, default=0, help="the node's port (0: any)")
    parser.add_argument("--time-scale", type=float, default=1.0, help="multiplies every duration")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hostile", choices=[str(trick) for trick in Hostile], help="answer so as to do harm")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def _run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    panel = PanelStandIn(
        Profile(options.profile),
        time_scale=options.time_scale,
        seed=options.seed,
        port=options.port,
        node_port=options.node_port,
    )
    if options.hostile is not None:
        panel.faults.add(Fault(Hostile(options.hostile), times=None))
    async with panel:
        owner, bot = panel.add_user("owner"), panel.add_user("botuser")
        servers = [
            panel.add_server("Paper Survival", owner=owner, running=True, chatter=True, players=("Alex",)),
            panel.add_server("Creative", owner=owner, boot_seconds=5.0, memory_mib=2048),
            panel.add_server("Modded", owner=owner, boot_seconds=20.0, memory_mib=8192),
        ]
        for server in servers:
            panel.add_subuser(server, bot, PERMISSIONS)
        _say(f"panel  {panel.url}  ({panel.profile})\nnode   {panel.node.url}\nkey    {panel.add_key(bot)}")
        for server in servers:
            _say(f"server {server.identifier}  {server.uuid}  {server.state:8} {server.name}")
        await stop.wait()
    _say("ended")


try:
    asyncio.run(_run(_options()))
except OSError as error:
    sys.exit(f"The panel stand-in cannot listen: {error.strerror}. Choose another --port or --node-port.")
