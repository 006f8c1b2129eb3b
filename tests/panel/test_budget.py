"""The panel's limits are kept by all features of a key together; reads are repeated within a short patience."""

import asyncio
import dataclasses
import time
from email.utils import formatdate

import pytest

from bot.errors import NotAPanel, PanelUnreachable, RateLimited
from bot.terms import PanelKind, Signal

from .conftest import allowed

ONE, OLD = PanelKind.PTERODACTYL, PanelKind.PTERODACTYL_0_7


def limited(kit, limit=256, **headers):
    body = kit.error(429, "ThrottleRequestsException", "Too Many Attempts.")
    return kit.reply(429, body, headers={"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": "0", **headers})


async def test_after_a_429_nothing_is_sent_until_the_panel_takes_requests_again(panel, client, kit, refusal):
    panel.on("/api/client", limited(kit, **{"Retry-After": "40"}))
    await refusal(client.list_servers())
    for doing in (
        client.server("a1c4e7f0"),
        client.resources("a1c4e7f0"),
        client.send_signal("a1c4e7f0", Signal.START, confirm=allowed),
        client.send_command("a1c4e7f0", "list", confirm=allowed),
        client.console_ticket("a1c4e7f0"),
    ):
        caught = await refusal(doing)
        assert isinstance(caught, RateLimited)
        assert 38 < caught.retry_after <= 40
    assert len(panel.seen) == 1


async def test_a_short_limit_is_waited_out_and_the_read_repeated(panel, client, kit, recorded):
    panel.on(kit.server, limited(kit, **{"Retry-After": "0.2"}), recorded("ptero-1.11", "server"))
    started = asyncio.get_running_loop().time()
    assert (await client.server("a1c4e7f0")).name == "Creative Hub"
    assert asyncio.get_running_loop().time() - started >= 0.2
    assert len(panel.seen) == 2


async def test_an_action_waits_out_a_short_limit_before_it_is_sent(panel, client, kit, refusal):
    panel.on(f"{kit.server}/power", limited(kit, **{"Retry-After": "0.2"}), kit.reply(204), method="POST")
    started = asyncio.get_running_loop().time()
    assert isinstance(await refusal(client.send_signal("a1c4e7f0", Signal.START, confirm=allowed)), RateLimited)
    await client.send_signal("a1c4e7f0", Signal.START, confirm=allowed)
    assert asyncio.get_running_loop().time() - started >= 0.2
    assert len(panel.seen) == 2


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        (lambda _now: {}, 30, 30),
        (lambda _now: {"Retry-After": "soon"}, 30, 30),
        (lambda _now: {"Retry-After": "nan"}, 30, 30),
        (lambda _now: {"Retry-After": "99999999"}, 900, 900),
        (lambda now: {"Retry-After": formatdate(now + 90, usegmt=True)}, 60, 90),
        (lambda now: {"X-RateLimit-Reset": str(int(now) + 90)}, 60, 90),
    ],
)
async def test_the_time_to_wait_is_read_from_whatever_is_there(panel, client, kit, refusal, headers, low, high):
    panel.on("/api/client", limited(kit, **headers(time.time())))
    caught = await refusal(client.list_servers())
    assert isinstance(caught, RateLimited)
    assert low <= caught.retry_after <= high


async def test_a_console_ticket_limit_concerns_only_that_servers_tickets(panel, client, kit, recorded, refusal):
    """Five a minute and server, shared with every open browser tab: power and status must go on."""
    panel.on(f"{kit.server}/websocket", limited(kit, limit=5, **{"Retry-After": "0.3"}))
    panel.on(kit.server, recorded("ptero-1.12.1", "server"))
    assert isinstance(await refusal(client.console_ticket("a1c4e7f0")), RateLimited)
    assert (await client.server("a1c4e7f0")).name == "Creative Hub"
    assert len(panel.asked(f"{kit.server}/websocket")) == 1


async def test_0_7s_utilization_limit_leaves_power_alone(panel, client_for, kit, refusal):
    client = client_for(OLD)
    panel.on(f"{kit.server}/utilization", limited(kit, limit=15, **{"Retry-After": "40"}))
    panel.on(f"{kit.server}/power", kit.reply(204), method="POST")
    await refusal(client.resources("a1c4e7f0"))
    await client.send_signal("a1c4e7f0", Signal.STOP, confirm=allowed)
    assert isinstance(await refusal(client.resources("a1c4e7f0")), RateLimited)
    assert len(panel.asked(f"{kit.server}/utilization")) == 1


