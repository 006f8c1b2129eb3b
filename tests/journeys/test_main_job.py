"""The main job, end to end: connect, link, grant, start, watch, say, command, stop."""

import pytest

from sandbox.panel import Profile

KINDS = [Profile.PTERO_1_11, Profile.PTERO_1_12, Profile.PELICAN]


@pytest.mark.parametrize("profile", KINDS)
async def test_from_an_empty_guild_to_a_server_started_and_stopped_by_a_helper(world, profile):
    """An admin sets everything up inside Discord; a helper uses it; the channel shows what really happened."""
    castle = world.new_server("Paper Survival", boot_seconds=1.0)

    connected = await world.connect()
    assert connected.ephemeral
    assert "Pelican" in connected.text if profile is Profile.PELICAN else "Pterodactyl" in connected.text
    assert "botuser" in connected.text
    linked = await world.slash(world.admin, "server link", server="paper survival")
    assert "Paper Survival" in linked.text
    granted = await world.slash(world.admin, "access grant", role=world.helpers, allow="operator, command, console")
    assert "start" in granted.text
    relayed = await world.slash(world.admin, "relay add", server="Paper Survival", channel=world.console)
    assert relayed.ephemeral

    started = await world.slash(world.helper, "start")
    assert not started.ephemeral
    await world.says(started, "is up")
    assert world.panel.signals_received(castle) == ["start"]
    await world.shows("container@pterodactyl~" if profile is not Profile.PELICAN else "container~", "Done (")
    assert all(message.content.count("```") % 2 == 0 for message in world.console.messages)
    assert "hunter2" not in world.console.text, "the start-up command line was not masked"

    said = await world.slash(world.helper, "say", message="hello there")
    assert "hello there" in said.text
    await world.shows("hello there")
    assert world.panel.commands_received(castle) == ["say hello there"]

    answer = await world.slash(world.helper, "command", command="list")
    assert answer.ephemeral
    assert "players online" in answer.text
    last = await world.slash(world.helper, "console", lines=5)
    assert last.ephemeral
    assert "players online" in last.text

    status = await world.slash(world.helper, "status")
    assert "play.example.test" in status.text

    stopped = await world.slash(world.helper, "stop")
    await world.says(stopped, "has stopped")
    assert world.panel.signals_received(castle) == ["start", "stop"]
    assert world.discord.count(status=429) == 0


@pytest.mark.parametrize("profile", [Profile.PTERO_0_7])
async def test_on_panel_0_7_everything_works_but_the_console_and_the_answers_say_so(world, profile):
    castle = world.new_server("Old Survival", boot_seconds=0.5)
    connected = await world.connect()
    assert "0.7" in connected.text and "console" in connected.text
    await world.slash(world.admin, "server link", server="Old Survival")
    await world.slash(world.admin, "access grant", role=world.helpers, allow="moderator")

    started = await world.slash(world.helper, "start")
    await world.says(started, "is up", timeout=60)
    assert world.panel.signals_received(castle) == ["start"]

    said = await world.slash(world.helper, "say", message="hello")
    assert "hello" in said.text
    answer = await world.slash(world.helper, "command", command="list")
    assert "0.7" in answer.text
    assert world.panel.commands_received(castle) == ["say hello", "list"]

    console = await world.slash(world.helper, "console")
    assert console.ephemeral and "0.7" in console.text
    relay = await world.slash(world.admin, "relay add", server="Old Survival", channel=world.console)
    assert relay.ephemeral and "0.7" in relay.text


async def test_a_member_without_a_grant_reaches_nothing(world):
    """Every command of a member whom no grant names is refused privately, and the panel hears nothing of it."""
    (castle,) = await world.set_up("Paper Survival", relay=False)
    before = len(world.panel.requests)
    for command, options in {
        "start": {},
        "stop": {},
        "restart": {},
        "kill": {},
        "say": {"message": "hello"},
        "command": {"command": "op Sam"},
        "console": {},
        "status": {},
        "servers": {},
    }.items():
        named = {} if command == "servers" else {"server": "Paper Survival"}
        reply = await world.slash(world.stranger, command, **options, **named)
        assert reply.ephemeral, command
        assert "Paper Survival" not in reply.text.replace("“Paper Survival”", ""), reply.text
    assert len(world.panel.requests) == before
    assert await world.discord.autocomplete(world.stranger, world.general, "start", option="server", typed="") == []
    assert world.panel.commands_received(castle) == world.panel.signals_received(castle) == []


