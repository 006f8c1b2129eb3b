"""The make-believe game answers in Minecraft's words, and remembers what it was told."""

import pytest

from sandbox.panel.minecraft import Commands, NotUnderstood, Saved

TALK = (
    ("whitelist list", "There are no whitelisted players"),
    ("whitelist add Bob", "Added Bob to the whitelist"),
    ("whitelist add bob", "Player is already whitelisted"),
    ("/whitelist add alex", "Added Alex to the whitelist"),
    ("whitelist list", "There are 2 whitelisted player(s): Bob, Alex"),
    ("whitelist remove Bob", "Removed Bob from the whitelist"),
    ("whitelist remove Bob", "Player is not whitelisted"),
    ("whitelist add not/a-name", "That player does not exist"),
    ("whitelist off", "Whitelist is already turned off"),
    ("whitelist on", "Whitelist is now turned on"),
    ("whitelist on", "Whitelist is already turned on"),
    ("whitelist reload", "Reloaded the whitelist"),
    ("time set day", "Set the time to 1000"),
    ("time query daytime", "The time is 1000"),
    ("time set 1.5d", "Set the time to 36000"),
    ("time query day", "The time is 1"),
    ("time add 10s", "Set the time to 12200"),
    ("time set midnight", "Set the time to 18000"),
    ("op Ruth_42", "Made Ruth_42 a server operator"),
    ("op ruth_42", "Nothing changed. The player already is an operator"),
    ("deop Ruth_42", "Made Ruth_42 no longer a server operator"),
    ("deop Ruth_42", "Nothing changed. The player is not an operator"),
    ("kick Nobody", "No player was found"),
    ("kick alex", "Kicked Alex: Kicked by an operator"),
    ("kick Ruth_42 be kind, please", "Kicked Ruth_42: be kind, please"),
    ("list", "There are 1 of a max of 12 players online: Zoé"),
    ("kick @a", "Kicked Zoé: Kicked by an operator"),
    ("list", "There are 0 of a max of 12 players online: "),
    ("say hello,  all", "[Server] hello,  all"),
    ("help time", "/time (add|query|set)"),
)
MISTAKES = (
    ("fly me", "Unknown or incomplete command, see below for error", "fly me<--[HERE]"),
    ("whitelist", "Unknown or incomplete command, see below for error", "whitelist<--[HERE]"),
    ("whitelist add ", "Unknown or incomplete command, see below for error", "...telist add<--[HERE]"),
    ("whitelist frob", "Incorrect argument for command, see below for error", "whitelist frob<--[HERE]"),
    ("whitelist list now", "Incorrect argument for command, see below for error", "...list list now<--[HERE]"),
    ("op", "Unknown or incomplete command, see below for error", "op<--[HERE]"),
    ("op Bob now", "Incorrect argument for command, see below for error", "op Bob now<--[HERE]"),
    ("say", "Unknown or incomplete command, see below for error", "say<--[HERE]"),
    ("time set later", "Expected float", "time set later<--[HERE]"),
    ("time set 5x", "Invalid unit", "time set 5x<--[HERE]"),
    ("time add -5", "The tick count must not be less than 0, found -5", "time add -5<--[HERE]"),
)


@pytest.fixture
def players():
    return ["Alex", "Ruth_42", "Zoé"]


@pytest.fixture
def commands(players):
    return Commands(Saved(), players, 12, lambda name, _: players.remove(name), lambda: 100.0)


def test_commands_are_answered_in_minecrafts_words(commands):
    assert [commands.answer(typed) for typed, _ in TALK] == [[words] for _, words in TALK]


@pytest.mark.parametrize(("typed", "message", "place"), MISTAKES)
def test_what_is_no_command_is_told_with_the_place(commands, typed, message, place):
    with pytest.raises(NotUnderstood) as caught:
        commands.answer(typed)
    assert caught.value.lines == (message, place)


def test_the_day_goes_on():
    seconds = [5.0]
    commands = Commands(Saved(), [], 12, lambda _, __: None, lambda: seconds[0])
    commands.answer("time set day")
    seconds[0] = 35.0
    assert commands.answer("time query gametime") == ["The time is 600"]
    assert commands.answer("time query daytime") == ["The time is 1600"]


async def test_all_of_it_outlasts_the_process_and_a_whitelist_is_obeyed(make_scene):
    scene = await make_scene(running=True, players=("Alex",))
    socket = await scene.console()
    for typed in ("whitelist add Bob", "whitelist on", "op Alex", "kick Alex"):
        await socket.send("send command", typed)
    await socket.until(lambda: any("Kicked Alex: Kicked by an operator" in line for line in socket.lines()))
    lines = socket.lines()
    left = next(index for index, line in enumerate(lines) if "Alex left the game" in line)
    assert "Kicked Alex" in "".join(lines[left:])
    assert [scene.server.runtime.saved.lets_in(name) for name in ("Alex", "Bob", "Steve")] == [True, True, False]
    await socket.send("set state", "restart")
    await socket.until(lambda: any("Whitelist is \x1b[1mon" in line for line in socket.lines()))
    await socket.until(lambda: any(")! For help" in line for line in socket.lines()))
    await socket.send("send command", "whitelist list")
    await socket.until(lambda: any("There are 1 whitelisted player(s): Bob" in line for line in socket.lines()))
