"""What is asked often needs no panel key: it is answered by a store whose secret keys fit none of them."""

import pytest
from cryptography.fernet import Fernet

from bot.errors import StartupError
from bot.services.access import Access
from bot.store.store import Store
from bot.terms import Action, PanelKind

from .conftest import GUILD

URL = "https://panel.example.test"


@pytest.fixture
async def keyless(store, url):
    """The same database, opened with another secret key: whatever decrypts a panel key raises."""
    panel = await store.panels.add(GUILD, URL, PanelKind.PTERODACTYL, "Main", "ptlc_planted")
    other = await store.panels.add(GUILD, URL, PanelKind.PTERODACTYL, "Another key", "ptlc_planted_too")
    castle = await store.servers.link(GUILD, panel.id, "Castle", "aaaaaaaa", "aaaaaaaa-0000-4000-8000-000000000001")
    await store.grants.add(GUILD, 70, [Action.VIEW, Action.COMMAND], castle.id, panel_id=other.id)
    await store.relays.add(GUILD, castle.id, 11)
    attached = Store.attach(url, [Fernet.generate_key().decode()])
    with pytest.raises(StartupError):
        await attached.panels.keys(GUILD)
    yield attached
    await attached.close()


async def test_rights_are_told_without_a_key(keyless, admin, helper):
    access = Access(keyless)
    (castle,) = await access.visible(helper, Action.VIEW)
    assert (await access.rights_of(helper)).actions(castle) == {Action.VIEW, Action.COMMAND}
    assert (await access.require(helper, Action.COMMAND, castle)).panel.id != castle.panel_id
    assert (await access.check(admin, who=helper, server=castle)).panel_labels == ("Another key",)
    (row,) = await access.list(admin)
    assert (row.server_name, row.panel_label) == ("Castle", "Another key")


async def test_addresses_and_labels_of_panels_are_told_without_a_key(keyless):
    urls, labels = await keyless.panels.urls(GUILD), await keyless.panels.labels(GUILD)
    assert list(labels.values()) == ["Another key", "Main"]
    assert urls == dict.fromkeys(labels, URL)
    assert await keyless.panels.urls(GUILD + 1) == await keyless.panels.labels(GUILD + 1) == {}
