"""What members may put into a console: one command, the one that was allowed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput, NotAllowed
from bot.services import console_input
from bot.services.console_input import check_template, parse_patterns, say_line
from bot.store.values import LinkedServer
from bot.terms import Separators
from bot.text.command_patterns import TypedCommand
from tests.text import consoles


def server(template="say {message}", **known) -> LinkedServer:
    return LinkedServer(1, 900, 1, "The_Castle", "aaaaaaaa", "uuid-1", template, **known)


def allows(patterns, command, known) -> bool:
    return console_input.allows(patterns, TypedCommand(command), known)


def refusal(patterns, command, known) -> Exception:
    return console_input.refusal(patterns, TypedCommand(command), known)


GAME = server()
MINECRAFT = server(is_minecraft=True)
NO_SEPARATORS = server(separators=Separators.NONE)


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("hello; quit", "`;`"),
        ("hello\u037e quit", "`\u037e`"),
        ("hello | quit", "`|`"),
        ('6" pipe', '`"`'),
        ("$rcon_password", "`$`"),
        ("ends in \\", "`\\`"),
        ("x" * 252 + "quit", "255 bytes"),
    ],
)
def test_a_message_that_could_be_two_commands_is_refused_with_what_why_and_how_to_lift_it(message, named):
    with pytest.raises(BadInput) as refused:
        say_line(GAME, message)
    text = str(refused.value)
    assert text.startswith((named, "Of a line over")) and named in text
    assert "games" in text
    assert r"**The\_Castle**" in text
    assert "/server edit separators:none" in text
    assert say_line(NO_SEPARATORS, message) == f"say {message}"


@pytest.mark.parametrize("message", ["it's me", "'", 'he said "hi"', "§cred & &agreen", "大家好；欢迎", "5$", "a ¦ b"])
def test_what_people_say_is_sent_as_it_is(message):
    for known in (GAME, MINECRAFT, NO_SEPARATORS):
        assert say_line(known, message) == f"say {message}"


def test_minecraft_takes_a_line_for_a_command():
    assert say_line(MINECRAFT, "hello; stop") == "say hello; stop"
    assert say_line(MINECRAFT, "$hello " + "x" * 900)
    for message in ("a | b", '6" pipe'):
        with pytest.raises(BadInput):
            say_line(MINECRAFT, message)
    assert not allows(("kick *",), "kick x; stop", MINECRAFT)
    assert allows(("tellraw *",), "tellraw @a " + "x" * 900, MINECRAFT)


@pytest.mark.parametrize(
    "template", ["{message}", "/{message}", '"{message}"', "say hi; {message}", "x {message}; {message}"]
)
@pytest.mark.parametrize("message", ["/op helper", "\u200b/op", "\u3000 /op", "\\quit"])
def test_a_message_is_no_command_where_it_begins_the_line(template, message):
    for known in (server(template), server(template, is_minecraft=True), server(template, separators=Separators.NONE)):
        with pytest.raises(BadInput, match=r"would (be a command|break out)"):
            say_line(known, message)


def test_a_slash_is_harmless_behind_a_command():
    assert say_line(GAME, "/help") == "say /help"
    assert say_line(server("{message}"), "hello /help") == "hello /help"


def test_what_a_templates_quotation_cannot_hold_is_refused_whatever_the_admin_says_of_separators():
    quoted = server('say "{message}"', separators=Separators.NONE)
    for message, named in (('x" y "', '`"`'), ("a\\b", "`\\`")):
        with pytest.raises(BadInput) as refused:
            say_line(quoted, message)
        assert str(refused.value).startswith(named) and "/server edit" in str(refused.value)
    assert say_line(quoted, "it's; me") == 'say "it\'s; me"'


def test_json_is_escaped():
    told = server('tellraw @a {"text":"{message}"}', is_minecraft=True)
    assert say_line(told, 'x"},{"selector":"@e') == r'tellraw @a {"text":"x\"},{\"selector\":\"@e"}'
    assert say_line(told, "a \U0001f3f0 b\\c") == 'tellraw @a {"text":"a \U0001f3f0 b\\\\c"}'


def test_a_stored_template_that_would_not_be_taken_any_more_is_refused_when_it_is_used():
    with pytest.raises(BadInput, match=r"tellraw.*server edit"):
        say_line(server("tellraw @a {message}"), "hello")


@pytest.mark.parametrize(
    "template", ["", "say hello", "say {message}\nstop", "x" * 192 + "{message}", 'say "{message}']
)
def test_a_template_is_one_line_that_holds_the_message(template):
    with pytest.raises(BadInput, match="say-template"):
        check_template(template)


@pytest.mark.parametrize(
    ("patterns", "command", "named"),
    [
        (("sm_kick *",), "sm_kick x; quit", "`;`"),
        (("sm_kick *",), "sm_kick x & quit", "`&`"),
        (("sm_kick *",), "sm_kick x | quit", "`|`"),
        (("sm_kick *",), 'sm_kick "x', '`"`'),
        (("say *",), "say $rcon_password", "`$`"),
        (("say *",), "say `quit`", "`` ` ``"),
        (("list", "say *"), "say " + "é" * 126, "255 bytes"),
        (("say *; say bye", "x"), "say a; b; say bye", "`;`"),
    ],
)
def test_what_a_star_stands_for_is_one_command(patterns, command, named):
    assert not allows(patterns, command, GAME)
    assert allows(patterns, command, NO_SEPARATORS)
    assert allows((), command, GAME), "any command is any command"
    why = refusal(patterns, command, GAME)
    assert isinstance(why, BadInput)
    assert named in str(why) and r"**The\_Castle**" in str(why) and "/server edit separators:none" in str(why)


def test_what_an_admin_wrote_into_a_pattern_may_hold_separators():
    assert allows(("say hi; say *",), "say hi; say it's me", GAME)
    assert allows(("restart & say $name",), "restart & say $name", GAME)
    assert not allows(("say hi; say *",), "say hi; say x; quit", GAME)


def test_a_command_that_fits_no_pattern_at_all_is_not_allowed():
    assert isinstance(refusal(("sm_kick *",), "quit; sm_kick x", GAME), NotAllowed)


@given(st.text(st.sampled_from("ab ;|&$\"'\\`/"), max_size=20))
def test_under_a_pattern_every_console_runs_that_one_command(rest):
    if allows(("sm_kick *",), f"sm_kick {rest}", GAME):
        for console in consoles.ALL:
            assert console(f"sm_kick {rest}") == ["sm_kick"]


def test_patterns_are_bounded():
    assert parse_patterns("x" * 200) == ("x" * 200,)
    with pytest.raises(BadInput, match="200 characters"):
        parse_patterns("x" * 201)
