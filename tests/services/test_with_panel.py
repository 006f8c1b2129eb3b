"""The services against a stand-in panel with its node, on real sockets."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import (
    AddressForbidden,
    BadInput,
    BotError,
    BusyReason,
    KeyRefused,
    NodeUnreachable,
    NotAllowed,
    NotSupported,
    PermissionMissing,
    ServerBusy,
    ServerOffline,
    UnknownServer,
)
from bot.panel.pool import PanelPool
from bot.services import Access, Panels
from bot.services.connections import Connections
from bot.services.members import Member
from bot.services.power import PowerTiming
from bot.terms import Action, PowerState, RelayStyle, Signal
from bot.text.console_line import one_line
from sandbox.panel import Fault, Profile, faults
from sandbox.panel.errors import WingsUnreachableError


async def test_a_key_that_does_not_work_is_not_stored(place, admin):
    wrong = "ptlc_" + "x" * 43
    with pytest.raises(KeyRefused) as refused:
        await place.connect(admin, key=wrong)
    assert wrong not in str(refused.value)
    with pytest.raises(BadInput):
        await place.connect(admin, key="two words")
    with pytest.raises(BadInput):
        await place.services.panels.connect(admin, url="not a url at all", key=place.key, label="")
    assert await place.store.panels.list(admin.guild_id) == []


async def test_without_the_owners_leave_no_guild_reaches_private_addresses(place, store, admin):
    pool = PanelPool(allow_private=False)
    panels = Panels(
        store, Access(store), pool, Connections(store, Access(store), pool, None), changed=lambda _guild: None
    )
    with pytest.raises(AddressForbidden):
        await panels.connect(admin, url=place.panel.url, key=place.key, label="")
    await pool.close()
    assert place.panel.requests == []


async def test_connecting_offers_the_servers_and_takes_the_host_as_label(place, admin):
    place.server("Beta")
    place.server("alpha")
    connected = await place.connect(admin, label="")
    assert connected.panel.label == place.panel.url.removeprefix("http://")
    assert [choice.name for choice in connected.choices] == ["alpha", "Beta"]
    assert connected.username == "botuser"
    with pytest.raises(BadInput, match="replace-key"):
        await place.connect(admin, label="")
    assert place.key not in repr(connected)


async def test_a_replaced_key_is_verified_first_and_the_old_one_stays_where_it_fails(place, admin):
    place.server("Castle")
    connected = await place.connect(admin)
    with pytest.raises(KeyRefused):
        await place.services.panels.replace_key(admin, connected.panel, "ptlc_" + "y" * 43)
    assert (await place.store.panels.key(admin.guild_id, connected.panel.id)).key == place.key
    fresh = place.panel.add_key(place.user)
    await place.services.panels.replace_key(admin, connected.panel, fresh)
    assert (await place.store.panels.key(admin.guild_id, connected.panel.id)).key == fresh


async def test_a_form_or_button_for_a_panel_that_is_gone_touches_no_other_panel(place, admin):
    """Even if a database gave the id of a removed row to the next one, which belongs to another guild."""
    gone = (await place.connect(admin, label="Gone")).panel
    await place.services.panels.remove(admin, gone)
    elsewhere = Member(901, 5, "Berta", frozenset(), is_admin=True)
    theirs = (await place.connect(elsewhere, label="Theirs")).panel
    gone = replace(gone, id=theirs.id)
    with pytest.raises(BotError, match="no longer connected"):
        await place.services.panels.replace_key(admin, gone, place.panel.add_key(place.user))
    with pytest.raises(BotError, match="no longer connected"):
        await place.services.panels.remove(admin, gone)
    assert await place.store.panels.list(elsewhere.guild_id) == [theirs]


async def test_a_server_unlinked_meanwhile_can_neither_be_acted_on_nor_unlinked_again(place, admin):
    """Buttons outlive links; even if the id of the link were another server's by then."""
    castle, tower = place.server("Castle"), place.server("Tower")
    await place.connect(admin)
    gone = await place.link(admin, "Castle")
    await place.services.servers.unlink(admin, gone)
    linked = await place.link(admin, "Tower")
    gone = replace(gone, id=linked.id)
    with pytest.raises(NotAllowed, match="not linked"):
        await place.follow(admin, gone, Signal.START)
    with pytest.raises(NotAllowed, match="not linked"):
        await place.services.servers.unlink(admin, gone)
    assert place.panel.signals_received(castle) == place.panel.signals_received(tower) == []
    assert await place.store.servers.list(admin.guild_id) == [linked]


