"""Compares what was printed with what a channel shows: delivered, twice, out of order, lost, and said to be lost."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.reading import Shown


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one server's lines in one channel. Numbers of lines."""

    emitted: int
    delivered: int
    duplicates: int = 0
    disorder: int = 0
    """Lines that stand behind one that was printed later."""
    damaged: int = 0
    """Lines that are there but do not read as they were printed."""
    lost: tuple[int, ...] = ()
    """The numbers of the lines that are not there, pending ones left out."""
    silent: int = 0
    """Lost lines in whose place nothing says that lines are missing."""
    pending: int = 0
    """Lines that are not there, behind all that is, without a word: perhaps they are still on their way."""
    counted: int = 0
    """How many lines the channel itself says are lost, where it names a number."""


@dataclass(slots=True)
class _Stream:
    """One pass over a channel."""

    at: dict[int, int] = field(default_factory=dict[int, int])
    notices: list[int] = field(default_factory=list[int])
    duplicates: int = 0
    disorder: int = 0
    damaged: int = 0
    counted: int = 0


def judge(
    shown: Sequence[Shown],
    server: int,
    emitted: int,
    plain: Callable[[int], str],
    repeated: Callable[[int], bool] = lambda _number: False,
) -> Verdict:
    """Return the verdict on the lines 0 to `emitted` - 1 of a server.

    `plain(number)` is how a line should read, `repeated(number)` whether it is one that carries no number.
    """
    stream = _scan(shown, server, plain)
    numbered = [number for number in range(emitted) if not repeated(number)]
    lost = [number for number in numbered if number not in stream.at]
    extra = 0
    if len(numbered) < emitted:
        missing, extra = _repeats(shown, server, emitted, repeated)
        lost = sorted([*lost, *missing])
    unsaid = _unsaid(lost, stream, len(shown))
    end = max(stream.at, default=-1)
    pending = {number for number in unsaid if number > end}
    return Verdict(
        emitted=emitted,
        delivered=emitted - len(lost),
        duplicates=stream.duplicates + extra,
        disorder=stream.disorder,
        damaged=stream.damaged,
        lost=tuple(number for number in lost if number not in pending),
        silent=len(unsaid) - len(pending),
        pending=len(pending),
        counted=stream.counted,
    )


def _scan(shown: Sequence[Shown], server: int, plain: Callable[[int], str]) -> _Stream:
    stream = _Stream()
    highest = -1
    for place, what in enumerate(shown):
        if what.announces:
            stream.notices.append(place)
            stream.counted += what.counted
        if what.key is None or what.key[0] != server:
            continue
        number = what.key[1]
        if number in stream.at:
            stream.duplicates += 1
            continue
        stream.at[number] = place
        stream.disorder += number < highest
        stream.damaged += what.text != plain(number)
        highest = max(highest, number)
    return stream


def _repeats(
    shown: Sequence[Shown], server: int, emitted: int, repeated: Callable[[int], bool]
) -> tuple[list[int], int]:
    """Return which lines without a number are missing, and how many there are too many.

    Between two numbered lines that follow one another in the channel there must be as many as were printed between
    them; which of several equal lines is the missing one cannot be told, so the last are named.
    """
    missing: list[int] = []
    extra, before, got = 0, -1, 0
    for what in (*shown, Shown("", key=(server, emitted))):
        if what.repeated:
            got += 1
        elif what.key is not None and what.key[0] == server and what.key[1] > before:
            wanted = [number for number in range(before + 1, what.key[1]) if repeated(number)]
            missing += wanted[got:]
            extra += max(0, got - len(wanted))
            before, got = what.key[1], 0
    return missing, extra


def _unsaid(lost: Sequence[int], stream: _Stream, end: int) -> list[int]:
    """Return the lost lines between whose neighbours in the channel nothing says that lines are missing."""
    known = sorted(stream.at)
    unsaid: list[int] = []
    for number in lost:
        index = bisect_right(known, number)
        before = stream.at[known[index - 1]] if index else -1
        after = stream.at[known[index]] if index < len(known) else end
        low, high = min(before, after), max(before, after)
        place = bisect_right(stream.notices, low)
        if place == len(stream.notices) or stream.notices[place] >= high:
            unsaid.append(number)
    return unsaid
