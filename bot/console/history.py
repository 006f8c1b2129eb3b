"""Pure: which lines of the history that Wings returned are new, given the tail already delivered?

The history (`send logs`, wings `server/console.go` and `environment/docker/container.go`) is the end of the raw log of
the container's present run: no times, no markers, no lines of the daemon itself, and lines that are printed while it is
being read come in between. So it is aligned with the delivered tail like two overlapping strips of text.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import takewhile

from bot.console.echoes import echoes

WINGS_HISTORY = 150
"""`websocket_log_count` of Wings' configuration; the default, and hardly ever changed."""

DELIVERED_LINES = 300
"""How much of the delivered tail takes part. Twice the history: lines dropped on the way shift the strips."""

MARK_BYTES = 8
"""Length of the digest that stands for a line in a tail that is kept for long."""

_SURE = 3
"""An overlap shorter than this may be chance: prompts and blank-like lines repeat."""

_TELLING = re.compile(r"[0-9]")
"""A line with a time or a number in it is hardly ever printed twice."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

_DAEMON = re.compile(r"\x1b\[33m\x1b\[1m\[[^\]]* Daemon\]:")


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a comparison found."""

    new: tuple[int, ...]
    """Indices into the received lines that were not delivered before, in the order to deliver them."""
    complete: bool
    """False when lines between the tail and the first new line may be missing for good."""


def is_daemon_line(text: str) -> bool:
    """Whether Wings itself wrote the line: such lines are never in the history."""
    return _DAEMON.match(text) is not None


def mark(text: str) -> bytes:
    """Return the digest that stands for a line in a `DeliveredTail`."""
    return blake2b(_key(text).encode("utf-8", "surrogatepass"), digest_size=MARK_BYTES).digest()


def marked(marks: bytes) -> list[str]:
    """Return digests that were strung together, oldest first, as `recover` compares them."""
    digits = marks.hex()
    return [digits[start : start + 2 * MARK_BYTES] for start in range(0, len(digits), 2 * MARK_BYTES)]


def recover(
    delivered: Sequence[str],
    received: Sequence[str],
    *,
    early: int = 0,
    blanks: int = 0,
    fresh: bool = False,
    was_offline: bool = False,
    remembered: bool = False,
    by_marks: bool = False,
) -> Recovery:
    """Compare the delivered tail (oldest first) with what came after asking for the history.

    `early`: so many received lines came before the history was asked for, so they are live. `blanks`: blank lines of
    the history, which are not among `received` but count towards its length. `fresh`: the server is known to have been
    started since, so nothing received was delivered before. `was_offline`: it was known to be off when the tail ended.
    `remembered`: the received lines are no history of Wings' but were kept by us, lines of the daemon included.
    `by_marks`: the delivered tail is known by its lines' digests only (`marked`), daemon lines left out.
    """
    if by_marks:
        tail = list(delivered[-DELIVERED_LINES:])
    else:
        tail = [_key(text) for text in delivered if not is_daemon_line(text)][-DELIVERED_LINES:]
    order = list(range(len(received)))
    if not remembered:
        order = _once(received, early, blanks, [] if fresh else [tail], _digits if by_marks else _key)
    history = [index for index in order if not is_daemon_line(received[index])]
    key = _digits if by_marks else _key
    texts = [key(received[index]) for index in history]
    whole = len(texts) + blanks < WINGS_HISTORY
    if fresh or not tail or not texts:
        nothing_missed = was_offline if fresh else not tail
        return Recovery(tuple(order), complete=nothing_missed and whole)
    cut, score, ambiguous, unmatched = _align(tail, texts)
    if score <= 0:
        return Recovery(tuple(order), complete=was_offline and whole)
    old = set(history[:cut]) - {history[position] for position in _missed(texts, cut, unmatched)}
    if remembered:
        old |= set(range(history[cut - 1]))
    sure = score >= min(_SURE, len(tail)) or whole
    return Recovery(tuple(index for index in order if index not in old), complete=sure and not ambiguous)


def once(received: Sequence[str], *, early: int, blanks: int, tails: Sequence[Sequence[str]]) -> list[int]:
    """Return the indices of what came after asking for the history, without lines that came live as well.

    `tails`: what different listeners had before, as `marked` returns it. For `early` and `blanks` see `recover`.
    """
    return _once(received, early, blanks, tails, _digits)


