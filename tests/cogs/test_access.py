"""`/access`: grants, their list, and why somebody may do something."""

from bot.services import AccessRow
from bot.store.values import Grant
from bot.terms import Action
from tests.cogs.conftest import text_of
from tests.cogs.fakes import linked


async def test_grant(world):
    """The answer says who may do what where."""
    result = await world.admin.slash(
        world.channel, "access grant", role=world.helpers, allow="operator", server="survival", commands="list, kick *"
    )

    assert result.ephemeral
    assert result.response.content == (
        f"<@&{world.helpers.id}> may now **view**, **start**, **stop**, **restart**, **say** on **survival**."
    )
    assert world.script.calls("access.grant") == [
        (world.helpers.id, "operator", linked(), None, "list, kick *"),
    ]


async def test_grant_for_all_servers_with_another_key(world):
    """Left out, the server means every one; a panel's label means its key."""
    result = await world.admin.slash(world.channel, "access grant", role=world.helpers, allow="view", panel="home")

    assert "on every linked server" in result.response.content
    assert world.script.calls("access.grant")[0][3].label == "home"


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
    """The count is said; nothing to revoke is said too."""
    world.script.grants = [AccessRow(Grant(1, 1, world.helpers.id, frozenset({Action.VIEW})), None, None)]
    result = await world.admin.slash(world.channel, "access revoke", role=world.helpers)
    assert result.response.content == f"Took 1 grant from <@&{world.helpers.id}>."

    world.script.grants = []
    result = await world.admin.slash(world.channel, "access revoke", role=world.helpers, server="survival")
    assert "no such grant" in result.response.content
    assert world.script.calls("access.revoke")[1][1] == linked()


async def test_list_names_roles_servers_keys_and_patterns(world):
    """Roles are shown as mentions; nobody is pinged."""
    grant = Grant(1, 1, world.helpers.id, frozenset({Action.VIEW, Action.COMMAND}), 1, 2, ("whitelist *", "li`st"))
    world.script.grants = [
        AccessRow(grant, "survival", "other"),
        AccessRow(Grant(2, 1, world.guild.id, frozenset({Action.VIEW})), None, None),
    ]
    result = await world.admin.slash(world.channel, "access list")
    text = text_of(result.response)

    assert f"<@&{world.helpers.id}> · **survival**\n-# **view**, **command**" in text
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

    assert "everything" in admin.response.content
    assert "nothing" in stranger.response.content
