"""What is meant by a pasted key, and where one was pasted by mistake."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.api_keys import holds_key, meant, refuse_key, require_key
from bot.errors import BadInput
from bot.panel.urls import normalise_panel_url

SECRET = "4mLN9Yh1bGqUo3WcX7TkRvE2aZs8DfJp0HiQwBnMyKt"
PREFIXES = ["ptlc_", "ptla_", "pacc_", "papp_"]
OLD = "aB3" * 16
KEYS = [prefix + SECRET for prefix in PREFIXES] + [OLD]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "pasted",
    [
        "{}",
        " {}\n",
        "Bearer {}",
        "bearer  {}",
        "Authorization: Bearer {}",
        '"{}"',
        "'{}'",
        "`{}`",
        "“{}”",
        "<{}>",
        '"Bearer {}"',
        "Bearer '{}'",
        "\u200b{}\u200b",
        "```\n{}\n```",
    ],
)
def test_a_key_is_meant_whatever_was_pasted_around_it(key, pasted):
    assert meant(pasted.format(key)) == key
    require_key(meant(pasted.format(key)))


@given(st.text(max_size=80))
def test_what_is_meant_is_meant_once(text):
    assert meant(meant(text)) == meant(text)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_identifier_that_a_panel_lists_is_told_to_be_too_short(prefix):
    with pytest.raises(BadInput, match="too short") as refused:
        require_key(prefix + SECRET[:11])
    assert SECRET[:11] not in str(refused.value)


@pytest.mark.parametrize("key", ["", "two words", "kéy", "https://panel.example.test/account/api"])
def test_what_cannot_be_a_key_is_refused_before_a_panel_hears_of_it(key):
    with pytest.raises(BadInput):
        require_key(meant(key))


@given(st.sampled_from(KEYS), st.text(max_size=20), st.text(max_size=20))
def test_a_key_is_found_wherever_it_stands_and_never_repeated(key, before, after):
    if key is OLD:  # without a prefix it must stand alone
        before, after = before + " ", " " + after
    text = f"{before}{key}{after}"
    assert holds_key(text)
    with pytest.raises(BadInput) as refused:
        refuse_key("label", text)
    assert key not in str(refused.value)


@given(st.text(alphabet=string.ascii_letters + string.digits + " -_.:/", max_size=47))
def test_ordinary_words_are_no_keys(text):
    assert not holds_key(text.replace("_", "-"))


@pytest.mark.parametrize(
    "text",
    [
        "Castle",
        "3f2b8c1e-77aa-4c11-9d55-0123456789ab",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",  # digests have no capitals
        "A" * 48,
        "ptlc_",
        "the key begins with ptlc_ or pacc_",
    ],
)
def test_names_identifiers_and_digests_are_no_keys(text):
    refuse_key("server", text)


def test_an_old_key_in_the_address_is_recognised_too():
    with pytest.raises(BadInput, match="fields of their own"):
        normalise_panel_url(OLD)
