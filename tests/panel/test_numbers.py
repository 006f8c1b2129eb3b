"""No number or date from outside is too large, too small or too odd: it is read, bounded, or taken for none."""

import asyncio
import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.console import wire as console
from bot.console.events import BackupCompleted, StatsUpdated
from bot.errors import PanelError
from bot.panel.budget import GENERAL, Budget
from bot.panel.recognise import total_pages
from bot.panel.tickets import parse_ticket
from bot.panel.wire import parse_resources, parse_server
from bot.services import ServerStatus
from bot.store.values import LinkedServer
from bot.terms import PanelKind, PowerState
from cogs._render import status_embed

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
numbers = st.one_of(
    st.integers(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.sampled_from([9e13, 1e14, 1e17, 1e18, 2**63, 2**64, -1, 0.1, 1e308, math.inf, math.nan, 10**400]),
    st.text(max_size=12),
    st.booleans(),
    st.none(),
)
FIELDS = ("memory_bytes", "cpu_absolute", "disk_bytes", "network_rx_bytes", "network_tx_bytes", "uptime")
UNITS = [86_400, 3_600, 60]


def drawn(usage):
    """What people are shown of it."""
    server = LinkedServer(1, 1, 1, "castle", "aaaaaaaa", "uuid")
    status = ServerStatus(
        server=server,
        state=usage.state,
        note=None,
        cpu_percent=usage.cpu_percent,
        memory_bytes=usage.memory_bytes,
        disk_bytes=usage.disk_bytes,
        network_rx_bytes=usage.network_rx_bytes,
        network_tx_bytes=usage.network_tx_bytes,
        uptime=usage.uptime,
    )
    return status_embed(status, now=NOW)


@pytest.mark.parametrize("kind", list(PanelKind))
@settings(max_examples=150, deadline=None)
@given(values=st.fixed_dictionaries(dict.fromkeys(FIELDS, numbers)), gauge=numbers)
def test_every_number_of_a_panels_usage_can_be_shown(kind, values, gauge):
    gauges = {name: {"current": gauge, "limit": gauge} for name in ("memory", "cpu", "disk")}
    attributes = {"current_state": "running", "state": "on", "resources": values, **gauges}
    usage = parse_resources({"object": "stats", "attributes": attributes}, kind=kind)
    drawn(usage)
    assert usage.uptime is None or NOW - usage.uptime


@settings(max_examples=150, deadline=None)
@given(values=st.fixed_dictionaries(dict.fromkeys((*FIELDS, "memory_limit_bytes"), numbers)), file_size=numbers)
def test_every_number_of_a_nodes_usage_can_be_shown(values, file_size):
    network = {"rx_bytes": values["network_rx_bytes"], "tx_bytes": values["network_tx_bytes"]}
    text = json.dumps({"state": "running", **values, "network": network})
    for event in console.parse(json.dumps({"event": "stats", "args": [text]}), NOW):
        assert isinstance(event, StatsUpdated)
        drawn(event)
        assert event.uptime is None or NOW - event.uptime
    backup = json.dumps({"uuid": "x", "is_successful": True, "file_size": file_size})
    for event in console.parse(json.dumps({"event": "backup completed", "args": [backup]}), NOW):
        assert isinstance(event, BackupCompleted)


@given(st.fixed_dictionaries(dict.fromkeys(("memory", "disk", "cpu", "swap", "io"), numbers)), numbers)
def test_every_number_of_a_server_can_be_read(limits, port):
    allocations = {"data": [{"attributes": {"ip": "203.0.113.5", "port": port, "is_default": True}}]}
    relationships = {"allocations": allocations}
    attributes = {"identifier": "aaaaaaaa", "limits": limits, "relationships": relationships}
    server = parse_server({"attributes": attributes}, kind=PanelKind.PELICAN)
    assert all(0 <= allocation.port <= 65_535 for allocation in server.allocations)


@given(numbers)
def test_every_end_of_a_ticket_is_a_moment_or_refused(expires):
    from base64 import urlsafe_b64encode

    claims = urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
    try:
        ticket = parse_ticket({"data": {"token": f"a.{claims}.c", "socket": "wss://node.example.test:8080/x"}})
    except PanelError:
        return
    assert abs(ticket.expires_at - NOW) > timedelta(0)


@given(numbers)
def test_every_number_of_pages_can_be_counted_to(pages):
    assert isinstance(total_pages({"meta": {"pagination": {"total_pages": pages}}}), int)


dates = st.builds(
    "{}, {:02} {} {} {:02}:{:02}:{:02} {}{}".format,
    st.sampled_from(["Mon", "Sun", ""]),
    st.integers(0, 40),
    st.sampled_from(["Jan", "Dec", "Foo"]),
    st.integers(0, 99_999),
    st.integers(0, 30),
    st.integers(0, 70),
    st.integers(0, 70),
    st.sampled_from(["+", "-", "GMT", "", "UTC+"]),
    st.one_of(st.integers(0, 10**40).map(str), st.just("")),
)
headers = st.one_of(dates, numbers.map(str), st.text(max_size=80))


@settings(max_examples=400, deadline=None)
@given(retry_after=headers, reset=headers, limit=headers, remaining=headers)
async def test_every_header_about_limits_can_be_read(retry_after, reset, limit, remaining):
    budget = Budget(default_retry_after=30.0)
    given = {
        "Retry-After": retry_after,
        "X-RateLimit-Reset": reset,
        "X-RateLimit-Limit": limit,
        "X-RateLimit-Remaining": remaining,
    }
    limited = budget.close(GENERAL, given)
    assert 0 <= limited.retry_after <= 900
    budget.note(GENERAL, given)
    budget.is_scarce(GENERAL)
    await asyncio.sleep(0)


def test_a_hundred_thousand_years_of_uptime_are_none():
    resources = {"uptime": 9e13, "memory_bytes": 5}
    usage = parse_resources(
        {"attributes": {"current_state": "running", "resources": resources}}, kind=PanelKind.PTERODACTYL
    )
    assert (usage.uptime, usage.memory_bytes, usage.state) == (None, 5, PowerState.RUNNING)
