"""Say-templates: a message stays in its place, whatever it holds."""

import json
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.terms import ConsoleSyntax
from bot.text.say_template import Place, SayTemplate
from bot.text.separators import is_too_long, sign_in_message
from tests.text import consoles

MESSAGE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).filter(str.strip)
SIGNS = st.lists(st.sampled_from([*"ab ;|&$\"'\\/{}[](),:#", "//", "quit", '\\"']), min_size=1, max_size=12).map(
    "".join
)
TEMPLATES = [
    "say {message}",
    "say Don't panic: {message}",
    'say "{message}"',
    'servermsg "[Discord] {message}"',
    "say {message}; log said {message}",
    'say "{message}"; quit_if_empty',
    'tellraw @a {"text":"{message}"}',
    'tellraw @a ["",{"text":"[Discord] ","color":"blue"},{"text":"{message}"}]',
    "title @a actionbar {text:'{message}'}",
    'data modify storage a b set value \'{"text":"{message}"}\'',
    'c_announce("{message}")',
    "c_announce('{message}')",
    'announce {"a":"\\"{message}\\""}; next',
]
PARTS = st.sampled_from(
    [
        "{message}",
        "{message}",
        "say ",
        "x",
        " ",
        '"',
        '"',
        "'",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ":",
        ",",
        ";",
        "\\",
        "$",
        "@a",
    ]
)
ANY_TEMPLATE = (
    st.lists(PARTS, max_size=14).map(lambda parts: "say " + "".join(parts)).filter(lambda t: "{message}" in t)
)


def line_for(text: str, message: str, syntax: ConsoleSyntax = ConsoleSyntax.UNKNOWN) -> str | None:
    """The console line, or None where template or message is refused."""
    try:
        template = SayTemplate.parse(text)
    except BadInput:
        return None
    if template.leads or template.misfit(message) or sign_in_message(message, syntax):
        return None
    line = template.fill(message)
    return None if is_too_long(line, syntax) else line


def runs_only_the_template(template: str, message: str) -> None:
    line = line_for(template, message)
    if line is None:
        return
    for console in consoles.GAMES:
        intended = console(template.replace("{message}", "x"))
        got = console(line)
        assert got and got == intended[: len(got)], (console.__name__, line)


@given(st.sampled_from(TEMPLATES), MESSAGE | SIGNS)
@example("say {message}", "hello; quit")
@example("say {message}", "é" * 200 + "quit")
@example("say {message}", "x" * 252 + "quit")
@example('say "{message}"; quit_if_empty', 'x"; quit; "')
@example("say {message}; log said {message}", 'a"b')
@example("say {message}; log said {message}", "a\\")
@example('tellraw @a {"text":"{message}"}', '"},{"text":"x')
def test_whatever_the_message_the_console_runs_only_the_template(template, message):
    """On every console: the commands are those of the template, in order, from the first one on."""
    runs_only_the_template(template, message)


@given(ANY_TEMPLATE, SIGNS)
def test_whatever_the_template_no_message_breaks_out_of_it(template, message):
    """A template out of which one could is refused itself."""
    runs_only_the_template(template, message)


@given(MESSAGE | SIGNS)
def test_json_holds_the_message_as_it_was_typed(message):
    for template in ('tellraw @a {"text":"{message}"}', 'tellraw @a ["",{"text":"{message}"}]'):
        line = line_for(template, message, ConsoleSyntax.LINE)
        found = json.loads(line.removeprefix("tellraw @a "))
        assert found in ({"text": message}, ["", {"text": message}])


@given(MESSAGE | SIGNS)
def test_a_quotation_holds_the_message_as_it_was_typed(message):
    line = line_for('say "{message}"', message, ConsoleSyntax.LINE)
    if line is None:
        assert set(message) & set('"\\')
    else:
        assert re.fullmatch(r'say "([^"\\]*)"', line).group(1) == message


