"""HS256 tokens as the panel mints them and Wings reads them."""

import base64
import hashlib
import hmac
import json
from typing import Any, cast


class BadTokenError(Exception):
    """Not a token, or not signed with this key."""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def sign(claims: dict[str, Any], key: str, *, jti: str) -> str:
    """A signed token with ``claims``; ``jti`` is repeated in the header as `NodeJWTService` does."""
    header = {"typ": "JWT", "alg": "HS256", "jti": jti}
    signed = f"{_encode(_compact(header))}.{_encode(_compact(claims))}"
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_encode(digest)}"


def read(token: str, key: str) -> dict[str, Any]:
    """The claims of ``token``; raises BadTokenError when it is malformed or signed with another key."""
    try:
        signed, signature = token.rsplit(".", 1)
        header, payload = signed.split(".")
        expected = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(expected, _decode(signature)):
            raise BadTokenError("signature does not match")
        algorithm: Any = json.loads(_decode(header))
        claims: Any = json.loads(_decode(payload))
    except ValueError as error:
        raise BadTokenError("not a token") from error
    if not isinstance(algorithm, dict) or not isinstance(claims, dict):
        raise BadTokenError("not a token")
    if cast("dict[str, Any]", algorithm).get("alg") != "HS256":
        raise BadTokenError("unexpected algorithm")
    return cast("dict[str, Any]", claims)
