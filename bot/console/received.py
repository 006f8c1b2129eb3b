"""Pure: what came after asking for the history, sorted: what is known, what is new, in which order it was printed."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, takewhile

from bot.console import overlap
from bot.console.echoes import LIVE_AMID, NewLines, in_order
from bot.console.marks import WINGS_HISTORY, is_daemon_line

_TELLING = re.compile(r"[0-9]")
"""A line with a time or a number in it is hardly ever printed twice."""
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2}):(\d{2})\b")
_QUARTER = 6 * 3600
"""Seconds. No history spans so much; clocks further apart have midnight, or noon, between them."""
_ENOUGH = 60
"""So many lines in the same second as the one before tell whether a console says the same twice in a second."""
_REPEATED = 2
"""So many different lines that come again are no chance."""
_BEGINNING = 500
"""Characters. Clocks and what else tells stand at a line's beginning; a line may have 64 KiB."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Received:
    """What came after asking for the history, with a delivered tail laid over it; the daemon's own lines left out."""

    def __init__(
        self,
        received: Sequence[str],
        tail: Sequence[str],
        key: Callable[[str], str],
        *,
        early: int,
        blanks: int,
        remembered: bool = False,
    ) -> None:
        """`key` is what lines are compared by. For the others see `bot.console.history.recover`."""
        self._received, self._blanks = received, blanks
        self._places = [index for index, text in enumerate(received) if not is_daemon_line(text)]
        self._texts = [key(received[place]) for place in self._places]
        self._early = 0 if remembered else sum(place < early for place in self._places)
        telling = {self._texts[index] for index in range(self.count) if self._tells(index)}
        texts = self._texts[self._early :]
        found = (
            overlap.find_end(tail, texts, telling)
            if remembered
            else overlap.find(tail, texts, telling, unbroken=self.whole, live_first=self._early > 0)
        )
        self.overlap = replace(found, matched=tuple(index + self._early for index in found.matched))
        self._old = set(self.overlap.matched)
        if self._old:
            before, known = range(self._early, self.overlap.matched[0]), telling.intersection(tail)
            self._old |= {index for index in before if self._texts[index] in known}
            if len(before) > overlap.LEAD:  # a node that keeps more than usual: history from before the tail
                newest = self._clock(self.overlap.matched[-1])
                self._old |= {index for index in before if not _earlier(newest, self._clock(index))}

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._places)

    @property
    def whole(self) -> bool:
        """Whether they are too few for a history that goes back less far than the server's run."""
        return self.count + self._blanks < WINGS_HISTORY

    def behind(self) -> list[int]:
        """Return the indices of all that comes behind the last known line."""
        first = self._places[self.overlap.matched[-1]] + 1 if self.overlap.matched else 0
        return list(range(first, len(self._received)))

    def known(self) -> list[int]:
        """Return the indices of the lines that are not new."""
        return [self._places[index] for index in sorted(self._old)]

    def new(self) -> list[int]:
        """Return the indices of the new lines in the order they were printed."""
        early = self._early if self._old else self._early + self._came_before_full_history()
        last = self.overlap.matched[-1] if self._old else early - 1
        new = [index for index in range(self.count) if index not in self._old]
        missed = self._missed([index for index in new if early <= index < last])
        new = [index for index in new if index not in missed]
        lead = sum(index < last for index in new) if self._old else early
        room = WINGS_HISTORY - self._blanks - len(self.overlap.matched) - len(missed)
        end = room if self.overlap.cut_off and 0 <= room <= len(new) - lead else None
        found = in_order(
            NewLines(
                [self._texts[index] for index in new],
                telling=self._telling(new, lead, end),
                lead=lead,
                early=early,
                end=end,
                full_at=max(1, room),
                newer=self._newer(new, lead, end),
            )
        )
        shown = [*missed, *(new[place] for place in found.order)]
        return self._with_daemon_lines(shown, len(missed) + found.end, last)

    def _came_before_full_history(self) -> int:
        """Return how many live lines seem to stand before a history of which nothing is known: its last ones are alike.

        If they are not live after all, they are the oldest behind a gap that is told anyway.
        """
        texts, room = self._texts[self._early :], WINGS_HISTORY - self._blanks
        most = min(overlap.LEAD, len(texts) - room) if room > 0 else 0
        return next((size for size in range(most, 0, -1) if texts[:size] == texts[room : room + size]), 0)

    def _telling(self, new: Sequence[int], lead: int, end: int | None) -> set[int]:
        """Return the places of lines that, where they come twice, were printed once."""
        telling = {place for place, index in enumerate(new) if self._tells(index)}
        if self._may_say_twice():
            # Of what comes behind a history whose end is known, the like in it is the same.
            telling -= {lead + place for place in self._said_twice(new[lead:][:end])}
        if self._repeats_without_clocks():
            telling = {place for place in telling if self._clock(new[place]) is not None}
        if not self._old:
            # Nothing is known of this history: lines before it that come again are live, whatever they say.
            counts = Counter(self._texts[index] for index in new)
            telling.update(takewhile(lambda place: counts[self._texts[new[place]]] > 1, range(len(new))))
        return telling

    def _may_say_twice(self) -> bool:
        """Whether this console may say the same twice in a second; the known lines are asked, if they are enough."""
        known = self.overlap.matched
        clocks = [self._clock(index) for index in known]
        in_one_second = sum(one is not None and one == other for one, other in pairwise(clocks))
        return in_one_second < _ENOUGH or any(self._said_twice(known))

    def _repeats_without_clocks(self) -> bool:
        """Whether this console's lines without a clock come again, though with a number: the known ones do."""
        known = [index for index in self.overlap.matched if self._tells(index) and self._clock(index) is None]
        counts = Counter(self._texts[index] for index in known)
        return sum(count > 1 for count in counts.values()) >= _REPEATED

    def _said_twice(self, indices: Sequence[int]) -> Iterator[int]:
        """Yield the places of telling lines that come again with nothing but their own second in between."""
        places = dict[str, list[int]]()
        for place, index in enumerate(indices):
            places.setdefault(self._texts[index], []).append(place)
        for first, second in (repeated[:2] for repeated in places.values() if len(repeated) > 1):
            clock = self._clock(indices[first])
            texts = [self._texts[index] for index in indices[first : 2 * second - first]]
            if second - first > 1 and texts[: second - first] == texts[second - first :]:
                continue  # a whole run of lines twice, one behind the other: the second time it came live
            if clock is not None and second - first < WINGS_HISTORY and self._tells(indices[first]):
                between = (self._clock(indices[place]) for place in range(first + 1, second))
                if all(other in {clock, None} for other in between):
                    yield from (first, second)

    def _newer(self, new: Sequence[int], lead: int, end: int | None) -> list[int]:
        """Return which lines amid the history are live ones, by their clocks: newer than what follows of it."""
        clocks = [self._clock(index) for index in new]
        found: list[int] = []
        newest: int | None = None
        for place in range(lead, min(len(new), lead + WINGS_HISTORY + LIVE_AMID)):
            clock = clocks[place]
            if clock is None or _earlier(clock, newest):
                continue
            newest = clock
            until = next((i for i in range(place + 1, len(new)) if _earlier(clock, clocks[i])), len(new))
            reaches = until >= lead + end if end is not None else len(new) - until <= LIVE_AMID
            if reaches and any(_earlier(other, clock) for other in clocks[place + 1 : until]):
                found.append(place)
        return found if len(found) <= LIVE_AMID else []

    def _tells(self, index: int) -> bool:
        """Whether the line is of a kind that is hardly ever printed twice; stack traces, which are indented, are."""
        text = _COLOUR.sub("", self._received[self._places[index]][:_BEGINNING])
        return _TELLING.search(text) is not None and not text[:1].isspace()

    def _missed(self, between: list[int]) -> list[int]:
        """Return which lines amid the known ones are older than the last of them: Wings had dropped them for us."""
        if not between:
            return []
        newest = self._clock(self.overlap.matched[-1])
        return [index for index in between if _earlier(self._clock(index), newest)]

    def _clock(self, index: int) -> int | None:
        """Return the time of day that a line names first, in seconds."""
        found = _CLOCK.search(self._received[self._places[index]][:_BEGINNING])
        return None if found is None else int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])

    def _with_daemon_lines(self, shown: Sequence[int], end: int, last: int) -> list[int]:
        """Put the daemon's lines back in: each behind the line it came behind, or behind the history if that is old.

        `end`: so many of the shown lines are the history's. `last`: the last known line.
        """
        order = [self._places[index] for index in shown]
        known_until = self._places[last] if last >= 0 else -1
        anchor = order[end - 1] if end else None
        among, following = set(order), dict[int | None, list[int]]()
        behind_known: int | None = None
        for index, text in enumerate(self._received):
            if index in among and index > known_until:
                behind_known = index
            elif is_daemon_line(text):
                following.setdefault(behind_known if index > known_until else anchor, []).append(index)
        return [*following.get(None, []), *(one for place in order for one in (place, *following.get(place, [])))]


def _earlier(clock: int | None, other: int | None) -> bool:
    """Whether one time of day comes before another; across midnight it does not seem so."""
    return clock is not None and other is not None and 0 < other - clock < _QUARTER
