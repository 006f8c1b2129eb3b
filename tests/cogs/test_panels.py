"""`/panel` and `/server`: forms for keys, confirmations, the linking menu."""

import logging
from dataclasses import replace

import pytest
from simcord.backend.errors import SetupError

from bot.errors import KeyRefused, NotAllowed
from bot.services import LinkChoice
from bot.terms import Separators
from tests.cogs.conftest import text_of
from tests.cogs.fakes import linked, panel

KEY = "ptlc_PLANTEDSECRET"
FORM = {"url": "https://panel.example.com", "api_key": KEY, "label": "home"}


def fields(modal):
    return {label["component"]["custom_id"]: label["component"] for label in modal["components"]}


def everything_sent(world):
    return repr([(request.path, request.json) for request in world.env.http_requests])


def choices(count):
    return [LinkChoice(f"id{number:06}", f"Server {number}", 1) for number in range(count)]


async def test_connect_opens_a_form_at_once(world):
    """Address, key and label; only the label may be left out."""
    result = await world.admin.slash(world.channel, "panel connect")
    form = fields(result.modal)

    assert list(form) == ["url", "api_key", "label"]
    assert [field.get("required", True) for field in form.values()] == [True, True, False]
    assert all(not field.get("value") for field in form.values())


async def test_connect_verifies_and_offers_the_servers(world):
    """The reply is private, tells what was found, and picking links."""
    world.script.choices = choices(3)
    world.script.notes = ("This key belongs to a panel administrator.",)
    shown = await world.admin.slash(world.channel, "panel connect")
    result = await world.admin.submit_modal(shown, FORM)

    assert result.ephemeral
    assert world.script.calls("panels.connect") == [("https://panel.example.com", KEY, "home")]
    assert "**home** is a Pterodactyl 1.x panel" in result.response.content
    assert "olivia" in result.response.content
    assert "⚠️ This key belongs to a panel administrator." in result.response.content

    await world.admin.select(result.response, ["id000000", "id000002"])
    assert [call[1] for call in world.script.calls("servers.link")] == ["id000000", "id000002"]
    assert "Linked: **Server 0**, **Server 2**." in result.response.content
    options = result.response.components[0]["components"][0]["options"]
    assert [option["value"] for option in options] == ["id000001"]


async def test_the_last_server_linked_closes_the_menu(world):
    """Nothing left to pick, nothing left to press."""
    world.script.choices = choices(1)
    result = await world.admin.submit_modal(await world.admin.slash(world.channel, "panel connect"), FORM)
    await world.admin.select(result.response, ["id000000"])

    assert result.response.components == []
    assert "/access grant" in result.response.content


async def test_a_server_that_cannot_be_linked_stays_in_the_menu(world):
    """The reason is said beside it."""
    world.script.choices = choices(1)
    result = await world.admin.submit_modal(await world.admin.slash(world.channel, "panel connect"), FORM)
    world.script.fails["servers.link"] = KeyRefused("The panel no longer takes the key.")
    await world.admin.select(result.response, ["id000000"])

    assert "The panel no longer takes the key." in result.response.content
    assert result.response.components != []


async def test_servers_beyond_the_limit_stay_in_the_menu_with_how_many_were_linked_and_why(world):
    """What comes behind the one that did not fit is not even tried."""
    world.script.choices = choices(6)
    result = await world.admin.submit_modal(await world.admin.slash(world.channel, "panel connect"), FORM)
    world.script.room = 2
    await world.admin.select(result.response, [f"id{number:06}" for number in range(5)])

    content = result.response.content
    assert "Linked: **Server 0**, **Server 1**." in content
    assert "2 of 5 servers were linked." in content
    assert content.count("2 is the limit") == 1
    assert len(world.script.calls("servers.link")) == 3
    (menu,) = result.response.components[0]["components"]
    assert [option["value"] for option in menu["options"]] == [f"id{number:06}" for number in range(2, 6)]


async def test_more_servers_than_a_menu_holds_are_on_pages(world):
    """Twenty-five at a time."""
    world.script.choices = choices(60)
    result = await world.admin.submit_modal(await world.admin.slash(world.channel, "panel connect"), FORM)
    assert "60 servers can be linked" in result.response.content

    await world.admin.click(result.response, label="More servers")
    await world.admin.click(result.response, label="More servers")
    options = result.response.components[0]["components"][0]["options"]
    assert [option["value"] for option in options] == [f"id{number:06}" for number in range(50, 60)]


