"""The loads: how many servers print how much, how fast, for how long, and what is expected of the bot."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.lines import Writing

BURST_STEP = 0.1
BURST_LINES = 1500
"""A burst comes in steps of so many lines each 0.1 s: Wings drops what exceeds 2,000 (`wings server/console.go`)."""


_PLAIN = Writing()


@dataclass(frozen=True, slots=True)
class Target:
    """What a load must reach without cuts. Delivery of all lines, once and in order, is always expected."""

    p95: float | None = None
    """Seconds."""
    no_429: bool = False
    growth: float | None = None
    """MB over the idle process."""
    core: float | None = None
    """Percent of one core per 1,000 lines a second."""
    memory: float | None = None
    """MB in all."""


@dataclass(frozen=True, slots=True)
class Load:
    """One load. Every server has a channel of its own; `rate` is lines a second and `burst` lines at once of each."""

    name: str
    title: str
    rate: float = 0.0
    burst: int = 0
    servers: int = 1
    seconds: float = 30.0
    quick: float = 10.0
    """The seconds of a quick run."""
    writing: Writing = _PLAIN
    target: Target = Target()
    baseline: bool = False
    """Whether the ten-line script is measured with it."""
    wide_limit: bool = False
    """Raise the panel's 256 requests a minute: with so many servers one key alone could not even get their tickets."""

    def shortened(self) -> "Load":
        """Return the load as a quick run drives it."""
        return replace(self, seconds=min(self.quick, self.seconds))

    def schedule(self) -> Iterator[tuple[float, int]]:
        """Yield when (seconds from the beginning) which server prints a line, in order of time."""
        for number in range(self.burst * self.servers):
            yield number // BURST_LINES * BURST_STEP, number % self.servers
        total = self.rate * self.servers
        for number in range(int(total * self.seconds)):
            yield number / total, number % self.servers


LOADS = (
    Load("1", "1 line/s", rate=1, target=Target(p95=0.6), baseline=True),
    Load("10", "10 lines/s", rate=10, target=Target(p95=1.5, no_429=True), baseline=True),
    Load("20", "20 lines/s", rate=20, target=Target(p95=1.5, no_429=True), baseline=True),
    Load("50", "50 lines/s", rate=50),
    Load("200", "200 lines/s", rate=200),
    Load("2000", "2,000 lines/s", rate=2000, target=Target(p95=6.0, growth=60, core=25)),
    Load("burst300", "burst of 300", burst=300, target=Target(p95=8.0), baseline=True),
    Load("burst5000", "burst of 5,000", burst=5000, target=Target(p95=8.0)),
    Load("colour", "heavy colour, 20/s", rate=20, writing=Writing(colour=True)),
    Load("long", "3,000 characters, 1/s", rate=1, writing=Writing(width=3000), baseline=True),
    Load("20x10", "20 servers x 10/s", rate=10, servers=20, target=Target(p95=3.0, no_429=True), wide_limit=True),
    Load("200x0.1", "200 servers x 0.1/s", rate=0.1, servers=200, seconds=60, quick=20, wide_limit=True),
    Load(
        "1000x0.1",
        "1,000 servers x 0.1/s",
        rate=0.1,
        servers=1000,
        seconds=60,
        quick=20,
        target=Target(memory=250),
        wide_limit=True,
    ),
)


def choose(names: str | None) -> list[Load]:
    """Return the loads with these names, comma-separated, or all; ValueError names one that does not exist."""
    if not names:
        return list(LOADS)
    known = {load.name: load for load in LOADS}
    wanted = [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in known:
            raise ValueError(f"no load is called {name!r}; there are {', '.join(known)}")
    return [known[name] for name in wanted]
