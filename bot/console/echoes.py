"""Pure: in which order were lines printed that came while the history was asked for, and which of them came twice?

Docker writes a line to its log and hands it to Wings at the same time (wings `environment/docker/container.go`,
`router/websocket/listeners.go`). So what is received is the history and the live lines, shuffled: the end of the one
repeats the beginning of the other. What comes just twice tells where, if it is of the kind that is printed once: lines
with a time or a number in them. "Saved the game" twice is most likely said twice. A live line that came with the
history and is not in it was printed after it was read, and belongs behind it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

LIVE_AMID = 12
"""So many live lines at most come while the history is being sent, or have their copies behind it."""
_AROUND = 40
"""So far from where the history is known to end a copy may stand."""


@dataclass(frozen=True, slots=True)
class NewLines:
    """Lines that are not known from before, in the order they came."""

    texts: Sequence[str]
    telling: Collection[int]
    """Indices of lines of a kind that is printed once."""
    lead: int
    """So many came before the last line that is known from before, so they are live."""
    early: int
    """So many came before the history was asked for, so it holds them as well."""
    end: int | None
    """So many of those behind the lead are the history's; None where that is not known."""
    full_at: int
    """The most lines that the history can have."""
    newer: Collection[int] = ()
    """Indices of those that are known, by their clock, to have been printed after the history was read."""


@dataclass(frozen=True, slots=True)
class Order:
    """The lines in the order they were printed, each printed line once."""

    order: list[int]
    """Their indices."""
    end: int
    """So many of them are the history's, as far as that can be told."""


def in_order(new: NewLines) -> Order:
    """Sort the lines out."""
    texts = new.texts
    end = None if new.end is None else min(new.lead + new.end, len(texts))
    pairs, end = _telling_pairs(new, end)
    for step in (1, -1):
        for pair in list(pairs.items()):
            pairs |= _beside(texts, pairs, pair, step)
    pairs |= _continued(new, pairs, end)
    late = _lone(new, pairs, end)
    gone = {min(pair) for pair in pairs.items()}
    kept = [index for index in range(len(texts)) if index not in gone and index not in late]
    if end is None:
        end = max(map(max, pairs.items())) + 1 if late and pairs else len(texts)
    place = sum(index < end for index in kept)
    kept[place:place] = late
    return Order(kept, place)


def _telling_pairs(new: NewLines, end: int | None) -> tuple[dict[int, int], int | None]:
    """Pair live lines with their copies in the history; return with them where the history ends, all counted."""
    counts = Counter(new.texts)
    last = {text: index for index, text in enumerate(new.texts)}
    twins = [
        (index, last[text])
        for index, text in enumerate(new.texts)
        if counts[text] == 2 and index != last[text] and index in new.telling and last[text] >= new.lead
    ]
    led = [twin for twin in twins if twin[0] < new.lead]
    rest = [twin for twin in twins if twin[0] >= new.lead]
    if end is None:
        return _same_order([*led, *_near_the_end(new, rest, len(led))]), None
    near = [twin for twin in rest if abs(twin[1] - end) <= _AROUND]
    pushed, pairs = -1, dict[int, int]()
    while (further := end + _amid(new, pairs, pushed)) > pushed:
        pushed = further
        # Lines that both come behind the history were said twice.
        pairs = _same_order([*led, *(twin for twin in near if twin[0] < pushed)])
    return pairs, pushed


def _amid(new: NewLines, pairs: Mapping[int, int], end: int) -> int:
    """Count the live lines among those before the history's end, which push it back."""
    copies = sum(new.lead <= first and second < end for first, second in pairs.items())
    return copies + sum(new.lead <= index < end for index in new.newer if index not in pairs)


def _same_order(twins: list[tuple[int, int]]) -> dict[int, int]:
    """Leave out what is not in the same order on both sides."""
    pairs: dict[int, int] = {}
    bound = bound_of_copy = float("inf")
    for first, second in sorted(twins, key=lambda twin: (twin[1], twin[0]), reverse=True):
        if first < bound and second < bound_of_copy:
            pairs[first] = second
            bound, bound_of_copy = first, second
    return pairs