@pytest.mark.parametrize(
    ("on_panel", "here"),
    [
        ("🏴\u200d☠️ Pirates", "🏴\u200d☠️ Pirates"),
        ("A\u00a0B", "A B"),
        ("x" * 150, "x" * 99 + "…"),
        ("r\u202etl", "rtl"),
    ],
)
async def test_whatever_the_panel_calls_a_server_it_can_be_linked(place, admin, on_panel, here):
    server = place.server(on_panel)
    await place.connect(admin)
    assert (await place.link(admin, server.identifier)).name == here


async def test_a_server_whose_name_shows_nothing_is_linked_by_its_identifier(place, admin):
    server = place.server("\u200d")
    await place.connect(admin)
    assert (await place.link(admin, server.identifier)).name == server.identifier
    with pytest.raises(BadInput, match="`server` is blank"):
        await place.link(admin, " ")


async def test_linking_a_server_again_says_under_which_name_it_is_linked(place, admin):
    place.server("Castle")
    await place.connect(admin)
    await place.link(admin, "Castle")
    with pytest.raises(BadInput, match="linked already, as “Castle”"):
        await place.link(admin, "Castle")


@pytest.mark.parametrize("profile", [Profile.PTERO_1_12, Profile.PTERO_0_7])
async def test_when_the_bot_ends_those_who_follow_a_signal_are_told(place, admin):
    """By the socket as by polling, and at once: a server may take minutes to start."""
    place.server("Castle", boot_seconds=60)
    await place.connect(admin)
    steps = await place.steps(admin, await place.link(admin, "Castle"), Signal.START)
    assert not (await anext(steps)).done
    await place.services.power.close()
    async with asyncio.timeout(10):
        last = [step async for step in steps][-1]
    assert last.done and "/status" in last.sentence


async def test_the_state_shown_after_a_signal_is_the_new_one_although_the_panel_remembers_the_old(place, admin):
    """The panel caches usage for 20 s; the open console knows better."""
    place.server("Castle", running=True)
    await place.connect(admin)
    linked = await place.link(admin, "Castle")
    assert (await place.status(admin, linked)).state is PowerState.RUNNING
    assert (await place.follow(admin, linked, Signal.STOP))[-1].ok
    status = await place.status(admin, linked)
    assert status.state is PowerState.OFFLINE
    assert status.signals == (Signal.START,)
    assert [row.state for row in await place.services.servers.overview(admin)] == [PowerState.OFFLINE]


async def test_following_a_signal_ends_with_the_consoles(place, admin):
    """A hub that was closed yields nothing for ever; waiting for it must not keep the whole process busy."""
    place.server("Castle", boot_seconds=60)
    await place.connect(admin)
    steps = await place.steps(admin, await place.link(admin, "Castle"), Signal.START)
    await anext(steps)
    await place.hub.close()
    async with asyncio.timeout(10):
        assert [step async for step in steps][-1].done


async def test_a_server_is_linked_by_name_or_identifier_and_nothing_else(place, admin):
    castle, twin = place.server("Castle"), place.server("Twin")
    other = place.server("twin")
    await place.connect(admin)
    assert (await place.link(admin, "cASTLE")).uuid == castle.uuid
    with pytest.raises(BadInput, match=twin.identifier):
        await place.link(admin, "Twin")
    linked = await place.link(admin, other.identifier, name="The other", say_template="tell @a {message}")
    assert (linked.name, linked.say_template) == ("The other", "tell @a {message}")
    for nonsense in ("Nowhere", "../../etc", "deadbeef", ""):
        with pytest.raises((UnknownServer, BadInput)):
            await place.link(admin, nonsense)
    with pytest.raises(BadInput):
        await place.link(admin, "Castle")
    with pytest.raises(BadInput, match="message"):
        await place.services.servers.edit(admin, linked, name=None, say_template="say hello")


