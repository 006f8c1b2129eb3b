"""What the acting routes of the 1.x client API do: commands and power."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from sandbox.panel import errors
from sandbox.panel.errors import PanelError, WingsError, WingsUnreachableError
from sandbox.panel.http import Answer, Call
from sandbox.panel.registry import Registry
from sandbox.panel.world import Server, User

SIGNALS = {"start": "control.start", "stop": "control.stop", "restart": "control.restart", "kill": "control.stop"}


def command(registry: Registry, call: Call, server: Server, user: User) -> Answer:
    """POST /command."""
    if not server.can(user, "control.console"):
        raise errors.forbidden()
    text = _text(call, "command")
    try:
        server.node.reach(server, call.wings)
        if not server.runtime.process_runs:
            raise WingsError(502, "Cannot send commands to a stopped server instance.")
        server.runtime.command(text)
    except WingsUnreachableError as error:
        raise errors.generic("ConnectionException") if registry.facts.pelican else errors.daemon_down() from error
    except WingsError as error:
        # Pelican's HTTP client is not told to throw: what Wings answers goes unnoticed.
        if not registry.facts.pelican:
            raise errors.offline_command() if error.status == 502 else _failed(error) from error
    _log(registry, server, user, call, event="server:console.command", properties={"command": text})
    return Answer(204)


def power(registry: Registry, call: Call, server: Server, user: User) -> Answer:
    """POST /power: 204 means that Wings will try."""
    signal = call.inputs().get("signal")
    unknown = "websocket.connect" if registry.facts.pelican else "__invalid"
    needed = SIGNALS.get(signal, unknown) if isinstance(signal, str) else unknown
    if not server.can(user, needed):
        raise errors.forbidden()
    action = _text(call, "signal")
    if action not in SIGNALS:
        raise errors.invalid("signal", "in", "The selected signal is invalid.")
    try:
        server.node.reach(server, call.wings)
    except WingsUnreachableError as error:
        raise errors.generic("ConnectionException") if registry.facts.pelican else errors.daemon_down() from error
    except WingsError as error:
        raise errors.generic("RequestException") if registry.facts.pelican else _failed(error) from error
    server.runtime.power.accept(action)
    _log(registry, server, user, call, event=f"server:power.{action}", properties={})
    return Answer(204)


def _failed(error: WingsError) -> PanelError:
    return errors.daemon_failed(error.status if error.status >= 400 else 502, error)


def _text(call: Call, name: str) -> str:
    value = call.inputs().get(name)
    if value is None:
        raise errors.invalid(name, "required", f"The {name} field is required.")
    if not isinstance(value, str):
        raise errors.invalid(name, "string", f"The {name} field must be a string.")
    return value


def _log(registry: Registry, server: Server, user: User, call: Call, *, event: str, properties: dict[str, Any]) -> None:
    entries = registry.activity.setdefault(server.uuid, [])
    entries.append(
        {
            "id": hashlib.sha1(f"{server.uuid}{len(entries)}".encode(), usedforsecurity=False).hexdigest(),
            "batch": None,
            "event": event,
            "is_api": True,
            "ip": call.address,
            "description": None,
            "properties": properties,
            "has_additional_metadata": False,
            "timestamp": datetime.fromtimestamp(registry.clock.now(), UTC).isoformat(timespec="seconds"),
            "actor": user.uuid,
        }
    )
