"""A panel's key typed where it does not belong is refused, and repeated nowhere."""

from tests.cogs.test_blank import given, leaves, texts_of

__all__ = ["leaves"]
KEY = "ptlc_4mLN9Yh1bGqUo3WcX7TkRvE2aZs8DfJp0HiQwBnMyKt"


async def test_every_option_of_every_command_refuses_a_key(world, leaves, caplog):
    caplog.set_level("DEBUG")
    refused = []
    for name, leaf in leaves:
        others = {o["name"]: given(world, o["name"]) for o in leaf.get("options", []) if o.get("required")}
        for option in texts_of(leaf):
            if (name, option) == ("command", "command"):
                continue
            result = await world.admin.slash(world.channel, name, **{**others, option: f"x {KEY}"})
            assert f"`{option}` holds an API key" in result.response.content, (name, option)
            assert result.ephemeral
            assert KEY not in result.response.content
            refused.append((name, option))
    assert world.script.asked == []
    assert {("say", "message"), ("server link", "server"), ("server edit", "name"), ("status", "server")} <= set(
        refused
    )
    assert KEY not in caplog.text


async def test_a_console_command_may_hold_one(world):
    """A plugin may need it for its work."""
    await world.admin.slash(world.channel, "command", command=f"stats key {KEY}")
    assert len(world.script.calls("consoles.command")) == 1
