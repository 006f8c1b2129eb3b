"""Only a permit gives a client or a console, by its own key alone, and it is asked again in the moment of sending."""

import ast
import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

import bot
from bot.errors import BotError, NotAllowed, PermissionMissing
from bot.services.permits import Permit
from bot.terms import Action, PowerState, Signal
from sandbox.panel import Fault, Profile, faults

from .place import RIGHTS, Place


class Second:
    """Another key of the same panel, of a panel user with rights of his own, and who acts by it through a grant."""

    def __init__(self, place: Place, panel, castle, made, user):
        self.place = place
        self.user = user
        self.panel = panel
        self.castle = castle
        self.made = made

    async def grant(self, admin, allow="admin", **how):
        return await self.place.services.access.grant(
            admin, role_id=70, allow=allow, server=self.castle, panel=self.panel, commands=None, **how
        )


@pytest.fixture
def running():
    return True


@pytest.fixture
async def second(place, admin, running):
    """Castle, linked by the first key, and a second key that its grants act with."""
    made = place.server("Castle", running=running, boot_seconds=0.3)
    user = place.panel.add_user("second")
    place.panel.add_subuser(made, user, list(RIGHTS))
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    connected = await place.connect(admin, label="Second", key=place.panel.add_key(user))
    return Second(place, connected.panel, castle, made, user)


def since(place, start):
    return place.panel.requests[start:]


def posts(place):
    return [request for request in place.panel.requests if request.method == "POST"]


# Where permits come from


async def test_nobody_can_make_or_alter_a_permit(second, admin, place):
    permit = await place.permit(admin, Action.VIEW, second.castle)
    with pytest.raises(TypeError):
        Permit(admin, Action.KILL, second.castle, second.panel, at=0.0)
    with pytest.raises(TypeError, match="gives a permit"):
        Permit(admin, Action.KILL, second.castle, second.panel, at=0.0, seal=object())
    with pytest.raises((ValueError, TypeError), match="seal"):  # TypeError from Python 3.15 on
        replace(permit, action=Action.KILL)


async def test_a_permit_is_good_for_its_own_action_only(second, admin, place):
    view = await place.permit(admin, Action.VIEW, second.castle)
    start = await place.permit(admin, Action.START, second.castle)
    services = place.services
    for attempt in (
        lambda: anext(services.power.follow(view)),
        lambda: services.consoles.say(view, "hello"),
        lambda: services.consoles.last_lines(view, 5),
        lambda: services.servers.status(start),
    ):
        with pytest.raises(ValueError, match=r"view|start"):
            await attempt()
    assert posts(place) == []


