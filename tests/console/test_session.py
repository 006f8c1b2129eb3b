"""A console session against a node that does what the test says: it comes back by itself or says why it cannot."""

import asyncio
import logging
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from websockets.asyncio.server import serve

from bot.console.events import (
    Connected,
    ConsoleLine,
    DaemonMessage,
    Disconnected,
    LinesThrottled,
    Parked,
    ServerDeleted,
    StatsUpdated,
    StatusChanged,
    TransferChanged,
)
from bot.console.hub import ConsoleHub
from bot.console.marks import mark
from bot.console.standing import Standing
from bot.console.target import ConsoleTarget
from bot.errors import (
    BusyReason,
    ConsoleRefused,
    ConsoleTimeout,
    KeyRefused,
    NotSupported,
    PanelUnreachable,
    PermissionMissing,
    RateLimited,
    ServerBusy,
    ServerNotFound,
)
from bot.terms import PowerState
from bot.text import markdown
from bot.vitals import DeliveredTail

from .conftest import (
    DEADLINE,
    FAST,
    Socket,
    eventually,
    texts,
    until,
    until_kind,
    until_line,
)


async def plain(socket: Socket) -> None:
    await socket.welcome(history=("one", "two"))
    await socket.idle()


async def offline(socket: Socket) -> None:
    await socket.welcome("offline")
    await socket.idle()


def stats(state="running", uptime=100_000):
    return f'{{"state":"{state}","memory_bytes":1,"cpu_absolute":1.5,"disk_bytes":2,"uptime":{uptime}}}'


@asynccontextmanager
async def closing(hub: ConsoleHub):
    yield hub
    await hub.close()


# -- the ordinary life -------------------------------------------------------------------------------------


async def test_the_first_history_fills_the_tail_and_is_not_news(hub, wings, target):
    """Connected, then the state; lines printed before are in the tail only."""
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        await listener.ready(DEADLINE)
        assert [line.text for line in listener.tail(10)] == ["one", "two"]
        assert [line.text for line in listener.tail(1)] == ["two"]
        assert listener.state is PowerState.RUNNING
        await wings.sockets[0].lines("three")
        seen = []
        await until_line(listener, "three", seen)
        assert [type(event) for event in seen] == [Connected, StatusChanged, ConsoleLine]
        assert listener.health.connected_since is not None
        assert listener.health.last_line_at is not None


async def test_one_socket_serves_all_listeners_and_closes_after_the_last(hub, wings, target, panel):
    """However many listen, in a row or at once: one socket, one ticket."""
    wings.scripts = [plain]
    async with hub.listen(target) as first, hub.listen(target) as second:
        await first.ready(DEADLINE)
        await second.ready(DEADLINE)
        await wings.sockets[0].lines("three")
        await until_line(first, "three")
        await until_line(second, "three")
    async with hub.listen(target) as third:
        await third.ready(0.001)
        connected = await until_kind(third, Connected)
        assert connected.lost_at is None
    assert len(wings.sockets) == len(panel.fetched) == 1
    await asyncio.wait_for(wings.sockets[0].connection.wait_closed(), DEADLINE)
    await eventually(lambda: hub.session_health("key") is None)


async def test_a_session_started_again_uses_the_old_ticket(hub, wings, target, panel):
    """The panel counts five a minute, whether the session is new or not."""
    wings.scripts = [plain]
    for _ in range(3):
        async with hub.listen(target) as listener:
            await listener.ready(DEADLINE)
        await eventually(lambda: hub.session_health("key") is None)
    assert len(wings.sockets) == 3
    assert len(panel.fetched) == 1


async def test_an_offline_server_is_not_asked_for_its_history(hub, wings, target):
    """It has none; ready at once."""
    wings.scripts = [offline]
    async with hub.listen(target) as listener:
        await listener.ready(DEADLINE)
        assert listener.state is PowerState.OFFLINE
        assert [event for event, _ in wings.sockets[0].heard] == ["auth"]


async def test_the_state_is_told_only_when_it_changes(hub, wings, target):
    """With the state before, from `status` or, where that got lost, from `stats`."""

    wings.scripts = [offline]
    async with hub.listen(target) as listener:
        seen = []
        await until_kind(listener, StatusChanged, seen)
        [socket] = wings.sockets
        await socket.say("status", "starting")
        await socket.say("status", "starting")
        await socket.say("stats", stats("starting"))
        await socket.say("status", "running")
        await asyncio.sleep(FAST.status_trust * 2)
        await socket.say("stats", stats("offline"))
        await until(listener, lambda event: event == StatusChanged(PowerState.OFFLINE, PowerState.RUNNING), seen)
        changes = [event for event in seen if isinstance(event, StatusChanged)]
        assert [event.state.value for event in changes] == ["offline", "starting", "running", "offline"]
        assert [event.previous for event in changes] == [None, *(event.state for event in changes[:-1])]


