"""What may be a name, and what another program's name becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.names import fold, is_one_line, tidied
from bot.text.markdown import escape


@pytest.mark.parametrize(
    "name", ["Castle", "🏴\u200d☠️ Pirates", "❤️\u200d🔥", "\U0001fae8 shaking", "شبكة", "a\u00a0b", "x"]
)
def test_words_and_emoji_of_any_script_and_age_are_names(name: str) -> None:
    assert is_one_line(name)


@pytest.mark.parametrize(
    "name", ["", " ", "\u200d", "\ufe0f", "a\nb", "a\x00b", "a\x1b[31mb", "a\u2028b", "\u202egnp.exe", "\ud83d"]
)
def test_what_hides_breaks_the_line_or_turns_it_around_is_no_name(name: str) -> None:
    assert not is_one_line(name)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" two\n lines ", "two lines"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u200d", ""),
        ("x" * 20, "x" * 9 + "…"),
        ("a\x00b", "a b"),
    ],
)
def test_a_name_of_another_program_is_mended_rather_than_refused(given: str, kept: str) -> None:
    assert tidied(given, 10) == kept
    assert kept == "" or is_one_line(kept)


def test_no_word_of_others_can_turn_the_bots_own_sentence_around() -> None:
    assert escape("\u202ea\u2066*b*") == r"a\*b\*"


@given(st.text(max_size=60))
def test_folding_again_changes_nothing(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@pytest.mark.parametrize("unit", ["\ufdfa", "\u0301\u0316", "ß", "\ufb03", "x", " "])
def test_however_long_a_name_its_folded_form_is_short(unit: str) -> None:
    assert len(fold(unit * 1_000_000)) <= 200
    assert fold("  CASTLE  One ") == "castle one"
