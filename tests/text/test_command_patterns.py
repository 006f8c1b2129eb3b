"""Patterns for `/command`: as wide as `*` is meant, and never wider than one command."""

import fnmatch
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.text.command_patterns import TypedCommand, fold
from bot.text.separators import sign_in_match
from tests.text import consoles

CLEAN = st.text(alphabet="ab /'é[?.")
PATTERN = st.lists(st.sampled_from(["a", "b", "ab", " ", "*", "*", "[", "?", "A"]), max_size=12).map("".join)
DIRTY = st.lists(st.sampled_from(["a", "b", " ", ";", "|", "&", "$", '"', "\\", "`", "'"]), max_size=9).map("".join)
DIRTY_PATTERN = st.lists(st.sampled_from(["a", "b", " ", "*", "*", ";", '"', "\\"]), max_size=8).map("".join)


def by_fnmatch(pattern: str, command: str) -> bool:
    folded = " ".join(pattern.removeprefix("/").casefold().split())
    return fnmatch.fnmatchcase(fold(command), re.sub(r"[?\[]", r"[\g<0>]", folded))


@given(PATTERN, CLEAN)
def test_a_clean_command_fits_exactly_as_fnmatch_has_it(pattern, command):
    assert (TypedCommand(command).captures(pattern) is not None) is by_fnmatch(pattern, command)
    assert TypedCommand(command).fits_as_one(pattern) is by_fnmatch(pattern, command)


@given(PATTERN, st.lists(CLEAN, min_size=12, max_size=12))
def test_what_fills_the_stars_of_a_pattern_fits_it(pattern, fillings):
    literals = pattern.split("*")
    command = literals[0] + "".join(f + literal for f, literal in zip(fillings, literals[1:], strict=False))
    assert TypedCommand(command).fits_as_one(pattern) is by_fnmatch(pattern, command)


@given(DIRTY_PATTERN, DIRTY)
def test_captures_and_literals_put_together_are_the_command(pattern, command):
    found = TypedCommand(command).captures(pattern)
    assert (found is not None) is by_fnmatch(pattern, command)
    if found is not None:
        literals = " ".join(pattern.removeprefix("/").casefold().split()).split("*")
        assert literals[0] + "".join(c + literal for c, literal in zip(found, literals[1:], strict=True)) == fold(
            command
        )


def every_assignment(literals, text):
    """What the stars can stand for, in every way there is."""
    if len(literals) == 1:
        return [()] if text == literals[0] else []
    if not text.startswith(literals[0]):
        return []
    rest = text[len(literals[0]) :]
    if len(literals) == 2 and not literals[1]:
        return [(rest,)]
    return [
        (rest[:end], *others) for end in range(len(rest) + 1) for others in every_assignment(literals[1:], rest[end:])
    ]


def is_clean(assignment, literals):
    """No sign in any capture, and none that a capture makes with the pattern around it."""
    meets = any(
        literal.endswith("\\") and capture.startswith('"')
        for literal, capture in zip(literals, assignment, strict=False)
    )
    return not meets and all(sign_in_match(capture) is None for capture in assignment)


@given(DIRTY_PATTERN, DIRTY)
@example("say *; say *", "say a; say b; quit")
@example("say *; say *", "say a; say b")
@example('say "*"', 'say "a" b"')
@example("a*a*", "aa;a")
@example("say *", "say a\\")
@example("say \\\\*", 'say \\\\"a"')
def test_a_command_fits_exactly_if_some_assignment_is_clean(pattern, command):
    """Leftmost or not: what counts is that there is a way to read it in which every `*` stays inside its command."""
    literals = " ".join(pattern.removeprefix("/").casefold().split()).split("*")
    expected = any(is_clean(found, literals) for found in every_assignment(literals, fold(command)))
    assert TypedCommand(command).fits_as_one(pattern) is expected


@given(
    DIRTY_PATTERN.map(lambda rest: f"kick {rest}".replace(";", "; say ")),  # a star must not name the command
    DIRTY.map(lambda rest: f"kick {rest}".replace(";", "; say ")) | DIRTY.map(lambda rest: f"kick {rest}"),
)
@example("kick *", "kick x; quit")
@example("kick *", 'kick "x"; quit')
@example("kick * please", "kick x; quit please")
@example('kick "*"', 'kick "x";quit;"y"')
@example("kick *", "kick `quit`")
def test_whatever_the_command_the_console_runs_only_what_the_pattern_says(pattern, command):
    """On every console: the commands are those of the pattern, in order, from the first one on."""
    if not TypedCommand(command).fits_as_one(pattern):
        return
    for console in consoles.ALL:
        intended = console(pattern.replace("*", "x"))
        got = console(command)
        assert got == intended[: len(got)], console.__name__


@pytest.mark.parametrize(
    ("pattern", "command", "fits"),
    [
        ("*a" * 40 + "*b", "a" * 1000, False),
        ("*a" * 40 + "*b", "a" * 999 + ";b", False),
        ("*a" * 40 + "*b", "a" * 999 + '"b', False),
        ("*;" * 500, "a;" * 500, True),
        ('*a"' * 40, 'a"' * 501, False),
        ("*ab" * 60, "a" * 1000 + ";", False),
    ],
)
def test_many_stars_end_before_the_test_gives_up(pattern, command, fits):
    """Tried in every way, 40 stars in 1,000 characters take longer than the world lasts."""
    assert TypedCommand(command).fits_as_one(pattern) is fits


def test_slash_case_and_spaces_do_not_count():
    assert TypedCommand("  /whitelist   ADD  Alex").fits_as_one("/Whitelist  *")
    assert fold("/WHITELIST  add") == "whitelist add"


@pytest.mark.parametrize("blank", ["\u00a0", "\u3000", "\u2009", "\u200b"])
def test_only_spaces_are_spaces(blank):
    """A console does not end a word at U+00A0, so a pattern must not either: what is sent is what was matched."""
    assert not TypedCommand(f"whitelist{blank}add").fits_as_one("whitelist *")
    assert TypedCommand(f"say a{blank}b").fits_as_one("say *")
