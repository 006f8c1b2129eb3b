"""A server that cannot be told is explained to whoever asks: an admin what to do, a member whom to ask."""

import pytest

from bot.errors import BadInput, BotError, NotAllowed, UnknownServer, WhichServer
from bot.services import Panels, Servers
from bot.services.access import Access
from bot.services.key_trials import KeyTrials
from bot.terms import Action, PanelKind

GUILD = 900
CHANNEL = 5


@pytest.fixture
def access(store):
    return Access(store)


@pytest.fixture
def servers(store, access):
    panels = Panels(store, access, None, None, changed=lambda _guild: None)
    return Servers(store, access, panels, None, changed=lambda _guild: None)


async def connect(store):
    return await store.panels.add(GUILD, "https://panel.example.test", PanelKind.PTERODACTYL, "Main", "ptlc_a")


async def link(store, panel, name, number):
    return await store.servers.link(
        GUILD, panel.id, name, f"aaaaaaa{number}", f"aaaaaaaa-0000-4000-8000-00000000000{number}"
    )


async def answers(servers, member, action, text=None):
    """What the member is told who asks for a server to do that with, and who lists them."""
    with pytest.raises(BotError) as refused:
        await servers.resolve(member, text, channel_id=CHANNEL, action=action)
    return str(refused.value)


@pytest.mark.parametrize("action", list(Action))
async def test_an_admin_is_told_what_to_do_and_never_of_an_admin(servers, store, admin, action):
    assert await answers(servers, admin, action) == "No server is linked yet. Start with `/panel connect`."
    assert await servers.why_none(admin) == "No server is linked yet. Start with `/panel connect`."
    panel = await connect(store)
    assert "`/server link`" in await answers(servers, admin, action)
    assert "`/server link`" in await servers.why_none(admin)
    with pytest.raises(UnknownServer, match="/server link"):
        await servers.resolve_admin(admin, None, channel_id=CHANNEL)
    await link(store, panel, "Castle", 1)
    await link(store, panel, "Tower", 2)
    with pytest.raises(WhichServer) as asked:
        await servers.resolve(admin, None, channel_id=CHANNEL, action=action)
    assert asked.value.names == ("Castle", "Tower")
    which = await answers(servers, admin, action)
    assert which == "Which server? Choose one with the option `server`: **Castle**, **Tower**."
    assert "Choose one of these: **Castle**, **Tower**." in await answers(servers, admin, action, "Keep")
    for told in (which, await answers(servers, admin, action, "Keep")):
        assert "admin" not in told


@pytest.mark.parametrize("action", list(Action))
async def test_a_member_is_told_whom_to_ask_by_what_there_is(servers, store, access, admin, helper, action):
    assert "Ask an admin" in await answers(servers, helper, action)
    panel = await connect(store)
    await link(store, panel, "Castle", 1)
    await link(store, panel, "Tower", 2)
    assert await answers(servers, helper, action) == (
        "You have no server here yet. An admin can give your role one with `/access grant`."
    )
    assert await servers.why_none(helper) == await answers(servers, helper, action)
    other = Action.VIEW if action is not Action.VIEW else Action.START
    await access.grant(admin, role_id=70, allow=other.value, server=None, panel=None, commands=None)
    told = await answers(servers, helper, action)
    assert told.startswith("You may not ") and "any server" in told and "none of your roles allows it" in told
    with pytest.raises(NotAllowed, match=r"^You may not .*\*\*Castle\*\*: none of your roles allows it\. An admin can"):
        await servers.resolve(helper, "castle", channel_id=CHANNEL, action=action)


async def test_a_refused_command_is_told_beside_what_may_be_sent(access, store, admin, helper):
    castle = await link(store, await connect(store), "Castle", 1)
    await access.grant(admin, role_id=70, allow="command", server=None, panel=None, commands="whitelist *, list")
    with pytest.raises(NotAllowed) as refused:
        await access.require(helper, Action.COMMAND, castle, command="stop")
    assert str(refused.value) == "You may send only `whitelist *`, `list` to **Castle**; `stop` is not among them."
    for secret in ("login hunter2", "ghp_0123456789abcdefghij"):
        with pytest.raises(NotAllowed) as refused:
            await access.require(helper, Action.COMMAND, castle, command=secret)
        assert "hunter2" not in str(refused.value) and "0123" not in str(refused.value)


async def test_a_panel_that_cannot_be_told_is_asked_for_by_name(servers, store, admin):
    panels = Panels(store, Access(store), None, None, changed=lambda _guild: None)
    await connect(store)
    await store.panels.add(GUILD, "https://other.example.test", PanelKind.PELICAN, "Other", "pacc_b")
    with pytest.raises(
        BadInput, match=r"Which panel\? Choose one with the option `panel`: \*\*Main\*\*, \*\*Other\*\*\."
    ):
        await panels.find(admin, None)
    with pytest.raises(BadInput, match=r"No panel is called “x”\. Connected: \*\*Main\*\*, \*\*Other\*\*\."):
        await panels.find(admin, "x")


@pytest.mark.parametrize("key", ["ptla_" + "x" * 43, "papp_" + "x" * 43, "PTLA_abc"])
async def test_an_application_key_is_told_by_what_it_begins_with_and_no_panel_is_asked(key):
    trials = KeyTrials(None)
    with pytest.raises(BadInput, match="application key"):
        async with trials.of(GUILD, "https://panel.example.test", key):
            pass
