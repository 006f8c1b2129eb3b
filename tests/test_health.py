"""The health page: alive, ready by named pings, and the metrics."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.errors import ExitCode, StartupError
from bot.health import Health
from bot.vitals import RelayHealth, RelayState


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
        "wingcord_relay_gaps_total",
        "wingcord_interactions_total",
    ):
        assert f"# TYPE {name.removesuffix('_total')}" in text


async def test_metrics_show_how_each_relay_fares(health: Health, monkeypatch: pytest.MonkeyPatch) -> None:
    live = RelayHealth(
        state=RelayState.LIVE,
        connected_since=datetime.fromtimestamp(1000, UTC),
        last_line_at=datetime.fromtimestamp(2000, UTC),
        lag=0.5,
        queued_lines=3,
        queued_bytes=240,
        delivered=17,
        lost=2,
        reconnects=1,
        last_error=None,
    )
    lost = replace(
        live, state=RelayState.LOST, connected_since=None, last_line_at=None, last_error='The "node" is gone.'
    )
    monkeypatch.setattr(
        metrics.relays,
        "source",
        lambda: [metrics.RelaySeries(1, 7, 70, "Castle", live), metrics.RelaySeries(2, 7, 71, "Creative", lost)],
    )
    _, text = await get(health, "/metrics")
    figures = {
        (sample.name, sample.labels.get("server"), sample.labels.get("state"), sample.labels.get("error")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if family.name.startswith("wingcord_relay") and sample.labels
    }
    castle = {
        name.removeprefix("wingcord_relay_"): value
        for (name, server, *_), value in figures.items()
        if server == "Castle"
    }
    assert castle | {"state": None} == {
        "connected_since_timestamp_seconds": 1000,
        "last_line_timestamp_seconds": 2000,
        "lag_seconds": 0.5,
        "lines_queued": 3,
        "bytes_queued": 240,
        "lines_delivered_total": 17,
        "lines_lost_total": 2,
        "reconnects_total": 1,
        "state": None,
    }
    assert ("wingcord_relay_connected_since_timestamp_seconds", "Creative", None, None) not in figures
    for server, state, value in (("Castle", "live", 1), ("Creative", "live", 0), ("Creative", "lost", 1)):
        assert figures["wingcord_relay_state", server, state, None] == value
    assert figures["wingcord_relay_error", "Creative", None, 'The "node" is gone.'] == 1


def test_statuses_are_counted_by_class() -> None:
    assert [metrics.status_class(status) for status in (200, 302, 404, 429, 502, None, 0, 999)] == [
        "2xx", "3xx", "4xx", "429", "5xx", "error", "error", "error",
    ]  # fmt: skip


async def test_a_port_that_is_taken_is_told_in_one_line(health: Health) -> None:
    with pytest.raises(StartupError, match="HTTP_LISTEN cannot be served") as refused:
        await Health({}).start("127.0.0.1", health.port)
    assert refused.value.exit_code == ExitCode.HTTP_LISTEN
    assert "\n" not in str(refused.value)


async def test_the_loop_goes_on_while_the_page_of_many_relays_is_made(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = RelayHealth(RelayState.LIVE, None, None, 0.0, 0, 0, 0, 0, 0, "a sentence")
    series = [metrics.RelaySeries(number, number // 50, number, f"Server {number}", one) for number in range(500)]
    monkeypatch.setattr(metrics.relays, "source", lambda: series)
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    turning = asyncio.create_task(turn())
    before = turns
    page = await metrics.render()
    assert turns - before > 20, "rather than none at all"
    turning.cancel()
    assert page.count(b"wingcord_relay_lines_delivered_total{") == 500
    pages = await asyncio.gather(*(get(health, "/metrics") for _ in range(3)))
    assert [text.count("wingcord_relay_lines_delivered_total{") for _status, text in pages] == [500] * 3
