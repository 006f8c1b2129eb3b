"""What could end a command, whatever console reads it."""

import sys
import unicodedata

import pytest

from bot.terms import ConsoleSyntax
from bot.text.command_patterns import fold
from bot.text.separators import LONGEST_LINE, SIGNS_IN_MATCH, is_too_long, reason, sign_in_match, sign_in_message

EVERY_CHARACTER = [chr(code) for code in range(sys.maxunicode + 1)]


@pytest.mark.parametrize(
    ("message", "sign"),
    [
        ("hello; quit", ";"),
        ("hello\u037e quit", "\u037e"),
        ("hello | quit", "|"),
        ('6" pipe', '"'),
        (r"\"x; y\"", "\\"),
        ("C:\\", "\\"),
        ("$rcon_password", "$"),
        ('a | b; "', "|"),
    ],
)
def test_the_first_sign_in_a_message_is_found(message, sign):
    assert sign_in_message(message, ConsoleSyntax.UNKNOWN) == sign
    assert sign_in_message(message, ConsoleSyntax.LINE) is None


@pytest.mark.parametrize(
    "message",
    [
        "it's 5 o'clock",
        'he said "hi"',
        "§cred &aand green",
        "$5 & more",
        "大家好；欢迎",
        "a ¦ b",
        r"¯\_(ツ)_/¯",
        "50% off!",
        "/me",
    ],
)
def test_what_people_say_is_let_through(message):
    assert sign_in_message(message, ConsoleSyntax.UNKNOWN) is None


def test_minecraft_takes_semicolons_and_long_lines():
    assert sign_in_message("one; two $three", ConsoleSyntax.MINECRAFT) is None
    assert sign_in_message("one | two", ConsoleSyntax.MINECRAFT) == "|"
    assert not is_too_long("x" * 1000, ConsoleSyntax.MINECRAFT)


def test_length_counts_in_bytes():
    assert not is_too_long("x" * LONGEST_LINE, ConsoleSyntax.UNKNOWN)
    assert is_too_long("x" * LONGEST_LINE + "x", ConsoleSyntax.UNKNOWN)
    assert is_too_long("服" * 86, ConsoleSyntax.UNKNOWN)
    assert not is_too_long("服" * 86, ConsoleSyntax.LINE)


def test_more_is_refused_in_what_a_star_matched():
    for sign in "&$`":
        assert sign_in_match(f"a {sign} b") == sign
    assert sign_in_match("it's") is None


def test_a_character_that_normalises_to_a_sign_counts_as_that_sign():
    """Whatever normalises text on its way turns U+037E into `;`. Compatible characters (U+FF1B) are others."""
    canonical = {char for char in EVERY_CHARACTER if unicodedata.normalize("NFC", char) in SIGNS_IN_MATCH}
    assert canonical == SIGNS_IN_MATCH
    assert not any(unicodedata.normalize("NFC", char) in {'"', "\\"} for char in EVERY_CHARACTER if not char.isascii())


def test_folding_neither_makes_nor_removes_a_sign():
    """What is matched is folded and what is sent is not, so the two must agree on every sign."""
    signs = SIGNS_IN_MATCH | {'"', "\\", "*"}
    for char in EVERY_CHARACTER:
        if char not in signs:
            assert signs.isdisjoint(fold(char)), hex(ord(char))
    for sign in signs:
        assert fold(sign) == sign


@pytest.mark.parametrize("sign", [*sorted(SIGNS_IN_MATCH), '"', "\\"])
def test_every_sign_has_its_reason(sign):
    assert sign in reason(sign) and "game" in reason(sign)
