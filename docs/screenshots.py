"""Takes the screenshots of the README: starts the demo, uses it as a visitor would, writes docs/screenshots/*.png."""  # noqa: INP001  a program

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

ROOT = Path(__file__).resolve().parents[1]
TARGET = Path(__file__).with_name("screenshots")
PATIENCE = 30.0
DESKTOP = (1360, 765, 1.0)
PHONE = (390, 780, 2.0)
"""Width and height in CSS pixels, and pixels per one of them: sharp where people read them, and small files."""
CONSOLE = "castle-console"


class Shot:
    """One page of the demo, about to be photographed."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def at(self, name: str) -> Locator:
        """The element that the page names so."""
        return self.page.get_by_test_id(name)

    async def ready(self) -> None:
        """Wait until all is connected and the Castle runs."""
        await expect(self.at("tries")).to_be_attached()
        await expect(self.at("server-Castle")).to_have_attribute("data-state", "running")
        await self.trouble("chatter-off")

    async def trouble(self, what: str) -> None:
        """Press a button of the other side, whether that side is in sight or not."""
        await self.at(f"trouble-{what}").dispatch_event("click")

    async def be(self, who: str) -> None:
        """Become somebody."""
        await self.at(f"be-{who}").dispatch_event("click")
        await expect(self.at(f"be-{who}")).to_have_attribute("aria-checked", "true")

    async def open(self, channel: str) -> None:
        """Open a channel."""
        await self.at(f"channel-{channel}").dispatch_event("click")
        await expect(self.at(f"channel-{channel}")).to_have_attribute("aria-current", "true")

    async def all_shown(self, least: int) -> None:
        """Wait until the channel shows everything that the Castle printed, at least so many lines."""
        await self.page.wait_for_function(
            "(least) => { const line = document.querySelector('[data-testid=truth-line]');"
            " return line && line.dataset.missing === '0' && Number(line.dataset.printed) >= least; }",
            arg=least,
        )

    async def status(self) -> None:
        """Let the helper ask how the Castle is."""
        await self.be("helper")
        for old in await self.page.get_by_role("button", name="Dismiss message").all():
            await old.dispatch_event("click")
        await expect(self.page.get_by_role("button", name="Dismiss message")).to_have_count(0)
        await self.at("composer-input").fill("/status server:Castle")
        await self.at("send").click()
        await expect(self.page.get_by_role("button", name="Stop", exact=True)).to_be_visible()


async def console(shot: Shot) -> None:
    """The console channel after a boot, beside what the server really printed."""
    await shot.ready()
    await shot.open(CONSOLE)
    await expect(shot.at("log").get_by_text("Castle is running")).to_be_attached()
    await shot.at("tab-panel").click()
    await shot.all_shown(10)


async def status(shot: Shot) -> None:
    """A server's status with the buttons that a helper may press."""
    await shot.ready()
    await shot.status()


async def flood(shot: Shot) -> None:
    """Ten thousand lines: the channel has them all, and says so."""
    await shot.ready()
    await shot.open(CONSOLE)
    await shot.at("tab-panel").click()
    await shot.trouble("flood-10000")
    await shot.all_shown(10_000)
    await expect(shot.at("file").last.locator(".line").first).to_be_visible()
    await shot.page.locator("#panel").evaluate("(pane) => { pane.scrollTop = 195; }")  # counts and buttons together


async def tour(shot: Shot) -> None:
    """The first step of the guided tour."""
    await expect(shot.at("bot-state")).to_have_text("bot ready")
    await shot.at("type-it").click()
    await expect(shot.at("command-name")).to_have_text("/panel connect")


async def phone_console(shot: Shot) -> None:
    """The console channel on a phone."""
    await shot.ready()
    await shot.open(CONSOLE)
    await shot.page.get_by_role("navigation", name="Views").get_by_role("button", name="Chat").click()
    await expect(shot.at("log").get_by_text("Castle is running")).to_be_attached()


async def phone_status(shot: Shot) -> None:
    """A server's status on a phone."""
    await shot.ready()
    await shot.status()


@dataclass(frozen=True)
class Plan:
    """A picture: its name, what leads to it, light or dark, its size, and whether all is to be connected before."""

    name: str
    work: Callable[[Shot], Awaitable[None]]
    scheme: Literal["light", "dark"]
    size: tuple[int, int, float] = DESKTOP
    ready: bool = True


PLANS = (
    Plan("tour-light", tour, "light", ready=False),
    Plan("console-dark", console, "dark"),
    Plan("status-light", status, "light"),
    Plan("phone-dark", phone_console, "dark", PHONE),
    Plan("phone-light", phone_status, "light", PHONE),
    Plan("flood-dark", flood, "dark"),
)


@asynccontextmanager
async def demo(*, ready: bool) -> AsyncGenerator[Callable[[], Awaitable[str]]]:
    """The demo as a process; what is yielded waits for its next address, of which each opens one browser."""
    arguments = ["-m", "sandbox", "--no-browser", "--port", "0", *(["--ready"] if ready else [])]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output = process.stdout

    async def address() -> str:
        async with asyncio.timeout(PATIENCE):
            while output is not None and (line := (await output.readline()).decode()):
                if found := re.search(r"http://\S+/\?key=\S+", line):
                    return found[0]
        raise SystemExit("The demo ended before it printed its address.")

    try:
        yield address
    finally:
        process.terminate()
        await process.wait()


async def take(browser: Browser, address: str, plan: Plan) -> None:
    """Open the page, do what leads to the picture, and write it."""
    width, height, scale = plan.size
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme=plan.scheme,
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(address)
    await plan.work(Shot(page))
    await page.mouse.move(0, 0)
    target = TARGET / f"{plan.name}.png"
    picture = await page.screenshot(path=target, animations="disabled", caret="hide")
    await context.close()
    sys.stdout.write(f"{target.relative_to(ROOT)}: {len(picture) // 1000} kB\n")


async def main() -> None:
    """Take all pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is not installed (Debian: apt-get install chromium); it takes the screenshots.")
    TARGET.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for is_ready in (False, True):
            async with demo(ready=is_ready) as address:
                for plan in PLANS:
                    if plan.ready is is_ready:
                        await take(browser, await address(), plan)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
