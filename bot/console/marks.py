"""Pure: what a console line is known by when it comes again, and how it is kept when it must be known for long."""

import re
from hashlib import blake2b

WINGS_HISTORY = 150
"""`websocket_log_count` of Wings' configuration; the default, and hardly ever changed."""

DELIVERED_LINES = 300
"""How much of a delivered tail takes part in a comparison: twice the history, lines dropped on the way included."""

MARK_BYTES = 8
"""Length of the digest that stands for a line in a tail that is kept for long."""

LONGEST_UNFOLDED = 1024
"""Characters of a line that is compared as a whole. Longer ones are rare, and may have 64 KiB."""

_DAEMON = re.compile(r"\x1b\[33m\x1b\[1m\[[^\]]* Daemon\]:")


def is_daemon_line(text: str) -> bool:
    """Whether Wings itself wrote the line: such lines are never in the history."""
    return _DAEMON.match(text) is not None


def key(text: str) -> str:
    """Return what is the same for a line that comes live and in the history: they may differ in what ends it."""
    return text.rstrip()


def folded(text: str) -> str:
    """Return a text that can be kept and compared in place of a giant line: its beginning and its digest.

    Others are returned as they are. What is returned has the same `key` for two lines if, and only if, they have.
    """
    if len(text) <= LONGEST_UNFOLDED or len(text := key(text)) <= LONGEST_UNFOLDED:
        return text
    return text[:LONGEST_UNFOLDED] + digits(text)


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