async def test_usage_is_not_asked_again_within_its_freshness(panel, client_for, kit, recorded):
    client = client_for(ONE, timing=dataclasses.replace(kit.quick, resources_fresh=60.0))
    panel.on(f"{kit.server}/resources", recorded("ptero-1.11", "resources_running"))
    panel.on(f"{kit.server}/power", kit.reply(204), method="POST")
    assert await client.resources("a1c4e7f0") == await client.resources("a1c4e7f0")
    assert len(panel.asked(f"{kit.server}/resources")) == 1
    await client.send_signal("a1c4e7f0", Signal.STOP, confirm=allowed)
    await client.resources("a1c4e7f0")
    assert len(panel.asked(f"{kit.server}/resources")) == 2


@pytest.mark.parametrize(("remaining", "requests"), [("10", 2), ("4", 1)])
async def test_usage_stays_fresh_for_longer_when_few_requests_are_left(
    panel, client_for, kit, recorded, remaining, requests
):
    client = client_for(OLD, timing=dataclasses.replace(kit.quick, resources_scarce=60.0))
    headers = {"X-RateLimit-Limit": "15", "X-RateLimit-Remaining": remaining}
    panel.on(f"{kit.server}/utilization", kit.reply(200, recorded("ptero-0.7", "utilization_on"), headers=headers))
    await client.resources("a1c4e7f0")
    await client.resources("a1c4e7f0")
    assert len(panel.seen) == requests


@pytest.mark.parametrize(
    "hiccup",
    [
        {"cut": True},
        {"status": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html"},
        {"status": 200, "body": '{"object": "ser'},
        {"status": 200, "body": ""},
    ],
)
async def test_a_read_is_repeated_after_a_hiccup(panel, client, kit, recorded, hiccup):
    panel.on(kit.server, kit.reply(**hiccup), kit.reply(**hiccup), recorded("ptero-1.11", "server"))
    assert (await client.server("a1c4e7f0")).name == "Creative Hub"
    assert len(panel.seen) == 3


async def test_a_read_is_given_up_after_three_attempts(panel, client, kit, refusal):
    panel.on(kit.server, kit.reply(502, "<html>Bad Gateway</html>", content_type="text/html"))
    assert isinstance(await refusal(client.server("a1c4e7f0")), PanelUnreachable)
    assert len(panel.seen) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422, 500, 503, 504])
async def test_a_read_is_not_repeated_where_the_panel_has_spoken(panel, client, kit, refusal, status):
    panel.on("/api/client", kit.reply(status, kit.error(status, "SomeException", "…")))
    await refusal(client.list_servers())
    assert len(panel.seen) == 1


@pytest.mark.parametrize(
    "failure",
    [
        {"cut": True},
        {"status": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html"},
        {"status": 504, "body": "<html>Gateway Time-out</html>", "content_type": "text/html"},
        {"status": 500, "body": {"errors": [{"code": "ConnectionException"}]}},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 200, "body": "<html>front page</html>", "content_type": "text/html"},
    ],
)
@pytest.mark.parametrize("action", ["power", "command"])
async def test_an_action_is_sent_once_whatever_happens(panel, client, kit, refusal, failure, action):
    panel.on(f"{kit.server}/{action}", kit.reply(**failure), kit.reply(204), method="POST")
    if action == "power":
        await refusal(client.send_signal("a1c4e7f0", Signal.RESTART, confirm=allowed))
    else:
        await refusal(client.send_command("a1c4e7f0", "stop", confirm=allowed))
    assert len(panel.seen) == 1


async def test_only_four_reads_run_at_once_and_actions_pass_them(panel, client, kit, recorded):
    gate = asyncio.Event()
    names = [f"server{n}" for n in range(7)]
    for name in names:
        panel.on(f"/api/client/servers/{name}", kit.reply(200, recorded("ptero-1.11", "server"), after=gate))
    panel.on(f"{kit.server}/power", kit.reply(204), method="POST")
    readers = [asyncio.create_task(client.server(name)) for name in names]
    await panel.wait_until(lambda: len(panel.seen) == 4)
    await client.send_signal("a1c4e7f0", Signal.KILL, confirm=allowed)
    assert len(panel.asked(method="GET")) == 4
    gate.set()
    assert len(await asyncio.gather(*readers)) == 7


async def test_an_action_has_a_connection_of_its_own(panel, client, kit):
    """A kept-alive connection may be dying as it is used, and then nobody could tell whether the action arrived."""
    panel.on(f"{kit.server}/power", kit.reply(204), method="POST")
    await client.send_signal("a1c4e7f0", Signal.STOP, confirm=allowed)
    assert panel.seen[0].headers.get("Connection") == "close"


async def test_a_refusal_that_is_certain_needs_no_second_attempt(panel, client, kit, refusal):
    panel.on("/api/client", kit.reply(302, headers={"Location": "https://elsewhere.example.test/"}))
    assert isinstance(await refusal(client.list_servers()), NotAPanel)
    assert len(panel.seen) == 1
