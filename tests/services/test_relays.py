"""What can be asked about relays, against a real database."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from bot.errors import BadInput, BusyReason, KeyRefused, NotAllowed, PanelUnreachable, ServerNotFound
from bot.services import relays as service
from bot.services.access import Access
from bot.services.relays import LONGEST_PAUSE, Relays
from bot.store.values import Pause
from bot.terms import PanelKind
from bot.vitals import RelayHealth, RelayState

from .conftest import GUILD

CHANNEL = 11
PARKED = RelayHealth(RelayState.PARKED, None, None, 0.0, 0, 0, 0, 0, 0, "why")
GONE = replace(PARKED, channel_gone=True)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Scene:
    """The service with a clock, a linked server per name, and what the supervisor was told."""

    def __init__(self, store):
        self.store = store
        self.now = START
        self.woken = []
        self.health = {}
        self.panel_says = None
        self.relays = Relays(
            store,
            Access(store),
            changed=self.woken.append,
            health=lambda relay: self.health.get(relay.id),
            catalogue=self.catalogue,
            now=lambda: self.now,
        )

    async def catalogue(self, _panel):
        return self

    async def server(self, _identifier):
        """What the panel says of any server: how it is busy, or why that cannot be had."""
        match self.panel_says:
            case Exception() as error:
                raise error
            case "nothing":
                await asyncio.sleep(1000)
        return SimpleNamespace(busy=self.panel_says)

    async def link(self, *names):
        panel = await self.store.panels.add(GUILD, "https://panel.example", PanelKind.PELICAN, "Main", "ptlc_planted")
        return [await self.store.servers.link(GUILD, panel.id, name, name[:8], f"uuid-{name}") for name in names]

    async def pauses(self):
        return [relay.pause for relay in await self.store.relays.list(GUILD)]


@pytest.fixture
def scene(store):
    return Scene(store)


async def test_without_masking_there_is_a_warning(scene, admin):
    (lobby,) = await scene.link("lobby")
    relay, warnings = await scene.relays.add(admin, server=lobby, channel_id=CHANNEL, redact=False, collapse=True)
    assert relay.collapse and not relay.redact
    assert len(warnings) == 1 and "Masking is off" in warnings[0]
    _relay, warnings = await scene.relays.add(admin, server=lobby, channel_id=CHANNEL + 1)
    assert warnings == ()


async def test_a_bad_pattern_is_refused_before_anything_is_stored(scene, admin):
    (lobby,) = await scene.link("lobby")
    with pytest.raises(BadInput, match="▸"):
        await scene.relays.add(admin, server=lobby, channel_id=CHANNEL, exclude="a(b")
    assert await scene.relays.list(admin) == []


async def test_only_relays_into_channels_that_discord_calls_gone_count_as_dead(scene, admin, helper):
    """Not those into channels that are unknown, and not those that are parked for whatever else."""
    lobby, arena = await scene.link("lobby", "arena")
    healths = [GONE, None, PARKED, GONE, GONE]
    for number, (server, health) in enumerate(zip([lobby, lobby, lobby, lobby, arena], healths, strict=True)):
        relay, _ = await scene.relays.add(admin, server=server, channel_id=CHANNEL + number)
        scene.health[relay.id] = health
    assert await scene.relays.remove_dead(admin, server=lobby, channels={CHANNEL}) == 1
    left = [row.relay.channel_id for row in await scene.relays.list(admin)]
    assert left == [CHANNEL, CHANNEL + 1, CHANNEL + 2, CHANNEL + 4]
    with pytest.raises(NotAllowed):
        await scene.relays.remove_dead(helper, server=lobby, channels=set())


async def test_a_pause_concerns_one_server_or_the_whole_channel(scene, admin):
    lobby, arena = await scene.link("lobby", "arena")
    for server in (lobby, arena):
        await scene.relays.add(admin, server=server, channel_id=CHANNEL)
    await scene.relays.add(admin, server=lobby, channel_id=CHANNEL + 1)
    until = START + timedelta(minutes=30)
    assert await scene.relays.pause(admin, server=arena, channel_id=CHANNEL, minutes=30) == (("arena",), until)
    assert await scene.pauses() == [None, Pause(START, until), None]
    assert (await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=30))[0] == ("lobby", "arena")
    assert await scene.pauses() == [Pause(START, until), Pause(START, until), None]
    assert scene.woken == [GUILD] * 5


async def test_pausing_again_moves_the_end_and_keeps_beginning_and_count(scene, admin, store):
    (lobby,) = await scene.link("lobby")
    relay, _ = await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=5)
    await store.relays.save_skipped({relay.id: 12})
    scene.now += timedelta(minutes=2)
    await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=5)
    assert await scene.pauses() == [Pause(START, START + timedelta(minutes=7), 12)]


async def test_a_pause_that_is_over_is_not_prolonged(scene, admin):
    (lobby,) = await scene.link("lobby")
    await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=5)
    scene.now += timedelta(minutes=9)
    await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=1)
    assert await scene.pauses() == [Pause(scene.now, scene.now + timedelta(minutes=1))]


async def test_zero_minutes_end_a_pause_and_leave_its_end_to_be_told(scene, admin):
    (lobby,) = await scene.link("lobby")
    await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    with pytest.raises(BadInput, match="No console is paused in <#11>"):
        await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=0)
    await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=60)
    scene.now += timedelta(minutes=3)
    assert await scene.relays.pause(admin, server=lobby, channel_id=CHANNEL, minutes=0) == (("lobby",), None)
    assert await scene.pauses() == [Pause(START, scene.now)]
    with pytest.raises(BadInput, match="console of \\*\\*lobby\\*\\* is not paused in <#11>"):
        await scene.relays.pause(admin, server=lobby, channel_id=CHANNEL, minutes=0)


async def test_what_cannot_be_paused_is_refused(scene, admin, helper):
    (lobby,) = await scene.link("lobby")
    with pytest.raises(BadInput, match="No console goes to <#11>"):
        await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=5)
    await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    for minutes in (-1, LONGEST_PAUSE + 1):
        with pytest.raises(BadInput, match="10080 minutes"):
            await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=minutes)
    with pytest.raises(NotAllowed):
        await scene.relays.pause(helper, server=None, channel_id=CHANNEL, minutes=5)
    assert await scene.pauses() == [None]


@pytest.mark.parametrize("asked", ["remove", "pause", "resume"])
async def test_a_refusal_speaks_of_what_was_asked_about_and_nothing_else(scene, admin, asked):
    """Of one server where one was named, though another's console does go to the channel; of all where none was."""
    lobby, arena = await scene.link("lo_bby", "arena")
    other = CHANNEL + 1

    async def ask(server, channel_id):
        minutes = {} if asked == "remove" else {"minutes": 0 if asked == "resume" else 5}
        method = scene.relays.remove if asked == "remove" else scene.relays.pause
        with pytest.raises(BadInput) as refused:
            await method(admin, server=server, channel_id=channel_id, **minutes)
        return str(refused.value)

    await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    of_one = await ask(arena, CHANNEL)
    assert of_one.startswith("The console of **arena** does not go to <#11>.") and "No console" not in of_one
    assert (await ask(None, other)).startswith(f"No console goes to <#{other}>.")
    assert (await ask(lobby, other)).startswith(f"The console of **lo\\_bby** does not go to <#{other}>.")
    assert len(await scene.relays.list(admin)) == 1


