"""Blank text is refused, whatever option it stands in: only one that was left out means all, or the default."""

import pytest

from bot.client import COGS, WingcordClient
from tests.cogs.fakes import Script, TreeState

STRING = 3
BLANKS = [" ", "\u3000\t", "\u200b", "\u2800", "\u3164"]
NEEDED = {"message": "hello", "command": "list", "allow": "viewer", "server": "survival"}
"""What the required options are given where it is another one that is blank."""


@pytest.fixture
async def leaves():
    """Every command with its options, as Discord would be told."""
    client = WingcordClient(Script().services(), tree_state=TreeState())
    for cog in COGS:
        await client.load_extension(cog)
    found = []
    for command in client.tree.get_commands():
        root = command.to_dict(client.tree)
        subcommands = [option for option in root.get("options", []) if option["type"] == 1]
        found += [(f"{root['name']} {leaf['name']}", leaf) for leaf in subcommands] or [(root["name"], root)]
    return found


def texts_of(leaf):
    """The options that take any text; Discord itself checks those with choices."""
    return [o["name"] for o in leaf.get("options", []) if o["type"] == STRING and not o.get("choices")]


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
async def test_every_option_of_every_command_that_takes_text_refuses_a_blank_one(world, leaves, blank):
    refused = []
    for name, leaf in leaves:
        others = {o["name"]: given(world, o["name"]) for o in leaf.get("options", []) if o.get("required")}
        for option in texts_of(leaf):
            result = await world.admin.slash(world.channel, name, **{**others, option: blank})
            assert f"`{option}` is blank" in result.response.content, (name, option)
            assert ("leave that option out" in result.response.content) is (option not in others), (name, option)
            assert result.ephemeral
            refused.append((name, option))
    assert world.script.asked == []
    assert {("access revoke", "server"), ("relay remove", "server"), ("panel remove", "panel")} <= set(refused)
    assert len(refused) >= 25


def given(world, name):
    return {"role": world.helpers, "member": world.helper}.get(name) or NEEDED[name]


async def test_a_blank_in_the_text_is_no_blank_text(world):
    result = await world.admin.slash(world.channel, "say", message=" hello ")

    assert result.response.content.startswith("Said on")


async def test_typing_a_blank_still_suggests(world):
    """Nothing is chosen yet."""
    choices = await world.admin.autocomplete(world.channel, "start", "server", " ")

    assert choices is not None
    assert world.script.calls("servers.names")
