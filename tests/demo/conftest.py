"""The demo as its visitors meet it: the real program as a process, or its parts in this process without the bot."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from sandbox.demo import scene as scenery
from sandbox.demo.actions import Actions
from sandbox.demo.bot_child import BotChild
from sandbox.demo.chatter import Chatter
from sandbox.demo.live import Live
from sandbox.demo.tally import Tally
from sandbox.demo.tour import Tour
from sandbox.demo.troubles import Troubles
from sandbox.demo.web import Web
from sandbox.discord import DiscordStandIn
from sandbox.panel import PanelStandIn

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


class Program:
    """`python -m sandbox` as a process."""

    def __init__(
        self, *arguments: str, python: str = sys.executable, root: Path = ROOT, **environment: str | None
    ) -> None:
        """An environment variable that is None is not there."""
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  closed below
        wanted = os.environ | {"PYTHONWARNINGS": "default", "PYTHONUNBUFFERED": "1"} | environment
        self.process = subprocess.Popen(
            [python, "-m", "sandbox", "--no-browser", *arguments],
            cwd=root,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={name: value for name, value in wanted.items() if value is not None},
        )

    @property
    def output(self) -> str:
        self.log.seek(0)
        return self.log.read()

    @property
    def address(self) -> str:
        """The newest address printed, with its key; waits for the first."""
        return wait_until(lambda: re.findall(r"http://\S+", self.output), self)[-1]

    @property
    def base(self) -> str:
        return self.address.split("/?")[0]

    @property
    def bot_pid(self) -> int:
        def child():
            found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            return [int(number) for number in found if b"\0-m\0bot" in Path(f"/proc/{number}/cmdline").read_bytes()]

        return wait_until(child, self)[0]

    def end(self, number: int = signal.SIGINT) -> tuple[int, float]:
        """Exit code, and seconds it took."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        return code, time.monotonic() - began

    def finished(self) -> int:
        """Wait for the program to end by itself; its exit code."""
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()


def wait_until(condition, program=None):
    """What `condition` gives once that is something; fails after PATIENCE with what the program printed."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not come true; the program said: {program.output if program else ''}")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def start():
    programs = []

    def begin(*arguments: str, **machine) -> Program:
        programs.append(Program(*arguments, **machine))
        return programs[-1]

    yield begin
    for program in programs:
        program.close()


@dataclass
class Visitor:
    """An open page, seen from the network: what it knows by the news so far, and wishes with their answers."""

    socket: aiohttp.ClientWebSocketResponse
    known: dict = field(default_factory=dict)
    messages: dict = field(default_factory=dict)
    frames: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)
    number: int = 0

    async def read(self) -> None:
        async for frame in self.socket:
            body = json.loads(frame.data)
            if body["t"] == "done":
                self.answers[body["n"]] = body
                continue
            self.frames.append(body)
            self.known.update({name: part for name, part in body.items() if name not in ("messages", "gone")})
            if "channel" in body:
                self.messages = {message["id"]: message for message in body["channel"]["messages"]}
            self.messages.update({message["id"]: message for message in body.get("messages", ())})
            for gone in body.get("gone", ()):
                self.messages.pop(gone, None)

    async def ask(self, wish: str, /, **fields) -> dict:
        self.number += 1
        number = self.number
        await self.socket.send_json({"do": wish, "n": number, **fields})
        await self.until(lambda: number in self.answers)
        return self.answers[number]

    async def until(self, condition):
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(KeyError, IndexError, StopIteration):
                    found = condition()
                    if found:
                        return found
                await asyncio.sleep(0.01)

    async def shows(self, *words: str) -> dict:
        """The message that has all these words."""
        return await self.until(
            lambda: next(each for each in self.messages.values() if all(word in text_of(each) for word in words))
        )

    async def be(self, who: str) -> None:
        await self.ask("me", who=who)
        await self.until(lambda: self.known["world"]["me"] == who)

    async def open(self, name: str) -> None:
        wanted = self.channel(name)
        await self.ask("open", channel=wanted)
        await self.until(lambda: self.known["channel"]["id"] == wanted)

    def channel(self, name: str) -> str:
        return next(each["id"] for each in self.known["world"]["channels"] if each["name"] == name)

    @property
    def channels(self) -> list[str]:
        return [channel["name"] for channel in self.known["world"]["channels"]]

    @property
    def commands(self) -> list[str]:
        return [command["name"] for command in self.known["commands"]]

    @property
    def done(self) -> list[str]:
        return [step["id"] for step in self.known["tour"]["steps"] if step["done"]]

    def step(self, name: str) -> dict:
        return next(step for step in self.known["tour"]["steps"] if step["id"] == name)

    def server(self, name: str) -> dict:
        return next(server for server in self.known["servers"]["list"] if server["name"] == name)


def text_of(message: dict) -> str:
    return json.dumps([message["content"], message["embeds"], message["files"]], ensure_ascii=False)


@asynccontextmanager
async def visit(address: str) -> AsyncIterator[Visitor]:
    """Open the page at this address with its key."""
    base = address.split("/?", maxsplit=1)[0]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(address) as page:
            assert page.status == 200
        async with session.ws_connect(f"{base}/live", origin=base, max_msg_size=0) as socket:
            visitor = Visitor(socket)
            reading = asyncio.create_task(visitor.read())
            try:
                await visitor.until(lambda: visitor.known["world"] and visitor.known["bot"])
                yield visitor
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


class Stage:
    """The demo's parts in this process, without a bot."""

    def __init__(self, scene, folder: Path) -> None:
        self.scene = scene
        self.tally = Tally()
        self.tour = Tour(scene, lambda: None)
        self.bot = BotChild(folder, {}, lambda: None)
        self.live = Live(scene, self.bot, self.tour, self.tally)
        self.troubles = Troubles(scene, Chatter(scene.servers))
        self.used = 0
        self.web = Web(self.live, Actions(self.live, self.troubles), self._key_used)

    def _key_used(self) -> None:
        self.used += 1

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.web.port}"

    @property
    def address(self) -> str:
        return f"{self.base}/?key={self.web.key}"


@pytest.fixture
async def stage(tmp_path):
    async with PanelStandIn() as panel, DiscordStandIn(keep_messages=500) as discord:
        stage = Stage(scenery.build(panel, discord), tmp_path)
        await stage.web.start("127.0.0.1", [0])
        try:
            yield stage
        finally:
            stage.live.close()
            await stage.web.close()
