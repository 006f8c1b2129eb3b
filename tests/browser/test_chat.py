"""Talking to the bot: suggestions, buttons, what is wrong with a line, light and dark."""

from playwright.async_api import expect


async def test_suggestions_work_with_the_keyboard_alone_and_are_told_to_screen_readers(demo):
    async with demo.visit() as visit:
        await visit.ready()
        press, write = visit.page.keyboard.press, visit.page.keyboard.type
        line = visit.page.get_by_role("combobox", name="Message, or / for commands")
        rows = visit.page.get_by_role("listbox", name="Suggestions").get_by_role("option")
        await visit.at("be-owner").focus()
        await press("/")
        await expect(line).to_be_focused()
        await expect(line).to_have_attribute("aria-expanded", "true")
        await write("sta")
        await expect(rows.first).to_contain_text("/start")
        await press("ArrowDown")
        active = visit.page.locator(f"id={await line.get_attribute('aria-activedescendant')}")
        await expect(active).to_contain_text("/status")
        await expect(active).to_have_attribute("aria-selected", "true")
        await press("Enter")

        field = visit.page.get_by_role("combobox", name="server")
        await expect(field).to_be_focused()
        await expect(rows).to_have_text(["Castle", "Survival"])
        await write("sur")
        await expect(rows).to_have_text(["Survival"])
        await press("Enter")
        await expect(field).to_have_value("Survival")
        await press("Enter")
        await expect(visit.said("used /status")).to_contain_text("Survival")
        await expect(line).to_be_focused()


async def test_what_is_missing_or_wrong_is_marked_and_not_sent(demo):
    async with demo.visit() as visit:
        await visit.ready()
        await visit.run("access grant", role="@nobody")
        await expect(visit.at("composer-status")).to_contain_text("“role”: pick one from the list.")
        await expect(visit.at("composer-status")).to_contain_text("“allow” is required.")
        for option in ("role", "allow"):
            await expect(visit.at(f"option-{option}")).to_have_attribute("aria-invalid", "true")
        await expect(visit.at("option-role")).to_be_focused()
        await visit.page.keyboard.press("Escape")
        await visit.page.keyboard.press("Escape")
        await visit.at("composer-input").fill("/no such command")
        await visit.at("send").click()
        await expect(visit.at("composer-status")).to_have_text("There is no such command here. Type / and pick one.")
        await expect(visit.at("message").filter(has_text="/access grant")).to_have_count(0)


async def test_what_is_filled_in_means_what_it_would_mean_typed(demo):
    """For every option of every command: a line that is pasted at once is no other than one that is typed."""
    async with demo.visit() as visit:
        await visit.ready()
        compared = await visit.page.evaluate(FILLED_AND_TYPED)
        assert len({each["type"] for each in compared}) >= 5, "the bot's options are of many types"
        assert [each for each in compared if each["filled"] != each["typed"]] == []
        numbers = [each for each in compared if each["type"] in {4, 10} and each["text"].isdigit()]
        assert numbers
        assert [each for each in numbers if isinstance(each["filled"].get("value"), str)] == []


async def test_a_pasted_number_is_sent(demo):
    """At once, behind a command that was chosen before, and into a field of its own.

    The Castle was started, so it has printed something.
    """
    async with demo.visit() as visit:
        await visit.ready()
        line = visit.at("composer-input")
        await line.fill("/console lines:5 server:Castle")
        await visit.at("send").click()
        await expect(visit.said("Olivia used /console").locator(".block")).to_be_visible()
        await visit.open("staff")
        await line.fill("/console ")
        await visit.at("option-server").evaluate(PASTE, "Castle lines:7")
        await expect(visit.at("option-lines")).to_have_value("7")
        await visit.at("send").click()
        await expect(visit.said("Olivia used /console").locator(".block")).to_be_visible()
        await line.fill("/relay pause minutes:0")
        await visit.at("send").click()
        await expect(visit.said("Olivia used /relay pause")).to_be_visible()
        await expect(visit.at("composer-status")).to_be_empty()


async def test_a_whole_command_that_was_never_picked_is_sent_by_the_button(demo):
    async with demo.visit() as visit:
        await visit.ready()
        line, status = visit.at("composer-input"), visit.at("composer-status")
        for name in ("panel list", "servers"):
            await line.fill(f"/{name}")
            await visit.at("send").click()
            await expect(visit.said(f"Olivia used /{name}")).to_be_visible()
            await expect(status).to_be_empty()
        await line.fill("/say")
        await visit.at("send").click()
        await expect(visit.at("option-message")).to_be_focused()


