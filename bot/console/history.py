"""Pure: which lines of the history that Wings returned are new, given the tail already delivered?

The history (`send logs`, wings `server/console.go` and `environment/docker/container.go`) is the end of the raw log of
the container's present run: no times, no markers, no lines of the daemon itself, and lines that are printed while it is
being read come in between. So it is aligned with the delivered tail like two overlapping strips of text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.console.marks import DELIVERED_LINES, digits, is_daemon_line, key
from bot.console.received import Received


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a comparison found."""

    new: tuple[int, ...]
    """Indices into the received lines that were not delivered before, in the order to deliver them."""
    complete: bool
    """False when lines between the tail and the first new line may be missing for good."""


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
    tail = list(delivered) if by_marks else [key(text) for text in delivered if not is_daemon_line(text)]
    tail = tail[-DELIVERED_LINES:]
    found = Received(
        received,
        [] if fresh else tail,
        digits if by_marks else key,
        early=early,
        blanks=blanks,
        remembered=remembered,
    )
    new = tuple(found.behind() if remembered else found.new())
    if found.overlap.matched:
        return Recovery(new, complete=found.overlap.sure or found.whole)
    nothing_missed = was_offline if fresh or (tail and found.count) else not tail
    return Recovery(new, complete=nothing_missed and found.whole)


def once(received: Sequence[str], *, early: int, blanks: int, tails: Sequence[Sequence[str]]) -> list[int]:
    """Return the indices of what came after asking for the history, in order, without lines that came live as well.

    `tails`: what different listeners had before, as `marked` returns it. For `early` and `blanks` see `recover`.
    """
    found = [Received(received, tail[-DELIVERED_LINES:], digits, early=early, blanks=blanks) for tail in tails or [[]]]
    best = max(found, key=lambda one: len(one.overlap.matched))
    return [*best.known(), *best.new()]
