"""The health page: alive, ready by named pings, and the metrics."""

import asyncio
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot import metrics
from bot.errors import ExitCode, StartupError
from bot.health import Health


class Ping:
    error: Exception | None = None

    async def __call__(self) -> None:
        if self.error:
            raise self.error


@pytest.fixture
def gateway() -> Ping:
    return Ping()


async def fine() -> None: ...


@pytest.fixture
async def health(gateway: Ping) -> AsyncIterator[Health]:
    health = await Health({"gateway": gateway, "database": fine}).start("127.0.0.1", 0)
    yield health
    await health.close()


async def get(health: Health, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{health.port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def test_alive_means_the_loop_runs(health: Health, gateway: Ping) -> None:
    gateway.error = OSError("down")
    assert await get(health, "/healthz") == (200, "ok\n")


async def test_ready_names_every_ping(health: Health) -> None:
    assert await get(health, "/readyz") == (200, '{"gateway": "ok", "database": "ok"}')


async def test_not_ready_says_which_but_not_why_and_logs_once_each_way(
    health: Health, gateway: Ping, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.health")
    gateway.error = OSError("planted reason")
    for _ in range(2):
        assert await get(health, "/readyz") == (503, '{"gateway": "failing", "database": "ok"}')
    gateway.error = None
    for _ in range(2):
        assert (await get(health, "/readyz"))[0] == 200
    assert [message.split(":")[0] for message in caplog.messages] == ["Not ready", "Ready again"]


async def test_a_ping_that_never_answers_is_a_failing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.health.PING_TIMEOUT", 0.05)
    health = await Health({"database": asyncio.Event().wait}).start("127.0.0.1", 0)
    try:
        assert (await get(health, "/readyz"))[0] == 503
    finally:
        await health.close()


async def test_metrics_are_in_prometheus_format(health: Health) -> None:
    metrics.panel_requests.labels(metrics.status_class(204)).inc()
    status, text = await get(health, "/metrics")
    assert status == 200
    assert 'wingcord_panel_requests_total{status="2xx"}' in text
    for name in (
        "wingcord_console_sessions",
        "wingcord_console_reconnects_total",
        "wingcord_relay_lines_delivered_total",
        "wingcord_relay_lines_lost_total",
        "wingcord_relay_queue",
        "wingcord_interactions_total",
    ):
        assert f"# TYPE {name.removesuffix('_total')}" in text


def test_statuses_are_counted_by_class() -> None:
    assert [metrics.status_class(status) for status in (200, 302, 404, 429, 502, None)] == [
        "2xx", "3xx", "4xx", "429", "5xx", "error",
    ]  # fmt: skip


async def test_a_port_that_is_taken_is_told_in_one_line(health: Health) -> None:
    with pytest.raises(StartupError, match="HTTP_LISTEN cannot be served") as refused:
        await Health({}).start("127.0.0.1", health.port)
    assert refused.value.exit_code == ExitCode.HTTP_LISTEN
    assert "\n" not in str(refused.value)
