"""The settings: the contract's variables, `.env`, and mistakes told in one line without the values."""

import os
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bot.errors import ExitCode, StartupError
from bot.settings import Settings, load_settings, require_token


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = load_settings()
    assert settings.discord_token is None
    assert settings.database_url == "sqlite+aiosqlite:///data/wingcord.db"
    assert settings.secret_keys is None
    assert settings.allow_private_panels is False
    assert settings.discord_api_url is None
    assert settings.discord_gateway_url is None
    assert settings.http_listen is None
    assert (settings.max_panels, settings.max_servers, settings.max_grants, settings.max_relays) == (25, 500, 500, 500)
    assert (settings.log_level, settings.log_format) == ("info", "text")


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DISCORD_TOKEN=from-file\nLOG_LEVEL=debug\nSOMETHING_ELSE=1\nSECRET_KEYS=\n")
    monkeypatch.setenv("DISCORD_TOKEN", " from-environment ")
    settings = load_settings()
    assert settings.discord_token is not None
    assert settings.discord_token.get_secret_value() == "from-environment"
    assert settings.log_level == "debug"
    assert settings.secret_keys is None, "an empty variable counts as not set"


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65535)],
)
def test_an_address_to_listen_on_is_host_and_port(
    text: str, host: str, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_LISTEN", text)
    assert load_settings().http_listen == (host, port)


def test_addresses_lose_their_last_slash_and_levels_their_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_API_URL", "http://127.0.0.1:8080/api/v10/")
    monkeypatch.setenv("DISCORD_GATEWAY_URL", "ws://127.0.0.1:8080/")
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    settings = load_settings()
    assert settings.discord_api_url == "http://127.0.0.1:8080/api/v10"
    assert settings.discord_gateway_url == "ws://127.0.0.1:8080"
    assert settings.log_level == "warning"


def test_all_mistakes_are_told_at_once_in_one_line_without_the_values(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "ALLOW_PRIVATE_PANELS": "planted-a",
        "DISCORD_API_URL": "planted-b",
        "DISCORD_GATEWAY_URL": "https://planted-c",
        "HTTP_LISTEN": "planted-d:99999",
        "MAX_PANELS": "planted-g",
        "MAX_SERVERS": "0",
        "MAX_GRANTS": "-1",
        "MAX_RELAYS": "10001",
        "LOG_LEVEL": "planted-e",
        "LOG_FORMAT": "planted-f",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StartupError) as refused:
        load_settings()
    line = str(refused.value)
    assert refused.value.exit_code == ExitCode.SETTINGS
    assert all(name in line for name in wrong)
    assert "planted" not in line
    assert "\n" not in line
    assert "MAX_PANELS must be a valid integer;" in line
    assert "MAX_SERVERS must be greater than or equal to 1;" in line


@pytest.mark.parametrize("text", ["8080", ":8080", "host:", "host:x", "host:65536", "host:-1", "host:８０"])
def test_half_an_address_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_LISTEN", text)
    with pytest.raises(StartupError, match=r"HTTP_LISTEN must be host:port"):
        load_settings()


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00LOG")
    with pytest.raises(StartupError, match=r"\.env cannot be read"):
        load_settings()


GOOD = {
    "DISCORD_TOKEN": "MTIz.abc-D_e.xyz",
    "DATABASE_URL": "postgresql+asyncpg://bot:pass@host/db",
    "SECRET_KEYS": "a2V5,a2V6",
    "ALLOW_PRIVATE_PANELS": "true",
    "DISCORD_API_URL": "http://127.0.0.1:8080/api/v10",
    "DISCORD_GATEWAY_URL": "ws://127.0.0.1:8081",
    "HTTP_LISTEN": "127.0.0.1:8080",
    "MAX_PANELS": "3",
    "MAX_SERVERS": "4",
    "MAX_GRANTS": "5",
    "MAX_RELAYS": "6",
    "LOG_LEVEL": "debug",
    "LOG_FORMAT": "json",
}
blanks = st.text(" \t\r\n", max_size=2)


@given(data=st.data())
@hypothesis.settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_blanks_and_quotes_around_any_setting_mean_nothing(data, monkeypatch: pytest.MonkeyPatch) -> None:
    """`docker run --env-file` and service managers keep what `.env` would take away."""
    assert list(GOOD) == [name.upper() for name in Settings.model_fields]
    wanted = Settings.model_validate({name.lower(): value for name, value in GOOD.items()}).model_dump()
    for name, value in GOOD.items():
        left, right = data.draw(st.sampled_from(["''", '""', "“”", "‘’", "``", ("", "")]))
        around = data.draw(blanks) + left + data.draw(blanks) + "{}" + data.draw(blanks) + right + data.draw(blanks)
        monkeypatch.setenv(name, around.format(value))
    assert load_settings().model_dump() == wanted
    for name in GOOD:
        monkeypatch.setenv(name, data.draw(st.sampled_from(['""', "''", " ", '" "'])))
    assert load_settings().model_dump() == Settings().model_dump(), "with nothing in between, they are not set"


@pytest.mark.parametrize("token", ['"abc.def', "abc.def'", "“abc.def", 'abc"def'])
def test_a_quote_that_is_left_in_a_token_is_told(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", token)
    with pytest.raises(StartupError, match="without spaces, quotes"):
        require_token(load_settings())


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    """Its Notepad puts a mark in front, which would else be a part of the first name."""
    (tmp_path / ".env").write_bytes("\ufeffDISCORD_TOKEN=abc.def\r\nLOG_LEVEL=debug\r\n".encode())
    settings = load_settings()
    assert (require_token(settings), settings.log_level) == ("abc.def", "debug")


def test_without_a_token_one_is_told_what_is_missing(tmp_path: Path) -> None:
    """The file itself, where its example is at hand; else the setting."""
    with pytest.raises(StartupError, match=r"not set: copy the token .* into the environment"):
        require_token(load_settings())
    (tmp_path / ".env.example").write_text("DISCORD_TOKEN=\n")
    with pytest.raises(StartupError, match=r"no file \.env here\. Make one first: cp \.env\.example \.env\."):
        require_token(load_settings())
    (tmp_path / ".env.txt").write_text("DISCORD_TOKEN=abc\n")
    with pytest.raises(StartupError, match=r"called \.env\.txt, not \.env\."):
        require_token(load_settings())
    (tmp_path / ".env").write_text("DISCORD_TOKEN=\n")
    with pytest.raises(StartupError, match="not set: copy the token"):
        require_token(load_settings())


def test_secrets_are_not_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "planted-token")
    monkeypatch.setenv("SECRET_KEYS", "planted-keys")
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://bot:planted@host/db")
    assert "planted" not in repr(load_settings())
