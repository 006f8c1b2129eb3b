"""What the make-believe Discord does as the real one does, so that nobody learns here what is wrong there."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from .conftest import PATIENCE

PHONE = {"width": 380, "height": 720}
TOUCH = {"width": 800, "height": 1100, "has_touch": True, "is_mobile": True}


async def test_a_private_reply_is_gone_after_a_reload_and_after_being_somebody_else(demo):
    async with demo.visit() as visit:
        await visit.ready()
        for leave in ("reload", "become"):
            await visit.run("status", server="Survival")
            await expect(visit.said("Olivia used /status")).to_contain_text("Only you can see this")
            if leave == "reload":
                await visit.page.reload()
                await visit.ready()
            else:
                await visit.be("helper")
                await visit.be("owner")
            await expect(visit.said("One moment.")).to_be_visible()
            await expect(visit.at("message").filter(has_text="/status")).to_have_count(0)


async def test_an_embed_is_of_today(demo):
    async with demo.visit() as visit:
        await visit.ready()
        await visit.run("status", server="Survival")
        await expect(visit.page.locator(".embed-foot")).to_have_text(re.compile(r" • Today at \d\d:\d\d$"))
        written = await visit.page.evaluate(CALENDAR)
        assert re.fullmatch(r"Today at \d\d:\d\d", written["today"])
        assert re.fullmatch(r"Yesterday at \d\d:\d\d", written["yesterday"])
        assert re.fullmatch(r"\d\d/\d\d/\d{4}, \d\d:\d\d", written["earlier"])
        assert written["never"] == ""


@pytest.mark.parametrize("width", [1600, 1280, 1100, 960])
async def test_an_address_is_whole_or_breaks_before_its_port(demo, width):
    """However much room the field has: a port is never torn apart."""
    async with demo.visit(width=width) as visit:
        await visit.ready()
        await visit.run("status", server="Survival")
        embed = visit.page.get_by_test_id("embed").last
        async with asyncio.timeout(PATIENCE):
            while "Memory" not in await embed.inner_text():
                await visit.said("used /status").get_by_role("button", name="Refresh").click()
                await asyncio.sleep(0.2)
        assert await embed.locator("dd code").evaluate_all(PORTS) == [[":25542", 1]]


async def test_phones_draw_no_colours_and_say_so(demo):
    """Of a console in a message; what the server really printed is no message."""
    async with demo.visit() as visit:
        await visit.ready()
        await visit.at("tab-panel").click()
        await visit.at("server-Survival").click()
        await visit.trouble("hostile")
        await visit.open("survival-console")
        coloured = visit.page.locator("#log [data-language=ansi] .line > span[class*=a-3]").first
        await expect(coloured).to_be_visible()
        assert await coloured.evaluate(IS_COLOURED)
        await expect(visit.at("phone-note")).to_be_hidden()
        await visit.page.set_viewport_size(PHONE)
        assert not await coloured.evaluate(IS_COLOURED)
        await expect(visit.at("phone-note")).to_contain_text("draws no colours")
        await visit.page.locator("#views [data-view=panel]").click()
        truth = visit.page.locator("#panel .line > span[class*=a-3]").first
        assert await truth.evaluate(IS_COLOURED)


async def test_a_channel_without_colours_says_nothing_of_them(demo):
    async with demo.visit(**PHONE) as visit:
        await visit.ready()
        await visit.page.locator("#views [data-view=chat]").click()
        await expect(visit.said("One moment.")).to_be_visible()
        await expect(visit.at("phone-note")).to_be_hidden()


async def test_fields_stand_below_each_other_where_fingers_are_used(demo):
    for screen, columns in ((PHONE, 1), (TOUCH, 1), ({}, 3)):
        async with demo.visit(**screen) as visit:
            await visit.ready()
            if columns == 1:
                await visit.page.locator("#views [data-view=chat]").click()
            await visit.run("status", server="Survival")
            await expect(visit.page.locator(".inline-field").nth(2)).to_be_visible()
            places = await visit.page.locator(".inline-field").evaluate_all("all => all.map(each => each.offsetLeft)")
            assert len(set(places)) == columns, screen


async def test_everyone_can_be_picked_as_a_role_and_the_bot_warns(demo):
    async with demo.visit() as visit:
        await visit.ready()
        await visit.at("composer-input").fill("/access grant ")
        rows = visit.at("completions").get_by_role("option")
        await expect(rows.first).to_contain_text("@everyone")
        await visit.page.keyboard.type("everyone")
        await expect(rows).to_have_count(1)
        await visit.page.keyboard.press("Enter")
        await expect(visit.at("option-allow")).to_be_focused()
        await visit.page.keyboard.type("view")
        await visit.at("send").click()
        await expect(visit.said("Olivia used /access grant")).to_contain_text("everyone")
        await expect(visit.said("Olivia used /access grant")).to_contain_text("⚠")
        await expect(visit.said("Olivia used /access grant")).not_to_contain_text("deleted-role")
        await visit.run("access revoke", role="@everyone")
        await expect(visit.said("Olivia used /access revoke")).to_be_visible()


async def test_a_form_warns_of_secrets_and_the_guide_has_said_so(fresh):
    async with fresh.visit() as visit:
        await expect(visit.at("step-connect")).to_contain_text("Discord warns")
        await expect(visit.at("bot-state")).to_have_text("bot ready")
        await visit.run("panel connect")
        await expect(visit.at("form-warning")).to_have_text(
            "This form will be submitted to Wingcord. Do not share passwords or other sensitive information."
        )
        await expect(visit.at("form-fill")).to_have_text("Fill in address and key")
        await visit.at("form-fill").click()
        await visit.at("form-submit").click()
        await expect(visit.said("Connected.")).to_be_visible()
        await visit.run("panel replace-key")
        await expect(visit.at("field-url")).to_have_count(0)
        await expect(visit.at("form-fill")).to_have_text("Fill in the key")


async def test_a_thread_can_be_opened_written_into_and_picked_as_a_channel(demo):
    async with demo.visit() as visit:
        await visit.ready()
        await visit.at("composer-input").fill("/relay add server:Survival channel:#castle-night")
        await visit.at("send").click()
        await expect(visit.said("Olivia used /relay add")).to_contain_text("castle-night")
        await visit.open("castle-night")
        await expect(visit.page.locator("#channel-topic")).to_have_text("A thread of #castle-console")
        await visit.at("tab-panel").click()
        await visit.at("server-Survival").click()
        await visit.trouble("flood-100")
        await expect(visit.said("line 100 of 100")).to_be_visible()
        await visit.run("status", server="Castle")
        await expect(visit.said("Olivia used /status")).to_contain_text("Castle")
        await visit.at("composer-input").fill("good night")
        await visit.at("send").click()
        await expect(visit.said("good night")).to_be_visible()
        await visit.run("relay remove", channel="#castle-night")
        await expect(visit.said("Olivia used /relay remove")).to_contain_text("castle-night")


IS_COLOURED = "node => getComputedStyle(node).color !== getComputedStyle(node.parentElement).color"
CALENDAR = """
    async () => {
        const { calendar } = await import('/static/js/times.js');
        const at = (days) => { const moment = new Date(); moment.setDate(moment.getDate() - days);
            return calendar(moment.getTime()); };
        return { today: at(0), yesterday: at(1), earlier: at(2), never: calendar(NaN) };
    }
"""
PORTS = """
    (all) => all.map((code) => {
        const words = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
        let last = null;
        while (words.nextNode()) last = words.currentNode;
        const port = document.createRange();
        port.setStart(last, last.data.lastIndexOf(':'));
        port.setEnd(last, last.data.length);
        return [port.toString(), port.getClientRects().length];
    })
"""
