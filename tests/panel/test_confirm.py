"""An action is confirmed in the last moment: behind every wait, with the connection made, before a byte is sent."""

import asyncio
import dataclasses

import pytest

import bot.panel.guard
from bot.errors import NotAllowed, PanelUnreachable, RateLimited
from bot.panel.client import PanelClient
from bot.terms import PanelKind, Signal

from .conftest import allowed

POWER = "/api/client/servers/a1c4e7f0/power"


class Permission:
    """Notes each question, and answers as long as it was not taken away."""

    def __init__(self):
        self.asked = 0
        self.taken_away = False

    async def __call__(self):
        self.asked += 1
        if self.taken_away:
            raise NotAllowed("None of your roles may start it any more.")


@pytest.fixture
def permission():
    return Permission()


async def test_what_is_not_confirmed_is_not_sent(panel, client, permission):
    permission.taken_away = True
    for doing in (
        client.send_signal("a1c4e7f0", Signal.START, confirm=permission),
        client.send_command("a1c4e7f0", "list", confirm=permission),
    ):
        with pytest.raises(NotAllowed, match="any more"):
            await doing
    assert permission.asked == 2
    assert panel.seen == []


async def test_it_is_asked_behind_a_rate_limit_and_not_before(panel, client, kit, permission, refusal):
    limit = {"X-RateLimit-Limit": "256", "X-RateLimit-Remaining": "0", "Retry-After": "0.3"}
    limited = kit.reply(429, kit.error(429, "ThrottleRequestsException"), headers=limit)
    panel.on(POWER, limited, kit.reply(204), method="POST")
    assert isinstance(await refusal(client.send_signal("a1c4e7f0", Signal.START, confirm=allowed)), RateLimited)
    sending = asyncio.create_task(client.send_signal("a1c4e7f0", Signal.START, confirm=permission))
    await asyncio.sleep(0)
    assert permission.asked == 0
    permission.taken_away = True
    with pytest.raises(NotAllowed):
        await sending
    assert permission.asked == 1
    assert len(panel.seen) == 1


async def test_it_is_asked_when_its_turn_has_come_among_many_actions(panel, client, kit, permission):
    gate = asyncio.Event()
    panel.on(POWER, kit.reply(204, after=gate), method="POST")
    first = [asyncio.create_task(client.send_signal("a1c4e7f0", Signal.START, confirm=allowed)) for _ in range(4)]
    await panel.wait_until(lambda: len(panel.seen) == 4)
    last = asyncio.create_task(client.send_signal("a1c4e7f0", Signal.STOP, confirm=permission))
    await asyncio.sleep(0)
    assert permission.asked == 0
    permission.taken_away = True
    gate.set()
    with pytest.raises(NotAllowed):
        await last
    await asyncio.gather(*first)
    assert len(panel.seen) == 4


@pytest.fixture
def look_up(monkeypatch):
    """A name service that answers when the event is set."""
    answers = asyncio.Event()
    genuine = bot.panel.guard.resolve_public

    async def slowly(*arguments, **options):
        await answers.wait()
        return await genuine(*arguments, **options)

    monkeypatch.setattr(bot.panel.guard, "resolve_public", slowly)
    return answers


@pytest.fixture
def named(panel, pools, kit):
    """A client of the panel under a name that must be looked up first."""

    def make(**timing) -> PanelClient:
        pool = pools(timing=dataclasses.replace(kit.quick, **timing))
        return pool.client(url=panel.url.replace("127.0.0.1", "localhost"), key=kit.key, kind=PanelKind.PTERODACTYL)

    return make


async def test_it_is_asked_when_the_connection_stands(panel, named, kit, permission, look_up):
    """Name, connection and TLS may take ten seconds together."""
    panel.on(POWER, kit.reply(204), method="POST")
    sending = asyncio.create_task(named().send_signal("a1c4e7f0", Signal.START, confirm=permission))
    for _round in range(20):
        await asyncio.sleep(0)
    assert permission.asked == 0
    permission.taken_away = True
    look_up.set()
    with pytest.raises(NotAllowed):
        await sending
    assert permission.asked == 1
    assert panel.seen == []


async def test_what_ran_out_of_time_before_it_was_confirmed_surely_did_not_happen(panel, named, look_up, refusal):
    """`OutcomeUnknown` would keep people from trying again what was never sent."""

    async def never() -> None:
        await asyncio.Event().wait()

    look_up.set()
    caught = await refusal(named(total=0.2).send_signal("a1c4e7f0", Signal.START, confirm=never))
    assert type(caught) is PanelUnreachable
    assert panel.seen == []


async def test_a_session_that_would_not_ask_sends_nothing_that_goes_unnoticed(panel, client, kit):
    """Should a later aiohttp send by another method, every action fails aloud."""
    panel.on(POWER, kit.reply(204), method="POST")
    transport = client._requests._transport
    plain = dataclasses.replace(transport.sessions, actions=transport.sessions.reads)
    client._requests._transport = dataclasses.replace(transport, sessions=plain)
    with pytest.raises(RuntimeError, match="nobody confirmed"):
        await client.send_signal("a1c4e7f0", Signal.START, confirm=allowed)
