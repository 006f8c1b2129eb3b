"""A key that the panel refuses is tried once for all its servers, ever more rarely, until it is taken again."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import KeyRefused, PanelError
from bot.panel.standing import KeyStanding
from bot.panel.timing import READS_AT_ONCE

from .conftest import QUICK, Reply

UNAUTHENTICATED = {"errors": [{"code": "AuthenticationException", "status": "401", "detail": "Unauthenticated."}]}
DEAD = Reply(401, UNAUTHENTICATED)
SERVERS = [f"{number:08x}" for number in range(60)]
TIMING = replace(QUICK, key_retry_first=0.1, key_retry_most=0.4)


def ticket_of(server):
    return f"/api/client/servers/{server}/websocket"


async def ask_all(client):
    """As every console does that looks again whether it can be had."""
    return await asyncio.gather(*(client.console_ticket(server) for server in SERVERS), return_exceptions=True)


async def test_sixty_servers_with_one_dead_key_cost_the_panel_a_request_now_and_then(panel, client_for):
    for server in SERVERS:
        panel.on(ticket_of(server), DEAD)
    client = client_for(timing=TIMING)
    with pytest.raises(KeyRefused):
        await client.console_ticket(SERVERS[0])
    tries = [len(panel.seen)]
    loop = asyncio.get_running_loop()
    end = loop.time() + 1.5
    while loop.time() < end:
        outcomes = await ask_all(client)
        assert all(isinstance(outcome, KeyRefused) for outcome in outcomes)
        assert len({str(outcome) for outcome in outcomes}) == 1
        tries.append(len(panel.seen))
        await asyncio.sleep(0.02)
    assert 3 <= tries[-1] <= 6  # after 0.1, 0.3, 0.7, 1.1 s


async def test_who_asks_himself_is_let_through_and_what_he_finds_counts_for_all(panel, client_for, recorded):
    for server in SERVERS:
        panel.on(ticket_of(server), DEAD)
    status = "/api/client/servers/a1c4e7f0"
    panel.on(status, DEAD)
    client = client_for(timing=replace(QUICK, key_retry_first=1000.0))
    await ask_all(client)
    assert len(panel.seen) <= READS_AT_ONCE
    asked = len(panel.seen)
    for _again in range(3):
        with pytest.raises(KeyRefused):
            await client.server("a1c4e7f0")
    assert len(panel.seen) == asked + 3
    await ask_all(client)
    assert len(panel.seen) == asked + 3
    panel.on(status, recorded("ptero-1.12.1", "server"))
    await client.server("a1c4e7f0")
    for server in SERVERS:
        panel.on(ticket_of(server), Reply(500, ""))
    outcomes = await ask_all(client)
    assert all(isinstance(outcome, PanelError) and not isinstance(outcome, KeyRefused) for outcome in outcomes)


def refusal(status, code, detail):
    return Reply(status, {"errors": [{"code": code, "status": str(status), "detail": detail}]})


@pytest.mark.parametrize(
    "answer",
    [
        refusal(404, "NotFoundHttpException", "The requested resource does not exist on this server."),
        refusal(409, "ServerStateConflictException", "This server is currently suspended."),
        refusal(504, "DaemonConnectionException", "There was an exception while communicating with the daemon."),
    ],
)
async def test_a_panel_that_speaks_of_the_server_has_taken_the_key(panel, client_for, answer):
    """It looks at keys first. All who wait for it need not wait until it says yes to something."""
    client = client_for(timing=replace(QUICK, key_retry_first=1000.0))
    for server in SERVERS:
        panel.on(ticket_of(server), DEAD)
    await ask_all(client)
    panel.on("/api/client/servers/a1c4e7f0", answer)
    with pytest.raises(PanelError):
        await client.server("a1c4e7f0")
    for server in SERVERS:
        panel.on(ticket_of(server), Reply(500, ""))
    outcomes = await ask_all(client)
    assert all(isinstance(outcome, PanelError) and not isinstance(outcome, KeyRefused) for outcome in outcomes)


async def test_a_list_of_sixty_states_costs_a_dead_key_a_few_requests(panel, client_for):
    """And whoever asks a moment later is answered by the panel again."""
    for server in SERVERS:
        panel.on(f"/api/client/servers/{server}/resources", DEAD)
    client = client_for()

    async def ask():
        states = (client.resources(server) for server in SERVERS)
        outcomes = await asyncio.gather(*states, return_exceptions=True)
        assert all(isinstance(outcome, KeyRefused) for outcome in outcomes)
        return len(panel.seen)

    asked = await ask()
    assert asked <= READS_AT_ONCE
    await asyncio.sleep(1.1)
    assert asked < await ask() <= 2 * READS_AT_ONCE


def test_the_pauses_grow_to_a_bound_and_begin_anew():
    now = 0.0
    standing = KeyStanding(first=60.0, most=1800.0, clock=lambda: now)

    def tries(seconds):
        nonlocal now
        found = []
        for _second in range(0, seconds, 10):
            try:
                standing.require()
            except KeyRefused:
                pass
            else:
                found.append(now)
                standing.refused(KeyRefused("no"))
            now += 10
        return found

    standing.refused(KeyRefused("no"))
    assert tries(9000) == [60, 180, 420, 900, 1860, 3660, 5460, 7260]
    standing.accepted()
    standing.require()
    now = 0.0
    standing.refused(KeyRefused("no"))
    assert tries(200) == [60, 180]