async def test_a_server_left_out_is_the_channels_else_the_only_one_else_a_list(place, admin, helper):
    for name in ("Castle", "Tower"):
        place.server(name)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    resolve = place.services.servers.resolve
    assert (await resolve(admin, None, channel_id=5, action=Action.VIEW)).server == castle
    tower = await place.link(admin, "Tower")
    with pytest.raises(UnknownServer, match=r"Castle.*Tower"):
        await resolve(admin, None, channel_id=5, action=Action.VIEW)
    await place.services.relays.add(admin, server=tower, channel_id=5)
    assert (await resolve(admin, None, channel_id=5, action=Action.VIEW)).server == tower
    assert (await resolve(admin, tower.identifier.upper(), channel_id=9, action=Action.VIEW)).server == tower


async def test_names_that_a_member_may_not_see_are_as_unknown_as_those_that_do_not_exist(place, admin, helper):
    place.server("Castle")
    place.server("Tower")
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    await place.link(admin, "Tower")
    access, resolve = place.services.access, place.services.servers.resolve
    await access.grant(admin, role_id=70, allow="view", server=castle, panel=None, commands=None)
    assert (await resolve(helper, None, channel_id=5, action=Action.VIEW)).server == castle
    with pytest.raises(NotAllowed, match="start"):
        await resolve(helper, "Castle", channel_id=5, action=Action.START)
    with pytest.raises(UnknownServer) as hidden:
        await resolve(helper, "Tower", channel_id=5, action=Action.VIEW)
    with pytest.raises(UnknownServer) as missing:
        await resolve(helper, "Power", channel_id=5, action=Action.VIEW)
    assert str(hidden.value).replace("Tower", "Power") == str(missing.value)
    assert await place.services.servers.names(helper, Action.VIEW, "") == ["Castle"]
    assert await place.services.servers.names(helper, None, "") == []


async def test_what_can_be_linked_is_offered_from_memory_and_never_waits_for_the_panel(place, admin):
    place.server("Castle")
    connected = await place.connect(admin)
    place.panel.down()
    async with asyncio.timeout(1):
        choices = await place.services.panels.link_choices(admin, None, "cas")
    assert [choice.name for choice in choices] == ["Castle"]
    asked = len(place.panel.requests)
    for _keystroke in range(20):
        await place.services.panels.link_choices(admin, connected.panel, "c")
    assert len(place.panel.requests) == asked


async def test_an_overview_survives_a_server_that_cannot_be_asked(place, admin):
    place.server("Castle", running=True)
    suspended = place.server("Tower")
    await place.connect(admin)
    for name in ("Castle", "Tower"):
        await place.link(admin, name)
    suspended.suspend()
    rows = {row.server.name: row for row in await place.services.servers.overview(admin)}
    assert rows["Castle"].state is PowerState.RUNNING
    assert rows["Castle"].note is None
    assert rows["Tower"].state is PowerState.UNKNOWN
    assert rows["Tower"].busy is BusyReason.SUSPENDED


@pytest.mark.parametrize("profile", [Profile.PTERO_1_11, Profile.PTERO_1_12, Profile.PELICAN])
async def test_a_node_that_does_not_answer_the_panel_is_named_and_never_taken_for_a_server_that_is_off(place, admin):
    """Pterodactyl fails; Pelican says 200 with a state of its own."""
    place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    place.panel.node.down()
    status = await place.status(admin, castle)
    (row,) = await place.services.servers.overview(admin)
    for shown in (status, row):
        assert shown.state is PowerState.UNKNOWN
        assert "machine that runs" in shown.note
    assert (status.memory_bytes, status.uptime) == (None, None)
    with pytest.raises(NodeUnreachable):
        await place.follow(admin, castle, Signal.START)
    with pytest.raises(NodeUnreachable):
        await place.command(admin, castle, "list")


@pytest.mark.parametrize("profile", [Profile.PTERO_1_12, Profile.PELICAN])
async def test_a_console_that_is_open_tells_the_state_where_the_panel_does_not_reach_the_node(
    place, admin, monkeypatch
):
    castle = place.server("Castle", running=True)
    await place.connect(admin)
    linked = await place.link(admin, "Castle")
    async with place.hub.listen(place.relay_target(linked)) as listener:
        await listener.ready(5)

        def refuse(*_):
            raise WingsUnreachableError

        monkeypatch.setattr(castle.node, "reach", refuse)
        status = await place.status(admin, linked)
        (row,) = await place.services.servers.overview(admin)
    for shown in (status, row):
        assert shown.state is PowerState.RUNNING
        assert "machine that runs" in shown.note