async def test_stats_overtaken_by_a_status_do_not_turn_the_state_back(hub, wings, target):
    """Wings sends both from different queues."""

    wings.scripts = [offline]
    async with hub.listen(target) as listener:
        seen = []
        await until_kind(listener, StatusChanged, seen)
        [socket] = wings.sockets
        await socket.say("status", "starting")
        await socket.say("stats", stats("offline", 0))
        await socket.lines("end")
        await until_line(listener, "end", seen)
        assert StatusChanged(PowerState.STARTING, PowerState.OFFLINE) in seen
        assert listener.state is PowerState.STARTING
        assert any(isinstance(event, StatsUpdated) for event in seen)


async def test_the_state_is_asked_for_now_and_then(wings, target):
    """Wings drops events for slow readers, `status` included."""
    wings.scripts = [offline]
    hub = ConsoleHub(allow_private=True, timing=replace(FAST, resync=0.05))
    async with hub.listen(target) as listener:
        await listener.ready(DEADLINE)
        await eventually(lambda: [e for e, _ in wings.sockets[0].heard].count("send stats") >= 2)
    await hub.close()


async def test_closing_the_hub_leaves_nothing_behind_and_takes_no_time(hub, wings, target):
    """Listeners end; sockets close, whatever the node does."""

    async def deaf(socket):
        await socket.welcome("offline")
        await asyncio.Event().wait()

    wings.scripts = [deaf]
    listener = hub.listen(target)
    async with listener:
        await listener.ready(DEADLINE)
        began = asyncio.get_running_loop().time()
        await hub.close()
        assert asyncio.get_running_loop().time() - began < 1
        assert [type(event) async for event in listener] == [Connected, StatusChanged]


# -- cuts and what they cost -----------------------------------------------------------------------------


async def test_lines_missed_during_a_cut_are_found_in_the_history(hub, wings, target, panel, caplog):
    """Disconnected, then Connected with the count, then just the missing lines, then live ones."""
    caplog.set_level(logging.INFO)

    async def first(socket):
        await socket.welcome(history=("one", "two"))
        await socket.hear("never")

    async def second(socket):
        await socket.welcome(history=("one", "two", "three", "four", "five"))
        await asyncio.sleep(FAST.history_quiet * 3)
        await socket.lines("six")
        await socket.idle()

    wings.scripts = [first, second]
    async with hub.listen(target) as listener:
        await listener.ready(DEADLINE)
        await wings.sockets[0].lines("three")
        await until_line(listener, "three")
        wings.sockets[0].connection.transport.abort()
        seen = []
        await until_line(listener, "six", seen)
        kinds = [type(event) for event in seen]
        assert kinds == [Disconnected, Connected, ConsoleLine, ConsoleLine, ConsoleLine]
        assert texts(seen) == ["four", "five", "six"]
        assert [event.recovered for event in seen[2:]] == [True, True, False]
        assert seen[1].recovered == 2
        assert seen[1].complete
        assert seen[0].at <= seen[1].at
        assert seen[1].lost_at is not None
        assert listener.health.reconnects == 1
        assert [line.text for line in listener.tail(9)] == ["one", "two", "three", "four", "five", "six"]
    assert len(panel.fetched) == 1
    told = [record.getMessage() for record in caplog.records]
    assert sum("lost" in text for text in told) == 1
    assert sum("back" in text for text in told) == 1
    assert "ticket-" not in caplog.text


async def test_a_gap_longer_than_the_history_is_told(hub, wings, target):
    async def second(socket):
        await socket.welcome(history=tuple(f"later {number}" for number in range(150)))
        await socket.idle()

    wings.scripts = [plain, second]
    async with hub.listen(target) as listener:
        await until_kind(listener, Connected)
        wings.sockets[0].connection.transport.abort()
        connected = await until_kind(listener, Connected)
        assert (connected.recovered, connected.complete) == (150, False)


async def test_a_restarted_server_that_prints_the_same_again_is_recognised_by_its_uptime(hub, wings, target):
    """The text alone would say that nothing is new."""

    async def script(socket, uptime):
        await socket.welcome(history=("Loading", "Done"))
        await socket.say("stats", stats(uptime=uptime))
        await socket.idle()

    wings.scripts = [lambda socket: script(socket, 500_000), lambda socket: script(socket, 1)]
    async with hub.listen(target) as listener:
        await until_kind(listener, StatsUpdated)
        wings.sockets[0].connection.transport.abort()
        connected = await until_kind(listener, Connected)
        assert (connected.recovered, connected.complete) == (2, False)


