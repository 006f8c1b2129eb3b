"""Who may do what: an empty map means nobody, never everybody."""

import asyncio
import re

import pytest

from bot.errors import BadInput, NotAllowed
from bot.services.access import PRESETS, Access, parse_actions
from bot.services.granting import AskFirst
from bot.services.members import Member
from bot.terms import Action, PanelKind, Separators

GUILD = 900


@pytest.fixture
def access(store):
    return Access(store)


@pytest.fixture
async def panel(store):
    return await store.panels.add(GUILD, "https://panel.example.test", PanelKind.PTERODACTYL, "Main", "ptlc_a")


@pytest.fixture
async def castle(store, panel):
    return await store.servers.link(GUILD, panel.id, "Castle", "aaaaaaaa", "aaaaaaaa-0000-4000-8000-000000000001")


@pytest.fixture
async def tower(store, panel):
    return await store.servers.link(GUILD, panel.id, "Tower", "bbbbbbbb", "bbbbbbbb-0000-4000-8000-000000000002")


async def grant(access, admin, allow, *, server=None, panel=None, commands=None, role=70, only=False):
    return await access.grant(
        admin, role_id=role, allow=allow, server=server, panel=panel, commands=commands, only=only
    )


async def allowed(access, member, server):
    return (await access.rights_of(member)).actions(server)


async def test_without_any_grant_nobody_may_do_anything(access, helper, castle):
    for action in Action:
        with pytest.raises(NotAllowed, match=r"^You may not .*Castle.*/access grant"):
            await access.require(helper, action, castle)
    assert await allowed(access, helper, castle) == frozenset()
    assert await access.visible(helper, Action.VIEW) == []


async def test_manage_server_may_do_everything_without_a_grant(access, admin, castle):
    for action in Action:
        permit = await access.require(admin, action, castle)
        assert permit.panel.id == castle.panel_id
    assert await allowed(access, admin, castle) == frozenset(Action)


async def test_a_grant_covers_its_role_its_actions_and_its_server_only(access, admin, helper, castle, tower):
    await grant(access, admin, "start, say", server=castle)
    await access.require(helper, Action.START, castle)
    with pytest.raises(NotAllowed):
        await access.require(helper, Action.STOP, castle)
    with pytest.raises(NotAllowed):
        await access.require(helper, Action.START, tower)
    stranger = Member(GUILD, 3, "Sam", frozenset({71}), is_admin=False)
    with pytest.raises(NotAllowed):
        await access.require(stranger, Action.START, castle)


async def test_a_grant_without_a_server_covers_those_linked_later(access, admin, helper, store, panel):
    await grant(access, admin, "viewer")
    later = await store.servers.link(GUILD, panel.id, "Later", "cccccccc", "cccccccc-0000-4000-8000-000000000003")
    await access.require(helper, Action.VIEW, later)
    assert await access.visible(helper, Action.VIEW) == [later]


async def test_another_guilds_server_is_out_of_reach_even_for_its_admin(access, castle):
    foreign = Member(901, 1, "Eve", frozenset({70}), is_admin=True)
    with pytest.raises(NotAllowed):
        await access.require(foreign, Action.START, castle)
    assert await allowed(access, foreign, castle) == frozenset()


async def test_command_patterns_limit_which_commands_may_be_sent(access, admin, helper, castle):
    await grant(access, admin, "command", server=castle, commands="whitelist *, list")
    await access.require(helper, Action.COMMAND, castle, command="/Whitelist  add Alex")
    await access.require(helper, Action.COMMAND, castle, command="list")
    for refused in ("op Alex", "listen", "whitelist", "say whitelist x"):
        with pytest.raises(NotAllowed, match="is not among them"):
            await access.require(helper, Action.COMMAND, castle, command=refused)


async def test_the_linked_key_goes_before_another_key_and_the_other_key_acts_where_it_must(
    access, admin, helper, store, castle
):
    other = await store.panels.add(GUILD, "https://panel.example.test", PanelKind.PTERODACTYL, "Second", "ptlc_b")
    await grant(access, admin, "start", server=castle, panel=other)
    assert (await access.require(helper, Action.START, castle)).panel.id == other.id
    await grant(access, admin, "start", server=castle)
    assert (await access.require(helper, Action.START, castle)).panel.id == castle.panel_id


