"""Error answers of the 1.x panel, with the texts and codes of its exception handler (`app/Exceptions/Handler.php`)."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

GENERIC = "An unexpected error was encountered while processing this request, please try again."
LEGACY_GENERIC = "An error was encountered while processing this request."


@dataclass
class PanelError(Exception):
    """One refusal. ``display`` marks the `DisplayException` family, which without a JSON Accept becomes a redirect."""

    status: int
    code: str
    detail: str
    meta: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    display: bool = False
    field_name: str | None = None

    def body(self) -> str:
        """The error envelope of panel 1.x; most error bodies are pretty-printed."""
        entry: dict[str, Any] = {"code": self.code, "status": str(self.status), "detail": self.detail}
        if self.meta is not None:
            entry["meta"] = self.meta
        return json.dumps({"errors": [entry]}, indent=4)


class WingsUnreachableError(Exception):
    """The node gave no HTTP answer at all."""


@dataclass
class WingsError(Exception):
    """The node answered with an error status."""

    status: int
    text: str
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def unauthenticated() -> PanelError:
    """No key, or one nobody owns."""
    return PanelError(401, "AuthenticationException", "Unauthenticated.")


def forbidden(detail: str = "This action is unauthorized.") -> PanelError:
    """A permission is missing."""
    return PanelError(403, "AccessDeniedHttpException", detail)


def ip_refused(address: str) -> PanelError:
    """The key is restricted to other addresses."""
    return forbidden(f"This IP address ({address}) does not have permission to access the API using these credentials.")


def application_key() -> PanelError:
    """An application key on a client route."""
    return forbidden("You are attempting to use an application API key on an endpoint that requires a client API key.")


def no_administrator() -> PanelError:
    """The application API is for administrators."""
    return forbidden("This account does not have permission to access the API.")


def no_websocket() -> PanelError:
    """The caller may not connect to the console."""
    return PanelError(
        403, "HttpForbiddenException", "You do not have permission to connect to this server's websocket."
    )


def unknown_server() -> PanelError:
    """No such server."""
    return PanelError(404, "NotFoundHttpException", "The requested resource could not be found on the server.")


def no_access() -> PanelError:
    """The server exists but the caller has nothing to do with it."""
    return PanelError(404, "NotFoundHttpException", "The requested resource does not exist on this server.")


def unknown_route(path: str) -> PanelError:
    """No such route."""
    return PanelError(404, "NotFoundHttpException", f"The route {path} could not be found.")


def wrong_method(method: str, path: str, supported: str) -> PanelError:
    """The route exists for another method."""
    return PanelError(
        405,
        "MethodNotAllowedHttpException",
        f"The {method} method is not supported for route {path}. Supported methods: {supported}.",
        headers={"Allow": supported},
    )


CONFLICTS = {
    "suspended": "This server is currently suspended and the functionality requested is unavailable.",
    "maintenance": (
        "The node of this server is currently under maintenance and the functionality requested is unavailable."
    ),
    "installing": "This server has not yet completed its installation process, please try again later.",
    "restoring": "This server is currently restoring from a backup, please try again later.",
    "transferring": ("This server is currently being transferred to a new machine, please try again later."),
}


def conflict(reason: str) -> PanelError:
    """The server is in a state that excludes the request; ``reason`` is a key of CONFLICTS."""
    return PanelError(409, "ServerStateConflictException", CONFLICTS[reason], display=True)


def csrf() -> PanelError:
    """A cookie, Origin or Referer made the request look like a browser session's."""
    return PanelError(419, "HttpException", "CSRF token mismatch.")


def invalid(field_name: str, rule: str, detail: str) -> PanelError:
    """A validation rule failed."""
    return PanelError(
        422,
        "ValidationException",
        detail,
        meta={"source_field": field_name, "rule": rule},
        field_name=field_name,
    )


def throttled(headers: dict[str, str]) -> PanelError:
    """A rate limit is used up."""
    return PanelError(429, "ThrottleRequestsException", "Too Many Attempts.", headers=headers)


def generic(code: str, status: int = 500) -> PanelError:
    """Any exception that is not meant for the caller's eyes."""
    return PanelError(status, code, GENERIC)


def offline_command() -> PanelError:
    """A command for a server that is not running."""
    return PanelError(502, "HttpException", "Server must be online in order to send commands.")


def two_factor() -> PanelError:
    """The panel enforces two-factor authentication and this user has none."""
    return PanelError(
        400,
        "TwoFactorAuthRequiredException",
        "Two-factor authentication is required on this account in order to access this endpoint.",
    )


def malformed_json() -> PanelError:
    """The body is not JSON although it says so."""
    return PanelError(
        400,
        "BadRequestHttpException",
        "The JSON data passed in the request appears to be malformed: Syntax error",
    )


def maintenance() -> PanelError:
    """The panel itself is in maintenance mode (`php artisan down`)."""
    return PanelError(503, "HttpException", "Service Unavailable", headers={"Retry-After": "60"})


def daemon_down() -> PanelError:
    """Wings gave no answer."""
    return PanelError(
        504,
        "DaemonConnectionException",
        "Could not establish a connection to the machine running this server. Please try again.",
        display=True,
    )


def daemon_failed(status: int, error: WingsError) -> PanelError:
    """Wings answered ``error``; the panel reports it with ``status``."""
    if status < 500:
        detail = f"An error occurred on the remote host: {error.text}. (request id: {error.request_id})"
    else:
        detail = (
            "There was an error while communicating with the machine running this server. This error has been "
            f"logged, please try again. (code: {error.status}) (request_id: {error.request_id})"
        )
    return PanelError(status, "DaemonConnectionException", detail, display=True)
