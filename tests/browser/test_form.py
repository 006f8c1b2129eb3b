"""A form that the bot opens: what was wrong is said, and what was right need not be typed again."""

from playwright.async_api import expect


async def open_form(visit) -> None:
    await expect(visit.at("bot-state")).to_have_text("bot ready")
    await visit.run("panel connect")
    await expect(visit.at("form")).to_be_visible()


async def test_a_wrong_key_is_refused_and_trying_again_keeps_address_and_label(fresh):
    async with fresh.visit() as visit:
        await open_form(visit)
        await visit.at("form-fill").click()
        address = await visit.at("field-url").input_value()
        await visit.at("field-api_key").fill("ptlc_" + "x" * 43)
        await visit.at("field-label").fill("My panel")
        await visit.at("form-submit").click()

        refusal = visit.said("does not accept this key")
        await expect(refusal).to_have_attribute("data-ephemeral", "true")
        await expect(visit.at("step-connect")).to_have_attribute("data-state", "current")
        await refusal.get_by_role("button", name="Try again").click()
        await expect(visit.at("field-url")).to_have_value(address)
        await expect(visit.at("field-label")).to_have_value("My panel")
        await expect(visit.at("field-api_key")).to_have_value("")

        await visit.at("form-fill").click()
        await visit.at("form-submit").click()
        await expect(visit.said("Connected.")).to_contain_text("My panel")
        await expect(visit.at("step-connect")).to_have_attribute("data-state", "done")


async def test_a_form_says_what_is_missing_keeps_the_keyboard_and_ends_with_escape(fresh):
    async with fresh.visit() as visit:
        press = visit.page.keyboard.press
        await open_form(visit)
        form = visit.page.get_by_role("dialog", name="Connect a panel")
        await expect(form).to_be_visible()
        await visit.at("form-submit").click()
        await expect(form.get_by_text("This field is required.")).to_have_count(2)
        await expect(visit.at("field-url")).to_be_focused()
        assert await visit.at("field-url").get_attribute("aria-invalid") is not None

        for key in ("Tab", "Shift+Tab"):
            for _ in range(12):
                await press(key)
                inside = "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
                assert await visit.page.evaluate(inside), "the keyboard left the form"
        await visit.at("field-url").focus()
        await press("Escape")
        await expect(visit.at("form")).to_have_count(0)
        await expect(visit.at("composer-input")).to_be_focused()
        await expect(visit.at("message").filter(has_text="Connected")).to_have_count(0)
