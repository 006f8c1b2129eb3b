"""Pure: one text frame from Wings becomes typed events and control messages. Whatever is not understood is ignored."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, cast

from bot.console.events import (
    BackupCompleted,
    ConsoleEvent,
    ConsoleLine,
    DaemonError,
    DaemonMessage,
    InstallCompleted,
    InstallOutput,
    InstallStarted,
    RestoreCompleted,
    ServerDeleted,
    StatsUpdated,
    StatusChanged,
    TransferChanged,
    TransferOutput,
)
from bot.terms import PowerState


@dataclass(frozen=True, slots=True)
class AuthSucceeded:
    """The token was accepted."""


@dataclass(frozen=True, slots=True)
class TokenExpiring:
    """The token has a minute left, or less."""


class TokenFault(Enum):
    """What Wings finds wrong with the token."""

    EXPIRED = auto()
    DENIED = auto()
    """Revoked, or issued before Wings started."""
    ABSENT = auto()
    NO_PERMISSION = auto()
    OTHER_SERVER = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """A `jwt error`. Once a token has expired, one comes in place of every event."""

    fault: TokenFault
    answers: bool
    """True where the text has the form of an answer to something we sent."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Wings dropped something we sent; `what` is the event's name or `global`."""

    what: str


@dataclass(frozen=True, slots=True)
class BlankLine:
    """A console line without text: part of the history, but never shown."""


Control = AuthSucceeded | TokenExpiring | TokenRefused | Throttled | BlankLine
Message = ConsoleEvent | Control

_LINE_END = re.compile(r"\r?\n")
_ESCAPE = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")
_FAULTS = (
    ("exp claim", TokenFault.EXPIRED),
    ("denylist", TokenFault.DENIED),
    ("no jwt present", TokenFault.ABSENT),
    ("missing connect permission", TokenFault.NO_PERMISSION),
    ("server uuid mismatch", TokenFault.OTHER_SERVER),
)
_ANSWER = "Error Event ["
_STATES = {state.value: state for state in PowerState}


def parse(frame: str, at: datetime) -> list[Message]:
    """Read one frame that arrived `at` (UTC). Wings `router/websocket/message.go`: all arguments are strings."""
    try:
        raw: Any = json.loads(frame)
    except (ValueError, RecursionError):
        return []
    if not isinstance(raw, dict):
        return []
    message = cast("dict[str, Any]", raw)
    event = message.get("event")
    if not isinstance(event, str):
        return []
    args = message.get("args")
    parts = [part for part in cast("list[Any]", args) if isinstance(part, str)] if isinstance(args, list) else []
    text = "".join(parts)
    if event == "console output":
        return list(_console(text, at))
    if event == "status":
        state = _STATES.get(text)
        return [] if state is None else [StatusChanged(state)]
    if event == "stats":
        return list(_stats(text))
    return list(_rare(event, text))


def console_lines(text: str) -> list[str]:
    """Split one console event as a terminal would show it: without blank lines, progress bars in their last state.

    Wings turns space+CR into a line end while it forwards (`system/utils.go`) but not in the history, so it is done
    here for both.
    """
    if "\r" not in text and "\n" not in text:
        return [text] if _visible(text) else []
    lines: list[str] = []
    for line in _LINE_END.split(text.replace(" \r", "\r\n")):
        shown = next((part for part in reversed(line.split("\r")) if _visible(part)), "")
        if shown:
            lines.append(shown)
    return lines


def _visible(text: str) -> bool:
    """Whether anything would be seen: an erase sequence alone, as progress bars send it, is not."""
    return bool(_ESCAPE.sub("", text).strip() if "\x1b" in text else text.strip())


def _console(text: str, at: datetime) -> list[Message]:
    lines = console_lines(text)
    return [ConsoleLine(line, at) for line in lines] if lines else [BlankLine()]


def _rare(event: str, text: str) -> list[Message]:  # noqa: PLR0912, C901 - a table of names reads best as one
    match event:
        case "auth success":
            return [AuthSucceeded()]
        case "token expiring":
            return [TokenExpiring()]
        case "token expired":
            return [TokenRefused(TokenFault.EXPIRED, answers=False)]
        case "jwt error":
            return [_refusal(text)]
        case "throttled":
            return [Throttled(text)]
        case "install started":
            return [InstallStarted()]
        case "install output":
            return [InstallOutput(line) for line in console_lines(text)]
        case "install completed":
            return [InstallCompleted()]
        case "transfer status":
            return [TransferChanged(text)]
        case "transfer logs":
            return [TransferOutput(line) for line in console_lines(text)]
        case "backup restore completed":
            return [RestoreCompleted()]
        case "daemon message":
            return [DaemonMessage(line) for line in console_lines(text)]
        case "daemon error":
            return [DaemonError(text)]
        case "deleted":
            return [ServerDeleted()]
        case _:
            # Until Wings 1.5.3 the name carried the backup's uuid: `backup completed:<uuid>`.
            return list(_backup(event, text)) if event.startswith("backup completed") else []


def _refusal(text: str) -> TokenRefused:
    fault = next((fault for words, fault in _FAULTS if words in text), TokenFault.UNKNOWN)
    return TokenRefused(fault, answers=text.startswith(_ANSWER))


def _backup(event: str, text: str) -> list[Message]:
    fields = _object(text)
    uuid = fields.get("uuid")
    named = event.partition(":")[2]
    return [
        BackupCompleted(
            uuid=uuid if isinstance(uuid, str) and uuid else named,
            successful=fields.get("is_successful") is True,
            size_bytes=_whole(fields.get("file_size")),
        )
    ]


def _stats(text: str) -> list[Message]:
    fields = _object(text)
    if not fields:
        return []
    network: Any = fields.get("network")
    traffic = cast("dict[str, Any]", network) if isinstance(network, dict) else {}
    uptime = fields.get("uptime")
    limit = _whole(fields.get("memory_limit_bytes"))
    return [
        StatsUpdated(
            state=_STATES.get(str(fields.get("state")), PowerState.UNKNOWN),
            memory_bytes=_whole(fields.get("memory_bytes")),
            cpu_percent=_number(fields.get("cpu_absolute")),
            disk_bytes=_whole(fields.get("disk_bytes")),
            memory_limit_bytes=limit or None,
            network_rx_bytes=_whole(traffic.get("rx_bytes")),
            network_tx_bytes=_whole(traffic.get("tx_bytes")),
            uptime=None if uptime is None else timedelta(milliseconds=min(_number(uptime), _LONGEST_MS)),
        )
    ]


_LONGEST_MS = 1e15


def _object(text: str) -> dict[str, Any]:
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}


def _number(value: Any) -> float:
    """Return a non-negative finite number; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e300:
        return 0.0
    return float(value)


def _whole(value: Any) -> int:
    return int(_number(value))
