"""Which lines a relay shows."""

import contextlib
import time

import pytest

from bot.errors import BadInput
from bot.text.filters import LineFilter


def test_without_patterns_every_line_is_shown():
    assert LineFilter.compile(None, "").shows("anything")


def test_include_and_exclude_work_together():
    wanted = LineFilter.compile("(?i)join|left", "Bot")
    assert wanted.shows("Steve JOINED")
    assert not wanted.shows("Bot left")
    assert not wanted.shows("saved")


def test_text_of_all_scripts_matches():
    assert LineFilter.compile("加入.*🎮", None).shows("玩家 加入 了 🎮")


@pytest.mark.parametrize(
    ("pattern", "marked", "why"),
    [
        ("(abc", "(abc▸", "never closed"),
        ("[abc", "[abc▸", "never closed"),
        ("ab)c", "ab▸)c", "never opened"),
        ("ok(?=x)", "ok▸(?=x)", "Look-around"),
        ("ok(?!x)", "ok▸(?!x)", "Look-around"),
        ("(?<=a)b", "▸(?<=a)b", "Look-around"),
        ("(?<!a)b", "▸(?<!a)b", "Look-around"),
        ("xa**", "xa▸**", "Two signs"),
        ("*a", "▸*a", "nothing before it"),
        (r"é\1", r"é▸\1", "Back-references"),
        ("a{5000}", "a▸{5000}", "1,000 times"),
        (r"a\q", r"a▸\q", "invalid escape sequence"),
    ],
)
def test_a_bad_pattern_is_refused_with_the_place_marked_and_the_reason_in_words(pattern, marked, why):
    with pytest.raises(BadInput) as refused:
        LineFilter.compile(None, pattern)
    said = str(refused.value)
    assert said.startswith(f"I cannot read `exclude` at the place marked ▸: `{marked}`.")
    assert why in said
    assert "perl" not in said and "`joined|left`" in said


@pytest.mark.parametrize("pattern", ["\ud800", "x" * 301, "((a{100}){100}){100}"])
def test_what_cannot_be_a_pattern_is_refused(pattern):
    with pytest.raises(BadInput):
        LineFilter.compile(pattern, None)


CATASTROPHES = ["(a*)*(a|aa)+$x", "(a+)+$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(.*a){20}$", "(a?){150}a{150}", "(x+x+)+y"]


@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_no_pattern_can_make_it_hang(pattern):
    """Each of these takes Python's own engine longer than the age of the universe, on the longest line of Wings."""
    wanted = LineFilter.compile(pattern, pattern)
    start = time.process_time()
    for line in ("a" * 65536, "a" * 65535 + "!", "x" * 65536, "ab" * 32768):
        wanted.shows(line)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "pattern", ["(" * 299, "(?i)" * 70, "a|" * 149, "[" + "a-z" * 99 + "]", "((a{1000}){1000}){9}"]
)
def test_no_pattern_can_make_compiling_hang(pattern):
    start = time.process_time()
    with contextlib.suppress(BadInput):
        LineFilter.compile(pattern, None)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "pattern", ["(?:[ab]?[ab]?[ab]?){999}c", "(?:(?:a|ab|b|ba){0,30}c?){33}x", "(?:abcdefghijk){999}"]
)
def test_a_pattern_that_would_take_long_for_each_character_is_refused(pattern):
    with pytest.raises(BadInput, match="too large"):
        LineFilter.compile(pattern, None)


@pytest.mark.parametrize("pattern", [r"\pL+", r"(?i)\pL+\pN", "(?i)" + "é" * 290, r"(?i)(error|warn|severe)+.{0,99}"])
def test_a_pattern_of_the_usual_kind_is_not_too_large(pattern):
    LineFilter.compile(pattern, None)


def test_of_a_very_long_line_the_beginning_is_looked_at():
    wanted = LineFilter.compile("end", None)
    assert wanted.shows("x" * 1997 + "end")
    assert not wanted.shows("x" * 60_000 + "end")
