"""A command that named no server where several could be meant: a menu, and it goes on with the one that is chosen."""

import pytest

from bot.errors import NotAllowed
from bot.services import Progress
from bot.terms import Action, Signal
from tests.cogs.conftest import text_of
from tests.cogs.fakes import linked


@pytest.fixture
def two(world):
    world.script.servers = [linked("castle"), linked("tower", number=2)]
    world.script.which = True
    return world


def options(message):
    [row] = message.components
    return [(option["label"], option["value"]) for option in row["components"][0]["options"]]


async def test_a_private_command_goes_on_with_the_server_that_is_chosen(two):
    result = await two.helper.slash(two.channel, "status")
    assert result.ephemeral and result.response.content == "Which server?"
    assert options(result.response) == [("castle", "0"), ("tower", "1")]
    chosen = await two.helper.select(result.response, ["1"])
    assert "tower" in text_of(chosen.response)
    assert chosen.ephemeral
    assert [call[0].name for call in two.script.calls("servers.status")] == ["tower"]
    two.no_surprises()


async def test_a_public_command_is_answered_in_public_and_the_question_goes(two):
    two.script.steps = [Progress("Starting …"), Progress("is up", done=True, ok=True)]
    result = await two.helper.slash(two.channel, "start")
    assert result.ephemeral
    await two.helper.select(result.response, ["0"])
    await two.env.advance_time(3)
    assert [call[1:] for call in two.script.calls("power.follow")] == [(linked("castle"), Signal.START)]
    assert [message.content for message in two.public()] == ["is up"]
    two.no_surprises()


async def test_the_other_options_are_kept(two):
    result = await two.helper.slash(two.channel, "say", message="hello there")
    await two.helper.select(result.response, ["1"])
    assert two.script.calls("consoles.say") == [(linked("tower", number=2), "hello there")]
    two.no_surprises()


async def test_rights_are_looked_at_when_a_server_is_chosen(two):
    result = await two.helper.slash(two.channel, "start")
    two.script.role_actions.clear()
    pressed = await two.helper.select(result.response, ["0"])
    assert "You may not start" in pressed.response.content
    assert two.script.calls("power.follow") == []
    assert isinstance(two.refusals()[-1], NotAllowed)
    two.no_surprises()


async def test_a_command_whose_options_discord_must_resolve_asks_for_the_option(two):
    result = await two.admin.slash(two.channel, "relay add", channel=two.channel)
    assert result.response.content == "Which server? Choose one."
    assert result.response.components == []
    two.no_surprises()


async def test_more_servers_than_a_menu_holds_are_named_in_the_sentence(two):
    two.script.servers = [linked(f"server {number}", number=number) for number in range(1, 27)]
    two.script.role_actions[two.helpers.id] = frozenset(Action)
    result = await two.helper.slash(two.channel, "console")
    assert result.response.content == "Which server? Choose one."
    two.no_surprises()