@pytest.mark.parametrize(
    ("made", "where"),
    [
        ("Permit", "bot/services/permits.py"),
        ("MemberRights", "bot/services/access.py"),
        ("PermittedClient", "bot/services/connections.py"),
    ],
)
def test_what_permits_are_made_of_is_made_in_one_place(made, where):
    """Types keep others from it, and import rules from the clients and consoles behind it; this looks once more."""
    root = Path(bot.__file__).parent.parent
    found = {
        str(path.relative_to(root))
        for path in [*root.glob("bot/**/*.py"), *root.glob("cogs/*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == made
    }
    assert found == {where}


# By whose key


@pytest.mark.parametrize("profile", [Profile.PTERO_1_12, Profile.PELICAN])
async def test_a_grant_with_a_key_of_its_own_uses_no_other_for_anything(second, admin, helper, place):
    await second.grant(admin)
    async with place.hub.listen(place.relay_target(second.castle)) as relay:
        await relay.ready(5)
        start = len(place.panel.requests)
        assert (await place.status(helper, second.castle)).state is PowerState.RUNNING
        assert [row.state for row in await place.services.servers.overview(helper)] == [PowerState.RUNNING]
        await place.last_lines(helper, second.castle, 5)
        assert (await place.command(helper, second.castle, "list")).lines
        await place.say(helper, second.castle, "hello")
        assert (await place.follow(helper, second.castle, Signal.STOP))[-1].ok
    assert {request.user for request in since(place, start)} == {"second"}


async def test_two_keys_have_a_socket_each_and_those_of_one_key_share_it(second, admin, helper, place):
    await second.grant(admin)
    async with place.hub.listen(place.relay_target(second.castle)) as relay:
        await relay.ready(5)
        await place.last_lines(admin, second.castle, 5)
        assert place.panel.node.sockets() == 1
        await place.last_lines(helper, second.castle, 5)
        assert place.panel.node.sockets() == 2
        tickets = [request.user for request in place.panel.requests if request.path.endswith("/websocket")]
        assert tickets == ["botuser", "second"]


class TestAKeyThatMayNotOpenTheConsole:
    """A relay shows that very console all the while: what it hears is not for those who act by the other key."""

    @pytest.fixture
    async def relay(self, second, admin, place):
        second.made.subusers[second.user.uuid].remove("websocket.connect")  # the panel's pages always leave it in
        await second.grant(admin)
        async with place.hub.listen(place.relay_target(second.castle)) as listener:
            await listener.ready(5)
            yield listener

    async def test_its_last_lines_are_refused_with_the_reason(self, relay, second, helper, place):
        with pytest.raises(PermissionMissing, match="permission"):
            await place.last_lines(helper, second.castle, 5)

    async def test_a_command_is_sent_and_its_answer_is_not_shown(self, relay, second, helper, place):
        answer = await place.command(helper, second.castle, "list")
        assert answer.lines == ()
        assert answer.note.startswith("Sent, but the answer cannot be read: ")
        assert "permission" in answer.note
        assert place.panel.commands_received(second.made) == ["list"]

    async def test_the_outcome_of_a_signal_is_asked_from_the_panel(self, relay, second, helper, place):
        await sent_and_polled(second, helper)
        assert second.made.runtime.signals == ["stop"]

    async def test_the_state_is_the_panels_word_although_the_relay_knows_better(self, relay, second, helper, place):
        assert (await place.status(helper, second.castle)).state is PowerState.RUNNING
        second.made.runtime.publish("status", "offline")
        await place.panel.wait_for(lambda: relay.state is PowerState.OFFLINE)
        assert (await place.status(helper, second.castle)).state is PowerState.RUNNING


async def test_the_linked_key_goes_before_another_and_then_hears_as_well(second, admin, helper, place):
    await second.grant(admin)
    await place.services.access.grant(admin, role_id=70, allow="console", server=None, panel=None, commands=None)
    start = len(place.panel.requests)
    await place.last_lines(helper, second.castle, 5)
    await place.status(helper, second.castle)
    asked = {request.path.rsplit("/", 1)[-1]: request.user for request in since(place, start)}
    assert asked["websocket"] == "botuser"
    assert asked["resources"] == "second"


async def test_when_the_panel_has_no_ticket_left_the_answer_is_not_shown_and_outcomes_are_polled(
    second, admin, helper, place
):
    """Five a minute for each user and server, whoever asked for them."""
    await second.grant(admin)
    busy = faults.Fail(429, "ThrottleRequestsException", "Too Many Attempts.", headers={"Retry-After": "60"})
    place.panel.faults.add(Fault(busy, path="/websocket$", times=None))
    place.hasty(0.5)
    answer = await place.command(helper, second.castle, "list")
    assert answer.note.startswith("Sent, but the answer cannot be read: ")
    assert "could not be opened" in answer.note  # why is for admins
    await sent_and_polled(second, helper)
    assert sum(request.path.endswith("/websocket") for request in place.panel.requests) == 1


async def sent_and_polled(second, member):
    """A signal was sent, and then the panel asked again and again, by the permit's key; its cache would take 20 s."""
    place = second.place
    place.services.power._timing = replace(place.services.power._timing, poll=0.1)
    following = asyncio.create_task(place.follow(member, second.castle, Signal.STOP))
    await place.panel.wait_for(lambda: posts(place)[-1:] and posts(place)[-1].path.endswith("/power"))
    start = len(place.panel.requests)
    await place.panel.wait_for(lambda: since(place, start), timeout=15)
    following.cancel()
    assert {(r.user, r.path.rsplit("/", 1)[-1]) for r in since(place, start)} == {("second", "resources")}


# Asked again in the moment of sending

CHANGES = ["the grant is revoked", "another key acts", "the panel is removed", "the key is replaced", "it is unlinked"]
ACTIONS = ["start", "stop", "restart", "kill", "say", "command"]


async def change(what, second, admin):
    """Take away what the helper is just using."""
    services = second.place.services
    match what:
        case "the grant is revoked":
            await services.access.revoke(admin, role_id=70, server=second.castle)
        case "another key acts":
            await services.access.grant(admin, role_id=70, allow="admin", server=None, panel=None, commands=None)
        case "the panel is removed":
            await services.panels.remove(admin, second.panel)
        case "the key is replaced":
            await services.panels.replace_key(admin, second.panel, second.place.panel.add_key(second.user))
        case "it is unlinked":
            await services.servers.unlink(admin, second.castle)


async def act(action, second, member):
    place = second.place
    match action:
        case "say":
            return await place.say(member, second.castle, "hello")
        case "command":
            return await place.command(member, second.castle, "list")
        case _:
            return await place.follow(member, second.castle, Signal(action))


async def refused_without_a_word_to_the_panel(acting, place, before):
    with pytest.raises(NotAllowed, match="Nothing was sent") as refused:
        await acting
    assert str(refused.value).endswith(".")
    assert posts(place) == before


@pytest.mark.parametrize("profile", [Profile.PELICAN])
@pytest.mark.parametrize(
    ("action", "change_of"), [*((action, CHANGES[0]) for action in ACTIONS), *(("restart", one) for one in CHANGES[1:])]
)
async def test_what_was_taken_away_while_the_console_was_awaited_is_not_sent(
    second, admin, helper, place, action, change_of
):
    """A node that takes the connection and then says nothing."""
    await second.grant(admin)
    place.panel.faults.add(Fault(faults.SocketTrouble.MUTE, times=None))
    place.hasty(1.0)
    acting = asyncio.create_task(act(action, second, helper))
    await place.panel.wait_for(lambda: place.panel.node.sockets())
    await change(change_of, second, admin)
    await refused_without_a_word_to_the_panel(acting, place, [])


@pytest.mark.parametrize(
    ("action", "change_of"), [("kill", CHANGES[0]), ("say", CHANGES[0]), *(("command", one) for one in CHANGES)]
)
async def test_what_was_taken_away_while_the_panel_took_no_requests_is_not_sent(
    second, admin, helper, place, action, change_of
):
    """A rate limit of a second, as any tab of the panel's own pages may cause it."""
    await second.grant(admin)
    await place.last_lines(helper, second.castle, 1)  # the socket is up: nothing else is waited for
    limit = {"Retry-After": "1", "X-RateLimit-Limit": "256", "X-RateLimit-Remaining": "0"}
    busy = faults.Fail(429, "ThrottleRequestsException", "Too Many Attempts.", headers=limit)
    place.panel.faults.add(Fault(busy, method="POST"))
    with pytest.raises(BotError, match="too many requests"):
        await place.say(helper, second.castle, "first")
    before = posts(place)
    acting = asyncio.create_task(act(action, second, helper))
    for _round in range(20):
        await asyncio.sleep(0.01)  # by now it waits for the panel; the limit is fifty times as long
    assert not acting.done()
    await change(change_of, second, admin)
    await refused_without_a_word_to_the_panel(acting, place, before)


@pytest.mark.parametrize("change_of", ["the grant is revoked", "it is unlinked", "the panel is removed"])
@pytest.mark.parametrize("shown", ["status", "overview", "console"])
async def test_what_was_taken_away_while_it_was_read_is_not_shown(second, admin, helper, place, shown, change_of):
    await second.grant(admin)
    gate = asyncio.Event()
    held = "/websocket$" if shown == "console" else "/resources$"
    place.panel.faults.add(Fault(faults.Hold(gate), path=held, times=None))
    reading = asyncio.create_task(
        {
            "status": lambda: place.status(helper, second.castle),
            "overview": lambda: place.services.servers.overview(helper),
            "console": lambda: place.last_lines(helper, second.castle, 5),
        }[shown]()
    )
    await place.panel.wait_for(lambda: any(r.path.endswith(held[:-1]) for r in place.panel.requests))
    await change(change_of, second, admin)
    gate.set()
    if shown == "overview":
        assert await reading == []
    else:
        with pytest.raises(BotError):
            await reading


async def test_polling_ends_when_the_right_does(second, admin, helper, place):
    """Each question would be asked with a key that the member has no business with any more."""
    await second.grant(admin)
    place.panel.faults.add(Fault(faults.cloudflare(), path="/websocket$", times=None))
    place.hasty(0.3)
    place.slow_poll(1.2)
    second.made.runtime.game.spec = replace(second.made.runtime.game.spec, boot_seconds=60)
    steps = await place.steps(helper, second.castle, Signal.RESTART)
    await anext(steps)
    await place.services.access.revoke(admin, role_id=70, server=None)
    start = len(place.panel.requests)
    with pytest.raises(NotAllowed, match="The signal had been sent"):
        [step async for step in steps]
    assert since(place, start) == []


async def test_an_allowed_action_is_sent_although_it_waited(second, admin, helper, place):
    await second.grant(admin)
    place.panel.faults.add(Fault(faults.SocketTrouble.MUTE, times=None))
    place.hasty(0.5)
    await place.command(helper, second.castle, "list")
    assert place.panel.commands_received(second.made) == ["list"]
    assert {request.user for request in posts(place)} == {"second"}


# Keys that are not to be used any more


async def test_a_console_that_came_by_a_replaced_key_comes_by_the_new_one_from_then_on(place, admin):
    """The old ticket would have been good for ten minutes more."""
    made = place.server("Castle", running=True)
    connected = await place.connect(admin)
    castle = await place.link(admin, "Castle")
    other = place.panel.add_user("other")
    place.panel.add_subuser(made, other, list(RIGHTS))
    async with place.hub.listen(place.relay_target(castle)) as relay:
        await relay.ready(5)
        await place.services.panels.replace_key(admin, connected.panel, place.panel.add_key(other))
        await place.panel.wait_for(lambda: heard_by(place, made) == {other.uuid})
        made.emit("after the change")
        await place.panel.wait_for(lambda: relay.tail(1) and relay.tail(1)[0].text == "after the change")
        assert relay.health.reconnects == 1


async def test_a_console_whose_panel_was_removed_ends_for_those_who_still_listen(place, admin):
    made = place.server("Castle", running=True, boot_seconds=60)
    connected = await place.connect(admin)
    castle = await place.link(admin, "Castle")
    steps = await place.steps(admin, castle, Signal.RESTART)
    await anext(steps)
    await place.services.panels.remove(admin, connected.panel)
    await place.panel.wait_for(lambda: place.panel.node.sockets() == 0)
    start = len(place.panel.requests)
    with pytest.raises(NotAllowed, match="not linked here any more"):
        [step async for step in steps]
    assert since(place, start) == []
    assert place.panel.signals_received(made) == ["restart"]


async def test_a_key_replaced_while_a_console_is_being_opened_opens_none(place, admin):
    made = place.server("Castle", running=True)
    connected = await place.connect(admin)
    castle = await place.link(admin, "Castle")
    other = place.panel.add_user("other")
    place.panel.add_subuser(made, other, list(RIGHTS))
    gate = asyncio.Event()
    place.panel.faults.add(Fault(faults.Hold(gate), path="/websocket$"))
    async with place.hub.listen(place.relay_target(castle)) as relay:
        await place.panel.wait_for(lambda: place.panel.tickets_issued(made) == 1)
        await place.services.panels.replace_key(admin, connected.panel, place.panel.add_key(other))
        gate.set()
        await relay.ready(5)
        assert heard_by(place, made) == {other.uuid}
        assert not any(event.kind == "socket" and "botuser" in event.text for event in place.panel.events)


def heard_by(place, made):
    """By whose tickets the server's sockets are open."""
    return {session.ticket.user_uuid for session in place.panel.node.sessions(made) if session.ticket is not None}
