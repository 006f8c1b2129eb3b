"""`/access`: grants, their list, and why somebody may do something."""

from bot.errors import NotAllowed
from bot.services import AccessRow
from bot.store.values import Grant
from bot.terms import Action
from tests.cogs.conftest import text_of
from tests.cogs.fakes import linked


async def test_grant(world):
    """The answer says who may do what where."""
    result = await world.admin.slash(
        world.channel,
        "access grant",
        role=world.helpers,
        allow="view, command",
        server="survival",
        commands="list, kick *",
    )

    assert result.ephemeral
    assert result.response.content == (
        f"✅ <@&{world.helpers.id}> can now do this, on **survival**: view · command.\n"
        "Console commands allowed: `list`, `kick *`. Anything else is refused."
    )
    assert result.response.components == []
    assert world.script.calls("access.grant") == [
        (world.helpers.id, "view, command", linked(), None, "list, kick *"),
    ]


async def test_a_further_grant_adds_and_shows_what_there_was(world):
    """What was not named stays, and can be taken away with a button."""
    await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="operator")
    result = await world.admin.slash(
        world.channel, "access grant", role=world.helpers, allow="command", commands="whitelist *"
    )
    assert result.response.content == (
        f"✅ <@&{world.helpers.id}> can now do this, on every linked server: "
        "view · start · stop · restart · say · command. (Before: view · start · stop · restart · say.)\n"
        "Console commands allowed: `whitelist *`. Anything else is refused.\n"
        "-# What you did not name stays: view · start · stop · restart · say. The button takes it away."
    )
    await world.admin.click(result.response, label="Only what I named")
    assert result.response.content == (
        f"✅ <@&{world.helpers.id}> can now do this, on every linked server: "
        "command. (Before: view · start · stop · restart · say · command.)\n"
        "Console commands allowed: `whitelist *`. Anything else is refused."
    )
    assert result.response.components == []


async def test_limits_of_console_commands_are_not_dropped_unasked(world):
    """Naming the action again without patterns would let any command through."""
    await world.admin.slash(
        world.channel, "access grant", role=world.helpers, allow="command", commands="whitelist *, list"
    )
    asked = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="operator, command")
    assert "may send only these console commands so far: `whitelist *`, `list`" in asked.response.content
    assert world.script.grants[0].grant.commands == ("whitelist *", "list")
    await world.admin.click(asked.response, label="Keep the limits")
    assert world.script.grants[0].grant.commands == ("whitelist *", "list")
    assert Action.START in world.script.grants[0].grant.actions

    asked = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="command")
    await world.admin.click(asked.response, label="Cancel")
    assert asked.response.content == "Cancelled; nothing was done."
    asked = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="command")
    await world.admin.click(asked.response, label="Allow any command")
    assert world.script.grants[0].grant.commands == ()
    assert "Any console command is allowed. (Before: `whitelist *`, `list`.)" in asked.response.content


async def test_limits_do_not_come_unasked_either(world):
    """Who could send any command would be told that he may not."""
    await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="command")
    asked = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="command", commands="list")
    assert "may send any console command so far" in asked.response.content
    await world.admin.click(asked.response, label="Only these commands")
    assert world.script.grants[0].grant.commands == ("list",)
    assert (
        "Console commands allowed: `list`. Anything else is refused. (Before: any command.)" in asked.response.content
    )


async def test_a_question_nobody_answers_changes_nothing_and_says_so(world):
    """The buttons go."""
    await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="command", commands="list")
    asked = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="command")
    await world.env.advance_time(61)
    assert "nothing was done" in asked.response.content
    assert asked.response.components == []
    assert world.script.grants[0].grant.commands == ("list",)


async def test_the_right_to_grant_is_looked_at_again_when_a_button_is_pressed(world):
    """The one who asked may have lost it meanwhile."""
    await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="command", commands="list")
    asked = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="command")
    world.script.fails["access.grant"] = NotAllowed("Only members with the *Manage Server* permission can do this.")
    pressed = await world.admin.click(asked.response, label="Allow any command")
    assert "Manage Server" in pressed.followups[0].content
    assert asked.response.components == []
    world.no_surprises()


async def test_with_nothing_linked_a_grant_does_not_speak_of_servers_that_there_are(world):
    """It is said what it is good for."""
    world.script.servers = []
    result = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="view")
    assert "on every server that you link; none is linked yet" in result.response.content


async def test_a_grant_that_changes_nothing_says_so(world):
    """No tick for nothing."""
    await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="view")
    result = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="view")
    assert "could do that already" in result.response.content


async def test_grant_for_all_servers_with_another_key(world):
    """Left out, the server means every one; a panel's label means its key."""
    result = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="view", panel="home")

    assert "on every linked server with the key of **home**: view." in result.response.content
    assert world.script.calls("access.grant")[0][3].label == "home"