async def test_a_key_of_another_panel_cannot_act_on_a_server(access, admin, helper, store, castle):
    foreign = await store.panels.add(GUILD, "https://other.example.test", PanelKind.PTERODACTYL, "Other", "ptlc_c")
    with pytest.raises(BadInput, match="another panel"):
        await grant(access, admin, "start", server=castle, panel=foreign)
    await grant(access, admin, "start", panel=foreign)
    with pytest.raises(NotAllowed):
        await access.require(helper, Action.START, castle)


async def test_only_admins_change_or_read_the_map(access, helper, castle):
    for attempt in (
        lambda: access.grant(helper, role_id=70, allow="admin", server=None, panel=None, commands=None),
        lambda: access.revoke(helper, role_id=70, server=None),
        lambda: access.list(helper),
        lambda: access.check(helper, who=helper, server=castle),
    ):
        with pytest.raises(NotAllowed, match="Manage Server"):
            await attempt()


async def test_revoking_takes_one_server_or_everything(access, admin, helper, castle, tower):
    await grant(access, admin, "start", server=castle)
    await grant(access, admin, "start", server=tower)
    taken = (await access.revoke(admin, role_id=70, server=castle)).taken
    assert [(row.server_name, row.grant.actions) for row in taken] == [("Castle", {Action.START})]
    assert await allowed(access, helper, castle) == frozenset()
    await access.require(helper, Action.START, tower)
    assert len((await access.revoke(admin, role_id=70, server=None)).taken) == 1
    assert await allowed(access, helper, tower) == frozenset()


async def test_what_is_granted_comes_on_top_of_what_there_is(access, admin, helper, castle):
    """A newcomer adds a command to what an operator may do, and then says the same words again."""
    await grant(access, admin, "operator")
    change = await grant(access, admin, "command", commands="whitelist *")
    assert change.before.actions == PRESETS["operator"]
    assert change.after.actions == PRESETS["operator"] | {Action.COMMAND}
    await access.require(helper, Action.START, castle)
    with pytest.raises(AskFirst, match=r"whitelist \\*"):
        await grant(access, admin, "operator, command")
    with pytest.raises(NotAllowed):
        await access.require(helper, Action.COMMAND, castle, command="stop")
    await grant(access, admin, "say")
    with pytest.raises(NotAllowed):
        await access.require(helper, Action.COMMAND, castle, command="stop")


async def test_limits_that_another_grant_lifts_are_told_to_be_none(access, admin, castle, tower):
    """The role's other grant lets any command through; one about another server does not."""
    await grant(access, admin, "command", server=tower)
    assert (await grant(access, admin, "command", server=castle, commands="list")).wider is None
    everywhere = await grant(access, admin, "command")
    assert everywhere.wider is None
    assert (await grant(access, admin, "command", server=castle, commands="kick *")).wider == everywhere.after


async def test_two_admins_at_once_lose_nothing_of_one_another(access, admin, castle):
    """Each adds to what there is in the moment of writing."""
    await asyncio.gather(*(grant(access, admin, action.value, server=castle) for action in Action))
    [row] = await access.list(admin)
    assert row.grant.actions == frozenset(Action)


async def test_what_is_left_after_a_revocation_is_told(access, admin, castle):
    await grant(access, admin, "viewer")
    await grant(access, admin, "start", server=castle)
    revoked = await access.revoke(admin, role_id=70, server=castle)
    assert revoked.left == {Action.VIEW}


async def test_check_tells_which_role_gives_what(access, admin, castle):
    await grant(access, admin, "viewer", server=castle, role=70)
    await grant(access, admin, "start", role=71)
    who = Member(GUILD, 5, "Ida", frozenset({70, 71}), is_admin=False)
    found = await access.check(admin, who=who, server=castle)
    assert found.reasons == {Action.VIEW: (70,), Action.START: (71,)}


@pytest.mark.parametrize("text", ["", " , ", "root", "start; stop", "start,flyy"])
def test_words_that_mean_nothing_are_refused_with_the_vocabulary(text):
    with pytest.raises(BadInput, match=r"operator.*restart"):
        parse_actions(text)


def test_presets_and_actions_mix_in_any_case():
    assert parse_actions(" Viewer, KILL ") == PRESETS["viewer"] | {Action.KILL}
    assert parse_actions("admin") == frozenset(Action)