async def test_a_server_that_stopped_during_the_cut_is_told_with_its_state(hub, wings, target):
    """Its last lines are gone: there is no history of a server that is off."""
    wings.scripts = [plain, offline]
    async with hub.listen(target) as listener:
        await until_kind(listener, StatusChanged)
        wings.sockets[0].connection.transport.abort()
        connected = await until_kind(listener, Connected)
        assert not connected.complete
        changed = await until_kind(listener, StatusChanged)
        assert changed == StatusChanged(PowerState.OFFLINE, PowerState.RUNNING)


async def test_a_cut_while_the_server_is_off_loses_nothing(hub, wings, target):
    wings.scripts = [offline, offline]
    async with hub.listen(target) as listener:
        await until_kind(listener, Connected)
        wings.sockets[0].connection.transport.abort()
        connected = await until_kind(listener, Connected)
        assert connected.complete


THROTTLED = (
    "\x1b[33m\x1b[1m[Pterodactyl Daemon]:\x1b[39m Server is outputting console data too quickly -- throttling...\x1b[0m"
)


@pytest.mark.parametrize("reaches", [True, False])
async def test_the_end_of_what_the_node_dropped_is_asked_for_and_the_middle_admitted(hub, wings, target, reaches):
    """Nothing comes twice, and where the history goes back to what came, nothing is missing."""
    flood = [f"\tat line {number} of a trace" for number in range(1, 400)]
    came, end = flood[:100], flood[:150] if reaches else flood[-150:]

    async def script(socket):
        await socket.welcome(history=("one", "two"))
        await eventually(lambda: hub.session_health(target.key).connected_since)
        await socket.lines(*came, THROTTLED)
        await socket.hear("send logs")
        await socket.lines(*([] if not reaches else ["one", "two"]), *end)
        await asyncio.sleep(2 * FAST.history_quiet)
        await socket.lines("calm again")
        await socket.idle()

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        seen = []
        await until_line(listener, "calm again", seen)
    missed = end[100:] if reaches else end
    assert texts(seen) == [*came, THROTTLED, *missed, "calm again"]
    assert [type(event) for event in seen if isinstance(event, LinesThrottled)] == [LinesThrottled] * (not reaches)
    assert [event.recovered for event in seen if isinstance(event, ConsoleLine)].count(True) == len(missed)
    assert not any(isinstance(event, Disconnected) for event in seen)
    assert sum(isinstance(event, Connected) for event in seen) == 1


async def test_a_console_that_never_calms_down_is_told_to_miss_lines_once_for_each_time_it_was_dropped(
    hub, wings, target, monkeypatch
):
    calm, seen = False, []
    monkeypatch.setattr("bot.console.link.Throttle.calm", lambda _throttle: calm)

    def told():
        return sum(isinstance(event, LinesThrottled) for event in seen)

    async def script(socket):
        nonlocal calm
        await socket.welcome(history=("one",))
        await eventually(lambda: hub.session_health(target.key).connected_since)
        for number in (1, 2):
            await socket.lines(THROTTLED, f"line {number}")
            await eventually(lambda number=number: told() == number)
        await asyncio.sleep(2 * FAST.throttle_patience)
        assert told() == 2
        calm = True
        await socket.hear("send logs")
        await socket.lines("one", "line 1", "line 2", "behind it")
        await socket.idle()

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        await until_line(listener, "behind it", seen)
    assert told() == 2, "the history shows that nothing else was"
    assert texts(seen) == [THROTTLED, "line 1", THROTTLED, "line 2", "behind it"]


def past(*lines, at=None, offline=False):
    return DeliveredTail(b"".join(mark(line) for line in lines), at, offline)


async def test_a_listener_with_a_past_gets_what_came_since(hub, wings, target):
    """A tail remembered from an earlier life is matched with the history, for that listener alone."""
    wings.scripts = [plain]
    async with hub.listen(target, past=past("zero", "one")) as heir, hub.listen(target) as newcomer:
        seen = []
        await until_line(heir, "two", seen)
        assert seen[0] == Connected(seen[0].at, None, 1, True)
        await until_kind(newcomer, StatusChanged)
        async with hub.listen(target, past=past("two")) as latecomer:
            await wings.sockets[0].lines("three")
            seen = []
            await until_line(latecomer, "three", seen)
            assert texts(seen) == ["three"]
        seen = []
        await until_line(newcomer, "three", seen)
        assert texts(seen) == ["three"]