@pytest.mark.parametrize("state", ["installing", "install_failed", "reinstall_failed"])
@pytest.mark.parametrize("profile", [Profile.PELICAN])
async def test_an_installation_that_failed_is_told_from_one_that_goes_on(place, admin, state):
    castle = place.server("Castle")
    await place.connect(admin)
    linked = await place.link(admin, "Castle")
    castle.set_status(state)
    (row,) = await place.services.servers.overview(admin)
    for shown in (row, await place.status(admin, linked)):
        assert shown.busy == state
    with pytest.raises(ServerBusy) as refused:
        await place.follow(admin, linked, Signal.START)
    assert refused.value.reason == state


async def test_status_offers_the_signals_that_make_sense_and_are_allowed(place, admin, helper):
    place.server("Castle", running=True, memory_mib=2048)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    status = await place.status(admin, castle)
    assert status.signals == (Signal.STOP, Signal.RESTART, Signal.KILL)
    assert status.memory_limit_bytes == 2048 * 2**20
    assert status.address.startswith("play.example.test:")
    await place.services.access.grant(admin, role_id=70, allow="view, restart", server=None, panel=None, commands=None)
    assert (await place.status(helper, castle)).signals == (Signal.RESTART,)


async def test_a_start_that_crashes_is_told_with_its_exit_code(place, admin):
    made = place.server("Castle", boot_seconds=30)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    steps = []
    async for step in await place.steps(admin, castle, Signal.START):
        steps.append(step)
        if len(steps) == 2:
            await place.panel.wait_for(lambda: made.runtime.game is not None)
            await made.crash(139)
    assert steps[-1].done
    assert steps[-1].ok is False
    assert "139" in steps[-1].sentence


async def test_a_server_that_is_up_at_once_and_fails_within_seconds_is_told_so_and_what_it_said(place, admin):
    """Wings calls one up that prints anything: the address in use comes a moment later."""
    made = place.server("Castle", boot_seconds=0.1)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    sentences, last = [], None
    async for last in await place.steps(admin, castle, Signal.START):
        sentences.append(last.sentence)
        if "is up" in last.sentence and not last.done:
            made.emit("Address already in use, password=hunter2secret")
            await made.crash(1)
    assert last.done and last.ok is False and last.crashed
    assert "exit code 1" in last.sentence
    assert any("is up" in sentence for sentence in sentences)
    lines = await place.services.consoles.last_words(await place.permit(admin, Action.CONSOLE, castle))
    assert "Address already in use" in lines[-1]
    assert not any("hunter2secret" in line or "crashed state" in line or "Exit code" in line for line in lines)
    with pytest.raises(ValueError, match="shows no console"):
        await place.services.consoles.last_words(await place.permit(admin, Action.START, castle))


async def test_a_server_that_stays_up_is_told_as_up_once(place, admin):
    place.server("Castle", boot_seconds=0.1)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    steps = await place.follow(admin, castle, Signal.START)
    assert [step.done for step in steps] == [False] * (len(steps) - 1) + [True]
    assert steps[-1].ok and steps[-1].sentence == steps[-2].sentence


async def test_something_said_that_the_console_refuses_is_told_and_its_answer_shown_to_those_who_see_it(
    place, admin, helper
):
    """The game of the stand-in knows no `shout`."""
    place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle", say_template="shout {message} password=hunter2secret")
    await place.services.access.grant(admin, role_id=70, allow="view, say", server=None, panel=None, commands=None)
    told = []

    async def tell(sentence):
        told.append(sentence)

    permit = await place.permit(admin, Action.SAY, castle)
    said = await place.services.consoles.say(permit, "hello", told=tell)
    assert told == ["Said on **Castle**: hello"]
    assert said.refused
    assert "/server edit" in said.sentence
    assert any("nknown" in line for line in said.lines)
    assert not any("hunter2secret" in line for line in said.lines)
    said = await place.say(helper, castle, "hello")
    assert said.refused
    assert said.lines == ()


async def test_something_said_and_taken_is_not_doubted(place, admin):
    place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    said = await place.say(admin, castle, "Usage: unknown command")
    assert not said.refused
    assert "Said on" in said.sentence


