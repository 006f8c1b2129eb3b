"""What people paste by mistake, or with something around it: keys, identifiers, addresses."""

import pytest

from bot.errors import BadInput, NotAPanel, UnknownServer
from bot.panel.plain import is_plain_and_public
from bot.services import panels as panels_module
from sandbox.panel import Profile


@pytest.mark.parametrize("pasted", ["Bearer {}", '"{}"', "  `{}` ", "Authorization: Bearer {}", "“{}”"])
async def test_a_key_with_something_around_it_is_meant_as_the_key(place, admin, pasted):
    connected = await place.connect(admin, key=pasted.format(place.key))
    stored = await place.store.panels.key(admin.guild_id, connected.panel.id)
    assert stored.key == place.key
    other = place.panel.add_key(place.user)
    await place.services.panels.replace_key(admin, connected.panel, pasted.format(other))
    assert (await place.store.panels.key(admin.guild_id, connected.panel.id)).key == other


async def test_a_key_typed_as_label_or_name_is_refused_and_not_repeated(place, admin, caplog):
    caplog.set_level("DEBUG")
    for label in (place.key, f"Main {place.key}"[:60]):
        with pytest.raises(BadInput, match="holds an API key") as refused:
            await place.connect(admin, label=label)
        assert place.key not in str(refused.value)
    assert await place.store.panels.list(admin.guild_id) == []
    await place.connect(admin)
    place.server("Castle")
    with pytest.raises(BadInput, match="holds an API key"):
        await place.link(admin, "Castle", name=place.key)
    assert place.key not in caplog.text


async def test_a_keys_identifier_and_an_address_in_its_field_reach_no_panel(place, admin):
    before = len(place.panel.journal.requests)
    for key, words in ((place.key[:16], "too short"), (place.panel.url, "That is an address")):
        with pytest.raises(BadInput, match=words):
            await place.connect(admin, key=key)
    assert len(place.panel.journal.requests) == before


async def test_a_part_of_a_servers_identifier_is_told_to_be_too_short(place, admin):
    castle = place.server("Castle")
    await place.connect(admin)
    for part in (castle.uuid[:7], castle.uuid[:13], castle.uuid[:-1]):
        part = part if any(map(str.isdigit, part)) else "0" + part[1:]
        with pytest.raises(UnknownServer, match="too short with"):
            await place.link(admin, part)
    with pytest.raises(UnknownServer) as unknown:
        await place.link(admin, "Castles")
    assert "too short" not in str(unknown.value)


@pytest.mark.parametrize("page", ["", "/console", "/files?x=1", "/"])
async def test_a_servers_address_stands_for_the_server(place, admin, page):
    castle = place.server("Castle")
    await place.connect(admin)
    linked = await place.link(admin, f"{place.panel.url}/server/{castle.uuid[:8]}{page}")
    assert linked.uuid == castle.uuid


async def test_a_nodes_address_is_named_as_such_with_the_panels(place, admin):
    node = place.server("Castle").node
    with pytest.raises(NotAPanel, match="address of a node") as refused:
        await place.services.panels.connect(admin, url=node.url, key=place.key, label="")
    assert place.panel.url.split("//")[1].split(":")[1] in str(refused.value)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://8.8.8.8", True),
        ("http://[2606:4700::1111]:8080", True),
        ("http://8.8.8.8:8080/panel", True),
        ("https://8.8.8.8", False),
        ("http://127.0.0.1", False),
        ("http://192.168.1.5:8000", False),
        ("http://[::1]", False),
    ],
)
async def test_plain_http_across_the_internet_can_be_read_on_the_way(url, plain):
    assert await is_plain_and_public(url) is plain


@pytest.mark.parametrize("plain", [True, False])
async def test_a_panel_without_encryption_is_connected_with_a_warning(place, admin, monkeypatch, plain):
    async def judged(url):
        assert url == place.panel.url
        return plain

    monkeypatch.setattr(panels_module, "is_plain_and_public", judged)
    connected = await place.connect(admin)
    assert any("plain http://" in note for note in connected.notes) is plain
    replaced = await place.services.panels.replace_key(admin, connected.panel, place.panel.add_key(place.user))
    assert any("plain http://" in note for note in replaced.notes) is plain


@pytest.mark.parametrize("profile", [Profile.PELICAN])
@pytest.mark.parametrize("page", ["profile?tab=-api-keys-tab", "login", "docs/api", "server/3f2b8c1e/console"])
async def test_a_page_of_the_panel_connects_the_panel(place, admin, profile, page):
    connected = await place.services.panels.connect(admin, url=f"{place.panel.url}/{page}", key=place.key, label="")
    assert connected.panel.url == place.panel.url