async def test_a_node_that_accepts_and_drops_is_not_hammered(wings, target, panel):
    """The pause grows until a connection has lived for a while; the ticket is used again."""

    async def drop(socket):
        await socket.welcome("offline")
        socket.connection.transport.abort()

    wings.scripts = [drop]
    hub = ConsoleHub(allow_private=True, timing=replace(FAST, backoff_first=0.05, backoff_cap=10, healthy_after=5))
    async with hub.listen(target):
        await asyncio.sleep(0.6)
    await hub.close()
    assert 2 <= len(wings.sockets) <= 8
    assert len(panel.fetched) == 1


async def test_a_history_that_takes_its_time_is_waited_for_though_lines_come_meanwhile(wings, target):
    """Docker needs a while to read a large log, and the game prints on: that is not the history yet."""

    async def slow(socket):
        await socket.welcome("running", ("[12:00:09] printed just now",))
        await asyncio.sleep(4 * FAST.history_quiet)
        await socket.lines(*known, "[12:00:08] missed", "[12:00:09] printed just now")
        await socket.idle()

    known = [f"[12:00:0{number}] known" for number in range(5)]

    async def first(socket):
        await socket.welcome("running", tuple(known))
        await socket.idle()

    wings.scripts = [first, slow]
    hub = ConsoleHub(allow_private=True, timing=replace(FAST, history_bound=5))
    async with hub.listen(target) as listener:
        await until_kind(listener, Connected)
        wings.sockets[0].connection.transport.abort()
        back = await until_kind(listener, Connected)
        assert (back.recovered, back.complete) == (2, True)
        seen = []
        await until_line(listener, "[12:00:09] printed just now", seen)
        assert texts(seen) == ["[12:00:08] missed", "[12:00:09] printed just now"]
    await hub.close()


async def test_a_connection_that_was_healthy_is_replaced_without_a_pause(wings, target):
    """A busy console prints more than a history in two seconds."""
    wings.scripts = [plain]
    hub = ConsoleHub(allow_private=True, timing=replace(FAST, backoff_first=60, backoff_cap=60, healthy_after=0))
    async with hub.listen(target) as listener:
        for socket in range(2):
            await until_kind(listener, Connected)
            wings.sockets[socket].connection.transport.abort()
            await until_kind(listener, Disconnected)
        await until_kind(listener, Connected)
    await hub.close()


async def test_a_connection_that_died_silently_is_noticed(hub, wings, target):
    """The node's end no longer reads: no answer to a ping."""

    async def freeze(socket):
        await socket.welcome("offline")
        socket.connection.transport.pause_reading()
        await asyncio.Event().wait()

    wings.scripts = [freeze, plain]
    async with hub.listen(target) as listener:
        await until_kind(listener, Connected)
        await until_kind(listener, Disconnected)
        await until_kind(listener, Connected)


# -- tokens -------------------------------------------------------------------------------------------------


async def test_a_warning_renews_the_token_once_and_unnoticed(hub, wings, target, panel):
    """`token expiring` comes twice."""

    async def script(socket):
        await socket.welcome("offline")
        await socket.say("token expiring")
        await socket.say("token expiring")
        assert await socket.hear("auth") == "ticket-2"
        await socket.say("auth success")
        await socket.lines("after")
        await socket.idle()

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        seen = []
        await until_line(listener, "after", seen)
        assert not any(isinstance(event, Disconnected) for event in seen)
    assert len(panel.fetched) == 2


async def test_our_own_clock_renews_without_a_warning(hub, wings, target, panel):
    panel.lifetime = FAST.renew_before + 0.5

    async def script(socket):
        await socket.welcome("offline")
        assert await socket.hear("auth") == "ticket-2"
        await socket.say("auth success")
        await socket.lines("after")
        await socket.idle()

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        await until_line(listener, "after")


@pytest.mark.parametrize("prefix", ["", "Error Event [6f0d1a52-2a3b-4c5d-8e9f-0a1b2c3d4e5f]: "])
async def test_a_flood_of_expiry_errors_costs_one_ticket_and_no_line(wings, target, panel, prefix):
    """Ten thousand errors stand in place of events; what they stood for is in the history."""

    async def script(socket):
        await socket.welcome(history=("one", "two"))
        await asyncio.sleep(FAST.renew_debounce + FAST.history_quiet * 2)
        for _ in range(10_000):
            await socket.say("jwt error", f"{prefix}jwt: exp claim is invalid")
        assert await socket.hear("auth") == "ticket-2"
        await socket.say("auth success")
        await socket.hear("send logs")
        await socket.lines("one", "two", "three")
        await socket.idle()

    wings.scripts = [script]
    patient = ConsoleHub(allow_private=True, timing=replace(FAST, refusal_grace=4, auth_timeout=9))
    async with closing(patient) as hub, hub.listen(target) as listener:
        seen = []
        line = await until_line(listener, "three", seen)
        assert line.recovered
        assert [type(event) for event in seen] == [Connected, StatusChanged, Disconnected, Connected, ConsoleLine]
    assert len(panel.fetched) == 2
    assert len(wings.sockets) == 1


