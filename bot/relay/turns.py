"""The relays' share of Discord's global limit, handed out guild by guild, and within a guild channel by channel."""

import asyncio
from dataclasses import dataclass

from bot.fair_line import FairLine

# A channel sends about once a second: Discord allows it five messages in five seconds.
_BACK_AFTER = 1.0


class _Meter:
    """Lets through so many a second, and of those who wait first whoever's turn it is."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._interval = 1 / per_second
        self._tolerance = (burst - 1) * self._interval
        self._due = float("-inf")
        self._line: FairLine[int, int, asyncio.Future[None]] = FairLine()
        self._timer: asyncio.TimerHandle | None = None

    async def through(self, guild_id: int, channel_id: int) -> None:
        """Return when the channel may pass."""
        loop = asyncio.get_running_loop()
        if not self._line and self._closed(loop.time()) <= 0:
            self._pass(loop.time())
            return
        waiter: asyncio.Future[None] = loop.create_future()
        self._line.join(guild_id, channel_id, waiter)
        if self._timer is None:
            self._let_through()
        try:
            await waiter
        except asyncio.CancelledError:
            self._line.leave(guild_id, channel_id, waiter)
            if not waiter.cancelled():  # its turn came in the same moment: somebody else may have it
                self._due -= self._interval
                if self._timer is not None:
                    self._timer.cancel()
                self._let_through()
            raise

    def queue(self, now: float, guild_id: int) -> float:
        """Return how many seconds somebody of that guild who comes now would wait."""
        ahead = self._line.ahead(guild_id, back_after=_BACK_AFTER / self._interval)
        return max(0.0, self._closed(now)) + ahead * self._interval

    def hold(self, now: float, seconds: float) -> None:
        """Let nobody through for so long."""
        self._due = max(self._due, now + seconds + self._tolerance)

    def _closed(self, now: float) -> float:
        """For how many seconds nobody may pass."""
        return self._due - now - self._tolerance

    def _pass(self, now: float) -> None:
        # By the clock as it is now: after a stall not all that was due meanwhile may go at once.
        self._due = max(self._due, now) + self._interval

    def _let_through(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        while (first := self._line.first()) is not None:
            if first[2].done():  # cancelled, and not gone yet: nobody loses a turn by that
                self._line.leave(*first)
            elif (wait := self._closed(loop.time())) > 0:
                self._timer = loop.call_later(wait, self._let_through)
                return
            else:
                self._line.pop().set_result(None)
                self._pass(loop.time())


class Turns:
    """The share of Discord's global limit (50 requests/s per bot) that relays may use.

    Guilds take turns, and within a guild its channels, each of which asks for one turn at a time: neither a flood in
    one channel nor a hundred channels of one guild delay those of another. What a message holds is decided when its
    turn comes; then it is written down, for many channels at once, and so they would all be sent at once if they did
    not pass a door one by one.
    """

    def __init__(self, per_second: float = 42.0, burst: int = 4) -> None:
        self._turns = _Meter(per_second, burst)
        self._door = _Meter(per_second * 1.1, burst - 1)

    def of(self, guild_id: int, channel_id: int) -> "ChannelTurns":
        """Return what a channel asks for its turns."""
        return ChannelTurns(guild_id, channel_id, self._turns, self._door)

    def hold(self, now: float, seconds: float) -> None:
        """Let no request go for so long: Discord said that the global limit is used up."""
        self._turns.hold(now, seconds)
        self._door.hold(now, seconds)


@dataclass(frozen=True, slots=True)
class ChannelTurns:
    """A channel's place among all that want to send."""

    _guild_id: int
    _channel_id: int
    _turns: _Meter
    _door: _Meter

    async def turn(self) -> None:
        """Return when the next message may be made."""
        await self._turns.through(self._guild_id, self._channel_id)

    async def door(self) -> None:
        """Return when the next request may go."""
        await self._door.through(self._guild_id, self._channel_id)

    def queue(self, now: float) -> float:
        """Return how many seconds a turn asked for now would take to come."""
        return self._turns.queue(now, self._guild_id)
