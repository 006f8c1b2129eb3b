"""What the bot's log says last: the one line that tells why it has not come up, out of tracebacks and chatter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

READ_BYTES = 64 * 1024
"""From the log's end; a traceback with all its causes is far shorter."""
LONGEST = 300
"""Characters of what is told."""
_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?P<level>[A-Z]+) +[\w.]+: (?P<text>.*)")
_INCIDENT = re.compile(r"[Ii]ncident (?P<number>[0-9A-F]{6})\b")
_MARGIN = "  "
"""Before each line of what belongs to a logged line: see `bot.logs.TextFormatter`."""
_BETWEEN_CAUSES = ("During handling of the above exception", "The above exception was the direct cause")
_CHATTER = ("DEBUG", "INFO")


@dataclass
class _Entry:
    """One statement of the log: a logged line or one on standard error, and the exception told below it."""

    text: str
    is_chatter: bool = False
    cause: str = ""


def last_words(log: Path) -> str:
    """Return why the bot is not there, as its log says it in one line; empty where it says nothing at all.

    That is the last warning, error or line on standard error, with the exception that belongs to it, else the last
    line there is.
    """
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - READ_BYTES))
            text = file.read(READ_BYTES).decode(errors="replace")
    except OSError:
        return ""
    return what_it_says(text)


def what_it_says(text: str) -> str:
    """Do as `last_words` with the log's text."""
    lines = [line for line in text.splitlines() if line.strip()]
    entries = [entry for entry in _entries(lines) if entry.text or entry.cause]
    if not entries:  # nothing, or a traceback that was never finished
        return _short(lines[-1].strip() if lines else "")
    grave = [entry for entry in entries if not entry.is_chatter]
    chosen = (grave or entries)[-1]
    cause = chosen.cause or _cause_of_incident(chosen.text, entries)
    words = f"{chosen.text} ({cause})" if cause and chosen.text else chosen.text or cause
    return _short(words)


def _short(words: str) -> str:
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def _cause_of_incident(text: str, entries: list[_Entry]) -> str:
    """Return the exception behind "incident 1A2B3C, told in the log": the sentence itself does not say it."""
    named = _INCIDENT.search(text)
    if named is None:
        return ""
    return next((entry.cause for entry in entries if entry.cause and named["number"] in entry.text), "")


def _entries(lines: list[str]) -> Iterator[_Entry]:
    entry: _Entry | None = None
    in_traceback = is_below = False
    for whole in lines:
        logged = _LINE.fullmatch(whole)
        # A traceback on standard error is not indented as a whole: what follows it belongs to no logged line.
        is_below = logged is None and is_below and whole.startswith(_MARGIN)
        line = whole.removeprefix(_MARGIN) if is_below else whole
        if logged is None and (line.startswith("Traceback (") or in_traceback):
            entry = entry or _Entry("")
            in_traceback = not _ends_traceback(line)
            if not in_traceback:
                entry.cause = line.strip()
            continue
        if is_below or line.startswith(_BETWEEN_CAUSES):
            continue
        if entry is not None:
            yield entry
        in_traceback, is_below = False, logged is not None
        entry = _Entry(line.strip()) if logged is None else _Entry(logged["text"], logged["level"] in _CHATTER)
    if entry is not None:
        yield entry


def _ends_traceback(line: str) -> bool:
    """Whether this line is the exception itself: all above it are indented, framed or fixed words."""
    return not line.startswith((" ", "\t", "|", "+", "Traceback (", *_BETWEEN_CAUSES))
