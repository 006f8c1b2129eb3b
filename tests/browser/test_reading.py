"""What assistive technology is told, and whether everything can be read, in light and in dark."""

import re

import pytest
from playwright.async_api import expect

NAMELESS = re.compile(r"^\s*- (?:button|link|textbox|combobox|radio|tab|option|dialog|checkbox)\b(?! \")", re.MULTILINE)


async def heard(visit) -> str:
    """The page as a screen reader gets it."""
    return await visit.page.locator("body").aria_snapshot()


async def test_every_part_has_its_role_and_every_control_a_name(demo):
    async with demo.visit() as visit:
        await visit.ready()
        page = visit.page
        await visit.be("helper")
        await visit.run("status", server="Survival")
        await expect(visit.said("Hank used /status").get_by_role("button", name="Stop")).to_be_visible()
        for role, name in (
            ("main", "Messages"),
            ("log", "Messages"),
            ("navigation", "Channels"),
            ("radiogroup", "You are"),
            ("tablist", "Beside the chat"),
            ("tabpanel", "Guide"),
            ("combobox", "Message, or / for commands"),
        ):
            await expect(page.get_by_role(role, name=name, exact=True)).to_be_visible()
        await expect(page.get_by_role("radio", name="Hank")).to_be_checked()
        assert NAMELESS.findall(await heard(visit)) == []
        await visit.at("tab-panel").click()
        await expect(page.get_by_role("radiogroup", name="Game servers")).to_be_visible()
        assert NAMELESS.findall(await heard(visit)) == []
        await visit.at("composer-input").fill("/")
        await expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
        assert NAMELESS.findall(await heard(visit)) == []


async def test_new_messages_are_announced_in_few_words(demo):
    """The log itself is silent, or a console would never let one finish listening."""
    async with demo.visit() as visit:
        await visit.ready()
        await expect(visit.at("log")).to_have_attribute("aria-live", "off")
        await visit.open("survival-console")
        await visit.at("tab-panel").click()
        await visit.trouble("chatter-off")
        await visit.at("server-Survival").click()
        await visit.page.evaluate(LISTEN)
        await visit.trouble("flood-1000")
        await expect(visit.said("line 1000 of 1000").or_(visit.said("too fast for messages")).last).to_be_visible()
        await expect(visit.at("announcer")).not_to_be_empty()
        told = await visit.page.evaluate("window.told")
        assert len(told) <= 5
        assert all(0 < len(words) < 200 and "ansi" not in words and "<t:" not in words for words in told), told


async def test_the_skip_link_and_the_tabs_work_by_keyboard(demo):
    async with demo.visit() as visit:
        press = visit.page.keyboard.press
        await press("Tab")
        await expect(visit.page.get_by_role("link", name="Skip to the command line")).to_be_focused()
        await press("Enter")
        await expect(visit.at("composer-input")).to_be_focused()
        await visit.at("tab-guide").focus()
        await press("ArrowRight")
        await expect(visit.page.get_by_role("tabpanel", name="The other side")).to_be_visible()
        await expect(visit.at("tab-panel")).to_be_focused()
        await visit.at("be-owner").focus()
        await press("ArrowDown")
        await expect(visit.at("be-helper")).to_be_focused()
        await expect(visit.page.get_by_role("radio", name="Hank")).to_be_checked()


async def test_what_is_announced_is_what_is_shown(demo):
    """No markup is read out: what a message says to the eye, it says to the ear, a line or an item after another."""
    async with demo.visit() as visit:
        await visit.ready()
        heard = await visit.page.evaluate(SPOKEN, [[text] for text, _ in SAYINGS])
        assert heard == [words for _, words in SAYINGS]


