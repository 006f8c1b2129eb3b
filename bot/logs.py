"""Sets up logging: where lines go, whom they concern, and the last line of defence against secrets in them."""

import json
import logging
import re
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO

from bot.api_keys import PREFIX
from bot.errors import BotError, StartupError
from bot.known_secrets import KnownSecrets
from bot.text.markdown import plain

MASK: Final = "[secret]"
LONGEST_MESSAGE = 4_000
"""Characters of one message; what comes from outside must not decide how long a line is."""
LONGEST_FACT = 200
LONGEST_TRACEBACK = 20_000

_context: ContextVar[Mapping[str, int | str]] = ContextVar("log_context", default={})  # noqa: B039  never changed in place
_secrets = KnownSecrets(MASK)

_SECRETS = re.compile(
    r"\beyJ[\w-]{10,}(?:\.[\w-]*){0,2}"  # a JWT, or what is left of a shortened one
    rf"|\b{PREFIX}\w+"
    r"|\b[MNO][\w-]{22,28}\.[\w-]{5,8}\.[\w-]{25,}"  # a Discord token
    r"|(?<=/webhooks/)(?P<hook>\d+/)[^/\s\"'?]+"  # the secret part of a webhook's or interaction's address
    r"|(?<=/interactions/)(?P<interaction>\d+/)[^/\s\"'?]+"
    r"|\b(?P<bearer>(?i:Bearer)\s+)[\w.~+/=-]{8,}"
    r"|\b(?P<bot>Bot\s+)[\w.-]{50,}"
)
_MARGIN = 1_000
"""Characters: the longest secret that is known by its text or has no telling beginning is shorter."""
# What a console line or a name could use to forge a log line or to command the terminal that shows it.
_UNSEEN = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Line ends that some programs know, and what orders text by force: a line could read as something else."""
_CONTROLS = (
    {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code != 9}
    | {code: f"\\u{code:04x}" for code in _UNSEEN}
    | {10: "\\n", 13: "\\r"}
)
_CONTROLS_IN_JSON = {code: f"\\u{code:04x}" for code in (*range(127, 160), *_UNSEEN)}
"""The others it escapes by itself."""


def register_secret(secret: str) -> None:
    """Have this very text, one of the owner's own, masked in everything logged from now on."""
    _secrets.add(secret)


def mask_key(key: str) -> Callable[[], None]:
    """Have a panel key masked in everything logged until the function that is returned is called."""
    return _secrets.hold(key)


def redact(text: str) -> str:
    """Return the text with everything masked that is or looks like a secret, in time linear in its length."""
    return _SECRETS.sub(_masked, _secrets.mask(text))


def _masked(found: re.Match[str]) -> str:
    kept = "".join(found.group(name) or "" for name in ("hook", "interaction", "bearer", "bot"))
    return kept + MASK


@contextmanager
def log_context(**facts: int | str | None) -> Generator[None]:
    """Name whom the lines logged within concern (`guild=…, server=…, user=…`); tasks started within inherit it."""
    token = _context.set({**_context.get(), **{name: fact for name, fact in facts.items() if fact is not None}})
    try:
        yield
    finally:
        _context.reset(token)


def keep_log_context(**facts: int | str | None) -> None:
    """Do as `log_context` for the rest of the current task, where nothing can be wrapped around the work."""
    _context.set({**_context.get(), **{name: fact for name, fact in facts.items() if fact is not None}})


class _Facts(logging.Filter):
    """Puts the context on the record, where it is made: a handler may run in another context."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.facts = _context.get()
        return True


def _short(text: str, limit: int) -> str:
    """Return the text redacted and cut: first to somewhat more than `limit`, so that no secret is halved unseen."""
    shown = redact(text[: limit + _MARGIN])
    if len(text) <= limit:
        return shown
    if len(text) > limit + _MARGIN:
        shown = shown[: max(0, len(shown) - _MARGIN)]
    return f"{shown[:limit]}… ({len(text):,} characters)"


def _in_words(argument: object) -> object:
    """Return a failure's sentence, which is written for Discord, as a terminal shows it best; anything else as is."""
    # Why the program cannot start is written for the terminal, and may name folders with any signs in them.
    return (
        plain(str(argument)) if isinstance(argument, BotError) and not isinstance(argument, StartupError) else argument
    )


class _Formatter(logging.Formatter):
    """Shared by both formats: message, time and traceback, all of them redacted and cut."""

    def message_of(self, record: logging.LogRecord) -> str:
        if isinstance(record.args, tuple) and any(isinstance(each, BotError) for each in record.args):
            return _short(str(record.msg) % tuple(map(_in_words, record.args)), LONGEST_MESSAGE)
        return _short(record.getMessage(), LONGEST_MESSAGE)

    def trouble_of(self, record: logging.LogRecord) -> str:
        parts = [record.exc_text or ""]
        if record.exc_info and not record.exc_text:
            parts = [self.formatException(record.exc_info)]
        if record.stack_info:
            parts.append(self.formatStack(record.stack_info))
        return _short("\n".join(part for part in parts if part), LONGEST_TRACEBACK)

    def facts_of(self, record: logging.LogRecord) -> Mapping[str, int | str]:
        facts: Mapping[str, int | str] = getattr(record, "facts", {})
        return {name: _short(fact, LONGEST_FACT) if isinstance(fact, str) else fact for name, fact in facts.items()}


class TextFormatter(_Formatter):
    """One line for people: time, level, logger, message, facts; a traceback on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102  as in logging
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        facts = "".join(f" {name}={fact}" for name, fact in self.facts_of(record).items())
        line = f"{moment} {record.levelname:<7} {record.name}: {self.message_of(record)}{facts}".translate(_CONTROLS)
        trouble = self.trouble_of(record)
        # An exception's text may come from outside too: indented, none of its lines passes for a line of the log.
        return (
            "\n".join([line, *(f"  {each.translate(_CONTROLS)}" for each in trouble.split("\n"))]) if trouble else line
        )


class JsonFormatter(_Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102  as in logging
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message_of(record),
            **self.facts_of(record),
        }
        trouble = self.trouble_of(record)
        if trouble:
            fields["traceback"] = trouble
        return json.dumps(fields, ensure_ascii=False).translate(_CONTROLS_IN_JSON)


def set_up_logs(level: str, form: Literal["text", "json"], stream: TextIO | None = None) -> None:
    """Send every log line to the stream (standard output by default), in place of where they went before.

    Libraries stay at `info` and above whatever the level: what they say below it holds raw frames and payloads.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    handler.addFilter(_Facts())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    wanted = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(wanted, logging.INFO))
    for ours in ("bot", "cogs", "__main__"):
        logging.getLogger(ours).setLevel(wanted)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # the store says by itself when it migrates
    logging.captureWarnings(capture=True)
    # A log call that cannot be formatted would be shown with its arguments, past the mask.
    logging.raiseExceptions = False
