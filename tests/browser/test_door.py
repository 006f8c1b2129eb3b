"""Who gets in, what the page may do, and how it all ends: seen from a browser."""

import asyncio
import os

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Error, expect

from tests.machines import without_compression

from .conftest import running

FOREIGN = """<!doctype html><title>Somewhere else</title><iframe src="{base}/"></iframe>
<script>
    const socket = new WebSocket("{live}");
    socket.onopen = () => {{ document.title = "got in"; }};
    socket.onclose = () => {{ document.title = "refused"; }};
</script>"""


@pytest_asyncio.fixture(loop_scope="module")
async def elsewhere(demo):
    """A page of another origin on the same machine: it gets the same cookies."""
    base = (await demo.address()).split("/?", maxsplit=1)[0]
    text = FOREIGN.format(base=base, live=base.replace("http:", "ws:") + "/live")

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_the_page_can_be_used_soon_after_it_was_opened(demo):
    async with demo.visit() as visit:
        await visit.at("composer-input").fill("/")
        await expect(visit.at("completions").get_by_role("option").first).to_be_visible()
        print(f"first use {visit.seconds_to_open:.2f} s after opening")  # noqa: T201  a figure to look at with -rP
        assert visit.seconds_to_open < 5


async def test_a_bot_that_does_not_come_up_is_explained_above_everything_else(browser, tmp_path):
    with running(browser, **without_compression(tmp_path)) as demo:
        async with demo.visit() as visit:
            await expect(visit.page.locator("#banner")).to_contain_text("there is nothing to do it with")
            await expect(visit.at("bot-state")).to_have_text("bot is starting…")


async def test_an_address_opens_one_browser_and_a_wrong_key_none(demo, browser):
    """Both are refused in words that say what to do."""
    used = await demo.address()
    async with demo.visit() as visit:
        assert visit.page.url == f"{visit.base}/", "the key stays in the address line"
        for address in (used, f"{visit.base}/?key=wrong", visit.base):
            context = await browser.new_context()
            page = await context.new_page()
            answer = await page.goto(address)
            assert answer.status == 403
            await expect(page.get_by_role("heading")).to_have_text("This page is locked")
            await expect(page.locator("body")).to_contain_text("Open the address that the terminal prints.")
            await context.close()
    assert await demo.address() != used


async def test_a_page_of_another_origin_gets_neither_the_socket_nor_a_frame(demo, elsewhere):
    async with demo.visit() as visit:
        page = await visit.page.context.new_page()
        await page.goto(elsewhere)
        await expect(page).to_have_title("refused")
        with pytest.raises((Error, AssertionError)):
            await expect(page.frame_locator("iframe").locator("#composer")).to_be_attached(timeout=500)
        await page.close()
        visit.asked[:] = [url for url in visit.asked if not url.startswith(elsewhere)]


async def test_no_script_but_the_pages_own_files_can_run(demo):
    """The policy names no unsafe source, and the browser enforces it: inline scripts, handlers and markup all fail."""
    async with demo.visit() as visit:
        answer = await visit.page.reload()
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "*" not in policy
        assert policy.startswith("default-src 'none'; script-src 'self';")
        outcome = await visit.page.evaluate(BREAK_IN)
        assert outcome == {"inline": False, "handler": False, "markup": "TypeError", "ran": False}
        assert len(await visit.page.evaluate("window.violations")) >= 2
        visit.complaints.clear()
        await visit.page.evaluate("window.violations = []")


async def test_ctrl_c_ends_the_demo_under_an_open_page_which_says_so(fresh):
    async with fresh.visit() as visit:
        await expect(visit.at("bot-state")).to_have_text("bot ready")
        children = fresh.children()
        assert children
        seconds = await fresh.end()
        print(f"ended {seconds:.2f} s after Ctrl-C")  # noqa: T201  a figure to look at with -rP
        assert seconds < 3
        assert fresh.process.returncode == 0
        assert "Traceback" not in fresh.output
        for pid in children:
            await asyncio.to_thread(_gone, pid)
        await expect(visit.page.get_by_text("The demo has ended.")).to_be_visible()
        visit.complaints[:] = [words for words in visit.complaints if "ERR_CONNECTION_REFUSED" not in words]


def _gone(pid: int) -> None:
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


BREAK_IN = """
    async () => {
        const run = (node) => { document.body.append(node); node.remove(); };
        const script = document.createElement('script');
        window.ran = false;
        let inline = false;
        try { script.append('window.ran = true'); run(script); inline = window.ran; } catch { inline = false; }
        const button = document.createElement('button');
        try { button.setAttribute('onclick', 'window.ran = true'); button.click(); } catch { /* refused at once */ }
        const handler = window.ran;
        let markup = 'taken';
        try { button.innerHTML = '<img src=x onerror="window.ran = true">'; } catch (error) { markup = error.name; }
        await new Promise((done) => setTimeout(done, 50));
        return { inline, handler, markup, ran: window.ran };
    }
"""
