"""Pure: which lines came twice because they were printed while the history was asked for, live and in the history?

Docker writes a line to its log and hands it to Wings at the same time (wings `environment/docker/container.go`,
`router/websocket/listeners.go`). So what is received is the history and the live lines, shuffled, and the end of the
one repeats the beginning of the other. What comes just twice tells where, if it is of the kind that is printed once:
lines with a time or a number in them. "Saved the game" twice is most likely said twice.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

_NEWEST = 10
"""After the last line of the history at most so many live ones come while it is collected, unless it is known to be
full: a line that comes twice with more behind it was printed twice."""


def echoes(
    texts: Sequence[str], *, telling: Collection[int], early: int, full_at: int, old: Collection[int]
) -> set[int]:
    """Return the indices of the first copies of lines that came both live and in the history.

    `telling`: indices of lines of a kind that is printed once. `early`: so many came before the history was asked for.
    `full_at`: the length of a full history. `old`: indices of lines that are known to be history, because they were
    delivered long before.
    """
    doubtful = {index for index in range(len(texts)) if index in old or (index >= early and index not in telling)}
    pairs = _true_pairs(texts, early, full_at, doubtful)
    for step in (1, -1):
        for pair in list(pairs.items()):
            pairs |= _beside(texts, pairs, pair, step, old)
    dropped = set(pairs)
    counts = Counter(texts)
    if early <= _NEWEST and all(counts[text] > 1 for text in texts[:early]):
        # What was live before the history was read is in it, also where nothing tells which of its lines it is.
        later = set(texts[early:])
        dropped |= {index for index in range(early) if texts[index] in later}
    return dropped


def _true_pairs(texts: Sequence[str], early: int, full_at: int, doubtful: Collection[int]) -> dict[int, int]:
    """Pairs of lines that come just twice, in the same order on both sides, the second ones at the history's end."""
    live_at_least = len(texts) - full_at
    pairs: dict[int, int] = {}
    bound = len(texts)
    last = {text: index for index, text in enumerate(texts)}
    counts = Counter(texts)
    candidates = [
        (last[text], index)
        for index, text in enumerate(texts)
        if counts[text] == 2 and index != last[text] and index not in doubtful
    ]
    for second, first in sorted(candidates, reverse=True):
        behind = len(texts) - 1 - second - len(pairs)
        near = behind <= _NEWEST or behind + len(pairs) < live_at_least
        is_early = first < early <= second
        if first < bound and (near or is_early) and (second >= early or not early):
            pairs[first] = second
            bound = first
    return pairs


def _beside(
    texts: Sequence[str], pairs: Mapping[int, int], pair: tuple[int, int], step: int, old: Collection[int]
) -> dict[int, int]:
    """Pair the lines beside a pair as well, as long as they are alike: those that come more often than twice."""
    taken = {*pairs, *pairs.values()}
    found: dict[int, int] = {}
    first, second = pair[0] + step, pair[1] + step
    while (
        first >= 0
        and second < len(texts)
        and texts[first] == texts[second]
        and taken.isdisjoint((first, second))
        and first not in old
    ):
        found[first] = second
        taken |= {first, second}
        first, second = first + step, second + step
    return found