@pytest.mark.parametrize("profile", [Profile.PTERO_0_7])  # it keeps no answer for 20 s
async def test_without_a_socket_the_outcome_is_followed_by_asking_the_panel(place, admin):
    place.server("Castle", rights=["control.start", "control.stop"], boot_seconds=0.3)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    place.panel.faults.add(Fault(faults.cloudflare(), path="/websocket$", times=None))
    place.services.power._timing = replace(place.services.power._timing, socket=0.5)
    steps = await place.follow(admin, castle, Signal.START)
    assert steps[-1].ok and "is up" in steps[-1].sentence
    assert place.panel.signals_received(next(iter(place.panel.registry.servers.values()))) == ["start"]


async def test_a_signal_that_would_change_nothing_is_not_sent(place, admin):
    made = place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    steps = await place.follow(admin, castle, Signal.START)
    assert len(steps) == 1
    assert "already" in steps[0].sentence
    assert place.panel.signals_received(made) == []


async def going_down(place, member, server, signal):
    """Send a stop or restart, and return the task that follows it once the socket has told that it is under way."""
    steps = await place.steps(member, server, signal)
    while "is stopping" not in (await anext(steps)).sentence:
        pass

    async def rest():
        return [step async for step in steps]

    return asyncio.create_task(rest())


async def test_a_start_during_a_stop_is_refused_at_once_and_can_wait_for_the_end_of_it(place, admin):
    made = place.server("Castle", running=True, stop_seconds=1.5, boot_seconds=0.3)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    stopping = await going_down(place, admin, castle, Signal.STOP)
    [refused] = await place.follow(admin, castle, Signal.START)
    assert refused.later and "still stopping" in refused.sentence
    assert place.panel.signals_received(made) == ["stop"]

    steps = [
        step
        async for step in place.services.power.follow(await place.permit(admin, Action.START, castle), when_off=True)
    ]
    assert "Waiting until" in steps[0].sentence
    assert steps[-1].ok and "is up" in steps[-1].sentence
    assert place.panel.signals_received(made) == ["stop", "start"]
    await stopping


async def test_what_waits_for_the_end_of_a_stop_is_not_sent_once_the_right_is_gone(place, admin, helper):
    made = place.server("Castle", running=True, stop_seconds=1.5)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    await place.services.access.grant(admin, role_id=70, allow="start", server=None, panel=None, commands=None)
    stopping = await going_down(place, admin, castle, Signal.STOP)
    waiting = place.services.power.follow(await place.permit(helper, Action.START, castle), when_off=True)
    assert "Waiting until" in (await anext(waiting)).sentence
    await place.services.access.revoke(admin, role_id=70, server=None)
    with pytest.raises(NotAllowed, match="Nothing was sent"):
        _ = [step async for step in waiting]
    assert place.panel.signals_received(made) == ["stop"]
    await stopping


async def test_each_member_waits_once_for_a_server_to_be_off(place, admin):
    """However often the button is pressed, one start is sent."""
    made = place.server("Castle", running=True, stop_seconds=1.5, boot_seconds=0.3)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    stopping = await going_down(place, admin, castle, Signal.STOP)

    async def wait():
        permit = await place.permit(admin, Action.START, castle)
        return [step async for step in place.services.power.follow(permit, when_off=True)][-1]

    ends = await asyncio.gather(*(wait() for _press in range(4)))
    assert sum("waiting already" in end.sentence for end in ends) == 3
    assert sum("is up" in end.sentence for end in ends) == 1
    assert place.panel.signals_received(made) == ["stop", "start"]
    await stopping


async def test_a_start_that_waits_is_not_sent_where_the_stop_was_a_restart(place, admin):
    made = place.server("Castle", running=True, stop_seconds=1.5, boot_seconds=1)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    restarting = await going_down(place, admin, castle, Signal.RESTART)
    permit = await place.permit(admin, Action.START, castle)
    steps = [step async for step in place.services.power.follow(permit, when_off=True)]
    assert steps[-1].done and "Nothing was sent" in steps[-1].sentence
    assert place.panel.signals_received(made) == ["restart"]
    assert (await restarting)[-1].ok


