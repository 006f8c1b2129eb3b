"""The counters and gauges, declared once; the health page renders them for Prometheus."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

# Meant for servers of many processes: the library would keep its figures in files there, beyond this one's end.
for _name in ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"):
    os.environ.pop(_name, None)

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest  # noqa: E402
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric  # noqa: E402
from prometheus_client.registry import Collector  # noqa: E402

from bot.text.markdown import plain  # noqa: E402
from bot.time_slice import shared  # noqa: E402
from bot.vitals import RelayHealth, RelayState  # noqa: E402

REGISTRY = CollectorRegistry()
"""Our own: the library's default one would carry what other code registers."""

panel_requests = Counter(
    "wingcord_panel_requests",
    "Requests to panels by class of answer: 2xx, 3xx, 4xx, 429, 5xx, or error when none came.",
    ["status"],
    registry=REGISTRY,
)
console_sessions = Gauge("wingcord_console_sessions", "Console sockets open and authenticated.", registry=REGISTRY)
console_reconnects = Counter(
    "wingcord_console_reconnects", "Console sockets opened again after one was lost.", registry=REGISTRY
)
relay_gaps = Counter(
    "wingcord_relay_gaps",
    "Times when lines may be missing because a gap was longer than Wings' history.",
    registry=REGISTRY,
)


@dataclass(frozen=True, slots=True)
class RelaySeries:
    """One relay as the metrics show it."""

    relay_id: int
    guild_id: int
    channel_id: int
    server: str
    health: RelayHealth

    @property
    def labels(self) -> list[str]:
        """The values of `_RELAY_LABELS`."""
        return [str(self.relay_id), str(self.guild_id), str(self.channel_id), self.server]


_RELAY_LABELS = ["relay", "guild", "channel", "server"]
_RelayFigure = tuple[type[GaugeMetricFamily | CounterMetricFamily], str, str, Callable[[RelayHealth], float | None]]
_RELAY_FIGURES: tuple[_RelayFigure, ...] = (
    (
        GaugeMetricFamily,
        "connected_since_timestamp_seconds",
        "When its console began to flow; missing while it does not.",
        lambda health: health.connected_since and health.connected_since.timestamp(),
    ),
    (
        GaugeMetricFamily,
        "last_line_timestamp_seconds",
        "When its console printed last; missing before the first line.",
        lambda health: health.last_line_at and health.last_line_at.timestamp(),
    ),
    (
        GaugeMetricFamily,
        "lag_seconds",
        "Age of the oldest line that Discord has not accepted yet.",
        lambda health: health.lag,
    ),
    (GaugeMetricFamily, "lines_queued", "Lines waiting for delivery.", lambda health: health.queued_lines),
    (GaugeMetricFamily, "bytes_queued", "Size of the lines waiting for delivery.", lambda health: health.queued_bytes),
    (CounterMetricFamily, "lines_delivered", "Lines that arrived.", lambda health: health.delivered),
    (CounterMetricFamily, "lines_lost", "Lines that never arrived.", lambda health: health.lost),
    (CounterMetricFamily, "reconnects", "Times its console was lost and came back.", lambda health: health.reconnects),
)


class RelayCollector(Collector):
    """How every relay fares, looked up when somebody asks."""

    def __init__(self) -> None:
        self.source: Callable[[], Iterable[RelaySeries]] = tuple
        self._taken: Sequence[RelaySeries] | None = None

    async def take(self) -> None:
        """Look every relay up, in slices, for the next time that somebody asks: in whichever thread that is."""
        taken: list[RelaySeries] = []
        for one in self.source():
            await shared().breathe()
            taken.append(one)
        self._taken = taken

    def collect(self) -> Iterator[Metric]:
        """Yield one family of series for each figure, and one each for state and last error, which are words."""
        relays, self._taken = list(self.source()) if self._taken is None else self._taken, None
        for kind, name, text, figure in _RELAY_FIGURES:
            family = kind(f"wingcord_relay_{name}", text, labels=_RELAY_LABELS)
            for relay in relays:
                value = figure(relay.health)
                if value is not None:
                    family.add_metric(relay.labels, value)
            yield family
        states = GaugeMetricFamily("wingcord_relay_state", "1 for its present state.", labels=[*_RELAY_LABELS, "state"])
        errors = GaugeMetricFamily("wingcord_relay_error", "1 while it has one.", labels=[*_RELAY_LABELS, "error"])
        for relay in relays:
            for state in RelayState:
                states.add_metric([*relay.labels, state.value], float(relay.health.state is state))
            if relay.health.last_error is not None:
                errors.add_metric([*relay.labels, plain(relay.health.last_error)], 1.0)
        yield states
        yield errors


relays = RelayCollector()
REGISTRY.register(relays)
interactions = Counter(
    "wingcord_interactions",
    "Slash commands and buttons by result: ok, refused (a foreseen failure) or error.",
    ["command", "result"],
    registry=REGISTRY,
)
ProcessCollector(registry=REGISTRY)


def status_class(status: int | None) -> str:
    """Return the label of `panel_requests` for a status of HTTP's five classes; None means that no answer came."""
    if status is None or not 100 <= status < 600:
        return "error"
    return "429" if status == 429 else f"{status // 100}xx"


async def render() -> bytes:
    """Return all metrics in Prometheus' text format; one call at a time."""
    await relays.take()
    # With a thousand relays that takes half a second, which nobody's interaction must wait for.
    return await asyncio.to_thread(generate_latest, REGISTRY)
