"""A simulated Discord with the real client in it. simcord is used here and nowhere else."""

from dataclasses import dataclass
from typing import Any

import discord
import pytest
import simcord

from bot.client import WingcordClient
from bot.errors import BotError
from tests.cogs.fakes import OPERATOR, Script, TreeState


@dataclass
class World:
    """One guild with a channel, an admin, a helper with the operator preset, and a stranger."""

    env: Any
    script: Script
    bot: WingcordClient
    tree_state: TreeState
    guild: Any
    channel: Any
    helpers: Any
    admin: Any
    helper: Any
    stranger: Any

    def refusals(self) -> list[BaseException]:
        """The failures that became sentences; reading them tells simcord that they were expected."""
        return [getattr(error, "original", error) for error in self.env.errors]

    def no_surprises(self) -> None:
        assert all(isinstance(error, BotError) for error in self.refusals())

    def public(self) -> list[discord.Message]:
        """What everybody sees in the channel, oldest first."""
        return [message for message in self.channel.history() if not message.flags.ephemeral]


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def tree_state():
    return TreeState()


@pytest.fixture
def simcord_bot(script, tree_state):
    bot = WingcordClient(script.services(), tree_state=tree_state)
    bot.shard_count = 1
    return bot


@pytest.fixture
def world(simcord_env, simcord_bot, script, tree_state):
    guild = simcord_env.create_guild("Guild")
    channel = guild.create_text_channel("console")
    helpers = guild.create_role("Helpers")
    owners = guild.create_role("Owners", permissions=discord.Permissions(manage_guild=True))
    script.role_actions[helpers.id] = OPERATOR

    def member(name: str, *roles: Any) -> Any:
        return guild.add_member(simcord_env.create_user(name), roles=roles)

    return World(
        env=simcord_env,
        script=script,
        bot=simcord_bot,
        tree_state=tree_state,
        guild=guild,
        channel=channel,
        helpers=helpers,
        admin=member("olivia", owners),
        helper=member("hank", helpers),
        stranger=member("sam"),
    )


def text_of(shown: Any) -> str:
    """Everything readable in a reply: content and embeds."""
    parts = [shown.content]
    for embed in shown.embeds:
        parts += [embed.title or "", embed.description or "", embed.footer.text or ""]
        parts += [f"{field.name}: {field.value}" for field in embed.fields]
    return "\n".join(part for part in parts if part)


__all__ = ["World", "simcord", "text_of"]
