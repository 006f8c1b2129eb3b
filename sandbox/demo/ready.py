"""`--ready`: takes all steps of the tour by typing the same commands as a visitor would."""

from typing import Any

from sandbox.demo.scene import Scene
from sandbox.discord import Member, Reply

TEXT_SELECT = 3
PATIENCE = 20.0
"""Seconds for any one answer of the bot."""


class NotReady(Exception):
    """The bot answered otherwise than expected; the text is its answer."""


async def make_ready(scene: Scene) -> None:
    """Connect, link, grant, relay and start, as the owner in #staff and as the helper in #general.

    Where the data folder remembers an earlier run, the start alone is left to do. Raises TimeoutError, ClientRefused
    or NotReady when the bot does not play along.
    """
    discord = scene.discord
    await discord.wait_until(lambda: discord.has_bot or bool(discord.gateway.refusal), timeout=PATIENCE)
    if not discord.has_bot:
        raise NotReady(discord.gateway.refusal)
    if not await _is_linked(scene):
        await _set_up(scene)
    if scene.castle.state == "offline":
        await _type(scene, scene.people["helper"].member, "start", server=scene.castle.name)


async def _is_linked(scene: Scene) -> bool:
    where = scene.channel("staff")
    choices = await scene.discord.autocomplete(scene.owner, where, "status", option="server")
    return any(choice["value"] == scene.castle.name for choice in choices)


async def _set_up(scene: Scene) -> None:
    panel = scene.panel
    form = await _type(scene, scene.owner, "panel connect")
    reply = await form.submit(url=panel.url, api_key=scene.panel_key, label="Castle hosting")
    await reply.answered(timeout=PATIENCE)
    menus = [part for part in reply.components if part["type"] == TEXT_SELECT]
    if not menus:
        raise NotReady(reply.text)
    await reply.select(str(menus[0]["custom_id"]), [scene.castle.identifier, scene.survival.identifier])
    await reply.wait_for(lambda answer: "Linked" in answer.text, timeout=PATIENCE)
    for role, rights in ((scene.helpers, "operator, command, console"), (scene.readers, "viewer")):
        await _type(scene, scene.owner, "access grant", role=role, allow=rights)
    for server, channel in ((scene.castle, "castle-console"), (scene.survival, "survival-console")):
        await _type(scene, scene.owner, "relay add", server=server.name, channel=scene.channel(channel))
        await panel.wait_for(lambda server=server: panel.node.authenticated(server), timeout=PATIENCE)


async def _type(scene: Scene, who: Member, command: str, **options: Any) -> Reply:
    where = "staff" if who is scene.owner else "general"
    reply = await scene.discord.slash(who, scene.channel(where), command, **options)
    return await reply.answered(timeout=PATIENCE)
