"""Names and sentences of others are shown literally, escaped once or not yet."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console import refusals
from bot.console.dial import SocketAddress, _failure_sentence
from bot.text.markdown import escape, plain, quoted

HOSTILE = "**b** `c` [l](https://evil.example) <@1> @everyone \\ a_b_c"


def shown(text):
    """What Discord shows of a text in which every special character is escaped."""
    assert not re.search(r"[*_~`|<>\[\]()#@]", re.sub(r"\\.", "", text)), text
    return re.sub(r"\\(.)", r"\1", text)


@given(st.text(alphabet="ab\\*_`<@:>- .", max_size=30))
def test_nothing_stays_bare_in_what_is_escaped(text):
    assert shown(escape(text)) == " ".join(text.split())


@given(st.text(alphabet="ab\\*_`<@:>-# .", max_size=30), st.sampled_from(["", "`a b`", "**a**", "`` a`b ``"]))
def test_what_is_escaped_is_itself_again_for_a_terminal_whatever_signs_it_holds(text, before):
    """Two backticks of a name are no code of ours."""
    name = " ".join(text.split())
    assert plain(escape(text)) == name
    assert plain(f"{before} “{escape(text)}”") == f"{before.strip('`* ')} “{name}”"


@given(st.text(alphabet="ab\\*_`<@:>-# .", max_size=30))
def test_a_sentence_within_another_has_no_signs_and_its_names_stay(text):
    """Who is told does not see the stars of a name in bold, but each sign that is the name's own."""
    name = " ".join(f"a{text}".split())
    sentence = f"**{escape(name)}** is off until <t:1764580000:f>: use `/start`, in *Panel*."
    told = quoted(sentence)
    assert told.count("<t:1764580000:f>") == 1
    assert shown(told.replace("<t:1764580000:f>", "later")) == f"{name} is off until later: use /start, in Panel."


@pytest.mark.parametrize(
    "sentence",
    [
        refusals.suspended(HOSTILE),
        refusals.deleted(HOSTILE),
        refusals.moved(HOSTILE),
        refusals.unknown_to_node(HOSTILE, HOSTILE),
        refusals.origin_refused(HOSTILE, [HOSTILE, HOSTILE]),
        *(refusals.handshake_sentence(HOSTILE, status, "<html>", secure=True) for status in (302, 403, 429, 502, 418)),
        refusals.handshake_sentence(HOSTILE, 400, "too many open", secure=False),
        refusals.handshake_sentence(HOSTILE, 400, "https", secure=False),
        *(
            _failure_sentence(SocketAddress("ws://x", HOSTILE, 1, True), error)
            for error in (TimeoutError(), OSError(), EOFError())
        ),
    ],
)
def test_names_in_what_is_said_of_a_console_are_shown_literally(sentence):
    text = re.sub(r"`allowed_origins`|`remote`|\(status \d+\)", "", str(sentence))
    assert " ".join(HOSTILE.split()) in shown(text)
