"""One command reaches the game, against a stand-in panel; and what is known of games' separators."""

import pytest

from bot.errors import BadInput
from bot.terms import PowerState, Separators
from sandbox.panel import Profile


async def test_what_could_be_a_second_command_never_reaches_the_game(place, admin, helper):
    """Until an admin says that the game has no separators; whoever may send any command is not limited."""
    made = place.server("Castle", running=True)
    made.egg_features = ("steam_disk_space",)
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    await place.services.access.grant(
        admin, role_id=70, allow="say, command", server=None, panel=None, commands="sm_kick *"
    )
    for attempt in (
        place.say(helper, castle, "hello; quit"),
        place.say(admin, castle, "hello; quit"),
        place.command(helper, castle, "sm_kick x; quit"),
    ):
        with pytest.raises(BadInput, match=r"`;`.*Castle.*separators:none"):
            await attempt
    assert place.panel.commands_received(made) == []
    await place.command(admin, castle, "sm_kick x; quit")
    free = await place.services.servers.edit(admin, castle, name=None, say_template=None, separators=Separators.NONE)
    await place.say(helper, free, "hello; quit")
    await place.command(helper, free, "/SM_kick  x; quit")
    assert place.panel.commands_received(made) == ["sm_kick x; quit", "say hello; quit", "SM_kick  x; quit"]


@pytest.mark.parametrize("profile", [Profile.PTERO_1_12, Profile.PELICAN])
async def test_that_a_server_is_minecraft_is_learnt_when_it_is_linked(place, admin):
    place.server("Castle")
    place.server("Arena").egg_features = None
    await place.connect(admin)
    castle, arena = await place.link(admin, "Castle"), await place.link(admin, "Arena")
    assert (castle.is_minecraft, arena.is_minecraft) == (True, False)


async def test_that_a_server_is_minecraft_is_learnt_whenever_the_panel_describes_it(place, admin):
    """Also of servers linked before anybody asked, and without a request for it."""
    made = place.server("Castle", running=True)
    made.egg_features = ["gsl_token"]
    panel = (await place.connect(admin)).panel
    castle = await place.link(admin, "Castle")

    async def known() -> bool:
        return (await place.store.servers.get(castle.id)).is_minecraft

    made.egg_features = ["java_version", "eula"]
    await place.status(admin, castle)
    assert await known()
    made.egg_features = None
    place.server("Later")
    await place.services.panels.find_server(panel, "Later")
    assert not await known()
    made.egg_features = ["eula"]
    await place.services.panels.replace_key(admin, panel, place.panel.add_key(place.user))
    assert await known()
    asked = len(place.panel.requests)
    await place.say(admin, await place.store.servers.get(castle.id), "one; two")
    posted = [request for request in place.panel.requests[asked:] if "command" not in request.path]
    assert all("websocket" in request.path for request in posted)
    assert place.panel.commands_received(made) == ["say one; two"]


async def test_a_database_that_cannot_store_it_does_not_keep_the_status_from_being_shown(place, admin, monkeypatch):
    made = place.server("Castle", running=True)
    made.egg_features = None
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    made.egg_features = ["eula"]

    async def locked(*_arguments: object) -> None:
        raise OSError("database is locked")

    monkeypatch.setattr(place.store.servers, "learn_minecraft", locked)
    assert (await place.status(admin, castle)).state is PowerState.RUNNING


async def test_a_server_that_was_never_heard_of_as_minecraft_is_asked_for_before_a_message_is_refused(
    place, helper, admin
):
    """Also where its panel told no features when it was linked; once heard, it is known."""
    made = place.server("Castle", running=True)
    made.egg_features = None
    await place.connect(admin)
    castle = await place.link(admin, "Castle")
    await place.services.access.grant(admin, role_id=70, allow="say", server=None, panel=None, commands=None)
    made.egg_features = ["eula"]
    asked = len(place.panel.requests)
    with pytest.raises(BadInput, match=r"`\|`"):
        await place.say(helper, castle, "one | two")
    assert len(place.panel.requests) == asked
    place.panel.down()
    with pytest.raises(BadInput, match="`;`"):
        await place.say(helper, castle, "one; two")
    await place.panel.up()
    await place.say(helper, castle, "one; two")
    assert place.panel.commands_received(made) == ["say one; two"]
    assert (await place.store.servers.get(castle.id)).is_minecraft