async def test_a_node_that_falls_silent_after_an_expiry_is_left(hub, wings, target):
    """A new connection is the only way on."""

    async def script(socket):
        await socket.welcome("offline")
        await asyncio.sleep(FAST.renew_debounce * 1.5)
        await socket.say("jwt error", "jwt: exp claim is invalid")
        await socket.idle()

    wings.scripts = [script, offline]
    async with hub.listen(target) as listener:
        await until_kind(listener, Disconnected)
        await until_kind(listener, Connected)
        assert len(wings.sockets) == 2


async def test_a_token_denied_after_a_restart_of_wings_is_replaced_at_once(wings, target, panel):
    """Also one so new that its denial might mean clocks that differ: the node has taken it before."""

    async def restarted(socket):
        assert await socket.hear("auth") == "ticket-1"
        await socket.say("jwt error", "Error Event [x]: jwt: created too far in past (denylist)")
        assert await socket.hear("auth") == "ticket-2"
        await socket.say("auth success")
        await socket.say("status", "offline")
        await socket.idle()

    wings.scripts = [offline, restarted]
    hub = ConsoleHub(allow_private=True, timing=replace(FAST, auth_spacing=60))
    async with hub.listen(target) as listener:
        await until_kind(listener, Connected)
        wings.sockets[0].connection.transport.abort()
        await until_kind(listener, Connected)
    await hub.close()
    assert len(panel.fetched) == 2


async def test_tickets_are_fetched_late_and_only_those_of_seconds_after_the_handshake_speak_of_clocks(
    wings, target, panel
):
    """Never fetched first and then waited with: a ticket carries the second of its issue."""
    opened, presented = [], []
    timing = replace(FAST, boot_second=0.3, ticket_settled=0.5, auth_spacing=1.0, ticket_window=9.0)

    async def script(socket):
        opened.append(asyncio.get_running_loop().time())
        while True:
            await socket.hear("auth")
            presented.append(asyncio.get_running_loop().time())
            await socket.say("jwt error", "Error Event [x]: jwt: created too far in past (denylist)")

    wings.scripts = [script]
    async with (
        closing(ConsoleHub(allow_private=True, timing=timing)) as hub,
        hub.listen(target) as listener,
    ):
        with pytest.raises(ConsoleRefused, match="clocks"):
            await listener.ready(DEADLINE)
    after = [fetched - opened[0] for fetched in panel.fetched]
    assert len(opened) == 1
    assert after[0] < 0 < timing.boot_second < after[1] < timing.auth_spacing
    assert len([moment for moment in after if moment >= timing.ticket_settled]) == 2
    assert all(
        there - fetched < timing.auth_spacing / 2 for fetched, there in zip(panel.fetched, presented, strict=True)
    )


async def test_two_fresh_tickets_refused_mean_differing_clocks(hub, wings, target, panel):
    """No loop: parked with a sentence, and looked at again slowly."""

    async def script(socket):
        while True:
            await socket.hear("auth")
            await socket.say("jwt error", "Error Event [x]: jwt: exp claim is invalid")

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        with pytest.raises(ConsoleRefused, match="clocks"):
            await listener.ready(DEADLINE)
        assert len(panel.fetched) == 2
        assert listener.health.parked
        wings.scripts = [plain]
        await until_kind(listener, Connected)
        assert not listener.health.parked


@pytest.mark.parametrize(
    ("event", "text", "sentence"),
    [
        ("jwt error", "Error Event [x]: jwt: missing connect permission", "websocket.connect"),
        ("jwt error", "jwt: server uuid mismatch", "another server"),
        ("daemon error", "Error Event [x]: an unexpected error was encountered", "cannot verify"),
    ],
)
async def test_a_token_that_no_new_ticket_mends_parks_the_console(hub, wings, target, event, text, sentence):
    async def script(socket):
        await socket.hear("auth")
        await socket.say(event, text)
        await socket.idle()

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        with pytest.raises(ConsoleRefused, match=sentence):
            await listener.ready(DEADLINE)


async def test_a_forgotten_token_is_shown_again(hub, wings, target, panel):
    """`no jwt present` needs no new ticket."""

    async def script(socket):
        await socket.welcome("offline")
        await asyncio.sleep(FAST.renew_debounce * 1.5)
        await socket.say("jwt error", "jwt: no jwt present")
        assert await socket.hear("auth") == "ticket-1"
        await socket.say("auth success")
        await socket.say("status", "offline")
        await socket.idle()

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        await until_kind(listener, Disconnected)
        await until_kind(listener, Connected)
    assert len(panel.fetched) == 1


