"""A pattern means the same with google-re2 and with pyre2, which stands in where google-re2 has no package."""

import importlib
import importlib.util
import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.patterns import PatternError, compile_with
from tests.machines import packages

SYNTAX = r"""
\x{1F600} \x{5d} \x{110000} \x20 \x5b \xg \Q[a.\E \Q \E \0 \012 \12 \1 \8 \Z \z \A \b \B \_ \- \] \[ \n \ # , : < > =
\pN \p{Greek} \PL [[:alpha:]] [:digit:] (?: (?i) (?i: (?P<n> (?= (?! (?U) (?s) (?m) (?-i) \d \w \s \D \W \S \C \R \G
\h \K \a \f \v \r {2} {,2} {2,} {2,1} {1001} ?? && [ ] ^ - ~ ( ) { } * + ? | . $ a b Z ä ß 😀 ٣ 1 _
"""
PIECES = [*SYNTAX.split(), " ", "\n", "\0"]
TEXTS = [*"abZäÄß😀٣1_[]\\-^&{}QEx5().|é", " ", "\n", "\t", "\0", "\N{NO-BREAK SPACE}"]
patterns = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=8).map("".join)
lines = st.lists(st.sampled_from(TEXTS), max_size=8).map("".join)


@pytest.fixture(scope="module")
def engines():
    """The modules by their names. Both call themselves `re2`, so that one of them must be loaded from its file."""
    installed = importlib.import_module("re2")
    if not hasattr(installed, "Options"):
        return {"pyre2": installed}
    (file,) = packages().glob("re2.*")
    spec = importlib.util.spec_from_file_location("re2", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {"google-re2": installed, "pyre2": module}


def verdicts(engine, pattern: str, texts: list[str]) -> list[bool] | None:
    """Which texts match; None where the pattern is refused."""
    try:
        compiled = compile_with(engine, pattern)
    except PatternError:
        return None
    return [compiled.search(text) is not None for text in texts]


@given(pattern=patterns, texts=st.lists(lines, min_size=3, max_size=6))
def test_all_engines_judge_alike(engines, pattern, texts):
    assert len({str(verdicts(engine, pattern, texts)) for engine in engines.values()}) == 1


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"\d", "1", "٣"),
        (r"\w", "a", "ä"),
        (r"\bü", "aü", "ü"),
        (r"(?i)ä", "Ä", "a"),
        (r"\x{1F600}\x41", "😀A", "A"),
        (r"\101\0", "A\0", "A"),
        (r"\Q[a.b]*\E$", "[a.b]*", "aab"),
        (r"[]a]x", "]x", "[x"),
        (r"[^]a]x", "bx", "]x"),
        (r"[\x{5d}\x2d]", "]", "a"),
        ("a{,2}", "a{,2}", "aa"),
        (r"\pN\z", "x٣", "٣x"),
        ("[[:alpha:]]_", "a_", "1_"),
        ("a#b c", "a#b c", "ab"),
        ("^b", "b", "a\nb"),
        ("(?m)^b", "a\nb", "a"),
        ("a.b", "aäb", "a\nb"),
    ],
)
def test_a_pattern_means_what_re2_says(engines, pattern, yes, no):
    for name, engine in engines.items():
        assert verdicts(engine, pattern, [yes, no]) == [True, False], name


@pytest.mark.parametrize(
    "pattern",
    ["\\", r"\Z", r"\8", r"\1", r"(a)\1", r"\xg", r"\x{110000}", "(?=a)", "(?<=a)b", "(?>a)", "a++", "[", "[a", "(", ")", "\ud800"],
)  # fmt: skip
def test_what_re2_does_not_know_is_refused_and_never_left_to_another_engine(engines, pattern):
    for name, engine in engines.items():
        assert verdicts(engine, pattern, []) is None, name


def test_a_pattern_whose_end_pyre2_runs_over_is_refused_like_any_other():
    def runs_over(pattern, *_):
        return pattern[len(pattern)]

    engine = SimpleNamespace(
        compile=runs_over, error=re.error, ASCII=0, FALLBACK_EXCEPTION=0, set_fallback_notification=lambda _: None
    )
    with pytest.raises(PatternError, match="unexpected end"):
        compile_with(engine, "[")


@pytest.mark.parametrize(
    ("pattern", "reason", "part"),
    [("ab)c", "unexpected )", ""), ("(ab", "missing )", ""), ("[ab", "missing ]", ""), (r"é\1", "invalid escape sequence", r"\1")],
)  # fmt: skip
def test_the_reason_is_told_alike(engines, pattern, reason, part):
    for engine in engines.values():
        with pytest.raises(PatternError) as refused:
            compile_with(engine, pattern)
        assert refused.value.reason == reason
        assert part in refused.value.part
