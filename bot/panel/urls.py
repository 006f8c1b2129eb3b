"""Panel addresses as people paste them, made uniform; nothing here touches the network."""

import re
from urllib.parse import SplitResult, urlsplit

from bot.api_keys import PREFIXED, holds_key
from bot.errors import BadInput
from bot.i18n import _

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HOST = re.compile(r"[a-z0-9_.-]{1,253}|[0-9a-f:.]{2,45}")
# What follows the panel's own address when somebody copies it from a browser or from documentation: the first words of
# the paths that panels answer. Sources: panel and Pelican `routes/*.php`, Pelican `app/Providers/Filament/*.php`.
_PAGES = re.compile(
    r"/(?:"
    r"api|docs|auth|account|admin|servers?|"  # of both
    r"locales|sanctum|index\.php|"
    r"login|logout|register|password-reset|email-verification|"  # of Pelican's area for clients, and for logging in
    r"two-factor-authentication|multi-factor-authentication|"
    r"profile|oauth|installer|livewire[\w-]*|filament|"
    r"password|daemon"  # of 0.7
    r")(?:/.*)?$",
    re.IGNORECASE,
)


def normalise_panel_url(text: str) -> str:
    """Return the panel's base URL: scheme, lower-case host, port unless default; no trailing slash, no `/api`.

    Raises BadInput with a sentence for anything that cannot be a panel's address.
    """
    text = text.strip().strip("<>").strip()
    if not text:
        raise BadInput(_("The panel's address is missing: paste it as it stands in your browser's address bar."))
    if len(text) > 2000 or any(char.isspace() or not char.isprintable() or char == "\\" for char in text):
        raise _no_address()
    # A key pasted into the wrong field must not become a name that is looked up and repeated in a reply.
    if PREFIXED.search(text) or holds_key(text):
        raise BadInput(_("That contains an API key, not the panel's address: the two have fields of their own."))
    if "://" not in text:
        text = f"https://{text}"
    parts = _split(text)
    if parts.scheme not in {"http", "https"}:
        raise BadInput(_("A panel's address starts with https:// (or http://): paste it from your browser."))
    if "@" in parts.netloc:
        raise BadInput(_("Leave the user name and password out of the panel's address: the API key is all it takes."))
    path = _PAGES.sub("", parts.path).rstrip("/")
    return f"{parts.scheme}://{_host_and_port(parts)}{path}"


def origin_of(url: str) -> str:
    """Return `scheme://host[:port]`, lower-case, without the scheme's default port; BadInput if there is none."""
    parts = _split(url)
    if not parts.scheme:
        raise _no_address()
    return f"{parts.scheme}://{_host_and_port(parts)}"


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as exc:
        raise _no_address() from exc


def _host_and_port(parts: SplitResult) -> str:
    try:
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as exc:  # UnicodeError is one
        raise _no_address() from exc
    if not _HOST.fullmatch(host) or port == 0:
        raise _no_address()
    host = f"[{host}]" if ":" in host else host
    return host if port is None or port == _DEFAULT_PORTS.get(parts.scheme) else f"{host}:{port}"


def _no_address() -> BadInput:
    return BadInput(_("That is not a web address: write it like https://panel.example.com."))
