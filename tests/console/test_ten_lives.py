"""Ten ways in which a console socket ends, against the stand-in panel and Wings, with time scaled.

Each time the lines flow again by themselves, in order, none lost and none twice, or a sentence says why not.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

import pytest

from bot.console.events import (
    Connected,
    ConsoleEvent,
    ConsoleLine,
    Disconnected,
    LinesThrottled,
    Parked,
    ServerDeleted,
    StatusChanged,
)
from bot.console.hub import ConsoleHub
from bot.console.listener import Listener
from bot.console.target import ConsoleTarget
from bot.console.timing import ConsoleTiming
from bot.errors import ConsoleRefused, ServerBusy, ServerNotFound
from bot.panel.pool import PanelPool
from bot.terms import PanelKind, PowerState
from sandbox.panel import Fault, PanelStandIn, Profile, Server, SocketTrouble, User
from sandbox.panel.console import ConsoleThrottle

from .conftest import DEADLINE, FAST, eventually

SCALE = 0.02
"""A minute of the stand-in's model lasts 1.2 s."""


@dataclass
class Life:
    """A listener on a running server, and what it has heard so far."""

    standin: PanelStandIn
    server: Server
    user: User
    target: ConsoleTarget
    listener: Listener
    emitted: list[str] = field(default_factory=list)
    heard: list[ConsoleEvent] = field(default_factory=list)

    def emit(self, count: int = 1) -> None:
        for _ in range(count):
            self.emitted.append(f"[12:00:00 INFO]: line {len(self.emitted)}")
            self.server.emit(self.emitted[-1])

    async def until(self, wanted) -> ConsoleEvent:
        try:
            async with asyncio.timeout(DEADLINE * 2):
                async for event in self.listener:
                    self.heard.append(event)
                    if wanted(event):
                        return event
        except TimeoutError:
            pass
        raise AssertionError(f"not seen in time: {self.listener.health}; last: {self.heard[-12:]}")

    async def until_kind(self, kind: type) -> ConsoleEvent:
        return await self.until(lambda event: isinstance(event, kind))

    async def flows(self) -> None:
        """A new line arrives, and all lines so far have come once and in order."""
        self.emit()
        last = self.emitted[-1]
        await self.until(lambda event: isinstance(event, ConsoleLine) and event.text == last)
        assert self.lines() == self.emitted

    async def flows_on(self) -> None:
        """A new line arrives, whatever was dropped before."""
        self.emit()
        last = self.emitted[-1]
        await self.until(lambda event: isinstance(event, ConsoleLine) and event.text == last)

    def lines(self) -> list[str]:
        return [event.text for event in self.heard if isinstance(event, ConsoleLine) and "INFO]: line" in event.text]

    def kinds(self, *kinds: type) -> list[type]:
        return [type(event) for event in self.heard if isinstance(event, kinds)]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def begin_at(
    stack: AsyncExitStack,
    scale: float,
    timing: ConsoleTiming,
    profile: Profile = Profile.PTERO_1_12,
    lifetime: float = 600,
    **options,
) -> Life:
    standin = await stack.enter_async_context(PanelStandIn(profile, time_scale=scale, **options))
    standin.token_lifetime = lifetime
    owner, user = standin.add_user("owner"), standin.add_user("botuser")
    server = standin.add_server("Survival", owner=owner, running=True)
    standin.add_subuser(server, user, ["control.console"])
    pool = PanelPool(allow_private=True)
    stack.push_async_callback(pool.close)
    client = pool.client(url=standin.url, key=standin.add_key(user), kind=PanelKind.PTERODACTYL)
    target = ConsoleTarget(server.uuid, server.identifier, server.uuid, server.name, standin.url, client)
    hub = ConsoleHub(allow_private=True, timing=timing)
    stack.push_async_callback(hub.close)
    listener = await stack.enter_async_context(hub.listen(target))
    return Life(standin, server, user, target, listener)


@pytest.fixture
def begin(stack):
    async def begin(profile: Profile = Profile.PTERO_1_12, *, timing: ConsoleTiming = FAST, **options) -> Life:
        return await begin_at(stack, SCALE, timing, profile, **options)

    return begin


async def started(life: Life) -> Life:
    await life.listener.ready(DEADLINE)
    await life.flows()
    return life


async def test_expiry_with_warning(begin):
    """Wings warns a minute before; the new ticket is in place before the old one ends, and nobody notices."""
    life = await started(await begin(lifetime=150, timing=replace(FAST, renew_before=-60)))
    await life.standin.wait_for(lambda: life.standin.tickets_issued(life.server) >= 3, DEADLINE * 2)
    await life.flows()
    assert life.kinds(Disconnected, Connected) == [Connected]
    assert life.standin.node.handshakes == [101]


async def test_expiry_foreseen_by_our_own_clock(begin):
    """Even a node that never warns is renewed in time."""
    life = await started(await begin(lifetime=150, timing=replace(FAST, renew_before=1.7, renew_jitter=0.1)))
    await life.standin.wait_for(lambda: life.standin.tickets_issued(life.server) >= 3, DEADLINE * 2)
    await life.flows()
    assert life.kinds(Disconnected, Connected) == [Connected]