@pytest.mark.parametrize("between", [" ", "  ", "; ", "/", " | ", " + ", " & ", "\n", "\u3001", "; ,"])
def test_words_that_something_else_than_a_comma_separates_are_told_with_commas(between):
    for text in (f"start{between}stop", f"view, Start{between}STOP", f"viewer{between}kill"):
        with pytest.raises(BadInput, match=r"[Cc]ommas separate") as refused:
            parse_actions(text)
        suggested = str(refused.value).rsplit("`", 2)[1]
        wanted = {word for word in (*PRESETS, *Action) if re.search(rf"\b{word}\b", text.lower())}
        assert set(suggested.split(", ")) == wanted
        assert parse_actions(suggested)


@pytest.mark.parametrize("text", ["fly", "start fly", "start; jump, stop"])
def test_nothing_is_suggested_for_a_word_that_means_nothing(text):
    with pytest.raises(BadInput, match="is neither a preset") as refused:
        parse_actions(text)
    assert "commas separate" in str(refused.value)
    assert str(refused.value).count("`") == 2


@pytest.mark.parametrize("commands", [",", " ", "", " , ,"])
async def test_patterns_that_name_nothing_do_not_allow_every_command(access, admin, helper, castle, commands):
    with pytest.raises(BadInput, match="pattern"):
        await grant(access, admin, "moderator", commands=commands)
    assert await allowed(access, helper, castle) == frozenset()


async def test_patterns_without_the_action_they_limit_are_refused(access, admin):
    with pytest.raises(BadInput, match="command"):
        await grant(access, admin, "operator", commands="whitelist *")


async def test_only_the_star_stands_for_anything_in_a_pattern(access, admin, helper, castle):
    await grant(access, admin, "command", commands="say [Admin] *, is it?")
    await access.require(helper, Action.COMMAND, castle, command="say [admin] hello")
    await access.require(helper, Action.COMMAND, castle, command="is it?")
    for refused in ("say a hello", "say d x", "is its"):
        with pytest.raises(NotAllowed):
            await access.require(helper, Action.COMMAND, castle, command=refused)


async def test_what_a_star_stands_for_is_one_command_unless_the_game_has_no_separators(
    access, admin, helper, store, castle
):
    await grant(access, admin, "command", commands="sm_kick *, say hi; say *")
    await access.require(helper, Action.COMMAND, castle, command="sm_kick it's me")
    await access.require(helper, Action.COMMAND, castle, command="say hi; say bye")
    two = ("sm_kick x; quit", "sm_kick x & quit", 'sm_kick "x', "say hi; say x; quit")
    for command in two:
        with pytest.raises(BadInput, match="separators:none"):
            await access.require(helper, Action.COMMAND, castle, command=command)
        await access.require(admin, Action.COMMAND, castle, command=command)
    await store.servers.edit(castle.id, separators=Separators.NONE)
    for command in two:
        await access.require(helper, Action.COMMAND, castle, command=command)


async def test_a_guilds_patterns_are_bounded_altogether_and_a_grant_given_anew_counts_once(access, admin, castle):
    """Every command is held against all of its sender's."""
    many = ",".join(f"{number:03}" + "x" * 197 for number in range(50))
    for _again in range(3):
        await grant(access, admin, "command", role=70, commands=many)
    await grant(access, admin, "command", role=71, commands=many)
    with pytest.raises(BadInput, match="20000 characters"):
        await grant(access, admin, "command", role=72, commands="list")
    await grant(access, admin, "command", role=72)
    await grant(access, admin, "command", role=70, commands="list", only=True)
    await grant(access, admin, "command", role=73, server=castle, commands=many[:9000])


async def test_a_grant_of_any_command_goes_before_one_whose_patterns_do_not_take_it(
    access, admin, helper, store, castle
):
    """And acts with its own key: that of the other grant may send single commands only."""
    other = await store.panels.add(GUILD, "https://panel.example.test", PanelKind.PTERODACTYL, "Second", "ptlc_b")
    await grant(access, admin, "command", commands="sm_kick *")
    await grant(access, admin, "command", panel=other)
    assert (await access.require(helper, Action.COMMAND, castle, command="sm_kick x")).panel.id == castle.panel_id
    assert (await access.require(helper, Action.COMMAND, castle, command="sm_kick x; quit")).panel.id == other.id


async def test_check_shows_the_command_patterns_unless_a_role_may_send_any(access, admin, castle):
    who = Member(GUILD, 5, "Ida", frozenset({70, 71}), is_admin=False)
    await grant(access, admin, "command", commands="list, whitelist *", role=70)
    assert (await access.check(admin, who=who, server=castle)).commands == ("list", "whitelist *")
    await grant(access, admin, "command", role=71)
    assert (await access.check(admin, who=who, server=castle)).commands == ()
