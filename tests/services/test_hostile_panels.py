"""What a panel that means harm can make the services do and keep, over real sockets."""

import asyncio
import tracemalloc
import unicodedata
from contextlib import AsyncExitStack

import pytest

from bot import time_slice
from bot.console.hub import ConsoleHub
from bot.errors import BadInput, PanelError, UnknownServer
from bot.panel.models import ListedServer, ListEnd, ServerList
from bot.panel.pool import PanelPool
from bot.panel.timing import PanelTiming
from bot.services import Access, Panels
from bot.services.connections import Connections
from bot.services.members import Member
from bot.services.server_lists import MOST_SERVERS, READS_AT_ONCE, UNUSED_SECONDS, ServerLists
from bot.store.values import Panel
from bot.terms import PanelKind
from bot.time_slice import TimeSlices
from sandbox.panel import Fault, Hostile, PanelStandIn, faults

QUICK = PanelTiming(total=5.0, connect=2.0, patience=1.0, whole_list=20.0, retry_first=0.005)


class Place:
    """A guild's panels on top of a real store and pool, and a panel to connect."""

    def __init__(self, store):
        self.panel = PanelStandIn(general_limit=1_000_000)
        self.owner = self.panel.add_user("owner")
        self.castle = self.panel.add_server("Castle", owner=self.owner)
        self.pool = PanelPool(allow_private=True, timing=QUICK)
        self.hub = ConsoleHub(allow_private=True)
        access = Access(store)
        connections = Connections(store, access, self.pool, self.hub)
        self.panels = Panels(store, access, self.pool, connections, changed=lambda _guild_id: None)

    def turn(self, trick, *, path=None):
        return self.panel.faults.add(Fault(trick, path=path, times=None))

    async def connect(self, member, label=""):
        key = self.panel.add_key(self.owner)
        return await self.panels.connect(member, url=self.panel.url, key=key, label=label)

    @property
    def pages(self):
        return sum(request.path == "/api/client" for request in self.panel.requests)


@pytest.fixture
async def place(store):
    place = Place(store)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(place.panel)
        stack.push_async_callback(place.hub.close)
        stack.push_async_callback(place.pool.close)
        stack.push_async_callback(place.panels.close)
        yield place


async def test_a_list_without_end_is_connected_with_a_sentence_and_a_menu_that_fits(place, admin):
    place.turn(Hostile.ENDLESS_PAGES)
    connected = await place.connect(admin)
    assert len(connected.choices) == 250
    assert any("5,000 at most" in note and "identifier" in note for note in connected.notes)
    assert any("first 250 of 5,000" in note for note in connected.notes)
    found = await place.panels.find_server(connected.panel, place.castle.identifier)
    assert found.name == "Castle"
    with pytest.raises(UnknownServer, match="Among the 5000 servers"):
        await place.panels.find_server(connected.panel, "no such name!")


async def test_a_list_that_cannot_be_read_does_not_keep_a_server_from_being_linked(place, admin):
    connected = await place.connect(admin)
    place.turn(Hostile.GZIP_BOMB, path="/api/client$")
    other = place.panel.add_server("Tower", owner=place.owner)
    assert (await place.panels.find_server(connected.panel, other.identifier)).name == "Tower"
    assert (await place.panels.find_server(connected.panel, other.uuid.upper())).name == "Tower"
    with pytest.raises(PanelError, match="far too long"):
        await place.panels.find_server(connected.panel, "Tower")


async def test_a_list_that_takes_too_long_is_connected_as_far_as_it_goes(place, admin):
    for number in range(150):
        place.panel.add_server(f"Farm {number:03}", owner=place.owner)
    place.pool._timing = PanelTiming(whole_list=1.0)

    async def after_the_first_page():
        await place.panel.wait_for(lambda: place.pages == 2)
        place.turn(faults.Slow(20), path="/api/client$")

    watching = asyncio.create_task(after_the_first_page())
    place.panel.faults.add(Fault(faults.Slow(0.2), path="/api/client$", times=2))
    connected = await place.connect(admin)
    await watching
    assert len(connected.choices) == 100
    assert any("only 100 are listed" in note for note in connected.notes)


async def test_names_are_folded_once_and_not_with_each_key_that_is_typed(place, admin, monkeypatch):
    place.turn(Hostile.FOLDING_NAMES)
    await place.connect(admin)
    folded = []
    genuine = unicodedata.normalize
    monkeypatch.setattr("unicodedata.normalize", lambda form, text: folded.append(len(text)) or genuine(form, text))
    for typed in ("صلى", "z", "zz", "ﷺﷺﷺ" * 2000):
        assert len(await place.panels.link_choices(admin, None, typed)) in {0, 25}
    assert len(folded) <= 8
    assert max(folded) <= 200 * 18


