"""What stands in the place of a state is told by who asks, over real sockets."""

import pytest

from bot.errors import KeyRefused


@pytest.fixture
async def castle(place, admin):
    place.server("Castle", running=True)
    await place.connect(admin)
    await place.services.access.grant(admin, role_id=70, allow="moderator", server=None, panel=None, commands=None)
    return await place.link(admin, "Castle")


async def test_notes_of_a_refused_key(place, castle, admin, helper):
    place.panel.registry.keys.pop(place.key)
    of_admin, of_helper = [(await place.services.servers.overview(who))[0].note for who in (admin, helper)]
    assert "`/panel replace-key`" in of_admin
    assert of_helper == "The bot's key for this server's panel does not work any more: tell an admin here."


async def test_notes_of_a_panel_that_is_down(place, castle, admin, helper):
    await place.panel.close()
    of_admin, of_helper = [(await place.services.servers.overview(who))[0].note for who in (admin, helper)]
    assert "the port is wrong" in of_admin
    assert of_helper.startswith("The bot cannot reach this server's panel just now: try again later.")
    assert "127.0.0.1" not in of_helper


async def test_an_answer_that_cannot_be_read_for_the_key(place, castle, admin, helper, monkeypatch):
    async def refused(*_args, **_how):
        raise KeyRefused("A typo; `/panel replace-key` takes it.")

    monkeypatch.setattr(place.connections, "hear", refused)
    for who in (admin, helper):
        note = (await place.command(who, castle, "list")).note
        assert note.startswith("Sent, but the answer cannot be read")
        assert ("/panel replace-key" in note) is who.is_admin
