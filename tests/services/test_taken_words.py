"""A word that could mean two servers hits neither unasked, and no name is taken that would make it so."""

import pytest

from bot.errors import BadInput, UnknownServer
from bot.services import Panels, Servers
from bot.services.access import Access
from bot.terms import Action, PanelKind

GUILD = 900
CHANNEL = 5
CASTLE_UUID = "c4571e01-1111-4111-8111-111111111111"
TOWER_UUID = "70e10002-2222-4222-8222-222222222222"
WAYS = [
    "70e10002",
    "70E10002",
    "  70e10002 ",
    "\uff17\uff10\uff45\uff11\uff10\uff10\uff10\uff12",  # full width
    TOWER_UUID,
    TOWER_UUID.upper(),
]


@pytest.fixture
def access(store):
    return Access(store)


@pytest.fixture
def servers(store, access):
    panels = Panels(store, access, None, None, changed=lambda _guild: None)
    return Servers(store, access, panels, None, changed=lambda _guild: None)


@pytest.fixture
async def panels(store):
    """Two panels of one guild, by different addresses."""
    return [
        await store.panels.add(GUILD, f"https://{host}.example.test", PanelKind.PTERODACTYL, host, "ptlc_a")
        for host in ("main", "other")
    ]


async def link(store, panel, name, uuid):
    return await store.servers.link(GUILD, panel.id, name, uuid[:8], uuid)


@pytest.fixture
async def castle(store, panels):
    return await link(store, panels[0], "Castle", CASTLE_UUID)


@pytest.fixture
async def old_names(store, panels, castle, monkeypatch):
    """Castle has been given Tower's identifier as its name, before that was refused."""

    async def let_through(*_args, **_how):
        return

    with monkeypatch.context() as patched:
        patched.setattr("bot.store.servers._refuse_taken_words", let_through, raising=False)
        tower = await link(store, panels[1], "Tower", TOWER_UUID)
        castle = await store.servers.edit(castle.id, name=tower.identifier)
    return castle, tower


@pytest.mark.parametrize("word", WAYS)
@pytest.mark.parametrize("which", [0, 1])
async def test_another_servers_identifier_is_no_name_when_renaming(servers, store, panels, castle, admin, word, which):
    await link(store, panels[which], "Tower", TOWER_UUID)
    with pytest.raises(BadInput, match=r"is an identifier of \*\*Tower\*\*"):
        await servers.edit(admin, castle, name=word, say_template=None)
    assert (await store.servers.get(castle.id)).name == "Castle"


@pytest.mark.parametrize("word", WAYS)
async def test_another_servers_identifier_is_no_name_when_linking(store, panels, castle, word):
    await link(store, panels[1], "Tower", TOWER_UUID)
    with pytest.raises(BadInput, match=r"is an identifier of \*\*Tower\*\*.*`name`"):
        await link(store, panels[0], word, "aaaaaaaa-0000-4000-8000-000000000001")
    assert len(await store.servers.list(GUILD)) == 2


@pytest.mark.parametrize("word", WAYS)
async def test_a_server_is_not_linked_whose_identifier_is_a_name_already(store, servers, panels, castle, admin, word):
    """Whoever typed that name would hit another server from then on."""
    await servers.edit(admin, castle, name=word, say_template=None)
    with pytest.raises(BadInput, match=r"rename it with `/server edit`"):
        await link(store, panels[1], "Tower", TOWER_UUID)
    assert len(await store.servers.list(GUILD)) == 1


async def test_a_servers_own_identifier_may_be_its_name(store, servers, panels, castle, admin):
    renamed = await servers.edit(admin, castle, name=castle.identifier, say_template=None)
    assert renamed.name == castle.identifier
    tower = await link(store, panels[1], TOWER_UUID[:8], TOWER_UUID)
    assert (await servers.resolve_admin(admin, tower.identifier, channel_id=CHANNEL)).id == tower.id


async def test_another_guilds_identifier_is_as_good_a_name_as_any(store, servers, castle, admin):
    elsewhere = await store.panels.add(901, "https://far.example.test", PanelKind.PTERODACTYL, "Far", "ptlc_b")
    await store.servers.link(901, elsewhere.id, "Tower", TOWER_UUID[:8], TOWER_UUID)
    assert (await servers.edit(admin, castle, name=TOWER_UUID[:8], say_template=None)).name == TOWER_UUID[:8]


async def test_who_may_see_both_is_asked_and_told_words_that_mean_one(servers, old_names, admin):
    castle, tower = old_names
    for find in (
        lambda word: servers.resolve(admin, word, channel_id=CHANNEL, action=Action.STOP),
        lambda word: servers.resolve_admin(admin, word, channel_id=CHANNEL),
    ):
        with pytest.raises(UnknownServer, match=r"could mean several servers") as asked:
            await find(tower.identifier.upper())
        assert f"`{castle.identifier}`" in str(asked.value) and "`Tower`" in str(asked.value)
    assert (await servers.resolve_admin(admin, castle.identifier, channel_id=CHANNEL)).id == castle.id
    assert (await servers.resolve_admin(admin, "Tower", channel_id=CHANNEL)).id == tower.id


@pytest.mark.parametrize("seen", [0, 1])
async def test_who_may_see_one_of_them_means_that_one(servers, access, old_names, admin, helper, seen):
    """What he may not see is neither hit nor told of."""
    meant, word = old_names[seen], old_names[1].identifier
    await access.grant(admin, role_id=70, allow="operator", server=meant, panel=None, commands=None)
    permit = await servers.resolve(helper, word, channel_id=CHANNEL, action=Action.STOP)
    assert permit.server.id == meant.id


async def test_two_panels_with_one_identifier_are_told_by_name(servers, store, panels, castle, admin):
    """Identifiers are unique on one panel only."""
    await link(store, panels[1], "Keep", CASTLE_UUID[:8] + "-9999-4999-8999-999999999999")
    with pytest.raises(UnknownServer, match=r"could mean several servers: type `Castle`, `Keep` instead"):
        await servers.resolve_admin(admin, castle.identifier, channel_id=CHANNEL)


async def test_the_panels_identifier_goes_before_a_name_that_looks_like_it(place, admin, monkeypatch):
    """The list may lack the server that is meant: a root admin's key reaches more than it lists."""
    panels = place.services.panels
    castle = place.server("Castle")
    place.server(castle.uuid[:8])
    connected = await place.connect(admin)
    kept = panels._lists.of(connected.panel.id)
    monkeypatch.setattr(kept, "candidates", [c for c in kept.candidates if c.server.uuid != castle.uuid], raising=False)
    found = await panels.find_server(connected.panel, castle.uuid[:8])
    assert found.uuid == castle.uuid
