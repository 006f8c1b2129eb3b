"""Panel addresses as people paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.panel.urls import normalise_panel_url, origin_of


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("panel.example.test", "https://panel.example.test"),
        ("  https://Panel.Example.TEST/  ", "https://panel.example.test"),
        ("https://panel.example.test:443", "https://panel.example.test"),
        ("http://panel.example.test:80/", "http://panel.example.test"),
        ("http://panel.example.test:8080", "http://panel.example.test:8080"),
        ("panel.example.test:8443/api/client/", "https://panel.example.test:8443"),
        ("https://panel.example.test/api", "https://panel.example.test"),
        ("https://panel.example.test/api/client/servers/3f2b8c1e", "https://panel.example.test"),
        ("https://panel.example.test/auth/login?next=%2F#top", "https://panel.example.test"),
        ("https://panel.example.test/server/3f2b8c1e/console", "https://panel.example.test"),
        ("https://example.test/panel/", "https://example.test/panel"),
        ("https://example.test/panel/api/client", "https://example.test/panel"),
        ("<https://panel.example.test>", "https://panel.example.test"),
        ("http://[2606:4700::1]:8080/", "http://[2606:4700::1]:8080"),
        ("HTTPS://panel.example.test", "https://panel.example.test"),
        ("https://pänel.example.test", "https://xn--pnel-loa.example.test"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_a_pasted_address_becomes_the_panels_base_url(typed, url):
    assert normalise_panel_url(typed) == url
    assert normalise_panel_url(url) == url


PAGES = [
    "api/client",
    "api/client/account",
    "api/application/servers",
    "docs/api",
    "docs/api.json",
    "docs/api/client#/operations/servers",
    "auth/login",
    "auth/password/reset/0123abcd",
    "account",
    "account/api",
    "account/activity?page=2",
    "server/3f2b8c1e",
    "server/3f2b8c1e/files#/plugins",
    "servers",
    "admin",
    "admin/nodes/view/1/settings",
    "index.php",
    "index.php/account",
    "sanctum/csrf-cookie",
    "login",
    "login?next=%2F",
    "logout",
    "register",
    "password-reset/request",
    "password-reset/reset?token=0123&email=a%40example.test",
    "email-verification/prompt",
    "profile",
    "profile?tab=-api-keys-tab",
    "profile?tab=api_keys::data::tab",
    "oauth/redirect/discord",
    "installer",
    "livewire/update",
    "livewire-0123abcd/livewire.js",
    "two-factor-authentication/setup",
    "multi-factor-authentication/set-up",
    "password/reset",
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "base", ["https://panel.example.test", "https://example.test/panel", "http://203.0.113.5:8080"]
)
@pytest.mark.parametrize("end", ["", "/"])
def test_any_page_of_a_panel_stands_for_the_panel(page, base, end):
    """Whichever the panel's kind, and wherever it is installed."""
    assert normalise_panel_url(f"{base}/{page}{end}") == base
    assert normalise_panel_url(f"{base}/{page}".replace("https://", "")) == base


@pytest.mark.parametrize(
    "base", ["https://example.test/profiles", "https://example.test/logins", "https://example.test/p"]
)
def test_a_folder_with_a_name_of_its_own_stays(base):
    assert normalise_panel_url(f"{base}/server/3f2b8c1e") == base


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("ftp://panel.example.test", "starts with https://"),
        ("javascript://x", "starts with https://"),
        ("https://user:pw@panel.example.test", "user name and password"),
        ("user@panel.example.test", "user name and password"),
        ("https://", "not a web address"),
        ("https://panel.example.test:99999", "not a web address"),
        ("https://panel.example.test:0", "not a web address"),
        ("https://panel.example.test:abc", "not a web address"),
        ("https://pan el.example.test", "not a web address"),
        ("https://panel\n.example.test", "not a web address"),
        ("https://panel.example.test\\@evil.test", "not a web address"),
        ("https://<@1>.test", "user name and password"),
        ("https://[::1", "not a web address"),
        ("https://" + "a" * 3000, "not a web address"),
        ("ptlc_0123456789 is my key", "not a web address"),
        ("ptlc_0123456789abcdef", "fields of their own"),
        ("https://panel.example.test/?key=pacc_0123456789abcdef", "fields of their own"),
    ],
)
def test_what_cannot_be_an_address_is_refused_with_a_sentence(typed, words):
    with pytest.raises(BadInput, match=words):
        normalise_panel_url(typed)


@given(st.text(max_size=60))
def test_any_text_gives_an_address_or_a_sentence(text):
    try:
        url = normalise_panel_url(text)
    except BadInput:
        return
    assert url.startswith(("http://", "https://"))
    assert not url.endswith("/")
    assert normalise_panel_url(url) == url
    assert url.startswith(origin_of(url))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Panel.example.test:443/x?y", "https://panel.example.test"),
        ("http://panel.example.test:8080/api", "http://panel.example.test:8080"),
        ("wss://node.example.test:443/api", "wss://node.example.test"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_an_origin_is_scheme_host_and_unusual_port(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize("url", ["", "/relative", "https://", "panel.example.test"])
def test_there_is_no_origin_without_scheme_and_host(url):
    with pytest.raises(BadInput):
        origin_of(url)