@pytest.mark.parametrize("profile", [Profile.PTERO_1_12])
async def test_a_second_command_behind_a_message_reaches_the_game_only_where_an_admin_says_that_it_is_none(
    world, profile
):
    """Neither with `/say` nor behind a pattern's `*`, until the admin knows better than the bot."""
    arena = world.new_server("Arena", running=True)
    arena.egg_features = ("steam_disk_space",)
    await world.connect()
    linked = await world.slash(world.admin, "server link", server="Arena")
    assert "Separators: checked" in linked.text
    await world.slash(world.admin, "access grant", role=world.helpers, allow="view, say, command", commands="sm_kick *")
    for command, typed in (("say", {"message": "hello; quit"}), ("command", {"command": "sm_kick x; quit"})):
        refused = await world.slash(world.helper, command, **typed)
        await world.says(refused, "`;`", "Arena", "/server edit separators:none")
    assert "`;`" not in world.general.text, "only the one who typed it is told"
    said = await world.slash(world.helper, "say", message="it's me & you")
    assert "it's me" in said.text
    assert world.panel.commands_received(arena) == ["say it's me & you"]

    edited = await world.slash(world.admin, "server edit", separators="none")
    assert "Separators: none" in edited.text
    await world.slash(world.helper, "say", message="hello; quit")
    await world.slash(world.helper, "command", command="sm_kick x; quit")
    assert world.panel.commands_received(arena)[1:] == ["say hello; quit", "sm_kick x; quit"]


async def test_a_helper_may_what_his_role_allows_and_is_told_what_is_missing(world):
    (castle,) = await world.set_up("Paper Survival", allow="view, start", relay=False)
    refused = await world.slash(world.helper, "kill")
    assert refused.ephemeral
    assert "kill" in refused.text and "/access grant" in refused.text
    choices = await world.discord.autocomplete(world.helper, world.general, "start", option="server", typed="pap")
    assert [choice["value"] for choice in choices] == ["Paper Survival"]
    started = await world.slash(world.helper, "start", server="PAPER survival")
    await world.says(started, "is up")
    assert world.panel.signals_received(castle) == ["start"]


async def test_rights_taken_away_count_at_once_even_for_buttons_already_shown(world):
    (castle,) = await world.set_up("Paper Survival", relay=False)
    status = await world.slash(world.helper, "status")
    await world.slash(world.admin, "access revoke", role=world.helpers)
    pressed = await (await status.click("Start")).answered()
    assert "may" in pressed.text
    assert world.panel.signals_received(castle) == []


async def test_kill_asks_before_it_acts(world):
    (castle,) = await world.set_up("Paper Survival", allow="admin", relay=False, running=True)
    asked = await world.slash(world.helper, "kill")
    assert asked.ephemeral
    assert world.panel.signals_received(castle) == []
    button = next(part for part in asked.components if "ill" in part["label"])
    await asked.click(button["custom_id"])
    await world.panel.wait_for(lambda: castle.state == "offline", timeout=30)
    assert world.panel.signals_received(castle) == ["kill"]
    await world.shows("killed **Paper Survival**", channel=world.general)


async def test_two_guilds_with_two_panels_never_see_one_another(world, tmp_path):
    """Several servers each, everything at once: nothing of one guild shows in the other."""
    from sandbox.panel import PanelStandIn

    await world.set_up("Alpha One", "Alpha Two", running=True)
    async with PanelStandIn(Profile.PELICAN, seed=2) as other:
        user = other.add_user("second")
        key = world.new_key(other, user)
        for name in ("Beta One", "Beta Two"):
            world.new_server(name, panel=other, user=user, running=True)
        guild = world.discord.add_guild("Other Place")
        boss = guild.add_member("Berta", manage_guild=True)
        console, lobby = guild.add_channel("console"), guild.add_channel("lobby")
        await world.connect(member=boss, panel=other, key=key, label="Main", where=lobby)
        for name in ("Beta One", "Beta Two"):
            await world.slash(boss, "server link", where=lobby, server=name)
        reply = await world.discord.slash(boss, lobby, "relay add", server="Beta One", channel=console)
        await reply.answered(timeout=30)
        await world.logs("console of Beta One: connected")

        names = await world.discord.autocomplete(boss, lobby, "start", option="server", typed="")
        assert {choice["value"] for choice in names} == {"Beta One", "Beta Two"}
        overview = await world.slash(boss, "servers", where=lobby)
        assert "Beta" in overview.text and "Alpha" not in overview.text
        foreign = await world.slash(boss, "stop", where=lobby, server="Alpha One")
        assert foreign.ephemeral
        panels = await world.slash(boss, "panel list", where=lobby)
        assert world.panel.url not in panels.text

        await world.slash(boss, "say", where=lobby, server="Beta One", message="beta speaks")
        await world.slash(world.admin, "say", server="Alpha One", message="alpha speaks")
        await world.shows("beta speaks", channel=console)
        await world.shows("alpha speaks")
        assert "alpha speaks" not in console.text
        assert "beta speaks" not in world.console.text


async def test_leaving_a_guild_deletes_its_keys(world):
    (castle,) = await world.set_up("Paper Survival", running=True)
    world.discord.remove_guild(world.guild)
    await world.panel.wait_for(lambda: world.panel.node.sockets(castle) == 0, timeout=30)
    again = world.discord.add_guild("Castle Community II")
    boss = again.add_member("Olivia II", manage_guild=True)
    lobby = again.add_channel("lobby")
    panels = await world.slash(boss, "panel list", where=lobby)
    assert world.panel.url not in panels.text
