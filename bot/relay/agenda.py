"""Pure: when each guild's relays are to be looked at next, so that each guild costs only what concerns it."""

from heapq import heappop, heappush


class Agenda:
    """Guilds by the time when they are due. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._due: dict[int, float] = {}
        self._rests: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []
        """May hold times that do not count any more: `_due` says which do."""

    def add(self, guild_id: int, when: float) -> None:
        """Have a guild looked at at some time: not before its rest is over, nor later than was said before."""
        when = max(when, self._rests.get(guild_id, when))
        if when < self._due.get(guild_id, float("inf")):
            self._due[guild_id] = when
            heappush(self._heap, (when, guild_id))

    def rest(self, guild_id: int, until: float) -> None:
        """Leave a guild alone until then, whatever is added for it: many changes at once are one."""
        self._rests[guild_id] = until
        if self._due.get(guild_id, until) < until:
            del self._due[guild_id]
            self.add(guild_id, until)

    def take(self, now: float) -> int | None:
        """Return the guild that has been due for the longest time, and forget its time; None where none is due."""
        if self.wait(now) > 0:
            return None
        _when, guild_id = heappop(self._heap)
        del self._due[guild_id]
        return guild_id

    def wait(self, now: float) -> float:
        """Return after how many seconds the next guild is due; inf if none ever is."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return max(0.0, self._heap[0][0] - now) if self._heap else float("inf")
