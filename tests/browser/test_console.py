"""Consoles in the page: floods, hostile lines, and a channel that tells when it could not hear."""

import asyncio

import pytest_asyncio
from playwright.async_api import expect

WATCH_FRAMES = """
    () => {
        const seen = { longest: 0, last: performance.now(), count: 0 };
        const look = (now) => {
            seen.longest = Math.max(seen.longest, now - seen.last);
            seen.last = now;
            seen.count += 1;
            requestAnimationFrame(look);
        };
        requestAnimationFrame((now) => { seen.last = now; requestAnimationFrame(look); });
        window.frames_seen = seen;
    }
"""
TYPED = """
    async () => {
        const line = document.getElementById('composer-input');
        const began = performance.now();
        line.value = '/';
        line.dispatchEvent(new Event('input'));
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const shown = document.querySelectorAll('#completions [role=option]').length;
        line.value = '';
        line.dispatchEvent(new Event('input'));
        return [performance.now() - began, shown];
    }
"""
PATIENCE = 20.0
ELEMENTS = "document.getElementsByTagName('*').length"
TROUBLESOME = (
    "<script>window.violations.push('ran')</script><img src=x onerror=\"window.violations.push('ran')\">",
    "[click me](javascript:alert(1)) [data](data:text/html,<script>alert(1)</script>) javascript:alert(1)",
    '<javascript:alert(1)> <https://a.test/" onmouseover="alert(1)> [a](https://a.test/"onclick=alert(1))',
    "\u202egnp.exe \u2066hidden\u2069 \u200f@everyone @here",
    "```html\n<iframe src=//example.test></iframe>\n``` ||<svg onload=alert(1)>|| > # **<b>bold</b>**",
    "<t:99999999999999:R> <t:0:R> <@&1> <#2> <@3> </x:4> <:e:5> http://127.0.0.1:1/%00",
)

STRANGE = (
    "script:not([src]), iframe, svg, object, embed, .log img, .log b, "
    "[onerror], [onclick], [onmouseover], [onload], [srcdoc], [style*=url]"
)


@pytest_asyncio.fixture(loop_scope="module")
async def survival(demo):
    """The page at the side of a running server whose console goes to a channel, with no player talking in between."""
    async with demo.visit() as visit:
        await visit.ready()
        await visit.trouble("chatter-off")
        await visit.at("server-Survival").click()
        await visit.open("survival-console")
        await expect(visit.at("server-Survival")).to_have_attribute("data-state", "running")
        async with asyncio.timeout(PATIENCE):
            # What is printed while the relay reads the server's history counts as history.
            while not await visit.at("truth-line").count():
                await visit.trouble("flood-100")
                await visit.page.wait_for_timeout(500)
        yield visit


async def print_100(visit) -> None:
    """Let the server print and wait until the channel has shown all of it."""
    printed = int(await visit.at("truth-line").get_attribute("data-printed"))
    await visit.trouble("flood-100")
    await visit.page.wait_for_function(
        "(least) => { const line = document.querySelector('[data-testid=truth-line]');"
        " return line && line.dataset.missing === '0' && Number(line.dataset.printed) >= least; }",
        arg=printed + 100,
    )


async def test_ten_thousand_lines_do_not_freeze_the_page_and_all_of_them_are_shown(survival):
    """While they come, the page answers; afterwards printed and shown are equal, and it has not grown without bound."""
    visit, page = survival, survival.page
    await print_100(visit)
    before = await page.evaluate(ELEMENTS)
    await page.evaluate(WATCH_FRAMES)
    await visit.trouble("flood-10000")
    slowest = 0.0
    while await visit.at("told").inner_text() != "Survival printed 10,000 lines.":
        took, shown = await page.evaluate(TYPED)
        assert shown > 0, "typing / during the flood shows no commands"
        slowest = max(slowest, took)
    truth = visit.at("truth-line")
    await page.wait_for_function(
        "() => Number(document.querySelector('[data-testid=truth-line]').dataset.printed) >= 10100"
    )
    await expect(truth).to_have_attribute("data-missing", "0")
    assert await truth.get_attribute("data-printed") == await truth.get_attribute("data-shown")
    frames = await page.evaluate("window.frames_seen")
    grown = await page.evaluate(ELEMENTS) - before
    figures = f"longest pause between frames {frames['longest']:.0f} ms, slowest answer to a key {slowest:.0f} ms"
    print(f"{figures}, {grown} elements more than before")  # noqa: T201  figures to look at with -rP
    assert frames["longest"] < 1500
    assert slowest < 1500
    assert grown < 3000

    file = visit.at("file").last
    await file.get_by_role("button", name="Open").click()
    await expect(file.get_by_role("button", name="Show more")).to_be_visible()
    assert await page.evaluate(ELEMENTS) - before < 4000


