"""The life of the demo: reads the command line, starts everything in order, ends everything within 3 s."""

import argparse
import asyncio
import os
import secrets
import signal
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Coroutine
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path
from typing import Any, TextIO

from sandbox.demo import scene as scenery
from sandbox.demo.actions import Actions
from sandbox.demo.arrival import watch_arrival, why_not_there
from sandbox.demo.bot_child import BotChild, environment
from sandbox.demo.chatter import Chatter
from sandbox.demo.kept import keep_commands, open_panel
from sandbox.demo.live import Live
from sandbox.demo.ready import NotReady, make_ready
from sandbox.demo.scene import Scene
from sandbox.demo.tally import Tally
from sandbox.demo.tidy import keep_small
from sandbox.demo.tour import Tour
from sandbox.demo.troubles import Troubles
from sandbox.demo.web import Web
from sandbox.discord import ClientRefused, DiscordStandIn

PORT = 8765
KEPT_MESSAGES = 500
LOOPBACK = "127.0.0.1"
ANY_ADDRESS = ("0.0.0.0", "::")


class CannotBegin(Exception):
    """Why there is no demo, in one sentence."""


def main() -> int:
    """Run the demo until Ctrl-C; the exit code: 0 ended as asked, 2 it could not begin."""
    options = _options()
    try:
        with ExitStack() as stack:
            folder = _folder(options.data, stack)
            asyncio.run(_run(options, folder))
    except CannotBegin as problem:
        _say(str(problem), sys.stderr)
        return 2
    except KeyboardInterrupt:  # before the signal handlers were in place
        return 0
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="The real bot between stand-ins of Discord and of a panel, in your browser. No account needed.",
    )
    parser.add_argument("--ready", action="store_true", help="skip the tour: everything connected, linked, running")
    parser.add_argument("--port", type=int, help=f"the page's port (default: {PORT}, or any free one)")
    parser.add_argument(
        "--listen", metavar="HOST", default=LOOPBACK, help=f"address to listen on (default: {LOOPBACK})"
    )
    parser.add_argument(
        "--data", metavar="DIR", type=Path, help="keep the bot's data here (default: a temporary folder)"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    return parser.parse_args()


def _folder(wanted: Path | None, stack: ExitStack) -> Path:
    if wanted is None:
        temporary = tempfile.TemporaryDirectory(prefix="wingcord-demo-", ignore_cleanup_errors=True)
        return Path(stack.enter_context(temporary))
    try:
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CannotBegin(
            f"The data folder {wanted} cannot be made ({error.strerror}); name another with --data."
        ) from error
    return wanted.resolve()


async def _run(options: argparse.Namespace, folder: Path) -> None:
    stop = _stop_signal()
    async with AsyncExitStack() as stack:
        panel = await open_panel(folder)
        stack.push_async_callback(panel.close)
        token = secrets.token_urlsafe(32)
        discord = await stack.enter_async_context(DiscordStandIn(token=token, keep_messages=KEPT_MESSAGES))
        keep_commands(folder, discord)
        demo = _Demo(scenery.build(panel, discord), folder, token, str(options.listen))
        stack.callback(demo.live.close)
        await _listen(demo.web, options)
        stack.push_async_callback(demo.web.close)
        demo.bot.start()
        stack.push_async_callback(demo.bot.close)
        tasks = [asyncio.create_task(work) for work in demo.work(ready=options.ready)]
        stack.push_async_callback(_cancel, tasks)
        demo.announce(keeps=options.data is not None)
        if not options.no_browser:
            _open_browser(demo.address)
        await stop.wait()
        _say("Ending.")


class _Demo:
    """The parts, wired to one another."""

    def __init__(self, scene: Scene, folder: Path, token: str, host: str) -> None:
        self.scene = scene
        self._host = host
        self.tour = Tour(scene, lambda: self.live.all_stale("tour"))
        settings = environment(folder=folder, token=token, api_url=scene.discord.api_url)
        self.bot = BotChild(folder, settings, self._bot_changed)
        self.live = Live(scene, self.bot, self.tour, Tally())
        self._chatter = Chatter(scene.servers)
        actions = Actions(self.live, Troubles(scene, self._chatter))
        self.web = Web(self.live, actions, lambda: _say(f"Opened. For another browser: {self.address}"))

    @property
    def address(self) -> str:
        """Where the page is; the key in it opens one browser."""
        host = LOOPBACK if self._host in ANY_ADDRESS else self._host
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.web.port}/?key={self.web.key}"

    def work(self, *, ready: bool) -> list[Coroutine[Any, Any, None]]:
        """What goes on besides serving pages."""
        tasks: list[Coroutine[Any, Any, None]] = [
            watch_arrival(self.scene.discord, self.bot, _say),
            self.tour.watch(),
            self._chatter.run(),
            keep_small(self.scene),
        ]
        return [*tasks, self._make_ready()] if ready else tasks

    def announce(self, *, keeps: bool) -> None:
        """Print the address, and what it means."""
        _say(f"Wingcord demo: {self.address}")
        if not _is_loopback(self._host):
            _say("Whoever reaches this machine and has the key can use it; nothing here is encrypted.")
        _say("Ctrl-C ends it." if keeps else "Ctrl-C ends it, and everything it made is forgotten.")

    def _bot_changed(self) -> None:
        self.live.all_stale("bot")
        if self.bot.state.kind == "down" and self.bot.state.text:
            _say(self.bot.state.text)

    async def _make_ready(self) -> None:
        discord = self.scene.discord
        try:
            await make_ready(self.scene)
        except (ClientRefused, NotReady, TimeoutError) as problem:
            why = str(problem)[:300] if discord.has_bot else why_not_there(discord, self.bot)
            _say(f"Could not make everything ready; go on by hand. {why}")
        else:
            _say("Everything is set up and running.")


async def _listen(web: Web, options: argparse.Namespace) -> None:
    ports = [PORT, 0] if options.port is None else [options.port]
    try:
        await web.start(options.listen, ports)
    except (OSError, OverflowError) as error:
        where = f"port {options.port}" if options.port is not None else "any port"
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise CannotBegin(
            f"The page cannot listen on {where} of {options.listen} ({reason}); choose another with --port or --listen."
        ) from error


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None:
            with suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt
                loop.add_signal_handler(number, stop.set)
    return stop


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _open_browser(url: str) -> None:
    """Open the page where there is a screen; a browser in the terminal would take the terminal away."""
    has_screen = sys.platform in ("darwin", "win32") or any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY"))
    if has_screen:
        threading.Thread(target=_open_quietly, args=(url,), daemon=True).start()


def _open_quietly(url: str) -> None:
    with suppress(webbrowser.Error, OSError):
        webbrowser.open(url)


def _say(text: str, stream: TextIO | None = None) -> None:
    print(text, file=stream or sys.stdout, flush=True)