async def test_a_start_waits_no_longer_than_it_can_be_told_of(place, admin):
    made = place.server("Castle", running=True, ignores_stop=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    power = place.services.power
    power._timing = replace(power._timing, outcome=replace(power._timing.outcome, until_off=1))
    stopping = await going_down(place, admin, castle, Signal.STOP)
    permit = await place.permit(admin, Action.START, castle)
    steps = [step async for step in power.follow(permit, when_off=True)]
    assert steps[-1].done and steps[-1].ok is False and "still stopping" in steps[-1].sentence
    assert place.panel.signals_received(made) == ["stop"]
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)


async def test_a_stop_during_somebodys_restart_does_not_promise_that_it_stays_off(place, admin):
    made = place.server("Castle", running=True, stop_seconds=1, boot_seconds=0.3)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    restarting = await going_down(place, admin, castle, Signal.RESTART)
    steps = await place.follow(admin, castle, Signal.STOP)
    assert "already" in steps[0].sentence
    assert steps[-1].ok is False and "starting again" in steps[-1].sentence
    assert place.panel.signals_received(made) == ["restart"]
    await restarting


@pytest.mark.parametrize("profile", [Profile.PTERO_1_12, Profile.PELICAN])
async def test_a_card_after_a_restart_shows_nothing_from_before_it(place, admin, monkeypatch):
    """The panel's answer of before is cached for 20 s, and is asked for while and right after the server restarts."""
    made = place.server("Castle", running=True, boot_seconds=0.5, stop_seconds=0.5)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    assert (await place.status(admin, castle)).memory_bytes is not None
    restarting = await going_down(place, admin, castle, Signal.RESTART)
    during = await place.status(admin, castle)
    assert during.under_way is Signal.RESTART
    assert during.signals == (Signal.KILL,)
    assert (await restarting)[-1].ok
    monkeypatch.setattr(place.connections, "live_usage", lambda _permit: None)
    monkeypatch.setattr(place.connections, "live_state", lambda _permit: PowerState.UNKNOWN)
    after = await place.status(admin, castle)
    assert after.state is PowerState.RUNNING and after.under_way is None
    assert after.uptime is after.memory_bytes is after.cpu_percent is None and "Refresh" in after.note
    assert place.panel.signals_received(made) == ["restart"]


async def test_a_restart_follows_down_and_up_again(place, admin):
    made = place.server("Castle", running=True, boot_seconds=0.3)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    steps = await place.follow(admin, castle, Signal.RESTART)
    assert steps[-1].ok
    assert "is back up" in steps[-1].sentence
    assert place.panel.signals_received(made) == ["restart"]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda place, made: made.suspend(), ServerBusy),
        (lambda place, made: place.panel.node.down(), NodeUnreachable),
        (lambda place, made: made.set_permissions(place.user, ["websocket.connect"]), PermissionMissing),
    ],
    ids=["suspended", "node down", "key without the permission"],
)
async def test_a_signal_that_the_panel_refuses_is_an_error_and_is_not_repeated(place, admin, spoil, error):
    made = place.server("Castle")
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    spoil(place, made)
    with pytest.raises(error):
        await place.follow(admin, castle, Signal.START)
    posts = [request for request in place.panel.requests if request.method == "POST"]
    assert len(posts) <= 1


@pytest.mark.parametrize("profile", [Profile.PTERO_1_12, Profile.PELICAN, Profile.PTERO_0_7])
async def test_a_command_to_an_offline_server_is_refused_in_words_on_every_panel(place, admin):
    made = place.server("Castle")
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    for attempt in (
        place.command(admin, castle, "list"),
        place.say(admin, castle, "hello"),
    ):
        with pytest.raises(ServerOffline, match="start"):
            await attempt
    assert place.panel.commands_received(made) == []


async def test_the_answer_of_a_command_is_what_was_printed_without_the_echo_and_masked(place, admin):
    made = place.server("Castle", running=True, players=("Alex",))
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    answer = await place.command(admin, castle, "/list")
    assert any("Alex" in line for line in answer.lines)
    assert "list" not in [line.strip() for line in answer.lines]
    assert place.panel.commands_received(made) == ["list"]
    asked = asyncio.create_task(place.command(admin, castle, "seed"))
    await place.panel.wait_for(lambda: place.panel.commands_received(made) == ["list", "seed"])
    made.emit("Alex logged in from 203.0.113.77:50123")
    assert "203.0.113.77" not in "".join((await asked).lines)


