"""When a channel's next message may go out: by Discord's own rate-limit headers, so that no 429 is provoked."""

import asyncio
from dataclasses import dataclass

from bot.relay.turns import Turns

# What create-message has allowed for years; the headers of the first answer replace it.
_LIMIT = 5
_WINDOW = 5.0
# Our clock starts when the answer arrives, Discord's a little earlier; this covers the rest, in seconds.
_MARGIN = 0.05
# How soon a second message may follow the first one after a silence.
_QUICK = 0.35
_SILENCE = 3.0


@dataclass(slots=True)
class Pace:
    """One channel's window of create-message requests. All times are seconds of one monotonic clock.

    Three rules. A full message goes as soon as a slot is free. A message that is not yet full waits for its share of
    the window, so that the slots are spread over it and no line waits long. The last slot stays free until little of
    the window is left, so that a closing bot always has one at once, and discord.py, which blocks the call that used
    up the last slot until the window ends, blocks for a moment only.
    """

    limit: int = _LIMIT
    remaining: int = _LIMIT
    window: float = _WINDOW
    reset_at: float = float("-inf")
    held_until: float = float("-inf")
    last: float = float("-inf")
    before_last: float = float("-inf")

    def delay(self, now: float, *, full: bool, closing: bool = False) -> float:
        """Return how many seconds the next message must wait; 0 or less means it may go now."""
        if now < self.held_until:
            return self.held_until - now
        if now >= self.reset_at + _MARGIN:
            return 0.0 if full or closing else self._share(now, self.limit, self.window)
        left = self.reset_at - now
        if self.remaining <= 0:
            return left + _MARGIN
        if closing:
            return 0.0
        if self.remaining == 1 and left > self._release:
            return left - self._release
        return 0.0 if full else self._share(now, self.remaining, left)

    @property
    def _release(self) -> float:
        """How much of the window is left when its last slot becomes free to use."""
        return 1.25 * self.window / max(self.limit, 1)

    def _share(self, now: float, slots: int, left: float) -> float:
        """Return how long an unfilled message waits so that the slots last to the end of the window."""
        end = now + left
        gap = (end - self.last) / (slots + 1) if self.last > now - self.window else 0.0
        if self.last - self.before_last > _SILENCE:
            gap = min(gap, _QUICK)
        return self.last + gap - now

    def slots(self, now: float) -> int:
        """Return how many messages may go at once, the reserved one included."""
        if now < self.held_until:
            return 0
        return self.limit if now >= self.reset_at + _MARGIN else self.remaining

    def until_last(self, now: float, messages: int) -> float:
        """Return after how many seconds the last of so many full messages can go."""
        start = max(0.0, self.held_until - now)
        idle = now >= self.reset_at + _MARGIN
        free, left = (self.limit, self.window) if idle else (self.remaining, self.reset_at - now)
        if messages < free:
            return start
        if messages == free:
            return start + max(0.0, left - self._release)
        windows, over = divmod(messages - free - 1, max(self.limit, 1))
        last = self.window - self._release if over + 1 >= self.limit else 0.0
        return start + left + _MARGIN + windows * self.window + last

    def sent(self, now: float) -> None:
        """Count a request that is about to be made; its answer's headers correct the figures."""
        if now >= self.reset_at:
            self.remaining, self.reset_at = self.limit, now + self.window
        self.remaining -= 1
        self.before_last, self.last = self.last, now

    def seen(self, now: float, *, limit: int, remaining: int, reset_after: float) -> None:
        """Take over the headers of an answer, to whomever in the bot it went."""
        if remaining >= limit - 1:
            self.window = max(reset_after, 0.001)
        self.limit, self.remaining = limit, remaining
        self.reset_at = now + reset_after

    def hold(self, now: float, seconds: float) -> None:
        """Send nothing for so long: Discord answered 429 all the same (other limits are not in the headers)."""
        self.held_until = max(self.held_until, now + seconds + _MARGIN)


class Paces:
    """The pace of every channel that has a relay, and the turns they share."""

    def __init__(self, turns: Turns | None = None) -> None:
        self.turns = turns or Turns()
        self._channels: dict[int, Pace] = {}

    def of(self, channel_id: int) -> Pace:
        """Return the channel's pace, made at first use."""
        return self._channels.setdefault(channel_id, Pace())

    def seen(self, channel_id: int, *, limit: int, remaining: int, reset_after: float) -> None:
        """Take over the rate-limit headers of an answer to create-message."""
        pace = self._channels.get(channel_id)
        if pace is not None:
            now = asyncio.get_running_loop().time()
            pace.seen(now, limit=limit, remaining=remaining, reset_after=reset_after)

    def hold(self, channel_id: int, seconds: float, *, everywhere: bool) -> None:
        """Send nothing to a channel, or to any, for some seconds: the answer was a 429."""
        now = asyncio.get_running_loop().time()
        if everywhere:
            self.turns.hold(now, seconds)
        elif channel_id in self._channels:
            self._channels[channel_id].hold(now, seconds)