def _once(
    received: Sequence[str], early: int, blanks: int, tails: Sequence[Sequence[str]], key: Callable[[str], str]
) -> list[int]:
    # The daemon's own lines are never in the history, so they have no second copy.
    places = [index for index, text in enumerate(received) if not is_daemon_line(text)]
    texts = [key(received[index]) for index in places]
    early = sum(1 for place in places if place < early)
    full_at = max(1, WINGS_HISTORY - blanks)
    telling = {index for index, place in enumerate(places) if _TELLING.search(_COLOUR.sub("", received[place]))}
    if any(tails):
        # The history's own first lines are mostly known from a tail: others that come again there overtook it.
        counts = Counter(texts)
        telling.update(takewhile(lambda index: counts[texts[index]] > 1, range(len(texts))))
    dropped = echoes(texts, telling=telling, early=early, full_at=full_at, old=())
    if dropped and any(tails):
        old = set[int]().union(*(_known(list(tail[-DELIVERED_LINES:]), texts) for tail in tails if tail))
        old = {index for index in old if index >= early}
        dropped = echoes(texts, telling=telling, early=early, full_at=full_at, old=old)
    left_out = {places[index] for index in dropped}
    return [index for index in range(len(received)) if index not in left_out]


def _known(tail: list[str], texts: list[str]) -> set[int]:
    """Which of the texts are in the tail."""
    cut, score, _, unmatched = _align(tail, texts)
    return set(range(cut)) - set(unmatched) if score > 0 else set()


def _missed(texts: list[str], cut: int, unmatched: list[int]) -> list[int]:
    """Of the lines before the cut that the tail does not have, those that do not come again behind it.

    The others are live lines that overtook the history; they are delivered in their place there.
    """
    rest = Counter(texts[cut:])
    missed: list[int] = []
    for position in unmatched:
        if rest[texts[position]] > 0:
            rest[texts[position]] -= 1
        else:
            missed.append(position)
    return missed


def _key(text: str) -> str:
    # Live lines and history lines may differ in what stands before a line end.
    return text.rstrip()


def _digits(text: str) -> str:
    return mark(text).hex()


def _align(tail: list[str], texts: list[str]) -> tuple[int, int, bool, list[int]]:
    """Lay the end of the tail over the beginning of the texts.

    Returns how many texts the tail covers, how good the match is (0: none), whether another position is as good,
    and which covered texts have no partner in the tail.
    """
    exact = _exact_overlaps(tail, texts)
    best = exact[0] if exact else 0
    if best > _SURE * 2 or best == len(texts):
        return best, best, len(exact) > 1 and _periodic(tail, best), []
    if set(tail).isdisjoint(texts):
        return 0, 0, False, []
    return _loose_overlap(tail, texts)


def _exact_overlaps(tail: list[str], texts: list[str]) -> list[int]:
    """All lengths n, longest first, such that the last n of the tail are the first n of the texts."""
    return [
        size
        for size in range(min(len(tail), len(texts)), 0, -1)
        if tail[-size] == texts[0] and tail[-size:] == texts[:size]
    ]


def _periodic(tail: list[str], size: int) -> bool:
    """Whether the end of the tail only repeats itself, so that its place cannot be told."""
    end = tail[-size:]
    return any(end[period:] == end[:-period] for period in range(1, size // 2 + 1))


def _loose_overlap(tail: list[str], texts: list[str]) -> tuple[int, int, bool, list[int]]:
    """Overlap that forgives lines missing on either side: +1 for a pair, -1 for a line without partner.

    The tail may begin anywhere before the texts or inside them, and is used up to its end.
    """
    width = len(texts)
    rows: list[list[int]] = [[0] * (width + 1)]
    for line in tail:
        above = rows[-1]
        row = [0] * (width + 1)
        for column in range(1, width + 1):
            value = max(above[column], row[column - 1]) - 1
            if line == texts[column - 1]:
                value = max(value, above[column - 1] + 1)
            row[column] = value
        rows.append(row)
    score = max(rows[-1])
    if score <= 0:
        return 0, 0, False, []
    ends = [column for column in range(width + 1) if rows[-1][column] == score]
    cut = ends[-1]
    matched = _trace(tail, texts, rows, cut)
    first = min(matched)
    last = max(matched) + 1
    begins_inside = first > 0 and len(matched) == len(tail)
    unmatched = [index for index in range(0 if not begins_inside else first, last) if index not in matched]
    return last, score, len(ends) > 1, unmatched


def _trace(tail: list[str], texts: list[str], rows: list[list[int]], column: int) -> set[int]:
    """Walk back from the best end and collect the texts that have a partner."""
    matched: set[int] = set()
    row = len(tail)
    while row and column:
        value = rows[row][column]
        if tail[row - 1] == texts[column - 1] and value == rows[row - 1][column - 1] + 1:
            row, column = row - 1, column - 1
            matched.add(column)
        elif value == rows[row - 1][column] - 1:
            row -= 1
        else:
            column -= 1
    return matched
