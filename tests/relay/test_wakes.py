"""What a change in one guild costs: its own relays are read and compared, nobody else's, and storms are one change."""

import asyncio
import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.relay.guild import SupervisorTiming
from bot.relay.parking import Parking
from bot.relay.sink import ChannelForbidden, ChannelGone
from bot.vitals import RelayHealth, RelayState

from .conftest import GUILD, MemoryJournal, until, wanted
from .test_supervisor import running

OTHER = GUILD + 1
HEALTH = RelayHealth(RelayState.LIVE, None, None, 0.0, 0, 0, 0, 0, 0, None)


def theirs(number, **options):
    return wanted(number, number, number, guild_id=OTHER, **options)


async def test_all_is_read_at_the_start_and_then_only_the_guild_where_something_changed(sink):
    async with running(sink, wanted(1), theirs(2)) as world:
        await world.opened(1, 2)
        world.relays = [wanted(3, 3, 3), theirs(2, exclude="changed too, and not told")]
        world.wake()
        await world.opened(3)
        await until(lambda: not world.console(1).open)
        assert world.reads == [None, GUILD]
        assert world.console(2).opened == 1
        world.wake(OTHER)
        await until(lambda: world.console(2).opened == 2)
        assert world.reads == [None, GUILD, OTHER]
        assert world.console(3).opened == 1


async def test_what_relays_work_off_in_bulk_counts_as_their_guilds(sink):
    async with running(sink, wanted(1), theirs(2)) as world:
        await world.opened(1, 2)
        world.relays.append(wanted(3, 3, 3))
        world.wake()
        await world.opened(3)
        assert world.owners == {1: GUILD, 2: OTHER, 3: GUILD}


async def test_a_guild_without_relays_is_read_and_kept_in_no_memory(sink):
    async with running(sink, wanted(1)) as world:
        await world.opened(1)
        world.wake(OTHER)
        await until(lambda: world.reads == [None, OTHER])
        world.relays = []
        world.wake()
        await until(lambda: not world.console(1).open)
        await until(lambda: not world.supervisor._guilds)
        assert world.health() is None


async def test_changed_rights_cost_nothing_where_no_relay_is_parked(sink):
    async with running(sink, wanted(1), theirs(2)) as world:
        await world.opened(1, 2)
        for _ in range(100):
            world.supervisor.rights_changed(GUILD)
            world.supervisor.rights_changed(99)
            await asyncio.sleep(0)
        world.wake(OTHER)
        await until(lambda: OTHER in world.reads)
        assert world.reads == [None, OTHER]


async def test_changed_rights_are_one_look_however_many_relays_are_parked(sink):
    relays = [wanted(number, number, number) for number in range(1, 21)]
    for one in relays:
        sink.failures[one.relay.channel_id] = [ChannelForbidden("no right")]
    timing = SupervisorTiming(rest=0, hasten=0, recheck=900)
    async with running(sink, *relays, theirs(25), timing=timing) as world:
        await world.opened(*range(1, 21))
        for number in range(1, 21):
            world.console(number).say("x")
        await until(lambda: len(world.reports) == 20)
        await until(lambda: not any(world.console(number).open for number in range(1, 21)))
        reads = len(world.reads)
        world.supervisor.rights_changed(GUILD)
        await until(lambda: all(world.console(number).opened == 2 for number in range(1, 21)))
        assert world.reads[reads:] == [GUILD]
        assert world.console(25).opened == 1


async def test_a_storm_of_changes_is_few_looks_and_the_last_change_is_seen(sink):
    async with running(sink, wanted(1), timing=SupervisorTiming(rest=0.2)) as world:
        await world.opened(1)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(2, 27):
            world.relays.append(wanted(number, number, number))
            for _ in range(40):
                world.wake()
                await asyncio.sleep(0)
        await world.opened(26)
        assert len(world.reads) <= 3 + (loop.time() - began) / 0.2


async def test_a_failing_read_ends_nothing_forgets_nothing_and_is_not_repeated_at_the_pace_of_a_storm(sink):
    journal = MemoryJournal()
    async with running(
        sink, wanted(1), theirs(2), journal=journal, timing=SupervisorTiming(retry=0.3, rest=0)
    ) as world:
        await world.opened(1, 2)
        sink.gate.clear()
        world.console(1).say("a")
        await until(lambda: sink.calls)
        world.console(1).say("b")
        await until(lambda: journal.batches)
        world.reading_fails = 1
        world.relays.append(wanted(3, 3, 3))
        for _ in range(200):
            world.wake()
            await asyncio.sleep(0)
        assert world.reads == [None, GUILD]
        assert world.console(1).open and world.console(1).opened == 1
        assert journal.batches and journal.messages
        world.wake(OTHER)  # others are read meanwhile
        await until(lambda: OTHER in world.reads)
        await world.opened(3)  # and what could not be read is read again by itself
        sink.gate.set()
        await until(lambda: sink.lines(1) == ["a", "b"])


