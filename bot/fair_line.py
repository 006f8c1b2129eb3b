"""Pure: a waiting line in which owners take turns, and within an owner its parts, however many of either wait."""

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable, Iterator
from itertools import repeat
from typing import Generic, TypeVar

OwnerT = TypeVar("OwnerT", bound=Hashable)
PartT = TypeVar("PartT", bound=Hashable)
WaiterT = TypeVar("WaiterT")
_T = TypeVar("_T")


class _Owner(Generic[OwnerT, PartT, WaiterT]):
    """One owner's waiters, by the part of it that they wait for."""

    def __init__(self) -> None:
        self.parts: OrderedDict[PartT, deque[WaiterT]] = OrderedDict()
        self.waiting = 0

    def in_order(self, owner: OwnerT) -> Iterator[tuple[OwnerT, PartT, WaiterT]]:
        return _by_turns(zip(repeat(owner), repeat(part), line, strict=False) for part, line in self.parts.items())


class FairLine(Generic[OwnerT, PartT, WaiterT]):
    """Who comes next, say of guilds and their channels.

    An owner that waits comes within as many grants as there are owners waiting, whatever the others have lined up; a
    part within as many grants to its owner as the owner has parts waiting. Who has had his turn stands behind all.
    """

    def __init__(self) -> None:
        self._owners: OrderedDict[OwnerT, _Owner[OwnerT, PartT, WaiterT]] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._owners)

    def join(self, owner: OwnerT, part: PartT, waiter: WaiterT) -> None:
        """Stand in line."""
        mine = self._owners.get(owner)
        if mine is None:
            mine = self._owners[owner] = _Owner()
        mine.parts.setdefault(part, deque()).append(waiter)
        mine.waiting += 1

    def leave(self, owner: OwnerT, part: PartT, waiter: WaiterT) -> None:
        """Wait no longer, where one still does; owner and part keep their places for those of theirs who do."""
        mine = self._owners.get(owner)
        line = None if mine is None else mine.parts.get(part)
        if mine is not None and line is not None and waiter in line:
            line.remove(waiter)
            mine.waiting -= 1
            if not line:
                del mine.parts[part]
            if not mine.parts:
                del self._owners[owner]

    def first(self) -> tuple[OwnerT, PartT, WaiterT] | None:
        """Return who comes next; None where nobody waits."""
        return next(self.in_order(), None)

    def in_order(self) -> Iterator[tuple[OwnerT, PartT, WaiterT]]:
        """Yield all who wait, in the order in which they come if nobody joins or leaves."""
        return _by_turns(mine.in_order(owner) for owner, mine in self._owners.items())

    def serve(self, owner: OwnerT, part: PartT, waiter: WaiterT) -> None:
        """Let somebody who waits have his turn: he leaves, and owner and part stand behind all others."""
        self.leave(owner, part, waiter)
        mine = self._owners.get(owner)
        if mine is not None:
            self._owners.move_to_end(owner)
            if part in mine.parts:
                mine.parts.move_to_end(part)

    def pop(self) -> WaiterT:
        """Serve who comes next; raises IndexError where nobody waits."""
        first = self.first()
        if first is None:
            raise IndexError("nobody waits")
        self.serve(*first)
        return first[2]

    def ahead(self, owner: OwnerT, *, back_after: float = float("inf")) -> float:
        """Return how many grants come before that of a part which would stand in line now.

        It is exact where nobody joins meanwhile. `back_after`: about so many grants after their turn, the others are in
        line again.
        """
        mine = self._owners.get(owner)
        if mine is None:
            return len(self._owners)
        own, place = len(mine.parts), list(self._owners).index(owner)
        others = [its.waiting for its in self._owners.values() if its is not mine]
        # Until then the owner has `own` turns, and each of the others as many or one more, if so many wait.
        lined_up = own + sum(min(waiting, own + (index < place)) for index, waiting in enumerate(others))
        length, shorter = 0.0, 1.0 + len(others)
        while abs(length - shorter) > 0.1:
            length = shorter
            shorter = 1 + sum(min(1.0, waiting * length / (back_after + length)) for waiting in others)
        return max(lined_up, own * shorter)


def _by_turns(those: Iterable[Iterator[_T]]) -> Iterator[_T]:
    """Yield the first of each, then the second of each, and so on."""
    coming, again = iter(those), deque[Iterator[_T]]()
    for one in coming:  # not looked at before it is their turn: there may be many
        for first in one:
            yield first
            again.append(one)
            break
    while again:
        one = again.popleft()
        for following in one:
            yield following
            again.append(one)
            break
