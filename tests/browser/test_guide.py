"""What the guide offers when all is connected: it happens where the visitor looks, and he is told."""

from playwright.async_api import expect


async def test_what_came_of_a_trouble_is_said_beside_its_button(demo):
    """Also why it could not be made; and it is the Castle's, whatever server was looked at before."""
    async with demo.visit() as visit:
        await visit.ready()
        await visit.at("tab-panel").click()
        await expect(visit.at("server-Castle")).to_have_attribute("data-state", "running")
        await visit.at("server-Survival").click()
        await visit.at("tab-guide").click()
        told = visit.at("try-told").filter(has_text="Castle")
        await visit.at("try-hostile").click()
        await expect(told).to_have_text("Castle printed markup, scripts, escape codes, look-alike links and secrets.")
        await expect(visit.at("channel-castle-console")).to_have_attribute("aria-current", "true")
        await expect(visit.said("true colour")).to_be_visible()
        await visit.at("try-node-up").click()
        await expect(visit.at("try-told").filter(has_text="The node is up.")).to_be_visible()
        await expect(told).to_have_count(0)


async def test_the_game_answers_what_the_guide_types(demo):
    async with demo.visit() as visit:
        await visit.ready()
        await visit.at("tab-panel").click()
        await expect(visit.at("server-Castle")).to_have_attribute("data-state", "running")
        await visit.at("tab-guide").click()
        for answer in ("Added Bob to the whitelist", "Player is already whitelisted"):
            await visit.at("try-command").click()
            await expect(visit.at("option-command")).to_have_value("whitelist add Bob")
            await visit.at("send").click()
            await expect(visit.said("Olivia used /command", answer)).to_be_visible()


async def test_the_keyboard_and_what_was_opened_stay_when_the_guide_is_drawn_anew(demo):
    async with demo.visit() as visit:
        await visit.ready()
        await expect(visit.at("server-Castle")).to_have_attribute("data-state", "running")
        await visit.be("helper")
        await visit.page.get_by_text("The five steps").click()
        button = visit.at("try-hostile")
        await button.focus()
        await visit.page.keyboard.press("Enter")
        await expect(visit.at("be-owner")).to_have_attribute("aria-checked", "true")
        await expect(visit.at("try-told").filter(has_text="Castle printed")).to_be_visible()
        await expect(button).to_be_focused()
        await expect(visit.at("step-connect")).to_be_visible()


async def test_channels_are_as_large_as_fingers_on_a_phone(demo):
    async with demo.visit(width=380, height=720) as visit:
        await visit.ready()
        await visit.page.locator("#views [data-view=places]").click()
        for name in ("general", "castle-console"):
            await expect(visit.at(f"channel-{name}")).to_be_visible()
            box = await visit.at(f"channel-{name}").bounding_box()
            assert box["height"] >= 44
            size = await visit.at(f"channel-{name}").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
            assert size >= 15