async def test_what_another_key_gives_names_it_at_each_step(world):
    """Given, given again, added to, and taken: as `/access list` names it."""
    with_key = {"role": world.helpers, "server": "survival", "panel": "home"}
    for allow in ("view", "view", "start"):
        result = await world.admin.slash(world.channel, "access grant", allow=allow, **with_key)
        assert "on **survival** with the key of **home**: " in result.response.content
    listed = await world.admin.slash(world.channel, "access list")
    assert "with the key of **home**" in text_of(listed.response)
    revoked = await world.admin.slash(world.channel, "access revoke", role=world.helpers)
    assert "**survival** with the key of **home**: view · start" in revoked.response.content


async def test_a_grant_by_the_servers_own_key_names_none(world):
    result = await world.admin.slash(world.channel, "access grant", role=world.helpers, server="survival", allow="view")
    assert "the key of" not in result.response.content


async def test_a_grant_to_everyone_warns(world):
    """The role of all members bears the guild's id."""
    role = world.guild.default_role
    result = await world.admin.slash(world.channel, "access grant", role=role, allow="view")

    assert "every member of this Discord server" in result.response.content


async def test_a_grant_of_nonsense_is_refused(world):
    """The sentence names the words that exist."""
    result = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="fly")

    assert "neither a preset" in result.response.content
    world.no_surprises()


async def test_allow_is_completed_word_by_word(world):
    """Presets alone, actions in a comma list, none twice."""

    async def complete(typed):
        found = await world.admin.autocomplete(world.channel, "access grant", "allow", typed)
        return [choice["value"] for choice in found]

    assert await complete("op") == ["operator"]
    assert "view" in await complete("")
    assert "operator" in await complete("")
    assert await complete("view, st") == ["view, start", "view, stop"]
    assert await complete("start, stop, st") == []


async def test_revoke(world):
    """What is taken is named; nothing to revoke is said too."""
    role = f"<@&{world.helpers.id}>"
    on_survival = AccessRow(Grant(1, 1, world.helpers.id, frozenset({Action.VIEW}), 1), "survival", None)
    on_all = AccessRow(Grant(2, 1, world.helpers.id, frozenset({Action.VIEW, Action.START})), None, None)
    world.script.grants = [on_survival]
    result = await world.admin.slash(world.channel, "access revoke", role=world.helpers, server="survival")
    assert result.response.content == f"✅ {role} can no longer use **survival**. Taken: view."

    result = await world.admin.slash(world.channel, "access revoke", role=world.helpers, server="survival")
    assert result.response.content == f"{role} has no rights on **survival**, so there was nothing to take."
    assert world.script.calls("access.revoke")[1][1] == linked()

    world.script.grants = [on_survival, on_all]
    result = await world.admin.slash(world.channel, "access revoke", role=world.helpers, server="survival")
    assert f"✅ Taken from {role} on **survival**: view." in result.response.content
    assert "holds there still: view · start." in result.response.content
    result = await world.admin.slash(world.channel, "access revoke", role=world.helpers, server="survival")
    assert "no rights that name **survival**" in result.response.content

    world.script.grants = [on_survival, on_all]
    result = await world.admin.slash(world.channel, "access revoke", role=world.helpers)
    assert result.response.content == (
        f"✅ {role} can no longer use any server. Taken:\n-# **survival**: view\n-# every linked server: view · start"
    )
    result = await world.admin.slash(world.channel, "access revoke", role=world.helpers)
    assert "no rights on any server" in result.response.content


async def test_list_names_roles_servers_keys_and_patterns(world):
    """Roles are shown as mentions; nobody is pinged."""
    grant = Grant(1, 1, world.helpers.id, frozenset({Action.VIEW, Action.COMMAND}), 1, 2, ("whitelist *", "li`st"))
    world.script.grants = [
        AccessRow(grant, "survival", "other"),
        AccessRow(Grant(2, 1, world.guild.id, frozenset({Action.VIEW})), None, None),
    ]
    result = await world.admin.slash(world.channel, "access list")
    text = text_of(result.response)

    assert f"<@&{world.helpers.id}> · **survival**\n-# view · command" in text
    assert "with the key of **other**" in text
    assert "`whitelist *`, `` li`st ``" in text
    assert "@everyone · every linked server" in text
    assert result.response.message.role_mentions == []


async def test_an_empty_list_says_what_it_means(world):
    """No grants: nobody but admins."""
    result = await world.admin.slash(world.channel, "access list")

    assert "only members with *Manage Server*" in result.response.content


async def test_check_says_why(world):
    """By which role each action is allowed."""
    result = await world.admin.slash(world.channel, "access check", member=world.helper)
    text = result.response.content

    assert text.startswith(f"{world.helper.mention} on **survival**:")
    assert f"✅ **start** by <@&{world.helpers.id}>" in text
    assert "❌ kill" in text
    assert "with the key of **other**" in text


async def test_check_of_an_admin_and_of_a_stranger(world):
    """Everything, and nothing."""
    admin = await world.admin.slash(world.channel, "access check", member=world.admin)
    stranger = await world.admin.slash(world.channel, "access check", member=world.stranger)

    assert "may do everything on **survival**" in admin.response.content
    assert f"{world.stranger.mention} may do nothing on **survival**" in stranger.response.content
