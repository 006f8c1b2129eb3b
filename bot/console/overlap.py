"""Pure: where does the end of what was delivered lie in the history that came back?

A log is a strip of text, and the delivered tail and the history are two pieces of it that may overlap. Where they do,
the history begins with lines of the tail, one for one. Lines that repeat match by chance, so a match is worth what it
tells, in bits: a line that is one of three hundred tells eight, one of every second line tells one. An overlap is
believed where it tells more than chance would.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log2

LEAD = 12
"""So many live lines may come before the history: it is read within milliseconds after it was asked for."""

# What speaks for an overlap, in bits, and what it costs to explain the texts by one that is not perfect.
_USUAL = 2.0
"""Gaps are mostly shorter than a history."""
_UNBROKEN = 8.0
"""If nothing is cut off the history's beginning, only another run of the server has no overlap with it."""
_LIVE_BEFORE = 3.0
"""A live line before the history's first that is not in it."""
_NOT_DELIVERED = 6.0
"""A line between delivered ones that was not delivered: a live one that came in between, or Wings had dropped it."""
_BROKEN = 10.0
"""Any number of such lines in one place: a history comes in one go, or nearly so."""
_COMES_AGAIN = 0.25
"""A live line in either place that the history holds as well."""
_NOT_IN_HISTORY = 9.0
"""A delivered line that the history leaves out: it never does, unless it is not the history of this run."""
_SHORT_TAIL = 10.0
"""A history that begins before the tail does."""
_SURE = 6.0
"""More than this must speak for an overlap, and against all others, if nothing is to be said to be missing."""
_KINDS = 2**12
"""Different lines of the telling kind that a console prints at least, however few were seen yet."""
_WIDTH = 200
"""Texts that are looked at where nothing fits exactly; it keeps floods cheap."""
_NEVER = float("-inf")
_SKIP, _ABSENT, _MATCH = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Overlap:
    """What the texts and the tail have in common."""

    matched: tuple[int, ...] = ()
    """Indices of the texts that are lines of the tail; empty: none is."""
    sure: bool = False
    """Whether nothing else explains the texts nearly as well."""
    cut_off: bool = False
    """Whether the tail holds lines from before the first matched one: the history does not go back so far."""


def find(
    tail: Sequence[str], texts: Sequence[str], telling: Collection[str], *, unbroken: bool, live_first: bool = False
) -> Overlap:
    """Lay the end of the tail over the beginning of the texts, which are the history, live lines in it included.

    `telling`: texts of a kind that is printed once. `unbroken`: they are too few for a history that was cut off.
    `live_first`: live lines came even before them, so that the first of them are likely to be live as well.
    """
    if not tail or set(tail).isdisjoint(texts):
        return Overlap()
    likely = _UNBROKEN if unbroken else _USUAL
    strips = _Strips(tail, texts, telling, likely=likely, live_first=live_first)
    return strips.exact() or _amid(tail, texts, telling) or strips.loose()


def _amid(tail: Sequence[str], texts: Sequence[str], telling: Collection[str]) -> Overlap | None:
    """Return where a history that is longer than usual holds a tail which ends far inside it; None if it does not."""
    known = set(tail)
    telling_known = known.intersection(telling) or known
    end = next((index for index in range(len(texts), 0, -1) if texts[index - 1] in telling_known), 0)
    if end <= _WIDTH:
        return None
    first = max(0, end - len(tail) - LEAD)
    found = find_end(tail, texts[first:end], telling)
    if not found.sure:
        return None
    return Overlap(tuple(first + index for index in found.matched), sure=True)


def find_end(tail: Sequence[str], texts: Sequence[str], telling: Collection[str]) -> Overlap:
    """Lay the tail over texts that may begin long before it: those that were kept by us, in order. See `find`."""
    if not tail or set(tail).isdisjoint(texts):
        return Overlap()
    strips = _Strips(tail, texts, telling, likely=_USUAL)
    return strips.exact_end() or strips.loose(anywhere=True)


