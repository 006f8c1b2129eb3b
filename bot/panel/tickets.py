"""Console tickets: what the panel's token says about itself, read without the key that would verify it."""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit

from bot.errors import PanelBroken
from bot.i18n import _
from bot.panel.models import ConsoleTicket

_LONGEST_TOKEN = 8_000
"""Characters. Wings takes frames of 4,096 bytes since 1.12; a real token has some 800."""
_LONGEST_ADDRESS = 2_000
_ORIGIN = re.compile(r"[!-~]{1,2000}")
"""What can stand in a header."""


def parse_ticket(answer: object) -> ConsoleTicket:
    """Turn the panel's `{"data": {"token", "socket"}}` into a ticket; PanelBroken if either cannot be used.

    Source: panel `app/Http/Controllers/Api/Client/Servers/WebsocketController.php`,
    `app/Services/Nodes/NodeJWTService.php`.
    """
    outer = cast("dict[str, Any]", answer).get("data") if isinstance(answer, dict) else None
    data = cast("dict[str, Any]", outer) if isinstance(outer, dict) else {}
    token, socket = data.get("token"), data.get("socket")
    if not isinstance(token, str) or not isinstance(socket, str) or len(token) > _LONGEST_TOKEN:
        raise _unusable()
    claims = _claims(token)
    expires, issuer = claims.get("exp"), claims.get("iss")
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise _unusable()
    try:
        expires_at = datetime.fromtimestamp(expires, UTC)
    except (ValueError, OverflowError, OSError):
        raise _unusable() from None
    return ConsoleTicket(
        token=token,
        socket_url=_socket_url(socket),
        expires_at=expires_at,
        issuer=issuer if isinstance(issuer, str) and _ORIGIN.fullmatch(issuer) else None,
    )


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        raise _unusable()
    try:
        payload: object = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        # The cause is left out: its text may hold part of the token.
        raise _unusable() from None
    if not isinstance(payload, dict):
        raise _unusable()
    return cast("dict[str, Any]", payload)


def _socket_url(text: str) -> str:
    """Check the node's address, and bracket an IPv6 literal that the panel pasted in bare."""
    try:
        parts = urlsplit(text)
        if parts.netloc.count(":") > 1 and "[" not in parts.netloc:
            host, _colon, port = parts.netloc.rpartition(":")
            parts = urlsplit(parts._replace(netloc=f"[{host}]:{port}").geturl())
        usable = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and "@" not in parts.netloc
        _port = parts.port  # raises ValueError if it is none
    except ValueError:
        usable = False
        parts = urlsplit("")
    if not usable or len(text) > _LONGEST_ADDRESS or any(char.isspace() for char in text):
        raise PanelBroken(
            _(
                "The panel named a console address that cannot be used: its administrator should check the node's "
                "domain name and daemon port."
            )
        )
    return parts.geturl()


def _unusable() -> PanelBroken:
    return PanelBroken(
        _(
            "The panel handed out a console ticket that cannot be read: try again, and tell its administrator if "
            "it stays so."
        )
    )