SAYINGS = (
    (
        "its node closes the console\\: the panel's administrators",
        "its node closes the console: the panel's administrators",
    ),
    ("**Ruth\\_42** and Ruth_42 and `mango_cat`", "Ruth_42 and Ruth_42 and mango_cat"),
    ("2 \\* 3 * 4 ~~no~~ __yes__", "2 * 3 * 4 no yes"),
    ("```ansi\n\x1b[0;32mone\x1b[0m\n\n\x1b[1mtwo_three\x1b[0m```", "one two_three"),
    ("```ansi\n```", "```ansi ```"),
    ("- one\n- **two**\n> three\n# four", "one two three four"),
    ("[the page](https://example.org/a_b) says ||the secret||", "the page says hidden text"),
    ("`/relay pause minutes:0` ends it, @everyone", "/relay pause minutes:0 ends it, @everyone"),
    ("</panel connect:123456789012345678> opens a form", "/panel connect opens a form"),
    ("<t:0:D> <@1>", "1 January 1970 @unknown"),
    ("x" * 500, "x" * 160),
)
SPOKEN = """
    async (all) => {
        const { spoken } = await import('/static/js/announce.js');
        const message = (content) => ({ content, embeds: [], files: [], thinking: false });
        return all.map(([text]) => spoken(message(text)));
    }
"""


@pytest.mark.parametrize(
    ("command", "target"),
    [("", "composer-input"), ("/status ", "option-server"), ("/access grant role:@helpers allow:", "option-allow")],
)
@pytest.mark.parametrize("width", [1280, 380])
async def test_the_skip_link_leads_to_wherever_one_types(demo, command, target, width):
    """Also from a part that hides the command line."""
    async with demo.visit(width=width) as visit:
        await visit.ready()
        if width == 380:
            await visit.page.locator("#views [data-view=chat]").click()
        await visit.at("composer-input").fill(command)
        await expect(visit.at(target)).to_be_visible()
        if width == 380:
            await visit.page.locator("#views [data-view=guide]").click()
        await visit.page.get_by_role("link", name="Skip to the command line").focus()
        await visit.page.keyboard.press("Enter")
        await expect(visit.at("command-name").or_(visit.at(target)).last).to_be_visible()
        assert await visit.page.evaluate("document.activeElement.closest('#composer') !== null")
        assert await visit.page.evaluate("document.activeElement.matches('input')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_stands_out_from_its_background(demo, scheme):
    """At least 4.5 to 1 (WCAG AA) for everything that can be read, large or small."""
    async with demo.visit(color_scheme=scheme) as visit:
        await visit.ready()
        await visit.run("status", server="Survival")
        await expect(visit.said("used /status")).to_contain_text("running")
        for tab in ("guide", "panel"):
            await visit.at(f"tab-{tab}").click()
            assert await visit.page.evaluate(FAINT) == []
        await visit.open("survival-console")
        await expect(visit.page.locator(".block").first).to_be_visible()
        assert await visit.page.evaluate(FAINT) == []
        await visit.page.set_viewport_size({"width": 380, "height": 720})
        assert await visit.page.evaluate(FAINT) == []


LISTEN = """
    () => {
        window.told = [];
        const announcer = document.getElementById('announcer');
        new MutationObserver(() => window.told.push(announcer.textContent)).observe(announcer, { childList: true });
    }
"""
FAINT = """
    () => {
        const paper = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        const parts = (colour) => {
            paper.clearRect(0, 0, 1, 1);
            paper.fillStyle = colour;
            paper.fillRect(0, 0, 1, 1);
            const [red, green, blue, alpha] = paper.getImageData(0, 0, 1, 1).data;
            return { rgb: [red, green, blue], alpha: alpha / 255 };
        };
        const over = (top, below) => top.rgb.map((part, index) => part * top.alpha + below[index] * (1 - top.alpha));
        const behind = (node) => {
            if (!node) return [255, 255, 255];
            const own = parts(getComputedStyle(node).backgroundColor);
            return own.alpha === 1 ? own.rgb : over(own, behind(node.parentElement));
        };
        const light = (rgb) => rgb.map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
            .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
        const found = new Set();
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const node = walker.currentNode.parentElement;
            const text = walker.currentNode.data.trim();
            if (!text || !node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
            if (node.closest('.sr, noscript, :disabled, [aria-hidden=true], [class*=" a-"], [class^="a-"]')) continue;
            const style = getComputedStyle(node);
            if (style.backgroundImage !== 'none') continue;
            const ground = behind(node);
            const [one, two] = [light(over(parts(style.color), ground)), light(ground)];
            const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
            if (ratio < 4.5) found.add(`${node.className || node.tagName} ${ratio.toFixed(2)}: ${text.slice(0, 30)}`);
        }
        return [...found];
    }
"""
