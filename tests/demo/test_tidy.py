"""An hour of running does not grow the memory: old records and files are let go."""

from sandbox.demo import tidy
from sandbox.discord import Attachment, Message


async def test_old_requests_and_commands_go(stage):
    panel, survival = stage.scene.panel, stage.scene.survival
    panel.requests.extend([None] * 5_000)
    survival.runtime.commands.extend(["list"] * 5_000)
    panel.node.handshakes.extend([101] * 5_000)
    tidy.tidy_up(stage.scene)
    assert len(panel.requests) == tidy.KEPT_REQUESTS
    assert len(survival.runtime.commands) == tidy.KEPT_COMMANDS
    assert len(panel.node.handshakes) == tidy.KEPT_REQUESTS


async def test_old_files_go_before_new_ones(stage, monkeypatch):
    monkeypatch.setattr(tidy, "KEPT_FILES", 2_500)
    scene = stage.scene
    channel = scene.channel("castle-console")
    messages = []
    for number in range(4):
        attachment = Attachment(number, "console.log", b"x" * 1_000, "text/plain")
        messages.append(
            Message(scene.discord.world.ids.now(), channel, scene.discord.world.bot, attachments=[attachment])
        )
        channel.add(messages[-1])
    tidy.tidy_up(scene)
    assert channel.everything == messages[2:]


async def test_channels_keep_a_bounded_number_of_messages(stage):
    scene = stage.scene
    for number in range(900):
        scene.discord.say(scene.owner, scene.channel("general"), str(number))
    assert len(scene.channel("general").everything) == 500
