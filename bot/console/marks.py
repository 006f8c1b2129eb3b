"""Pure: what a console line is known by when it comes again, and how it is kept when it must be known for long."""

import re
from hashlib import blake2b

WINGS_HISTORY = 150
"""`websocket_log_count` of Wings' configuration; the default, and hardly ever changed."""

DELIVERED_LINES = 300
"""How much of a delivered tail takes part in a comparison: twice the history, lines dropped on the way included."""

MARK_BYTES = 8
"""Length of the digest that stands for a line in a tail that is kept for long."""

_DAEMON = re.compile(r"\x1b\[33m\x1b\[1m\[[^\]]* Daemon\]:")


def is_daemon_line(text: str) -> bool:
    """Whether Wings itself wrote the line: such lines are never in the history."""
    return _DAEMON.match(text) is not None


def key(text: str) -> str:
    """Return what is the same for a line that comes live and in the history: they may differ in what ends it."""
    return text.rstrip()


def mark(text: str) -> bytes:
    """Return the digest that stands for a line in a `DeliveredTail`."""
    return blake2b(key(text).encode("utf-8", "surrogatepass"), digest_size=MARK_BYTES).digest()


def digits(text: str) -> str:
    """Return a line's digest as `marked` does."""
    return mark(text).hex()


def marked(marks: bytes) -> list[str]:
    """Return digests that were strung together, oldest first, as texts that can be compared."""
    found = marks.hex()
    return [found[start : start + 2 * MARK_BYTES] for start in range(0, len(found), 2 * MARK_BYTES)]
