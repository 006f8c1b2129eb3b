"""The only reader of the environment: every setting, its default, and what is wrong with it in one line."""

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import ExitCode, StartupError
from bot.i18n import _

ENV_FILE = Path(".env")
EXAMPLE = Path(".env.example")
_PAIRS = {('"', '"'), ("'", "'"), ("`", "`"), ("“", "”"), ("‘", "’")}
_QUOTES = "\"'`“”‘’"


class HostPort(NamedTuple):
    """An address to listen on; port 0 lets the system choose one."""

    host: str
    port: int


def _host_port(text: object) -> object:
    if not isinstance(text, str):
        return text
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (host and colon and port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError(_("must be host:port, such as 127.0.0.1:8080"))
    return HostPort(host, int(port))


def _address(*schemes: str) -> AfterValidator:
    def check(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(
                _("must be an address that begins with {schemes}").format(schemes="://, ".join(schemes) + "://")
            )
        return text.rstrip("/")

    return AfterValidator(check)


def unquoted(text: str) -> str:
    """Return the text without blanks around it, and without a pair of quotes around it."""
    bare = text.strip()
    if len(bare) >= 2 and (bare[0], bare[-1]) in _PAIRS:
        return bare[1:-1].strip()
    return bare


def _lower(text: object) -> object:
    return text.strip().lower() if isinstance(text, str) else text


_Most = Annotated[int, Field(ge=1, le=10_000)]
"""Each grant of a guild is read for its commands, and each relay compared when one changes: more would be felt."""


class Settings(BaseSettings):
    """What the owner decides, from the environment and `.env`; the field `log_level` is the variable `LOG_LEVEL`."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,  # `SECRET_KEYS=` in a copied .env.example means: not set
        extra="ignore",  # the .env file may serve other programs too
        frozen=True,
        hide_input_in_errors=True,  # a mistyped token must not be told to the log
        str_strip_whitespace=True,
    )

    discord_token: SecretStr | None = None
    """The bot token; required to run."""
    database_url: str = Field(default="sqlite+aiosqlite:///data/wingcord.db", repr=False)
    """Any SQLAlchemy URL with an async driver; may hold a password."""
    secret_keys: SecretStr | None = None
    """Fernet keys, newest first, comma-separated; None means the key file beside the database."""
    allow_private_panels: bool = False
    """Whether a panel or node may live on a private or loopback address."""
    discord_api_url: Annotated[str, _address("http", "https")] | None = None
    """Base for REST, without a slash at the end; None means Discord."""
    discord_gateway_url: Annotated[str, _address("ws", "wss")] | None = None
    """Gateway to connect to, without a slash at the end; None means what Discord answers."""
    http_listen: Annotated[HostPort | None, NoDecode, BeforeValidator(_host_port)] = None
    """Where /healthz, /readyz and /metrics are served; None means nowhere."""
    max_panels: _Most = 25
    """How many panels one guild may connect."""
    max_servers: _Most = 500
    """How many servers one guild may link."""
    max_grants: _Most = 500
    """How many grants one guild may make."""
    max_relays: _Most = 500
    """How many consoles one guild may send to channels."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = "info"
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = "text"

    @model_validator(mode="before")
    @classmethod
    def _without_quotes(cls, values: object) -> object:
        """Take every value without blanks and quotes around it: what `.env` may hold, `docker --env-file` keeps.

        What is empty then counts as not set, as an empty variable does.
        """
        if not isinstance(values, dict):
            return values
        given = cast("dict[str, Any]", values)
        bare = {name: unquoted(value) if isinstance(value, str) else value for name, value in given.items()}
        return {name: value for name, value in bare.items() if value != ""}


class _WithFile(Settings):
    """The settings as the program reads them; tests construct `Settings` and read nobody's file."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8-sig"
    )  # with the mark that Windows puts in front, or not


def load_settings() -> Settings:
    """Read the settings from the environment, and from `.env` what the environment does not say.

    Raises:
        StartupError: with all mistakes in one line, values not shown.
    """
    try:
        # Validating an empty mapping reads the environment as the constructor does, and type checkers agree with it.
        return _WithFile.model_validate({})
    except ValidationError as error:
        raise _refused(error) from None
    except OSError as error:
        raise _unreadable((error.strerror or str(error)).lower()) from None


def _refused(error: ValidationError) -> StartupError:
    mistakes: list[str] = []
    for mistake in error.errors(include_url=False, include_input=False):
        if not mistake["loc"]:  # not about a setting: the file could not be decoded
            return _unreadable(_("it is not UTF-8 text"))
        mistakes.append(f"{str(mistake['loc'][0]).upper()} {_plain(mistake['msg'])}")
    return StartupError(
        _("Settings that cannot be used: {mistakes}. Correct them in .env or in the environment.").format(
            mistakes="; ".join(mistakes)
        ),
        exit_code=ExitCode.SETTINGS,
    )


def _unreadable(reason: str) -> StartupError:
    return StartupError(
        _("The file {file} cannot be read: {reason}.").format(file=ENV_FILE, reason=reason),
        exit_code=ExitCode.SETTINGS,
    )


def _plain(message: str) -> str:
    """Return pydantic's message as the second half of a sentence."""
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    return message.split(", unable to ")[0]


def require_token(settings: Settings) -> str:
    """Return the bot token.

    Raises:
        StartupError: it is not set, or cannot be a token.
    """
    token = settings.discord_token.get_secret_value().strip() if settings.discord_token else ""
    if not token:
        raise StartupError(_no_token(), exit_code=ExitCode.TOKEN)
    if not token.isascii() or not token.isprintable() or any(sign in token for sign in f" {_QUOTES}"):
        raise StartupError(
            _(
                "DISCORD_TOKEN is not a token: it is one word without spaces, quotes or line breaks; "
                "copy it again from the developer portal (your application, Bot)."
            ),
            exit_code=ExitCode.TOKEN,
        )
    return token


def _no_token() -> str:
    misnamed = ENV_FILE.with_name(".env.txt")
    if not ENV_FILE.exists() and misnamed.exists():
        return _(
            "DISCORD_TOKEN is not set: the file is called .env.txt, not .env. Rename it; Windows shows the .txt only "
            "with “File name extensions” switched on in the Explorer."
        )
    if not ENV_FILE.exists() and EXAMPLE.exists():
        return _(
            "DISCORD_TOKEN is not set, and there is no file .env here. Make one first: cp .env.example .env. "
            "Then copy the token from the developer portal (your application, Bot) into it."
        )
    return _(
        "DISCORD_TOKEN is not set: copy the token from the developer portal (your application, Bot) into .env, "
        "or into the environment."
    )