async def test_a_dropped_socket_loses_no_line(survival):
    await print_100(survival)
    await survival.trouble("drop")
    await expect(survival.at("told")).to_contain_text("Cut 1 console socket")
    await print_100(survival)
    await expect(survival.at("facts")).to_contain_text("sockets 1")
    shown = await survival.said("line 100 of 100").inner_text()
    assert "line 100 of 100" in shown


async def test_what_was_printed_while_the_node_was_away_comes_afterwards_and_the_channel_says_so(survival):
    await print_100(survival)
    nasty = survival.at("message").filter(has_text="out of the block?")
    before = await nasty.count()
    await survival.trouble("node-down")
    await expect(survival.at("facts")).to_contain_text("sockets 0")
    await expect(survival.at("facts")).to_contain_text("node down")
    await survival.trouble("hostile")
    await expect(survival.at("truth-line")).not_to_have_attribute("data-missing", "0")
    await survival.trouble("node-up")
    await expect(nasty).to_have_count(before + 1, timeout=40_000)
    await expect(survival.at("truth-line")).to_have_attribute("data-missing", "0")
    await expect(survival.at("facts")).to_contain_text("node up")


async def test_hostile_console_lines_are_text_and_nothing_else(survival):
    """Markup, scripts, fences, pings and links of the console stand in the channel as they are, secrets masked."""
    page = survival.page
    title = await page.title()
    await survival.trouble("hostile")
    message = survival.said("out of the block?")
    await expect(message).to_contain_text("login from ‹ip")
    text = await message.inner_text()
    for words in (
        "<script>document.title = 'stolen'</script> <img src=x onerror=alert(1)> <b>not bold</b>",
        "@everyone <@&1> <#1> **bold** ||spoiler||",
        "[click me](javascript:alert(1)) javascript:alert(1) http://example.test/",
    ):
        assert words in text.replace("\u200b", "")
    assert "ghp_" not in text
    assert "203.0.113.77" not in text
    for tag in ("a", "img", "script", "b", "strong", "button", ".mention"):
        await expect(message.locator(".content").locator(tag)).to_have_count(0)
    for place in (message.locator("pre .line"), survival.at("console").locator(".line")):
        styles = await place.evaluate_all(
            "(lines) => lines.map((line) => [line.dir, getComputedStyle(line).unicodeBidi].join())"
        )
        assert set(styles) == {"ltr,isolate"}
    assert "\x1b" not in await survival.at("console").inner_text()
    assert (await page.title()).endswith(title.split("#", 1)[1])


async def test_hostile_words_of_people_are_drawn_without_running_anything(demo):
    async with demo.visit() as visit:
        await visit.ready()
        written = visit.at("log").get_by_role("article", name="Olivia")
        for text in TROUBLESOME:
            count = await written.count()
            await visit.at("composer-input").fill(text)
            await visit.at("send").click()
            await expect(written).to_have_count(count + 1)
        await expect(visit.page.locator("body").locator(STRANGE)).to_have_count(0)
        links = await visit.at("log").locator("a").evaluate_all("(links) => links.map((link) => link.protocol)")
        assert links
        assert set(links) <= {"http:", "https:"}
        loose = await written.locator(".content p, .content .line, .content .mention").evaluate_all(
            "(nodes) => nodes.filter((node) => getComputedStyle(node).unicodeBidi !== 'isolate').length"
        )
        assert loose == 0
