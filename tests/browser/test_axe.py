"""What axe-core finds in every state that the page can be in, light and dark, wide and narrow: nothing."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from .conftest import running

SHAPES = {
    "desktop-light": {"width": 1280, "height": 800, "color_scheme": "light"},
    "desktop-dark": {"width": 1280, "height": 800, "color_scheme": "dark"},
    "phone-light": {"width": 380, "height": 720, "color_scheme": "light"},
    "phone-dark": {"width": 380, "height": 720, "color_scheme": "dark"},
}
PHONE = 380


async def found(page) -> list[str]:
    """Everything that axe objects to, as rule, element and reason; of its rules none is left out.

    The backgrounds that a game's codes ask for are drawn as Discord draws them, whatever stands on them.
    """
    answer = await Axe().run(page, context={"exclude": [".block [class*='a-4']"]})
    return [
        f"{rule['id']} at {node['target']}: {node['failureSummary']}"
        for rule in answer.response["violations"]
        for node in rule["nodes"]
    ]


async def view(visit, name: str) -> None:
    """Bring a part into sight: by the row at the bottom of a phone, by the tabs elsewhere."""
    if visit.page.viewport_size["width"] == PHONE:
        await visit.page.locator(f"#views [data-view={name}]").click()
    elif name in {"guide", "panel"}:
        await visit.at(f"tab-{name}").click()


async def nothing_said(visit) -> None:
    await view(visit, "chat")
    await expect(visit.page.get_by_role("heading", name="This is the beginning of")).to_be_visible()


async def guide(visit) -> None:
    await view(visit, "guide")
    await expect(visit.at("tries")).to_be_visible()
    await visit.page.get_by_text("The five steps").click()


async def other_side(visit) -> None:
    await view(visit, "panel")
    await visit.at("trouble-chatter-off").click()
    await expect(visit.at("console").locator(".line").first).to_be_visible()
    await expect(visit.at("requests").locator("time").first).to_be_attached()


async def places(visit) -> None:
    await view(visit, "places")
    await expect(visit.at("be-owner")).to_be_visible()


async def command_list(visit) -> None:
    await view(visit, "chat")
    await visit.at("composer-input").fill("/s")
    await expect(visit.at("completions").get_by_role("option").first).to_be_visible()


async def command_open(visit) -> None:
    """A command with its options; what is suggested for one of them stands above it."""
    await view(visit, "chat")
    await visit.at("composer-input").fill("/relay add ")
    await expect(visit.at("option-server")).to_be_focused()
    await expect(visit.at("completions").get_by_role("option").first).to_be_visible()


async def command_wrong(visit) -> None:
    await view(visit, "chat")
    await visit.run("access grant", role="@nobody")
    await expect(visit.at("composer-status")).to_contain_text("is required")


async def status(visit) -> None:
    """An embed with buttons, which only one person sees."""
    await view(visit, "chat")
    await visit.run("status", server="Survival")
    await expect(visit.said("used /status").get_by_role("button", name="Refresh")).to_be_visible()


async def form(visit) -> None:
    await view(visit, "chat")
    await visit.run("panel connect")
    await visit.at("form-submit").click()
    await expect(visit.page.get_by_text("This field is required.").first).to_be_visible()


async def console(visit) -> None:
    """Lines in colour, in messages and in a file."""
    await view(visit, "panel")
    await visit.at("server-Survival").click()
    await visit.at("trouble-hostile").click()
    await visit.at("trouble-flood-1000").click()
    await view(visit, "places")
    await visit.open("survival-console")
    await expect(visit.page.locator(".block").first).to_be_visible()
    await expect(visit.said("line 1000 of 1000").or_(visit.said("too fast for messages")).last).to_be_visible()


async def long_past(visit) -> None:
    """A channel whose beginning is out of sight, with headings of people and of the bot."""
    await view(visit, "places")
    await visit.open("staff")
    await view(visit, "chat")
    await visit.page.evaluate(TALK)
    await view(visit, "places")
    await visit.open("general")
    await view(visit, "places")
    await visit.open("staff")
    await view(visit, "chat")
    await expect(visit.page.get_by_role("button", name="Earlier messages")).to_be_visible()
    await visit.run("status", server="Survival")
    await expect(visit.said("used /status").get_by_role("button", name="Refresh")).to_be_visible()


STATES = [
    nothing_said,
    guide,
    other_side,
    places,
    command_list,
    command_open,
    command_wrong,
    status,
    form,
    console,
    long_past,
]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("shape", SHAPES)
async def test_nothing_shuts_anybody_out(demo, shape):
    wrong = {}
    async with demo.visit(**SHAPES[shape]) as visit:
        await visit.ready()
        for state in STATES:
            await visit.page.reload()
            await visit.ready()
            await state(visit)
            if objections := await found(visit.page):
                wrong[state.__name__] = objections
    assert wrong == {}, "\n".join(f"{state}: {each}" for state, all_of_it in wrong.items() for each in all_of_it)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nor_does_the_tour_at_its_beginning(fresh, scheme):
    async with fresh.visit(color_scheme=scheme) as visit:
        await expect(visit.at("bot-state")).to_have_text("bot ready")
        assert await found(visit.page) == []
        await visit.run("panel connect")
        await visit.at("form-fill").click()
        assert await found(visit.page) == []
        await visit.at("form-submit").click()
        await visit.at("select").click()
        await expect(visit.page.get_by_role("option", name="Castle")).to_be_visible()
        assert await found(visit.page) == []


async def test_nor_does_a_bot_that_is_down(browser, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "wingcord.db").mkdir()
    with running(browser, "--data", str(tmp_path / "data")) as demo:
        async with demo.visit() as visit:
            await expect(visit.page.locator("#banner")).not_to_be_empty()
            assert await found(visit.page) == []


async def test_nor_does_the_locked_page(demo, browser):
    address = await demo.address()
    page = await browser.new_page()
    try:
        await page.goto(address.split("?")[0])
        await expect(page.get_by_role("heading")).to_have_text("This page is locked")
        assert await found(page) == []
    finally:
        await page.close()


TALK = """
    async () => {
        const { ask } = await import('/static/js/socket.js');
        const words = ['### small', '# Large', '> quoted **words**', '1. one', '||hidden||', 'plain'];
        for (let count = 0; count < 84; count += 14) {
            const texts = Array.from({ length: 14 }, (_, index) => words[(count + index) % words.length]);
            await Promise.all(texts.map((text) => ask('say', { text })));
        }
    }
"""