async def test_expiry_without_warning(begin):
    """Events turn into errors; a new ticket, and the history fills the gap on the same socket."""
    life = await started(await begin())
    await asyncio.sleep(FAST.renew_debounce)
    life.standin.expire_tokens()
    life.emit(20)
    connected = await life.until_kind(Disconnected) and await life.until_kind(Connected)
    assert connected.complete
    await life.flows()
    assert life.standin.tickets_issued(life.server) == 2
    assert life.standin.node.handshakes == [101]


async def test_expiry_flood(begin):
    """Thousands of errors cost one ticket; the gap is longer than the history and is admitted."""
    life = await started(await begin())
    await asyncio.sleep(FAST.renew_debounce)
    real, told = life.target.panel.console_ticket, asyncio.Event()

    async def late(identifier):
        await told.wait()
        return await real(identifier)

    object.__setattr__(life.target.panel, "console_ticket", late)
    life.standin.expire_tokens()
    life.emit(5000)
    await eventually(life.server.runtime._outbox.empty)
    told.set()
    connected = await life.until_kind(Disconnected) and await life.until_kind(Connected)
    assert not connected.complete
    assert life.standin.tickets_issued(life.server) == 2
    life.emit()
    await life.until(lambda event: isinstance(event, ConsoleLine) and event.text == life.emitted[-1])
    assert life.lines() == life.emitted[:1] + life.emitted[-151:]


async def test_node_restart(begin):
    """Sockets drop, the cached ticket is denied, a new one works; lines of the meantime are recovered."""
    life = await started(await begin())
    restart = life.standin.node.restart(5)
    life.emit(10)
    await restart
    await life.until_kind(Connected)
    await life.flows()
    assert life.kinds(Disconnected, Connected) == [Connected, Disconnected, Connected]
    assert life.standin.tickets_issued(life.server) <= 3


@pytest.mark.parametrize("into", [0.0, 0.3, 0.6, 0.8])
async def test_a_node_that_boots_within_a_second_is_back_within_seconds(stack, into):
    """Tickets carry whole seconds, so those of the second it started in are refused; wherever in it that is."""
    scale = 0.25
    real = ConsoleTiming()
    timing = replace(
        real,
        **{
            name: getattr(real, name) * scale
            for name in (
                "auth_spacing",
                "boot_second",
                "ticket_settled",
                "backoff_soon",
                "backoff_first",
                "healthy_after",
            )
        },
        **{
            name: getattr(FAST, name)
            for name in ("status_wait", "history_wait", "history_quiet", "history_enough", "history_bound")
        },
    )
    life = await begin_at(stack, scale, timing)
    await life.listener.ready(DEADLINE)
    await asyncio.sleep(timing.healthy_after)
    clock = life.standin.node.clock
    await asyncio.sleep(scale - (clock.now() - into * scale) % scale)
    issued = life.standin.tickets_issued(life.server)
    restarted = clock.elapsed()
    await life.standin.node.restart(0.01)
    life.emit(10)
    await life.until_kind(Connected)
    await life.flows()
    assert clock.elapsed() - restarted <= 8
    assert life.standin.tickets_issued(life.server) - issued <= 2
    assert life.kinds(Parked) == []


async def test_a_burst_that_the_node_drops_has_its_end_though_not_its_middle(begin):
    """The last lines of a stack trace are the ones that matter."""
    life = await started(await begin(timing=replace(FAST, throttle_rest=0.1)))
    life.server.runtime.throttle = ConsoleThrottle(life.standin.node.clock, seconds=50)
    life.emit(6000)
    await life.until(lambda event: isinstance(event, ConsoleLine) and event.text == life.emitted[-1])
    life.server.runtime.throttle = ConsoleThrottle(life.standin.node.clock)
    await life.flows_on()
    got = life.lines()
    assert got[-151:] == life.emitted[-151:]
    assert len(got) == len(set(got)) < len(life.emitted)
    assert life.kinds(LinesThrottled, Disconnected) == [LinesThrottled]


@pytest.mark.parametrize("profile", [Profile.PTERO_1_11, Profile.PTERO_1_12, Profile.PELICAN])
async def test_abrupt_drops(begin, profile):
    """Again and again, without a close frame, while lines are printed; one ticket serves them all."""
    life = await started(await begin(profile))
    for _ in range(5):
        life.standin.node.drop_sockets()
        life.emit(7)
        await life.until_kind(Connected)
        life.emit(3)
    await life.flows()
    assert life.listener.health.reconnects == 5
    assert life.standin.tickets_issued(life.server) == 1


