"""`/say`, `/command`, `/console`."""

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ServerOffline
from bot.services import Said
from bot.terms import Action, RelayStyle
from bot.text import ansi, packing
from cogs._console_text import with_lines


async def test_say_is_public(world):
    """Everybody sees that something was said."""
    result = await world.helper.slash(world.channel, "say", message="hello")

    assert result.response.content == "Said on survival."
    assert not result.ephemeral
    assert world.script.calls("consoles.say")[0][1] == "hello"


@pytest.mark.parametrize("lines", [(), ("Unknown command 'say'.",)])
async def test_what_the_console_refused_is_said_so_and_its_answer_shown_in_private(world, lines):
    """Only where there is something that the member may see."""
    world.script.said = Said(
        "**survival** got it, but its console seems to have refused it.", refused=True, lines=lines
    )
    result = await world.helper.slash(world.channel, "say", message="hello")

    assert [message.content for message in world.public()] == [world.script.said.sentence]
    assert ["Unknown command" in message.content for message in result.followups] == [True] * len(lines)
    assert all(message.flags.ephemeral for message in result.followups)
    world.no_surprises()


async def test_say_without_the_right_is_refused_in_private(world):
    """Nothing is sent."""
    result = await world.stranger.slash(world.channel, "say", message="hello")

    assert "You may not speak on" in result.response.content
    assert result.ephemeral
    assert world.script.calls("consoles.say") == []
    world.no_surprises()


async def test_say_to_an_offline_server_is_told_in_private(world):
    """The public "thinking…" goes."""
    world.script.fails["consoles.say"] = ServerOffline("**survival** is offline.")
    result = await world.helper.slash(world.channel, "say", message="hello")

    assert result.followups[0].content == "**survival** is offline."
    assert result.followups[0].ephemeral
    assert world.public() == []
    world.no_surprises()


async def test_command_shows_what_the_console_printed(world):
    """In colour, only to the one who asked."""
    world.script.lines = ["\x1b[32mThere are 2 players\x1b[0m", "olivia, hank"]
    result = await world.admin.slash(world.channel, "command", command="list")

    assert result.ephemeral
    assert result.response.content.startswith("`list`\n```ansi\n\x1b[32mThere are 2 players")
    assert "olivia, hank" in result.response.content


async def test_command_without_an_answer_shows_the_note(world):
    """Silence is explained."""
    world.script.note = "Sent. The console printed nothing in answer."
    result = await world.admin.slash(world.channel, "command", command="save-all `now`")

    assert result.response.content == "`` save-all `now` ``\nSent. The console printed nothing in answer."


async def test_command_needs_its_right(world):
    """The operator preset may say, not command."""
    result = await world.helper.slash(world.channel, "command", command="op hank")

    assert "You may not send console commands to" in result.response.content
    assert world.script.calls("consoles.command") == []
    world.no_surprises()


async def test_console_shows_twenty_lines_if_not_told_otherwise(world):
    """The newest, in one ephemeral block."""
    world.script.lines = [f"line {number}" for number in range(100)]
    result = await world.admin.slash(world.channel, "console")

    assert result.ephemeral
    assert "line 99" in result.response.content
    assert "line 80" in result.response.content
    assert "line 79" not in result.response.content
    assert world.script.calls("consoles.last_lines")[0][1] == 20


async def test_console_shows_every_line_that_was_asked_for(world):
    """The newest in the message, all in a file: masked as there, without colours."""
    world.script.lines = [f"\x1b[32m{number} " + "x" * 90 + "```" for number in range(200)]
    world.script.note = "n" * 800
    result = await world.admin.slash(world.channel, "console", lines=200)

    assert result.ephemeral
    assert len(result.response.content) <= 2000
    assert "199 xxx" in result.response.content
    shown = int(re.search(r"newest (\d+) of 200 lines; the file has all of them", result.response.content)[1])
    assert f"{200 - shown} xxx" in result.response.content and f"{199 - shown} xxx" not in result.response.content
    assert result.response.content.count("```") == 2
    [file] = result.response.attachments
    assert file.filename == "console.log"


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=300), max_size=60),
    st.sampled_from(["head", "tail"]),
    st.sampled_from([None, "a note", "n" * 900]),
)
def test_no_line_that_was_asked_for_is_missing(lines, keep, note):
    """What is not in the message is in the file, in order, and nothing else is."""
    text, file = asyncio.run(with_lines("`x`", lines, note, keep=keep))
    assert packing.size(text) <= 2000
    if file is not None:
        assert file.fp.read().decode() == "".join(f"{ansi.strip(line)}\n" for line in lines)
    elif lines:
        assert packing.block(lines, RelayStyle.COLOUR, 2000).text in text


async def test_a_long_answer_of_a_command_comes_as_a_file_too(world):
    """Its beginning is in the message."""
    world.script.lines = [f"{number} " + "x" * 90 for number in range(50)]
    result = await world.admin.slash(world.channel, "command", command="help")
    assert "0 xxx" in result.response.content
    assert "of 50 lines; the file has all of them" in result.response.content
    assert len(result.response.attachments) == 1


async def test_what_fits_comes_without_a_file(world):
    """No attachment where the message has everything."""
    world.script.lines = ["one", "two"]
    result = await world.admin.slash(world.channel, "console")
    assert result.response.attachments == []


async def test_console_needs_its_right(world):
    """Viewing a server is not reading its console."""
    world.script.role_actions[world.helpers.id] = frozenset({Action.VIEW})
    result = await world.helper.slash(world.channel, "console")

    assert "You may not read the console of" in result.response.content
    world.no_surprises()