class _Strips:
    """A tail and texts that may overlap."""

    def __init__(
        self,
        tail: Sequence[str],
        texts: Sequence[str],
        telling: Collection[str],
        *,
        likely: float,
        live_first: bool = False,
    ) -> None:
        self._live_first = live_first
        self._tail, self._texts, self._telling, self._likely = list(tail), list(texts), frozenset(telling), likely
        counts = Counter((*tail, *texts))
        whole = len(tail) + len(texts)
        self._tells = {
            text: log2(max(whole, _KINDS if text in telling else 0) / count) for text, count in counts.items()
        }
        """By text: how many bits a match of it tells."""

    def _believed(self, bits: float, end: int) -> float:
        """Return by how many bits an overlap is likelier than none, with all texts behind `end` new."""
        return bits + self._likely - log2(len(self._texts) - end + 1)

    def exact(self) -> Overlap | None:
        """Return the overlap that is perfect but for live lines before it; None where there may be a better one."""
        found = sorted(self._exact_overlaps(), reverse=True)
        if not found or not self._all_there(found[0]):
            return None
        believed, first, end = found[0]
        rival = max((other[0] for other in found if other[2] != end), default=0.0)
        return Overlap(tuple(range(first, end)), believed - max(rival, 0.0) > _SURE, end - first < len(self._tail))

    def _all_there(self, overlap: tuple[float, int, int]) -> bool:
        """Whether an overlap leaves nothing behind that a better one might find: telling lines that are known."""
        believed, _first, end = overlap
        known = self._telling.intersection(self._tail)
        return believed > 3 * _SURE and known.isdisjoint(self._texts[end:])

    def _exact_overlaps(self) -> Iterator[tuple[float, int, int]]:
        """Yield how far each is believed, and its first text and the one behind its last."""
        tail, texts = self._tail, self._texts
        costs, known = [0.0, *accumulate(self._live_costs(_LIVE_BEFORE))], set(tail)
        for first in range(min(LEAD, len(texts))):
            if first and texts[first - 1] in known:
                return  # that may be the history's first line, with a live one behind it
            good: tuple[float, int, int] | None = None
            for start, line in enumerate(tail):
                end = first + len(tail) - start
                if line == texts[first] and tail[start:] == texts[first:end]:
                    believed = self._believed(sum(map(self._tells.__getitem__, tail[start:])) - costs[first], end)
                    good = good or (believed, first, end)
                    yield believed, first, end
            if good is not None and self._all_there(good):
                return  # nothing that leaves out more lines can be better

    def exact_end(self) -> Overlap | None:
        """Return where the texts hold the tail, or as much of its end as they begin with; None as `exact` does."""
        tail, texts = self._tail, self._texts
        found: list[tuple[float, int, int]] = []
        for end in range(1, len(texts) + 1):
            first = max(0, end - len(tail))
            if texts[end - 1] == tail[-1] and texts[first:end] == tail[-end:]:
                bits = sum(map(self._tells.__getitem__, texts[first:end]))
                found.append((self._believed(bits, end), first, end))
        found.sort(reverse=True)
        if not found or not self._all_there(found[0]):
            return None
        believed, first, end = found[0]
        rival = found[1][0] if len(found) > 1 else 0.0
        return Overlap(tuple(range(first, end)), believed - max(rival, 0.0) > _SURE, len(tail) > end)

    def _live_costs(self, alone: float) -> list[float]:
        """Return for each text what it costs that it is live: `alone` if the history does not hold it as well."""
        counts = Counter(self._texts)
        costs: list[float] = []
        for text in self._texts:
            # What tells nothing by itself is carried along by the line before it.
            carried = costs[-1] == _COMES_AGAIN if costs else self._live_first
            again = counts[text] > 1 and (text in self._telling or carried)
            costs.append(_COMES_AGAIN if again else alone)
        return costs

    def loose(self, *, anywhere: bool = False) -> Overlap:
        """Return the likeliest overlap that forgives lines without a partner on either side.

        `anywhere`: texts from before the tail cost nothing, and none of them is live.
        """
        width = len(self._texts) if anywhere else min(len(self._texts), _WIDTH)
        if anywhere:
            starts = [0.0, *[_NEVER] * width]
            above, skips = [0.0] * (width + 1), [0.0, *[_NOT_DELIVERED] * width]
        else:
            starts = [-cost for cost in (0.0, *accumulate(self._live_costs(_LIVE_BEFORE)))]
            above, skips = [max(start, -_SHORT_TAIL) for start in starts], [0.0, *self._live_costs(_NOT_DELIVERED)]
        paths: list[bytearray] = []
        for line in self._tail:
            above, path = self._row(line, above, starts, skips, width)
            paths.append(path)
        ends = sorted(
            ((self._believed(above[end], end), end) for end in range(1, width + 1) if paths[-1][end] == _MATCH),
            reverse=True,
        )
        if not ends or ends[0][0] <= 0:
            return Overlap()
        rival = ends[1][0] if len(ends) > 1 else 0.0
        matched, first_row = _trace(paths, ends[0][1])
        return Overlap(tuple(matched), ends[0][0] - max(rival, 0.0) > _SURE, first_row > 0)

    def _row(
        self, line: str, above: Sequence[float], starts: Sequence[float], skips: Sequence[float], width: int
    ) -> tuple[list[float], bytearray]:
        """Return for each column the bits of the best overlap up to this line of the tail, and its last step."""
        tells = self._tells[line]
        row, path = [max(starts[0], above[0] - _NOT_IN_HISTORY)], bytearray(width + 1)
        for column in range(1, width + 1):
            best, way = starts[column], 0
            broken = 0.0 if path[column - 1] == _SKIP else _BROKEN
            if (value := row[column - 1] - skips[column] - broken) > best:
                best, way = value, _SKIP
            if (value := above[column] - _NOT_IN_HISTORY) > best:
                best, way = value, _ABSENT
            if line == self._texts[column - 1] and (value := above[column - 1] + tells) >= best:
                best, way = value, _MATCH
            row.append(best)
            path[column] = way
        return row, path


def _trace(paths: Sequence[bytearray], column: int) -> tuple[list[int], int]:
    """Walk back from the end; return the matched texts and the row of the tail's first matched line."""
    matched: list[int] = []
    row, first_row = len(paths), 0
    while row and column and (way := paths[row - 1][column]):
        if way == _MATCH:
            row, column = row - 1, column - 1
            matched.append(column)
            first_row = row
        elif way == _ABSENT:
            row -= 1
        else:
            column -= 1
    return matched[::-1], first_row