def _near_the_end(new: NewLines, twins: list[tuple[int, int]], led: int) -> list[tuple[int, int]]:
    """Which are copies where nothing tells where the history ends: no more can be live than came behind it."""
    count = len(new.texts)
    live_at_least = count - new.full_at
    found: list[tuple[int, int]] = []
    for first, second in reversed(twins):
        known = led + len(found)
        behind = count - 1 - second - known - sum(other > second for other, _copy in found)
        behind -= _run(new.texts, first, second) - 1  # the lines behind both, as long as they are alike
        if behind + known < live_at_least or behind <= LIVE_AMID:
            found.append((first, second))
    return found


def _run(texts: Sequence[str], first: int, second: int) -> int:
    """Return how many lines from two places on are alike."""
    most = min(second - first, len(texts) - second)
    return next((size for size in range(most) if texts[first + size] != texts[second + size]), most)


def _beside(texts: Sequence[str], pairs: Mapping[int, int], pair: tuple[int, int], step: int) -> dict[int, int]:
    """Pair the lines beside a pair as well, as long as they are alike: those that come more often than twice."""
    taken = {*pairs, *pairs.values()}
    found: dict[int, int] = {}
    first, second = pair[0] + step, pair[1] + step
    while (
        first >= 0
        and second < len(texts)
        and texts[first] == texts[second]
        and taken.isdisjoint((first, second))
        and first != pair[1]
        and second != pair[0]
    ):
        found[first] = second
        taken |= {first, second}
        first, second = first + step, second + step
    return found


def _continued(new: NewLines, pairs: Mapping[int, int], end: int | None) -> dict[int, int]:
    """Pair the history's last lines with what comes behind it, where the lines before them came before it."""
    texts = new.texts
    copy = pairs.get(new.lead - 1)
    if copy is None:
        return {}
    first = copy + 1
    most = (len(texts) - first) // 2 if end is None else end - first
    for size in range(min(most, _AROUND), 0, -1):
        behind = first + size
        if end is not None and behind != end:
            break
        # Lines amid a stack trace repeat one another as well: only what ends there may have come again.
        over = behind + size
        ends = over >= len(texts) or over in new.telling
        told = end is not None or (ends and (size > 1 or first in new.telling))
        if told and list(texts[first:behind]) == list(texts[behind : behind + size]):
            return {first + place: behind + place for place in range(size) if first + place not in pairs}
    return {}


def _lone(new: NewLines, pairs: dict[int, int], end: int | None) -> list[int]:
    """Return the live lines that are not in the history; what else came before it is paired with its copy there."""
    texts, lead = new.texts, new.lead
    rest = [index for index in range(lead) if index not in pairs]
    if end is not None and not any(first < lead for first in pairs):
        size = next((n for n in range(min(len(rest), end - lead), 0, -1) if _ends_with(texts, rest[:n], end)), 0)
        pairs |= dict(zip(rest[:size], range(end - size, end), strict=True))
        rest = rest[size:]
    late = [index for index in new.newer if index >= lead and index not in pairs and index not in pairs.values()]
    used, copies = set(pairs.values()), dict[str, list[int]]()
    for index in range(lead, len(texts)):
        if index not in used:
            copies.setdefault(texts[index], []).append(index)
    # A line that came before one that is in the history is in it too.
    in_history = max((index for index in pairs if index < lead), default=-1)
    for index in rest:
        known = copies.get(texts[index])
        believed = index < max(new.early, in_history) or (end is None and in_history < 0)
        if known and believed:
            pairs[index] = known.pop()
        elif index >= new.early:  # of what came earlier, a history that is all newer may have no copy
            late.append(index)
    return sorted(late)


def _ends_with(texts: Sequence[str], run: Sequence[int], end: int) -> bool:
    return [texts[index] for index in run] == list(texts[end - len(run) : end])