async def test_a_start_that_cannot_read_tries_again_and_storms_do_not_hasten_it(sink):
    class Sealed(MemoryJournal):
        fails = 1

        async def tails(self, relay_ids=None):
            if self.fails:
                self.fails -= 1
                raise RuntimeError("the database is locked")
            return await super().tails(relay_ids)

    journal = Sealed()
    timing = SupervisorTiming(retry=0.1, rest=0)
    async with running(sink, wanted(1), journal=journal, timing=timing) as world:
        world.reading_fails = 1
        await until(lambda: world.reads)
        for _ in range(100):
            world.wake()
            await asyncio.sleep(0)
        assert world.reads == [None]
        await world.opened(1)
        assert world.reads[:3] == [None, None, None]


@pytest.mark.parametrize("guilds", [1, 40])
async def test_a_deleted_channel_parks_what_goes_into_it_and_looks_at_its_guild_alone(sink, guilds):
    others = [wanted(100 + n, 100 + n, 100 + n, guild_id=100 + n) for n in range(guilds)]
    async with running(sink, wanted(1), wanted(2, 2, 2), *others) as world:
        await world.opened(1, 2)
        world.supervisor.channel_gone(GUILD, 1)
        await until(lambda: world.reports)
        await until(lambda: not world.console(1).open)
        assert world.console(2).open
        assert world.reads == [None, GUILD]


class Told:
    def __init__(self):
        self.reports = []

    async def __call__(self, one, error):
        self.reports.append((one.relay.id, str(error)))


@given(st.lists(st.floats(0, 20), min_size=1, max_size=300))
def test_storms_of_changed_rights_try_a_forbidden_channel_ever_more_rarely(gaps):
    """Each try may be a request that Discord refuses and counts; an honest guild's first change is tried at once."""

    async def play():
        now, told = [1000.0], Told()
        parking = Parking(told, recheck=900, hasten=30, clock=lambda: now[0])
        one = wanted()
        tries = []
        for gap in gaps:
            if not parking.relays:
                await parking.park(one, ChannelForbidden("no"), HEALTH)
            when = parking.hasten()
            assert when >= now[0]
            if not tries:
                assert when == now[0]
            now[0] += gap
            parking.release({1: one})
            if not parking.relays:
                tries.append(now[0])
        assert told.reports == [(1, "no")], "once per reason"
        for number, (earlier, later) in enumerate(itertools.pairwise(tries)):
            assert later - earlier >= min(30 * 2**number, 900)

    asyncio.run(play())


async def test_after_lines_have_arrived_a_reason_is_told_anew():
    told = Told()
    parking = Parking(told, recheck=900, hasten=30)
    for delivered in (0, 0, 5, 5):
        await parking.park(wanted(), ChannelForbidden("no"), replace(HEALTH, delivered=delivered))
    assert len(told.reports) == 2


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_a_parked_relay_tells_when_it_is_tried_again(gaps):
    """However often it was parked before, and whether rights came back meanwhile."""

    async def play():
        now = [1000.0]
        parking = Parking(None, recheck=900, hasten=30, clock=lambda: now[0])
        assert parking.health(1) is None
        for number, gap in enumerate(gaps):
            await parking.park(wanted(), ChannelForbidden("no"), HEALTH)
            when = parking.hasten() if number % 2 else now[0] + 900
            told = parking.health(1)
            assert told is not None
            assert told.last_error == "no"
            seconds = (told.again_at - datetime.now(UTC)).total_seconds()
            assert seconds == pytest.approx(when - now[0], abs=1)
            now[0] += gap
            parking.release({1: wanted()})

    asyncio.run(play())


async def test_what_nothing_but_people_can_mend_tells_no_time_until_they_have():
    parking = Parking(None, recheck=900, hasten=30)
    await parking.park(wanted(), ChannelGone("gone"), HEALTH)
    assert parking.health(1).again_at is None
    parking.hasten()
    assert parking.health(1).again_at is not None


async def test_the_list_is_told_when_a_forbidden_channel_is_tried_again(sink):
    sink.failures[1] = [ChannelForbidden("no right")]
    async with running(sink, wanted(1), timing=SupervisorTiming(rest=0, hasten=0, recheck=900)) as world:
        await world.opened(1)
        assert world.health(1).again_at is None
        world.console(1).say("x")
        await until(lambda: world.health(1).state is RelayState.PARKED)
        seconds = (world.health(1).again_at - datetime.now(UTC)).total_seconds()
        assert 800 < seconds <= 900