async def test_a_throttled_auth_is_repeated_later(hub, wings, target):
    async def script(socket):
        await socket.hear("auth")
        await socket.say("throttled", "auth")
        await socket.welcome("offline")
        await socket.idle()

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        await listener.ready(DEADLINE)
        assert len(wings.sockets) == 1


async def test_a_node_that_never_answers_auth_is_left_and_tried_again(hub, wings, target):
    async def mute(socket):
        await socket.idle()

    wings.scripts = [mute, plain]
    async with hub.listen(target) as listener:
        lost = await until_kind(listener, Disconnected)
        assert "does not answer" in lost.reason
        await until_kind(listener, Connected)


async def test_a_renewal_that_fails_keeps_the_open_socket(hub, wings, target, panel):
    """While a server is being installed the panel gives no tickets, yet open sockets stay."""

    async def script(socket):
        await socket.welcome("offline")
        panel.failure = ServerBusy("It is being installed.", reason=BusyReason.INSTALLING)
        await socket.say("token expiring")
        await eventually(lambda: len(panel.fetched) >= 3)
        await socket.say("daemon message", "still here")
        panel.failure = None
        await socket.hear("auth")
        await socket.say("auth success")
        await socket.lines("after")
        await socket.idle()

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        seen = []
        await until_line(listener, "after", seen)
        assert DaemonMessage("still here") in seen
        assert not any(isinstance(event, Disconnected | Parked) for event in seen)


# -- refusals -----------------------------------------------------------------------------------------------


async def test_the_origin_is_the_panels_and_then_the_tickets_issuer(hub, wings, target, panel):
    """What worked is remembered; the key never goes to the node."""
    panel.issuer = "https://Panel.example.test:8443"
    wings.allowed_origins = {panel.issuer}
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        await until_kind(listener, Connected)
        wings.sockets[0].connection.transport.abort()
        await until_kind(listener, Connected)
    assert wings.origins == ["https://panel.example.test", panel.issuer, panel.issuer]


async def test_an_origin_refused_altogether_is_explained(hub, wings, target, panel):
    panel.issuer = "https://other.example.test"
    wings.allowed_origins = set()
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        with pytest.raises(ConsoleRefused, match=r"https\\://panel.example.test and https\\://other.example.test"):
            await listener.ready(DEADLINE)
        wings.allowed_origins = None
        await until_kind(listener, Connected)


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (400, '{"error":"Too many open websocket connections."}', "as many consoles"),
        (400, "Client sent an HTTP request to an HTTPS server.", "SSL"),
        (403, "<!DOCTYPE html><html>Just a moment...</html>", "proxy"),
        (502, "<html>Bad Gateway</html>", "out of order"),
        (301, "moved", "redirects"),
        (429, "slow down", "too many requests"),
    ],
)
async def test_a_refused_handshake_has_a_sentence_and_is_tried_again(hub, wings, target, status, body, sentence):
    wings.refusals = [(status, body)]
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        lost = await until_kind(listener, Disconnected)
        assert sentence in lost.reason
        assert "127.0.0.1:" in markdown.plain(lost.reason)
        await until_kind(listener, Connected)


async def test_a_node_that_does_not_know_the_server_parks_the_console(hub, wings, target):
    wings.refusals = [(404, '{"error":"The requested resource does not exist on this instance."}')]
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        parked = await until_kind(listener, Parked)
        assert "does not know Survival" in str(parked.error)
        await until_kind(listener, Connected)


async def test_a_closed_port_is_named(hub, target, panel):
    """The panel works, the node does not: say which host and port."""
    panel.socket_url = "ws://127.0.0.1:9/api/servers/abc/ws"
    async with hub.listen(target) as listener:
        with pytest.raises(ConsoleTimeout, match=r"No connection to 127\.0\.0\.1\\:9"):
            await listener.ready(0.3)


async def test_a_private_node_is_refused_unless_allowed(wings, target):
    """The address is checked where the connection is made."""
    wings.scripts = [plain]
    async with closing(ConsoleHub(allow_private=False, timing=FAST)) as hub, hub.listen(target) as listener:
        with pytest.raises(PanelUnreachable, match="private"):
            await listener.ready(DEADLINE)
    assert not wings.sockets


