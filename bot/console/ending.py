"""The end of a history: what is new in it is found and passed on in slices, while whatever comes goes on being held."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from bot import time_slice
from bot.console.collected import Collected
from bot.console.events import ConsoleLine
from bot.console.memory import Memory

_T = TypeVar("_T")


class Lapsed(Exception):
    """The connection broke, or its token ran out: the next history will tell."""


class Ending:
    """Lives from the moment a history has ended until lines pass straight on. Whatever waits in here raises Lapsed."""

    def __init__(self, memory: Memory) -> None:
        self.taken = memory.take()
        """What was collected until now."""
        self._memory = memory
        self._holds = memory.holds
        self._slices = time_slice.shared()

    async def find(self, function: Callable[[], _T]) -> _T:
        """Return what a comparison returns."""
        found = await self._slices.aside(function)
        await self._breathe()
        return found

    async def pass_on(self, lines: Iterable[ConsoleLine], tell: Callable[[ConsoleLine], None] | None = None) -> None:
        """Remember lines, telling each."""
        for line in lines:
            await self._breathe()
            self._memory.add(line)
            if tell is not None:
                tell(line)

    def rest(self) -> Iterator[Collected]:
        """Yield what was held meanwhile until that is nothing; from then on lines need not be held any more."""
        while True:
            rest = self._memory.take()
            if not rest.lines and not rest.dropped:
                break
            yield rest
        self._memory.drop_held()

    async def _breathe(self) -> None:
        await self._slices.breathe()
        if self._memory.holds != self._holds:
            raise Lapsed
