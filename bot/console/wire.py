"""Pure: one text frame from Wings becomes typed events and control messages. Whatever is not understood is ignored."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, cast

from bot.console.bounds import LONGEST_VALUES, cut, is_flat
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
from bot.text.terminal import draw, is_visible, last_state


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
_FAULTS = (
    ("exp claim", TokenFault.EXPIRED),
    ("denylist", TokenFault.DENIED),
    ("no jwt present", TokenFault.ABSENT),
    ("missing connect permission", TokenFault.NO_PERMISSION),
    ("server uuid mismatch", TokenFault.OTHER_SERVER),
)
_ANSWER = "Error Event ["
_UUID_LENGTH = 36
_LONGEST_WORD = 40
_STATES = {state.value: state for state in PowerState}


def parse(frame: str, at: datetime) -> Iterable[Message]:
    """Read one frame that arrived `at` (UTC). Wings `router/websocket/message.go`: all arguments are strings.

    There may be many thousands of messages in it: each is made when it is asked for.
    """
    if not is_flat(frame):
        return ()
    try:
        raw: Any = json.loads(frame)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(raw, dict):
        return ()
    message = cast("dict[str, Any]", raw)
    event = message.get("event")
    if not isinstance(event, str):
        return ()
    args = message.get("args")
    parts = [part for part in cast("list[Any]", args) if isinstance(part, str)] if isinstance(args, list) else []
    text = cut("".join(parts))
    if event == "console output":
        return _console(text, at)
    if event == "status":
        state = _STATES.get(text)
        return () if state is None else (StatusChanged(state),)
    if event == "stats":
        return _stats(text)
    return _rare(event, text)


def console_lines(text: str) -> Iterator[str]:
    """Split one console event as a terminal would show it: without blank lines, what was redrawn in its last state.

    Wings turns space+CR into a line end while it forwards (`system/utils.go`) but not in the history, so it is done
    here for both.
    """
    for line in _LINE_END.split(text.replace(" \r", "\r\n")):
        if shown := last_state(line):
            yield shown


def _console(text: str, at: datetime) -> Iterable[Message]:
    if "\r" not in text and "\n" not in text:
        drawn = draw(text)
        return (ConsoleLine(drawn, at) if is_visible(drawn) else BlankLine(),)
    return _console_block(text, at)


def _console_block(text: str, at: datetime) -> Iterator[Message]:
    blank = True
    for line in console_lines(text):
        blank = False
        yield ConsoleLine(line, at)
    if blank:
        yield BlankLine()


def _rare(event: str, text: str) -> Iterable[Message]:  # noqa: PLR0912, C901 - a table of names reads best as one
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
            return [Throttled(text[:_LONGEST_WORD])]
        case "install started":
            return [InstallStarted()]
        case "install output":
            return map(InstallOutput, console_lines(text))
        case "install completed":
            return [InstallCompleted()]
        case "transfer status":
            return [TransferChanged(text[:_LONGEST_WORD])]
        case "transfer logs":
            return map(TransferOutput, console_lines(text))
        case "backup restore completed":
            return [RestoreCompleted()]
        case "daemon message":
            return map(DaemonMessage, console_lines(text))
        case "daemon error":
            return [DaemonError(text)]
        case "deleted":
            return [ServerDeleted()]
        case _:
            # Until Wings 1.5.3 the name carried the backup's uuid: `backup completed:<uuid>`.
            return _backup(event, text) if event.startswith("backup completed") else ()


def _refusal(text: str) -> TokenRefused:
    fault = next((fault for words, fault in _FAULTS if words in text), TokenFault.UNKNOWN)
    return TokenRefused(fault, answers=text.startswith(_ANSWER))


def _backup(event: str, text: str) -> list[Message]:
    fields = _object(text)
    uuid = fields.get("uuid")
    named = event.partition(":")[2]
    return [
        BackupCompleted(
            uuid=(uuid if isinstance(uuid, str) and uuid else named)[:_UUID_LENGTH],
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
    state, uptime = fields.get("state"), fields.get("uptime")
    limit = _whole(fields.get("memory_limit_bytes"))
    return [
        StatsUpdated(
            state=_STATES.get(state, PowerState.UNKNOWN) if isinstance(state, str) else PowerState.UNKNOWN,
            memory_bytes=_whole(fields.get("memory_bytes")),
            cpu_percent=_number(fields.get("cpu_absolute")),
            disk_bytes=_whole(fields.get("disk_bytes")),
            memory_limit_bytes=limit or None,
            network_rx_bytes=_whole(traffic.get("rx_bytes")),
            network_tx_bytes=_whole(traffic.get("tx_bytes")),
            uptime=None if uptime is None else timedelta(milliseconds=min(_number(uptime), _LONGEST_MS)),
        )
    ]


# A hundred years: a moment as long ago can be told.
_LONGEST_MS = 100 * 365 * 86_400_000.0
_LARGEST = 2.0**63


def _object(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_VALUES:
        return {}
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}


def _number(value: Any) -> float:
    """Return a non-negative number that 63 bits can hold; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LARGEST:
        return 0.0
    return float(value)


def _whole(value: Any) -> int:
    return int(_number(value))
