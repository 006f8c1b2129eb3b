"""The counters and gauges, declared once; the health page renders them for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, generate_latest

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
relay_lines_delivered = Counter(
    "wingcord_relay_lines_delivered", "Console lines that arrived in a channel.", registry=REGISTRY
)
relay_lines_lost = Counter(
    "wingcord_relay_lines_lost", "Console lines that never arrived in their channel.", registry=REGISTRY
)
relay_gaps = Counter(
    "wingcord_relay_gaps",
    "Times when lines may be missing because a gap was longer than Wings' history.",
    registry=REGISTRY,
)
relay_queue = Gauge("wingcord_relay_queue", "Console lines waiting for delivery, all channels.", registry=REGISTRY)
interactions = Counter(
    "wingcord_interactions",
    "Slash commands and buttons by result: ok, refused (a foreseen failure) or error.",
    ["command", "result"],
    registry=REGISTRY,
)
ProcessCollector(registry=REGISTRY)


def status_class(status: int | None) -> str:
    """Return the label of `panel_requests` for an HTTP status; None means that no answer came."""
    if status is None:
        return "error"
    return "429" if status == 429 else f"{status // 100}xx"


def render() -> bytes:
    """Return all metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