async def test_an_answer_of_giant_lines_ends_long_before_two_hundred_of_them(place, admin):
    """A reply shows 4,000 characters; nothing is kept, or masked, that is far beyond."""
    made = place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    asked = asyncio.create_task(place.command(admin, castle, "seed"))
    await place.panel.wait_for(lambda: place.panel.commands_received(made) == ["seed"])
    for number in range(12):
        made.emit(f"{number} ".ljust(30_000, "x"))
    answer = await asked
    assert sum("xxx" in line for line in answer.lines) == 3
    assert "may have printed more" in answer.note


async def test_commands_are_limited_by_the_patterns_of_the_grant(place, admin, helper):
    made = place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    await place.services.access.grant(
        admin, role_id=70, allow="command", server=None, panel=None, commands="list, whitelist *"
    )
    with pytest.raises(NotAllowed):
        await place.command(helper, castle, "op Hank")
    await place.command(helper, castle, "list")
    assert place.panel.commands_received(made) == ["list"]


@pytest.mark.parametrize("text", ["", "   ", "one\ntwo", "bell\x07", "x" * 1001, "line\u2028separator"])
def test_only_one_plain_line_can_be_sent(text):
    with pytest.raises(BadInput):
        one_line(text)


async def test_of_monstrous_lines_only_as_many_are_masked_as_a_reply_could_show(place, admin):
    made = place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    for number in range(20):
        made.emit(f"{number} " + "203.0.113.7 came, " * 3_000 + f"and {number} was the last")
    lines, note = await place.last_lines(admin, castle, 20)
    assert len(lines) == 9
    assert lines[-1].endswith("and 19 was the last")
    assert "203.0.113.7" not in "".join(lines)
    assert "11 older ones are left out" in note


async def test_the_last_lines_come_from_the_history_and_an_offline_server_says_so(place, admin):
    made = place.server("Castle", running=True)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    for number in range(30):
        made.emit(f"line {number}")
    lines, note = await place.last_lines(admin, castle, 5)
    assert lines == [f"line {number}" for number in range(25, 30)]
    assert note is None
    other = place.server("Tower")
    tower = await place.link(admin, "Tower")
    assert "offline" in (await place.last_lines(admin, tower, 5))[1]
    assert other.state == "offline"


@pytest.mark.parametrize("profile", [Profile.PTERO_0_7])
async def test_panel_0_7_says_what_it_cannot_do(place, admin):
    place.server("Castle")
    connected = await place.connect(admin)
    assert any("0.7" in note for note in connected.notes)
    castle = await place.link(admin, "Castle")
    with pytest.raises(NotSupported, match=r"0\.7"):
        await place.last_lines(admin, castle, 5)
    with pytest.raises(NotSupported, match=r"0\.7"):
        await place.services.relays.add(admin, server=castle, channel_id=5)


async def test_a_relay_with_a_bad_pattern_is_refused_and_one_without_masking_warned_of(place, admin):
    place.server("Castle")
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    with pytest.raises(BadInput):
        await place.services.relays.add(admin, server=castle, channel_id=5, include="(unclosed")
    assert await place.store.relays.list() == []
    _relay, warnings = await place.services.relays.add(
        admin, server=castle, channel_id=5, style=RelayStyle.PLAIN, redact=False
    )
    assert any("IP addresses" in warning for warning in warnings)
    with pytest.raises(BadInput):
        await place.services.relays.add(admin, server=castle, channel_id=5)
    assert await place.services.relays.remove(admin, server=None, channel_id=5) == ("Castle",)
    with pytest.raises(BadInput):
        await place.services.relays.remove(admin, server=None, channel_id=5)


@pytest.mark.timeout(120)
async def test_a_panel_that_takes_twenty_seconds_is_waited_for_and_asked_only_once(place, admin):
    """A panel waits up to 20 s for its node; giving up earlier would report failures for what did happen."""
    made = place.server("Castle", boot_seconds=0.3)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    place.panel.faults.add(Fault(faults.Slow(20), path="/power$"))
    place.services.power._timing = PowerTiming()
    steps = await place.follow(admin, castle, Signal.START)
    assert steps[-1].ok
    assert place.panel.signals_received(made) == ["start"]