@pytest.mark.parametrize("url", ["http://node/ws", "wss://", "ws://user:pw@node/ws", "ws://node:port/ws"])
async def test_an_unusable_socket_address_is_explained(hub, target, panel, url):
    panel.socket_url = url
    async with hub.listen(target) as listener:
        with pytest.raises(ConsoleRefused, match="cannot be used"):
            await listener.ready(DEADLINE)


@pytest.mark.parametrize(
    "error",
    [
        PermissionMissing("The user lacks websocket.connect."),
        ServerNotFound("No such server."),
        ServerBusy("It is suspended.", reason=BusyReason.SUSPENDED),
    ],
)
async def test_what_the_panel_refuses_is_parked_until_it_is_mended(hub, wings, target, panel, error):
    panel.failure = error
    panel.busy = BusyReason.SUSPENDED
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        with pytest.raises(type(error)) as raised:
            await listener.ready(DEADLINE)
        assert raised.value is error
        await eventually(lambda: panel.looked >= 2)
        assert len(panel.fetched) == 1
        panel.failure = panel.busy = None
        seen = []
        await until_kind(listener, Connected, seen)
        assert [type(event) for event in seen] == [Parked, Connected]


async def test_a_panel_without_consoles_is_not_asked_again(hub, target, panel):
    panel.failure = NotSupported("No console on 0.7.")
    async with hub.listen(target) as listener:
        with pytest.raises(NotSupported):
            await listener.ready(DEADLINE)
        await asyncio.sleep(FAST.recheck * 3)
    assert panel.looked == 0
    assert len(panel.fetched) == 1


@pytest.mark.parametrize("error", [KeyRefused("The key is wrong."), NotSupported("No console on 0.7.")])
async def test_a_replaced_key_is_tried_at_once(wings, target, panel, error):
    """However slowly a parked console would be looked at otherwise."""
    wings.scripts = [plain]
    panel.failure = error
    patient = ConsoleHub(allow_private=True, timing=replace(FAST, recheck=600))
    async with closing(patient) as hub, hub.listen(target) as listener:
        with pytest.raises(type(error)):
            await listener.ready(DEADLINE)
        panel.failure = None
        hub.renew(target.key)
        await until_kind(listener, Connected)


async def test_a_console_that_never_came_up_asks_for_no_more_tickets_once_nobody_listens(wings, target, panel):
    """The panel gives five a minute, and whoever listens next may have better luck."""
    panel.failure = PanelUnreachable("The panel does not answer.")
    async with closing(ConsoleHub(allow_private=True, timing=replace(FAST, linger=600))) as hub:
        async with hub.listen(target) as listener:
            with pytest.raises(ConsoleTimeout):
                await listener.ready(0.1)
        await eventually(lambda: hub.session_health(target.key) is None)
        asked = len(panel.fetched)
        await asyncio.sleep(FAST.backoff_cap * 2)
        assert len(panel.fetched) == asked
        panel.failure = None
        wings.scripts = [plain]
        async with hub.listen(target) as listener:
            await listener.ready(DEADLINE)


async def test_proxies_of_the_environment_are_not_used(hub, wings, target, monkeypatch):
    """The address is checked by us, so nobody else may choose where to connect."""
    for name in ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        await listener.ready(DEADLINE)


async def test_a_redirect_is_not_followed(hub, wings, target):
    """Even to a place that would work."""
    wings.refusals = [(301, "moved")]
    wings.location = wings.url
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        lost = await until_kind(listener, Disconnected)
        assert "redirects" in lost.reason
        assert not wings.sockets


async def test_a_certificate_nobody_vouches_for_is_named(hub, target, panel, tls):
    """Panel and node have certificates of their own: that the panel works says nothing."""
    async with serve(lambda socket: socket.wait_closed(), "127.0.0.1", 0, ssl=tls) as server:
        panel.socket_url = f"wss://localhost:{next(iter(server.sockets)).getsockname()[1]}/ws"
        async with hub.listen(target) as listener:
            lost = await until_kind(listener, Disconnected)
            assert "certificate of the node at localhost:" in markdown.plain(lost.reason)


async def test_a_trusted_certificate_is_checked_against_the_nodes_name(hub, target, panel, tls, monkeypatch):
    """The connection goes to a number, the certificate is for a name."""
    trusting = ssl.create_default_context(cadata=tls.pem)
    monkeypatch.setattr("bot.console.dial._tls", lambda: trusting)

    async def welcome(connection):
        await Socket(connection).welcome("offline")
        await connection.wait_closed()

    async with serve(welcome, "127.0.0.1", 0, ssl=tls) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        panel.socket_url = f"wss://127.0.0.1:{port}/ws"
        async with hub.listen(target) as listener:
            assert "certificate" in (await until_kind(listener, Disconnected)).reason
        panel.socket_url = f"wss://localhost:{port}/ws"
        other = replace(target, key="other")
        async with hub.listen(other) as listener:
            await listener.ready(DEADLINE)


