"""The guided tour: a stranger gets from nothing to a running server with its console in a channel."""

import time

from playwright.async_api import expect

STEPS = ["connect", "link", "grant", "relay", "start"]


async def finish(visit, step: str) -> None:
    await expect(visit.at(f"step-{step}")).to_have_attribute("data-state", "done")


async def sideways(page) -> int:
    """How many pixels the page is wider than the window."""
    return await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


async def test_the_owner_takes_the_tour_from_the_first_step_to_a_running_server(fresh):
    """Each step shows only when the one before is ticked, and three minutes are far more than it takes."""
    async with fresh.visit() as visit:
        began = time.monotonic()
        states = [await visit.at(f"step-{step}").get_attribute("data-state") for step in STEPS]
        assert states == ["current", "later", "later", "later", "later"]

        await expect(visit.at("bot-state")).to_have_text("bot ready")
        await visit.at("type-it").click()
        await expect(visit.at("command-name")).to_have_text("/panel connect")
        await visit.page.keyboard.press("Enter")
        await visit.at("form-fill").click()
        await visit.at("form-submit").click()
        await finish(visit, "connect")
        await expect(visit.at("form")).to_have_count(0)
        await expect(visit.said("Connected.")).to_have_attribute("data-ephemeral", "true")

        await visit.at("select").click()
        await visit.page.get_by_role("option", name="Castle").click()
        await visit.at("select-done").click()
        await finish(visit, "link")

        for step in ("grant", "relay"):
            await visit.at("type-it").click()
            await visit.page.keyboard.press("Enter")
            await finish(visit, step)
            await expect(visit.at("composer-input")).to_have_value("")

        await visit.at("type-it").click()
        await expect(visit.at("be-helper")).to_have_attribute("aria-checked", "true")
        await visit.page.keyboard.press("Enter")
        await expect(visit.at("tries")).to_be_visible()
        await expect(visit.said("Hank used /start")).to_contain_text("Castle is up")
        await visit.open("castle-console")
        await expect(visit.said("Castle is running")).to_be_visible()
        await expect(visit.said("Done")).to_be_visible()

        seconds = time.monotonic() - began
        print(f"the tour took {seconds:.1f} s of machine time")  # noqa: T201  a figure to look at with -rP
        assert seconds < 180


async def test_the_tour_can_be_taken_with_the_keyboard_alone(fresh):
    """No step needs a mouse, and the keyboard is never lost."""
    async with fresh.visit() as visit:
        press, write = visit.page.keyboard.press, visit.page.keyboard.type

        async def walk_to(name: str, key: str = "Tab") -> None:
            for _ in range(80):
                if await visit.focused() == name:
                    return
                await press(key)
            raise AssertionError(f"{key} does not lead to {name}")

        await expect(visit.at("bot-state")).to_have_text("bot ready")
        await walk_to("type-it")
        await press("Enter")
        await expect(visit.at("send")).to_be_focused()
        await press("Enter")
        await expect(visit.at("field-url")).to_be_focused()
        await walk_to("form-fill", "Shift+Tab")
        await press("Enter")
        await expect(visit.at("field-label")).to_be_focused()
        await press("Enter")
        await finish(visit, "connect")
        await expect(visit.at("form")).to_have_count(0)

        await walk_to("select", "Shift+Tab")
        await press("Enter")
        await press("Space")
        await expect(visit.page.get_by_role("option", selected=True)).to_have_count(1)
        await press("Enter")
        await expect(visit.said("Linked")).to_be_visible()

        await walk_to("composer-input")
        await write("/acc")
        await expect(visit.page.get_by_role("option").first).to_contain_text("/access check")
        await press("ArrowDown")
        await press("Enter")
        await expect(visit.at("option-role")).to_be_focused()
        await write("help")
        await press("Enter")
        await expect(visit.at("option-allow")).to_be_focused()
        await write("operator")
        await expect(visit.page.get_by_role("option").first).to_contain_text("operator")
        await press("Enter")
        await press("Enter")
        await finish(visit, "grant")

        await expect(visit.at("composer-input")).to_be_focused()
        for step in ("relay", "start"):
            await walk_to("type-it")
            await press("Enter")
            await expect(visit.at("option-server")).to_have_value("Castle")
            await press("Enter")
            if step == "relay":
                await finish(visit, step)
        await expect(visit.at("tries")).to_be_visible()


async def test_the_tour_can_be_taken_on_a_phone(fresh):
    """380 pixels are enough: nothing sticks out at the side, and every part can be reached with a finger."""
    async with fresh.visit(width=380, height=720, has_touch=True, is_mobile=True) as visit:
        page = visit.page

        async def look_at(view: str) -> None:
            await page.get_by_role("navigation", name="Views").get_by_role("button", name=view, exact=True).tap()
            assert await sideways(page) <= 0

        await expect(visit.at("bot-state")).to_have_text("bot ready")
        for step in STEPS:
            await look_at("Guide")
            await visit.at("type-it").tap()
            await visit.at("send").tap()
            if step == "connect":
                await visit.at("form-fill").tap()
                assert await sideways(page) <= 0
                await visit.at("form-submit").tap()
                await expect(visit.said("Connected.")).to_be_visible()
            if step != "start":
                await finish(visit, step)  # or the guide would type this step's command once more
                guide = page.get_by_role("navigation", name="Views").get_by_role("button", name="Guide")
                await expect(guide).to_have_accessible_description("A step is done")
            assert await sideways(page) <= 0
        await expect(visit.at("tries")).to_be_attached()
        await look_at("Channels")
        await visit.at("be-helper").tap()
        await visit.at("channel-castle-console").tap()
        await expect(visit.said("Castle is starting")).to_be_visible()
        await look_at("Other side")
        await expect(visit.at("console")).to_be_visible()
        await visit.at("trouble-hostile").tap()
        await expect(visit.at("told")).to_contain_text("Castle")
        await look_at("Chat")
        await expect(visit.at("composer-input")).to_be_visible()
        small = await page.evaluate(SMALL)
        assert small == []


SMALL = """
    [...document.querySelectorAll('button, input, a')].filter((node) => node.checkVisibility() && !node.closest('p'))
        .map((node) => [node.textContent || node.id, node.getBoundingClientRect()])
        .filter(([, box]) => box.height && box.height < 24).map(([name]) => name)
"""