async def test_a_refused_form_opens_again_with_what_was_typed_except_the_key(world):
    """Nothing is lost by a typing mistake, and the key is not kept."""
    world.script.fails["panels.connect"] = KeyRefused("The panel does not take this key.")
    result = await world.admin.submit_modal(await world.admin.slash(world.channel, "panel connect"), FORM)
    assert result.response.content == "The panel does not take this key."

    again = await world.admin.click(result.response, label="Try again")
    form = fields(again.modal)
    assert form["url"]["value"] == FORM["url"]
    assert form["label"]["value"] == FORM["label"]
    assert not form["api_key"].get("value")

    world.script.fails.clear()
    result = await world.admin.submit_modal(again, FORM)
    assert "Connected." in result.response.content


async def test_the_key_shows_nowhere(world, caplog):
    """Neither in a request to Discord nor in the log, whether it works, is refused, or breaks something."""
    caplog.set_level(logging.DEBUG)
    for failure in (None, KeyRefused("The panel does not take this key."), RuntimeError("boom")):
        if failure is not None:
            world.script.fails["panels.connect"] = failure
        await world.admin.submit_modal(await world.admin.slash(world.channel, "panel connect"), FORM)

    assert KEY not in everything_sent(world)
    assert KEY not in caplog.text
    assert [str(error) for error in world.env.errors] == ["boom"]


async def test_connect_is_refused_without_manage_server(world):
    """Discord hides the command; where it is shown by an override, the bot still refuses and opens no form."""
    with pytest.raises(SetupError, match="default-member-permissions"):
        await world.helper.slash(world.channel, "panel connect")
    command = next(c for c in await world.bot.tree.fetch_commands() if c.name == "panel")
    world.guild.set_command_permissions(command, {world.helpers: True})
    result = await world.helper.slash(world.channel, "panel connect")

    assert result.modal is None
    assert "Manage Server" in result.response.content
    assert isinstance(world.refusals()[0], NotAllowed)


async def test_replace_key_uses_a_form_too(world):
    """One field, and the answer says that the new key is in place."""
    shown = await world.admin.slash(world.channel, "panel replace-key", panel="home")
    assert list(fields(shown.modal)) == ["api_key"]
    result = await world.admin.submit_modal(shown, {"api_key": KEY})

    assert "The new key is in place." in result.response.content
    assert world.script.calls("panels.replace_key")[0][1] == KEY


async def test_a_refused_replacement_keeps_the_old_key(world):
    """And says so, with another try."""
    world.script.fails["panels.replace_key"] = KeyRefused("The panel does not take this key.")
    shown = await world.admin.slash(world.channel, "panel replace-key")
    result = await world.admin.submit_modal(shown, {"api_key": KEY})

    assert "The old key is still in place." in result.response.content
    again = await world.admin.click(result.response, label="Try again")
    assert not fields(again.modal)["api_key"].get("value")


async def test_replace_key_of_an_unknown_panel_opens_no_form(world):
    """The mistake is said before a key is typed."""
    result = await world.admin.slash(world.channel, "panel replace-key", panel="nowhere")

    assert result.modal is None
    assert "No panel is called" in result.response.content
    world.no_surprises()


async def test_panel_list_shows_no_key(world):
    """Label, kind, address and how many servers hang on it."""
    result = await world.admin.slash(world.channel, "panel list")

    assert "**home** · Pterodactyl 1.x · 1 linked server" in text_of(result.response)
    assert KEY not in everything_sent(world)


async def test_panel_list_of_none_says_how_to_begin(world):
    """An empty list is an invitation."""
    world.script.panels = []
    result = await world.admin.slash(world.channel, "panel list")

    assert "/panel connect" in result.response.content


async def test_panel_remove_says_what_goes_and_asks(world):
    """Nothing goes before the button."""
    result = await world.admin.slash(world.channel, "panel remove", panel="home")
    assert "1 linked server" in result.response.content
    assert world.script.calls("panels.remove") == []

    await world.admin.click(result.response, label="Remove the panel")
    assert len(world.script.calls("panels.remove")) == 1
    assert result.response.content.startswith("✅ Removed **home** and 1 linked server.")
    assert result.response.components == []


async def test_panel_labels_are_suggested_to_admins(world):
    """From the database."""
    world.script.panels = [panel("home"), panel("work", number=2)]
    found = await world.admin.autocomplete(world.channel, "panel remove", "panel", "w")

    assert [choice["value"] for choice in found] == ["work"]


async def test_server_link(world):
    """With its own name and template."""
    world.script.choices = choices(1)
    result = await world.admin.slash(
        world.channel, "server link", server="id000000", name="lobby", say_template="shout {message}"
    )

    assert result.ephemeral
    assert "Linked **lobby** (`id000000`)" in result.response.content
    assert "Separators: checked." in result.response.content
    assert world.script.calls("servers.link")[0][1:] == ("id000000", "lobby", "shout {message}")