async def test_suspended_and_unsuspended(begin):
    """Close code 4409: parked with a sentence, no hammering, and back when the panel says so."""
    life = await started(await begin())
    life.server.suspend()
    parked = await life.until_kind(Parked)
    assert isinstance(parked.error, ServerBusy)
    assert "suspended" in str(parked.error)
    sockets = len(life.standin.node.handshakes)
    await asyncio.sleep(FAST.recheck * 4)
    assert len(life.standin.node.handshakes) == sockets
    life.server.unsuspend()
    await life.until_kind(Connected)
    assert life.kinds(Parked) == [Parked]
    life.server.runtime.state = "running"
    life.server.runtime.launch(booted=True)
    await life.flows()


async def test_wrong_origin_is_mended_by_the_tickets_issuer(begin):
    """Wings expects what the panel believes to be its own address."""
    life = await started(await begin(app_url="https://panel.example.test"))
    assert life.standin.node.handshakes == [403, 101]
    life.standin.node.drop_sockets()
    await life.until_kind(Connected)
    await life.flows()
    assert life.standin.node.handshakes == [403, 101, 101]


async def test_wrong_origin_for_good_is_explained(begin):
    life = await begin()
    life.standin.node.remote = "https://somewhere.example.test"
    with pytest.raises(ConsoleRefused, match="expects another panel address"):
        await life.listener.ready(DEADLINE)
    life.standin.node.allowed_origins = ["*"]
    await life.until_kind(Connected)
    await life.flows()


async def test_no_answer_to_auth(begin):
    life = await started(await begin())
    life.standin.faults.add(Fault(SocketTrouble.MUTE, times=2))
    life.standin.node.drop_sockets()
    life.emit(5)
    await life.until_kind(Connected)
    await life.flows()
    assert "does not answer" in str(life.listener.health.last_error)


async def test_too_many_sockets(begin):
    """Others hold all thirty: a sentence, and back when one is free."""
    life = await started(await begin())
    life.standin.node.max_sockets = 0
    life.standin.node.drop_sockets()
    await life.standin.wait_for(lambda: life.standin.node.handshakes.count(400) >= 3, DEADLINE)
    assert "as many consoles" in str(life.listener.health.last_error)
    life.emit(5)
    life.standin.node.max_sockets = 30
    await life.until_kind(Connected)
    await life.flows()


@pytest.mark.parametrize("profile", [Profile.PTERO_1_11, Profile.PTERO_1_12])
async def test_deleted_server(begin, profile):
    """Told, then parked: the panel knows nothing of it any more."""
    life = await started(await begin(profile))
    life.standin.delete_server(life.server)
    parked = await life.until_kind(Parked)
    assert isinstance(parked.error, ServerNotFound)
    if profile is Profile.PTERO_1_11:
        assert ServerDeleted() in life.heard


@pytest.mark.parametrize(
    "trouble", [SocketTrouble.UNKNOWN_EVENTS, SocketTrouble.NULL_ARGS, SocketTrouble.BROKEN_FRAMES]
)
async def test_nonsense_between_the_events_does_no_harm(begin, trouble):
    life = await begin()
    life.standin.faults.add(Fault(trouble, times=None))
    await started(life)
    life.emit(20)
    await life.flows()
    assert life.kinds(Disconnected) == []


async def test_a_status_that_never_came_is_made_good_by_the_stats(begin):
    life = await begin()
    life.standin.faults.add(Fault(SocketTrouble.NO_STATUS, times=None))
    life.standin.node.drop_sockets()
    await life.listener.ready(DEADLINE)
    if life.listener.state is not PowerState.RUNNING:
        await life.until(lambda event: isinstance(event, StatusChanged) and event.state is PowerState.RUNNING)
    await life.flows()


async def test_a_revoked_permission_is_explained(begin):
    """The old ticket is denied, and the panel refuses a new one."""
    life = await started(await begin())
    life.server.revoke(life.user)
    parked = await life.until_kind(Parked)
    assert isinstance(parked.error, ServerNotFound)


async def test_a_panel_older_than_its_node_is_recognised(begin):
    """Tickets without the scope that the node wants."""
    life = await begin()
    life.standin.node.tickets.scope = False
    with pytest.raises(ConsoleRefused, match="update the panel"):
        await life.listener.ready(DEADLINE)


async def test_differing_clocks_are_recognised(begin):
    life = await begin()
    life.standin.node.tickets.skew = 3600
    with pytest.raises(ConsoleRefused, match="clocks"):
        await life.listener.ready(DEADLINE)
    assert life.standin.tickets_issued(life.server) == 2


async def test_no_token_is_ever_logged(begin, caplog):
    """Not even by the socket library, not even at the most talkative level."""
    caplog.set_level(logging.DEBUG)
    tokens = []
    life = await begin()
    real = life.target.panel.console_ticket

    async def spy(identifier):
        ticket = await real(identifier)
        tokens.append(ticket.token)
        return ticket

    object.__setattr__(life.target.panel, "console_ticket", spy)
    await started(life)
    life.standin.node.restart(1)
    await life.until_kind(Disconnected)
    await life.until_kind(Connected)
    assert tokens
    for token in tokens:
        assert token not in caplog.text
