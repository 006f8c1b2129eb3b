"""Who sees what, and what the bot says to who may not."""

import pytest
from playwright.async_api import expect

ALL = ["#general", "#castle-console", "└castle-night (thread)", "#survival-console", "#staff"]


async def offered(visit) -> list[str]:
    """The commands in the list above the line."""
    await visit.at("composer-input").fill("/")
    rows = visit.at("completions").get_by_role("option")
    await expect(rows.first).to_be_visible()
    names = [(await row.inner_text()).split("\n")[0] for row in await rows.all()]
    await visit.page.keyboard.press("Escape")
    return names


@pytest.mark.parametrize(
    ("who", "channels", "is_admin"),
    [("owner", ALL, True), ("helper", ALL[:4], False), ("reader", ALL[:4], False), ("stranger", ALL[:1], False)],
)
async def test_everybody_sees_only_the_channels_and_commands_that_are_meant_for_him(demo, who, channels, is_admin):
    async with demo.visit() as visit:
        await visit.ready()
        await visit.be(who)
        await expect(visit.at("channels").get_by_role("button")).to_have_text(channels)
        commands = await offered(visit)
        assert "/status" in commands
        assert ("/panel connect" in commands, "/access grant" in commands) == (is_admin, is_admin)


async def test_a_helper_is_refused_kill_with_the_reason(demo):
    async with demo.visit() as visit:
        await visit.ready()
        await visit.be("helper")
        await visit.run("kill", server="Castle")
        answer = visit.said("Hank used /kill")
        await expect(answer).to_contain_text(
            "You may not kill Castle: none of your roles allows it. An admin can change that"
        )
        await expect(answer).to_have_attribute("data-ephemeral", "true")
        await visit.be("owner")
        await expect(visit.at("channel-staff")).to_be_visible()
        await expect(visit.at("message").filter(has_text="/kill")).to_have_count(0)


async def test_a_stranger_is_offered_no_server_and_told_why(demo):
    async with demo.visit() as visit:
        await visit.ready()
        await visit.be("stranger")
        await visit.at("composer-input").fill("/status ")
        await expect(visit.at("option-server")).to_be_focused()
        await visit.page.keyboard.type("Ca")
        await expect(visit.page.get_by_text("server: ", exact=False).first).to_be_visible()
        await visit.page.wait_for_function(SUGGESTED)
        await expect(visit.at("completions").get_by_role("option")).to_have_count(0)
        await visit.at("send").click()
        await expect(visit.said("Sam used /status")).to_contain_text("An admin can give your role one")
        await visit.run("servers")
        answer = visit.said("Sam used /servers")
        await expect(answer).to_contain_text("/access grant")
        await expect(answer).not_to_contain_text("Castle")


SUGGESTED = """
    () => document.querySelector('[data-testid=option-server]').getAttribute('aria-expanded') === 'false'
"""
