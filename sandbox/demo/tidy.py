"""Keeps an hour of running from growing the memory: old records and old files are let go."""

import asyncio

from sandbox.demo.scene import Scene

SECONDS = 20.0
KEPT_REQUESTS = 1_000
KEPT_COMMANDS = 500
KEPT_FILES = 48 * 1024 * 1024
"""Bytes of attachments in all channels together; the messages of older ones go with them."""


async def keep_small(scene: Scene) -> None:
    """Tidy up now and then, until cancelled."""
    while True:
        await asyncio.sleep(SECONDS)
        tidy_up(scene)


def tidy_up(scene: Scene) -> None:
    """Let go of what nobody can look at any more."""
    del scene.panel.requests[:-KEPT_REQUESTS]
    for server in scene.servers:
        del server.runtime.commands[:-KEPT_COMMANDS]
        del server.runtime.signals[:-KEPT_COMMANDS]
    for node in scene.panel.nodes:
        del node.handshakes[:-KEPT_REQUESTS]
    _forget_files(scene)


def _forget_files(scene: Scene) -> None:
    """Delete the oldest messages with files until the rest fits into KEPT_FILES."""
    with_files = [
        message for channel in scene.guild.places.values() for message in channel.everything if message.attachments
    ]
    room = KEPT_FILES
    for message in sorted(with_files, key=lambda item: item.id, reverse=True):
        room -= sum(len(attachment.data) for attachment in message.attachments)
        if room < 0:
            message.channel.remove(message)
