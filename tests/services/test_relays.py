"""What can be asked about relays, against a real database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import BadInput, NotAllowed
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
        self.relays = Relays(
            store,
            Access(store),
            changed=self.woken.append,
            health=lambda relay: self.health.get(relay.id),
            now=lambda: self.now,
        )

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
    assert await scene.relays.pause(admin, server=arena, channel_id=CHANNEL, minutes=30) == (1, until)
    assert await scene.pauses() == [None, Pause(START, until), None]
    assert (await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=30))[0] == 2
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
    with pytest.raises(BadInput, match="No console in that channel is paused"):
        await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=0)
    await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=60)
    scene.now += timedelta(minutes=3)
    assert await scene.relays.pause(admin, server=lobby, channel_id=CHANNEL, minutes=0) == (1, None)
    assert await scene.pauses() == [Pause(START, scene.now)]
    with pytest.raises(BadInput, match="No console in that channel is paused"):
        await scene.relays.pause(admin, server=lobby, channel_id=CHANNEL, minutes=0)


async def test_what_cannot_be_paused_is_refused(scene, admin, helper):
    (lobby,) = await scene.link("lobby")
    with pytest.raises(BadInput, match="nothing to pause"):
        await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=5)
    await scene.relays.add(admin, server=lobby, channel_id=CHANNEL)
    for minutes in (-1, LONGEST_PAUSE + 1):
        with pytest.raises(BadInput, match="10080 minutes"):
            await scene.relays.pause(admin, server=None, channel_id=CHANNEL, minutes=minutes)
    with pytest.raises(NotAllowed):
        await scene.relays.pause(helper, server=None, channel_id=CHANNEL, minutes=5)
    assert await scene.pauses() == [None]
