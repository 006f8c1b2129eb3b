"""The one place where the stand-in's durations become real seconds."""

import asyncio
import time


class Clock:
    """Real time with every *duration* multiplied by ``scale``.

    ``now`` is always the real unix time, so that claims such as ``exp`` stay honest for a client that looks at its
    own watch. A duration of 600 s at scale 0.01 lasts 6 real seconds. Whole-second claims stay whole: a ticket's
    lifetime is rounded up to real seconds (at least one, or two where time is squeezed), and "the same second" of
    Wings' comparisons shrinks to ``scale`` seconds, so that the boundary cases keep their proportion.
    """

    def __init__(self, scale: float = 1.0) -> None:
        if scale <= 0:
            raise ValueError("time_scale must be greater than zero")
        self.scale = scale

    def now(self) -> float:
        """Real unix time in seconds."""
        return time.time()

    def elapsed(self) -> float:
        """A steady clock in *modelled* seconds: it runs ``1 / scale`` times as fast as the wall clock."""
        return time.monotonic() / self.scale

    def real(self, seconds: float) -> float:
        """Real seconds that ``seconds`` modelled seconds take."""
        return seconds * self.scale

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` modelled seconds."""
        await asyncio.sleep(self.real(seconds))
