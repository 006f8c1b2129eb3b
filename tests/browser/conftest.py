"""The demo in a real browser: the real program as a process, Debian's Chromium, and people who use the page.

Whatever a test does, these must hold for every page it opens: nothing on the console, no error, no violation of the
content security policy, and no request to anywhere but the demo itself.
"""

import asyncio
import contextlib
import inspect
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20.0
NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "Chromium is not installed (Debian: apt-get install chromium); browser tests are skipped"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIOLATIONS = """
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => {
        window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
    });
"""
expect.set_options(timeout=PATIENCE * 1000)


def pytest_collection_modifyitems(items):
    """One event loop for a whole file, so that one Chromium can serve all its tests."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and inspect.iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


def find_chromium(environment=os.environ, find=shutil.which) -> str:
    """Where Chromium is; without it the test is skipped, but where tests must run (CI=true) it fails."""
    found = next((path for path in map(find, NAMES) if path), None)
    if found is None and environment.get("CI") == "true":
        pytest.fail(MISSING.replace("are skipped", "must not be skipped here"), pytrace=False)
    if found is None:
        pytest.skip(MISSING)
    return found


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser():
    path = find_chromium()
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        await chromium.close()


class Demo:
    """`python -m sandbox` as a process, and the browser to look at it."""

    def __init__(self, browser: Browser, log, *arguments: str, **environment: str) -> None:
        self.browser = browser
        self._log = log
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--no-browser", "--port", "0", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
        )

    @property
    def output(self) -> str:
        return Path(self._log.name).read_text()

    async def address(self) -> str:
        """The newest address that was printed, with its key."""
        found = await until(lambda: re.findall(r"http://\S+/\?key=\S+", self.output))
        return found[-1]

    def children(self) -> list[int]:
        """The processes that the demo has started."""
        number = self.process.pid
        return [int(each) for each in Path(f"/proc/{number}/task/{number}/children").read_text().split()]

    async def end(self, number: int = signal.SIGINT) -> float:
        """Send a signal; how many seconds it took to end."""
        began = time.monotonic()
        self.process.send_signal(number)
        await asyncio.to_thread(self.process.wait, PATIENCE)
        return time.monotonic() - began

    @asynccontextmanager
    async def visit(self, *, width: int = 1280, height: int = 800, **options) -> AsyncIterator["Visit"]:
        """Open the page in a browser of its own; what must always hold is looked at in the end."""
        address = await self.address()
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", reduced_motion="reduce", **options
        )
        await context.add_init_script(VIOLATIONS)
        try:
            visit = Visit(await context.new_page(), address)
            began = time.monotonic()
            await visit.page.goto(address)
            await expect(visit.at("channel-general")).to_be_attached()
            visit.seconds_to_open = time.monotonic() - began
            yield visit
            await visit.check()
        finally:
            await context.close()


class Visit:
    """One person's browser on the page, and everything it complained about or asked for."""

    seconds_to_open = 0.0

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.base = address.split("/?", maxsplit=1)[0]
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.dialogs: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.context.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url.replace("ws:", "http:")))
        page.on("dialog", self._refuse)

    async def _refuse(self, dialog) -> None:
        self.dialogs.append(dialog.message)
        await dialog.dismiss()

    async def check(self) -> None:
        assert self.complaints == []
        assert await self.page.evaluate("window.violations") == []
        assert self.dialogs == []
        assert [url for url in self.asked if not url.startswith(f"{self.base}/")] == []

    # -- finding and doing -------------------------------------------------------------------------------------

    def at(self, name: str) -> Locator:
        """The element that the page names so."""
        return self.page.get_by_test_id(name)

    def said(self, *words: str) -> Locator:
        """The newest message with all these words."""
        found = self.at("message")
        for word in words:
            found = found.filter(has_text=word)
        return found.last

    async def ready(self) -> None:
        """Wait until every step of the tour is done and the bot is there."""
        await expect(self.at("tries")).to_be_attached()
        await expect(self.at("bot-state")).to_have_text("bot ready")

    async def be(self, who: str) -> None:
        await self.at(f"be-{who}").click()
        await expect(self.at(f"be-{who}")).to_have_attribute("aria-checked", "true")

    async def open(self, channel: str) -> None:
        await self.at(f"channel-{channel}").click()
        await expect(self.at(f"channel-{channel}")).to_have_attribute("aria-current", "true")

    async def run(self, command: str, **options: str) -> None:
        """Type a command with its options, as a person does who knows what to type, and send it."""
        written = " ".join(f"{name}:{value}" for name, value in options.items())
        await self.at("composer-input").fill(f"/{command} {written}")
        await expect(self.at("command-name")).to_have_text(f"/{command}")
        await self.at("send").click()

    async def trouble(self, what: str) -> None:
        await self.at("tab-panel").click()
        await self.at(f"trouble-{what}").click()

    async def focused(self) -> str:
        """What has the keyboard, in the page's own names."""
        return await self.page.evaluate("document.activeElement.dataset.testid ?? document.activeElement.id")


async def until(condition, patience: float = PATIENCE):
    """What `condition` gives once that is something."""
    async with asyncio.timeout(patience):
        while not (found := condition()):  # noqa: ASYNC110  another process's output has no event to wait for
            await asyncio.sleep(0.02)
        return found


@contextlib.contextmanager
def running(browser: Browser, *arguments: str, **environment: str):
    with tempfile.NamedTemporaryFile("w+") as log:
        demo = Demo(browser, log, *arguments, **environment)
        try:
            yield demo
        finally:
            demo.process.send_signal(signal.SIGINT)
            try:
                demo.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                demo.process.kill()
                demo.process.wait()
            assert "Traceback" not in demo.output, demo.output
            print(demo.output)  # noqa: T201  shown where a test failed


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(browser):
    """A demo of one's own, at the beginning of the tour."""
    with running(browser) as demo:
        yield demo


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def demo(browser):
    """A demo with everything connected, shared by the tests of a file."""
    with running(browser, "--ready") as demo:
        yield demo


@pytest.fixture
def browser_finder():
    return find_chromium