async def test_looking_through_long_lists_takes_turns(place, admin, monkeypatch):
    place.turn(Hostile.ENDLESS_PAGES)
    await place.connect(admin)

    class Counted(TimeSlices):
        asked = 0

        async def breathe(self):
            Counted.asked += 1
            await super().breathe()

    monkeypatch.setitem(time_slice._of_loops, asyncio.get_running_loop(), Counted(0.0))
    assert await place.panels.link_choices(admin, None, "no such server") == []
    assert Counted.asked >= 5_000


async def test_a_letter_typed_does_not_have_all_panels_of_a_guild_read_at_once(place, admin, store):
    for number in range(8):
        key = place.panel.add_key(place.owner)
        await store.panels.add(admin.guild_id, place.panel.url, PanelKind.PTERODACTYL, f"Panel {number}", key)
    place.turn(Hostile.DRIP)
    for _ in range(5):
        await place.panels.link_choices(admin, None, "x")
    await place.panel.wait_for(lambda: place.pages == READS_AT_ONCE)
    other = Member(admin.guild_id + 1, 1, "Zoe", frozenset(), is_admin=True)
    key = place.panel.add_key(place.owner)
    await store.panels.add(other.guild_id, place.panel.url, PanelKind.PTERODACTYL, "Theirs", key)
    await place.panels.link_choices(other, None, "x")
    await place.panel.wait_for(lambda: place.pages == READS_AT_ONCE + 1)


async def test_keys_on_trial_are_few_in_a_guild_and_forgotten_however_the_trial_ends(place, admin):
    place.turn(Hostile.DRIP)
    tries = [asyncio.create_task(place.connect(admin, f"Panel {number}")) for number in range(3)]
    await place.panel.wait_for(lambda: place.pages == 3)
    with pytest.raises(BadInput, match="being connected here just now"):
        await place.connect(admin, "One more")
    assert len(place.pool._entries) == 3
    for task in tries:
        task.cancel()
    await asyncio.gather(*tries, return_exceptions=True)
    assert not place.pool._entries
    place.panel.faults.clear()
    await place.connect(admin, "One more")
    assert len(place.pool._entries) == 1


async def test_what_is_kept_goes_with_the_panel(place, admin):
    connected = await place.connect(admin)
    assert place.panels._lists.of(connected.panel.id) is not None
    await place.panels.remove(admin, connected.panel)
    assert place.panels._lists.of(connected.panel.id) is None
    assert not place.pool._entries


def panel_of(guild_id, number):
    return Panel(guild_id * 100 + number, guild_id, "http://127.0.0.1:1", PanelKind.PTERODACTYL, "Main")


def servers(count, name="Server"):
    return ServerList(
        tuple(ListedServer(f"{n:08x}", f"00000000-0000-4000-8000-{n:012}", f"{name} {n}") for n in range(count))
    )


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
async def lists():
    lists = ServerLists(None, None, Clock())
    yield lists
    await lists.close()


async def test_a_guild_that_keeps_much_pays_for_it_alone(lists):
    modest = panel_of(1, 1)
    await lists.keep(modest, servers(3_000))
    for number in range(25):
        await lists.keep(panel_of(2, number), servers(5_000))
    assert len(lists.of(modest.id).candidates) == 3_000
    assert sum(len(kept.candidates) for kept in lists._kept.values()) <= MOST_SERVERS
    assert lists.of(panel_of(2, 24).id) is not None
    assert lists.of(panel_of(2, 0).id) is None
    assert len(lists._asked_at) <= len(lists._kept)


async def test_a_list_that_nobody_uses_is_forgotten_by_and_by(lists):
    for number in (1, 2):
        await lists.keep(panel_of(1, number), servers(10))
    lists._clock.now += UNUSED_SECONDS / 2
    lists.of(panel_of(1, 2).id)
    lists._clock.now += UNUSED_SECONDS / 2
    lists._sweep_now()
    assert list(lists._kept) == [panel_of(1, 2).id]
    lists._clock.now += UNUSED_SECONDS
    lists._sweep_now()
    assert not lists._kept
    assert lists._sweep is None


async def test_the_largest_lists_of_the_longest_names_take_little_memory(lists):
    tracemalloc.start()
    try:
        for guild in (1, 2, 3):
            await lists.keep(panel_of(guild, 1), servers(5_000, "😀" * 250 + str(guild)))
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 40 * 2**20
    assert peak < 50 * 2**20
    assert lists.of(panel_of(3, 1).id).end is ListEnd.COMPLETE