async def test_removing_tells_whose_consoles_those_were(scene, admin):
    lobby, arena = await scene.link("lobby", "arena")
    for server in (lobby, arena):
        await scene.relays.add(admin, server=server, channel_id=CHANNEL)
    await scene.relays.add(admin, server=arena, channel_id=CHANNEL + 1)
    assert await scene.relays.remove(admin, server=arena, channel_id=CHANNEL + 1) == ("arena",)
    assert await scene.relays.remove(admin, server=None, channel_id=CHANNEL) == ("lobby", "arena")


@pytest.mark.parametrize("busy", BusyReason)
async def test_a_server_that_prints_nothing_for_now_is_told_when_its_relay_is_made(scene, admin, busy):
    """The relay is made all the same: its lines come once that is over."""
    (lobby,) = await scene.link("lo_bby")
    scene.panel_says = busy
    _relay, warnings = await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    assert len(warnings) == 1
    assert "**lo\\_bby**" in warnings[0] and ": its lines come once that is" in warnings[0]
    assert len(await scene.relays.list(admin)) == 1


@pytest.mark.parametrize("trouble", [ServerNotFound("It was deleted."), KeyRefused("A typo.")])
async def test_what_keeps_a_new_relays_console_away_for_good_is_told_at_once(scene, admin, trouble):
    (lobby,) = await scene.link("lo_bby")
    scene.panel_says = trouble
    _relay, warnings = await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    assert warnings == (f"No line of **lo\\_bby** can come for now: {trouble}",)


@pytest.mark.parametrize("trouble", [PanelUnreachable("away"), "nothing"])
async def test_a_panel_in_trouble_neither_hinders_nor_holds_up_a_new_relay(scene, admin, monkeypatch, trouble):
    monkeypatch.setattr(service, "_LOOK_SECONDS", 0.05)
    (lobby,) = await scene.link("lobby")
    scene.panel_says = trouble
    _relay, warnings = await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    assert warnings == ()
    assert scene.woken == [GUILD]


async def test_a_second_relay_into_a_channel_is_refused_by_the_channels_name(scene, admin):
    (lobby,) = await scene.link("lobby")
    await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    with pytest.raises(BadInput, match="goes to <#11> already"):
        await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