@given(MESSAGE | SIGNS)
def test_json_in_apostrophes_holds_the_message_as_it_was_typed(message):
    r"""SNBT: inside of `'…'`, a backslash escapes the character behind it; what is left is JSON."""
    line = line_for("""set value '{"text":"{message}"}'""", message, ConsoleSyntax.LINE)
    if line is None:
        assert set(message) & set("\"'\\")
    else:
        outer = re.fullmatch(r"set value '((?:[^'\\]|\\.)*)'", line).group(1)
        assert json.loads(re.sub(r"\\(.)", r"\1", outer)) == {"text": message}


@given(ANY_TEMPLATE, MESSAGE)
def test_every_placeholder_is_filled_and_nothing_else_is_touched(text, message):
    assume("{message}" not in message)
    try:
        template = SayTemplate.parse(text)
    except BadInput:
        return
    assert len(template.places) == text.count("{message}")
    escaped = json.dumps(message, ensure_ascii=False)[1:-1]
    for place in template.places:
        text = text.replace("{message}", escaped if place is Place.ESCAPED else message, 1)
    assert template.fill(message) == text


def test_a_message_that_reads_like_the_placeholder_is_said_once():
    assert SayTemplate.parse("say {message} x").fill("{message}") == "say {message} x"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ('say "{message}', "nothing closes"),
        ('say {message} 5"', "nothing closes"),
        ("say '{message}", "nothing closes"),
        ('tellraw @a {"text":"{message}"', "do not fit together"),
        ('tellraw @a ["{message}"}', "do not fit together"),
        ('tellraw @a {"text":{message}}', "without quotation marks"),
        ("tellraw @a[name={message}] x", "without quotation marks"),
        ("c_announce({message})", "without quotation marks"),
        ("c_announce([[{message}]])", "without quotation marks"),
        ('tellraw @a {"{message}":"x"}', "name of a field"),
        ("tellraw @a {'{message}':'x'}", "name of a field"),
        ("tellraw @a {message}", "takes JSON"),
        ("/minecraft:TELLRAW @a {message}", "takes JSON"),
        ("execute as @p run tellraw @a {message}", "takes JSON"),
        ("say ${message}", "right beside"),
        ("say $sv_{message}", "right beside"),
        ("say \\{message}", "right beside"),
        ('tellraw @a {"text":"\\{message}"}', "right beside"),
        ("say {message}name", "right beside"),
        ("say {message}{message}", "right beside"),
    ],
)
def test_a_template_that_a_message_could_break_out_of_is_refused(template, words):
    with pytest.raises(BadInput, match=words) as refused:
        SayTemplate.parse(template)
    assert "/server edit" not in str(refused.value), "whoever typed it is setting one just now"
    with pytest.raises(BadInput, match=words) as refused:
        SayTemplate.kept(template)
    assert str(refused.value).endswith("`/server edit` sets another one, in `say_template`.")


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("say {message}", Place.BARE),
        ("say [{message}]", Place.BARE),
        ("say <{message}>", Place.BARE),
        ("say ({message})", Place.BARE),
        ("say [Discord: {message}]", Place.BARE),
        ("say 'twas the bot: {message}", Place.BARE),
        ("say it's {message}", Place.BARE),
        ('say "Discord": {message}', Place.BARE),
        ("execute as @a[team=red] run say {message}", Place.BARE),
        ('say "{message}"', Place.QUOTED),
        ("echo '{message}'", Place.NESTED),
        ('tellraw @a[team=red] {"text":"{message}"}', Place.ESCAPED),
        ('tellraw @a {text:"{message}"}', Place.ESCAPED),
    ],
)
def test_usual_templates_are_taken(template, place):
    assert SayTemplate.parse(template).places == (place,)


@pytest.mark.parametrize(
    "template", ["{message}", "  {message}", "/{message}", '"{message}"', "x{message}", "say hi; {message}"]
)
def test_a_message_that_names_the_command_is_known(template):
    assert SayTemplate.parse(template).leads


@pytest.mark.parametrize("template", ["say {message}", '/say "{message}"', 'x {"a":"{message}"}', "a; say {message}"])
def test_a_message_behind_a_command_does_not_name_one(template):
    assert not SayTemplate.parse(template).leads