async def test_letters_are_no_number_and_one_is_told_while_typing(demo):
    async with demo.visit() as visit:
        await visit.ready()
        await visit.at("composer-input").fill("/console server:Survival lines:")
        field, status = visit.at("option-lines"), visit.at("composer-status")
        await expect(field).to_be_focused()
        await expect(field).to_have_attribute("inputmode", "numeric")
        await visit.page.keyboard.type("5x")
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(status).to_have_text("“lines” is a whole number.")
        await visit.page.keyboard.press("Backspace")
        await expect(field).not_to_have_attribute("aria-invalid", "true")
        await expect(status).to_be_empty()
        await visit.page.keyboard.type("00")
        await visit.at("send").click()
        await expect(status).to_contain_text("is at most")


async def test_buttons_do_what_they_say(demo):
    """A helper has the buttons he may press under a status, and they reach the game server."""
    async with demo.visit() as visit:
        await visit.ready()
        await visit.at("tab-panel").click()
        state = visit.at("server-Castle")
        await expect(state).to_have_attribute("data-state", "running")
        await visit.be("helper")
        await visit.run("status", server="Castle")
        card = visit.said("Hank used /status", "Castle")
        await expect(card.get_by_role("button")).to_have_text(["Stop", "Restart", "🔄 Refresh", "Dismiss message"])
        await card.get_by_role("button", name="Refresh").click()
        await expect(card.get_by_role("button", name="Refresh")).not_to_have_attribute("aria-busy", "true")
        await card.get_by_role("button", name="Stop", exact=True).click()
        await expect(state).to_have_attribute("data-state", "offline")
        await expect(visit.said("@Hank:")).to_contain_text("Castle has stopped")
        await expect(card.get_by_role("button", name="Start")).to_be_visible()
        await expect(card.get_by_role("alert")).to_be_hidden()
        await card.get_by_role("button", name="Dismiss message").click()
        await expect(visit.at("message").filter(has_text="Hank used /status")).to_have_count(0)


async def test_the_keyboard_stays_on_the_button_that_was_pressed(demo):
    """Of a card that is drawn anew; who presses a key again presses the same button, or none."""
    async with demo.visit() as visit:
        await visit.ready()
        await visit.run("status", server="Survival")
        card = visit.said("Olivia used /status", "Survival")
        refresh = card.get_by_role("button", name="Refresh")
        for _ in range(2):
            await card.evaluate("node => { node.dataset.before = 'yes'; }")
            await refresh.focus()
            await visit.page.keyboard.press("Enter")
            await expect(visit.page.locator("[data-before]")).to_have_count(0)
            await expect(refresh).to_be_focused()
        await card.get_by_role("button", name="Dismiss message").focus()
        await visit.page.keyboard.press("Enter")
        await expect(card).to_have_count(0)
        await expect(visit.at("log")).to_be_focused()


async def test_the_page_is_light_or_dark_as_the_system_is_and_as_one_chooses(demo):
    brightness = (
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).every((part) => part > 128)"
    )
    for scheme, is_light in (("light", True), ("dark", False)):
        async with demo.visit(color_scheme=scheme) as visit:
            assert await visit.page.evaluate(brightness) is is_light
            await visit.at("theme").click()
            assert await visit.page.evaluate(brightness) is not is_light
            await visit.page.reload()
            await expect(visit.at("channel-general")).to_be_visible()
            assert await visit.page.evaluate(brightness) is not is_light


FILLED_AND_TYPED = """
    async () => {
        const { OptionField } = await import('/static/js/option_field.js');
        const { Popup } = await import('/static/js/popup.js');
        const { state } = await import('/static/js/state.js');
        const { pickable } = await import('/static/js/values.js');
        const nothing = () => {};
        const line = { others: () => ({}), next: nothing, complete: () => true, send: nothing, jump: () => false,
            back: nothing, say: nothing, cancel: nothing };
        const free = ['0', '5', '007', '-3', '2.5', '1e3', '0x10', 'five', 'Castle', ' padded ', '5 minutes', '١٢'];
        const found = [];
        for (const command of state.commands) for (const option of command.options) {
            const names = (pickable(option) ?? []).slice(0, 3).map((item) => item.label);
            for (const text of [...free, ...names]) {
                const make = () => new OptionField(option, command.name, new Popup(), line);
                const [filled, typed] = [make(), make()];
                filled.fill(text);
                typed.input.value = text;
                found.push({ command: command.name, option: option.name, type: option.type, text,
                    filled: filled.result(), typed: typed.result() });
            }
        }
        return found;
    }
"""
PASTE = """
    (field, text) => {
        field.focus();
        field.value = text;
        field.dispatchEvent(new InputEvent('input', { inputType: 'insertFromPaste', bubbles: true }));
    }
"""
