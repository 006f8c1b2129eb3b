"""`/say`, `/command`, `/console`."""

from bot.errors import ServerOffline
from bot.terms import Action


async def test_say_is_public(world):
    """Everybody sees that something was said."""
    result = await world.helper.slash(world.channel, "say", message="hello")

    assert result.response.content == "Said on survival."
    assert not result.ephemeral
    assert world.script.calls("consoles.say")[0][1] == "hello"


async def test_say_without_the_right_is_refused_in_private(world):
    """Nothing is sent."""
    result = await world.stranger.slash(world.channel, "say", message="hello")

    assert "None of your roles may **say**" in result.response.content
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

    assert "None of your roles may **command**" in result.response.content
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


async def test_console_fits_a_message_and_counts_what_does_not(world):
    """The tail survives; fences in lines cannot break out."""
    world.script.lines = [f"{number} " + "x" * 90 + "```" for number in range(200)]
    world.script.note = "n" * 800
    result = await world.admin.slash(world.channel, "console", lines=200)

    assert len(result.response.content) <= 2000
    assert "199 xxx" in result.response.content
    assert "lines left out" in result.response.content
    assert result.response.content.count("```") == 2


async def test_console_needs_its_right(world):
    """Viewing a server is not reading its console."""
    world.script.role_actions[world.helpers.id] = frozenset({Action.VIEW})
    result = await world.helper.slash(world.channel, "console")

    assert "None of your roles may **console**" in result.response.content
    world.no_surprises()