async def test_server_link_of_an_unknown_server_is_a_sentence(world):
    """And nothing is linked."""
    result = await world.admin.slash(world.channel, "server link", server="nope")

    assert "no server called “nope”" in result.response.content
    world.no_surprises()


async def test_linkable_servers_are_suggested_by_name_and_linked_by_identifier(world):
    """Two servers of one name can be told apart; a name of any length fits."""
    world.script.choices = [LinkChoice("id1", "n" * 150, 1), LinkChoice("id2", "same", 1), LinkChoice("id3", "same", 1)]
    found = await world.admin.autocomplete(world.channel, "server link", "server", "", panel="home")

    assert [choice["value"] for choice in found] == ["id1", "id2", "id3"]
    assert found[1]["name"] == "same (id2)"
    assert all(len(choice["name"]) <= 100 for choice in found)
    assert world.script.calls("panels.find") == [("home",)]


async def test_the_menu_names_no_value_twice_and_no_server_without_a_name(world):
    """Discord refuses the whole menu for either; a hostile panel's list may hold both."""
    world.script.choices = [LinkChoice("id1", "one", 1), LinkChoice("id1", "two", 1), LinkChoice("id2", " \u3164", 1)]
    result = await world.admin.submit_modal(await world.admin.slash(world.channel, "panel connect"), FORM)
    options = result.response.components[0]["components"][0]["options"]
    assert [option["value"] for option in options] == ["id1", "id2"]
    assert options[1]["label"] == "id2"


async def test_server_unlink_asks_first(world):
    """Grants and relays go with it, the server itself does not."""
    result = await world.admin.slash(world.channel, "server unlink")
    assert "grants" in result.response.content
    assert world.script.calls("servers.unlink") == []

    await world.admin.click(result.response, label="Unlink")
    assert world.script.calls("servers.unlink") == [(linked(),)]
    assert result.response.content == "Unlinked **survival**."


async def test_server_edit(world):
    """The answer shows what holds now; nothing to change is a sentence."""
    result = await world.admin.slash(world.channel, "server edit", say_template="broadcast {message}")
    saved, checked = result.response.content.split("\n")
    assert saved == "✅ On **survival** `/say hello` will send `broadcast hello`. (Before: `say hello`.)"
    assert checked.startswith("-# Separators: checked.") and "`;`" in checked and "separators:none" in checked

    result = await world.admin.slash(world.channel, "server edit")
    assert result.response.content == "Say what to change."
    world.no_surprises()


async def test_a_new_name_alone_is_answered_without_what_it_does_not_change(world):
    """How members' text is checked matters where that, or the template, was changed."""
    result = await world.admin.slash(world.channel, "server edit", name="lobby")
    assert result.response.content == "✅ **survival** is called **lobby** from now on."
    both = await world.admin.slash(world.channel, "server edit", name="lobby", separators="none")
    assert "is called **lobby**" in both.response.content and "Separators: none." in both.response.content


async def test_server_edit_that_changes_nothing_says_so(world):
    """No tick for nothing."""
    result = await world.admin.slash(world.channel, "server edit", say_template="say {message}")
    assert result.response.content.startswith("**survival** was like that already: `/say hello` sends `say hello`.")


async def test_server_edit_takes_an_admins_word_that_a_game_has_no_separators(world):
    """And shows what holds now."""
    result = await world.admin.slash(world.channel, "server edit", separators="none")
    assert "Separators: none." in result.response.content
    assert world.script.calls("servers.edit") == [(linked(), None, None, Separators.NONE)]

    result = await world.admin.slash(world.channel, "server edit", separators="checked")
    assert "Separators: checked." in result.response.content


async def test_server_edit_tells_of_minecraft(world):
    """Its semicolons are harmless."""
    world.script.servers = [replace(linked(), is_minecraft=True)]
    result = await world.admin.slash(world.channel, "server edit", say_template="broadcast {message}")
    assert "`;` is harmless in Minecraft" in result.response.content


@pytest.mark.parametrize("template", ["{message}", "/{message}"])
async def test_server_edit_warns_where_the_message_is_the_command(world, template):
    """Right for a console that is a chat, dangerous on any other."""
    result = await world.admin.slash(world.channel, "server edit", say_template=template)
    assert "has the right `say` can send any" in result.response.content
    assert len(result.response.content) <= 2000


async def test_server_edit_shows_what_is_wrong_with_a_template_that_was_stored_earlier(world):
    """Renaming works all the same."""
    world.script.servers = [replace(linked(), say_template='say "{message}')]
    result = await world.admin.slash(world.channel, "server edit", name="Castle")
    assert result.response.content.startswith("✅ **survival** is called **Castle**")
    assert "nothing closes" in result.response.content