async def test_a_panel_that_is_down_is_tried_again(hub, wings, target, panel):
    panel.failure = PanelUnreachable("The panel does not answer.")
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        lost = await until_kind(listener, Disconnected)
        assert lost.reason == "The panel does not answer."
        panel.failure = None
        await until_kind(listener, Connected)


async def test_a_failure_nobody_foresaw_does_not_end_the_console(hub, wings, target, panel, caplog):
    panel.failure = ZeroDivisionError("a mistake")
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        lost = await until_kind(listener, Disconnected)
        assert "bot itself" in lost.reason
        panel.failure = None
        await until_kind(listener, Connected)
    assert "unexpected failure" in caplog.text


async def test_close_4409_parks_until_the_panel_says_otherwise(hub, wings, target, panel):
    async def suspended(socket):
        await socket.connection.close(4409, "server is suspended")

    panel.busy = BusyReason.SUSPENDED
    wings.scripts = [suspended, plain]
    async with hub.listen(target) as listener:
        with pytest.raises(ServerBusy, match="Survival is suspended"):
            await listener.ready(DEADLINE)
        await eventually(lambda: panel.looked >= 2)
        assert len(wings.sockets) == 1
        panel.busy = None
        await until_kind(listener, Connected)


async def test_a_deleted_server_is_told_and_parked(hub, wings, target):
    async def script(socket):
        await socket.welcome("offline")
        await socket.say("deleted", "null")
        await socket.connection.close(1001, "server deleted")

    wings.scripts = [script]
    async with hub.listen(target) as listener:
        seen = []
        parked = await until_kind(listener, Parked, seen)
        assert isinstance(parked.error, ServerNotFound)
        assert ServerDeleted() in seen


async def test_a_transfer_asks_the_panel_where_the_server_is_now(hub, wings, target, panel):
    async def script(socket):
        await socket.welcome("offline")
        await socket.say("transfer status", "starting")
        await socket.say("transfer status", "completed")
        await socket.idle()

    wings.scripts = [script, plain]
    async with hub.listen(target) as listener:
        seen = []
        await until_kind(listener, Disconnected, seen)
        assert [event for event in seen if isinstance(event, TransferChanged)] == [
            TransferChanged("starting"),
            TransferChanged("completed"),
        ]
        await until_kind(listener, Connected)
    assert len(panel.fetched) == 2


async def test_the_quota_of_tickets_is_waited_for(wings, target, panel):
    """Every ticket is denied again and again: never more than five in the window."""
    panel.lifetime = 0.5  # below the reserve: never reused

    async def drop(socket):
        await socket.welcome("offline")
        socket.connection.transport.abort()

    wings.scripts = [drop]
    hub = ConsoleHub(allow_private=True, timing=replace(FAST, backoff_cap=0.03))
    async with closing(hub), hub.listen(target):
        await eventually(lambda: len(panel.fetched) >= 12)
    times = panel.fetched
    assert all(later - earlier >= FAST.ticket_window * 0.99 for earlier, later in zip(times, times[5:], strict=False))


async def test_a_429_is_waited_out(hub, wings, target, panel):
    panel.failure = RateLimited("Too many tickets.", retry_after=0.1)
    wings.scripts = [plain]
    async with hub.listen(target) as listener:
        await until_kind(listener, Disconnected)
        panel.failure = None
        await until_kind(listener, Connected)
    assert panel.fetched[1] - panel.fetched[0] >= FAST.rate_limited_wait * 0.99


async def test_two_servers_have_two_sessions(hub, wings, target, panel):
    """Nothing of one shows in the other."""
    wings.scripts = [plain]
    other = ConsoleTarget("other", "x", "y", "Creative", target.panel_url, panel)
    async with hub.listen(target) as first, hub.listen(other) as second:
        await first.ready(DEADLINE)
        await second.ready(DEADLINE)
        await wings.sockets[0].lines("only here")
        await wings.sockets[1].lines("only there")
        one, two = [], []
        await until(first, lambda event: isinstance(event, ConsoleLine), one)
        await until(second, lambda event: isinstance(event, ConsoleLine), two)
        assert {*texts(one), *texts(two)} == {"only here", "only there"}


async def test_a_console_that_is_not_there_yet_is_blamed_on_nobody():
    """It may be our own turn that is awaited: a panel gives five tickets a minute to a server."""
    with pytest.raises(ConsoleTimeout, match=r"could not be opened within 0\.01 s.*let me in yet: try again"):
        await Standing("Castle").ready(0.01)
