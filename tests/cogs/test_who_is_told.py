"""What a panel has against the bot is told to an admin as it is, and to anybody else as far as it is his business."""

import re

import pytest

from bot.errors import (
    AddressForbidden,
    ConsoleTimeout,
    KeyRefused,
    NotAPanel,
    PanelUnreachable,
    PermissionMissing,
    ServerNotFound,
)
from bot.panel import sentences
from bot.panel.asked import Asked, Operation
from bot.panel.strangers import cannot_reach
from bot.services import Progress
from bot.services.connections import key_missing
from bot.terms import Action
from cogs._outcome import follow_outcome

FOR_ADMINS = re.compile(
    r"/panel|typo|check the|\bport\b|client key|\bkey's\b|demands|10\.0\.0\.5|exempt", re.IGNORECASE
)
TROUBLES = [
    sentences.key_refused(),
    KeyRefused("That is an application key: the bot needs a client key."),
    key_missing(),
    PanelUnreachable("10.0.0.5:8080 refuses the connection: the panel's web server is down, or the port is wrong."),
    AddressForbidden("10.0.0.5 is private: check the panel's address."),
    NotAPanel("Cloudflare wants a human in front of the panel: its administrator must exempt /api."),
    ConsoleTimeout("The console could not be opened within 10 s. Check the port.", brief="It could not be opened."),
]
COMMANDS = [
    ("status", "servers.status", {}),
    ("start", "power.follow", {}),
    ("say", "consoles.say", {"message": "hello"}),
    ("command", "consoles.command", {"command": "list"}),
    ("console", "consoles.last_lines", {}),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(("command", "method", "options"), COMMANDS, ids=lambda part: str(part))
async def test_an_admin_is_told_what_to_mend_and_a_helper_whom_to_tell(world, trouble, command, method, options):
    world.script.role_actions[world.helpers.id] = frozenset(Action)
    world.script.fails[method] = trouble
    for member in (world.helper, world.admin):
        result = await member.slash(world.channel, command, server="survival", **options)
        (said,) = result.followups or [result.response]
        text = said.content
        assert said.ephemeral
        if member is world.admin:
            assert text == str(trouble)
        else:
            assert "tell an admin here" in text
            assert not FOR_ADMINS.search(text), text
    world.refusals()


@pytest.mark.parametrize(
    "trouble",
    [
        sentences.closing(),
        cannot_reach(Asked(Operation.SERVER, "/", None)),
        PanelUnreachable("The panel is in maintenance mode: try again later.", passing=True),
        PermissionMissing("The key's panel user lacks the permission “x” on this server: its owner can give it."),
        ServerNotFound("The panel has no such server."),
    ],
    ids=lambda error: str(error)[:20],
)
async def test_what_anybody_can_act_on_or_names_who_can_is_told_to_all(world, trouble):
    world.script.fails["servers.status"] = trouble
    result = await world.helper.slash(world.channel, "status", server="survival")
    assert result.response.content == str(trouble)
    world.refusals()


async def test_a_console_that_has_no_key_is_no_deleted_server(world):
    error = ServerNotFound(str(key_missing()))
    error.__cause__ = key_missing()
    world.script.role_actions[world.helpers.id] = frozenset(Action)
    world.script.fails["consoles.last_lines"] = error
    result = await world.helper.slash(world.channel, "console", server="survival")
    assert "tell an admin here" in result.response.content and "/panel" not in result.response.content
    world.refusals()


@pytest.mark.parametrize("is_admin", [True, False])
async def test_a_failure_in_the_middle_is_told_by_who_asked(is_admin):
    shown = []

    class Reply:
        async def show(self, text):
            shown.append(text)

        async def show_step(self, step):
            shown.append(step.sentence)

    async def steps():
        yield Progress("Stopping …")
        raise sentences.key_refused()

    await follow_outcome(steps(), Reply(), is_admin=is_admin)
    assert bool(FOR_ADMINS.search(shown[-1])) is is_admin
