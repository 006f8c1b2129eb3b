"""A sink and a console that do as they are told."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.console.events import ConsoleLine
from bot.console.target import ConsoleTarget
from bot.relay.outbox import OutboxTiming
from bot.relay.relay import WantedRelay
from bot.store.values import Relay

START = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
QUICK = OutboxTiming(gather=0.01, send=0.5, retry_first=0.01, retry_most=0.05)
DEADLINE = 10


def at(seconds):
    return START + timedelta(seconds=seconds)


async def until(condition, timeout=DEADLINE):
    """Wait for something to hold; fail loudly if it never does."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - conditions of many kinds, none of which can signal
            await asyncio.sleep(0.005)


def lines_in(contents):
    """The console lines that a reader sees in the blocks of messages."""
    found = []
    for content in contents:
        for body in re.findall(r"```(?:ansi)?\n(.*?)\n```", content, re.DOTALL):
            found += body.split("\n")
    return found


class ScriptedSink:
    """Accepts messages and keeps them by channel; `failures` holds errors to raise first, channel by channel."""

    def __init__(self):
        self.messages = {}
        self.attachments = {}
        self.calls = []
        self.failures = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self._known = {}

    async def send(self, channel_id, content, *, nonce, attachment=None):
        self.calls.append((channel_id, content, nonce))
        assert len(nonce) <= 25
        waiting = self.failures.get(channel_id, [])
        failure = waiting.pop(0) if waiting else None
        if failure is not None and not getattr(failure, "after", False):
            raise failure
        await self.gate.wait()
        if nonce not in self._known:
            self._known[nonce] = len(self._known) + 1
            self.messages.setdefault(channel_id, []).append(content)
            if attachment is not None:
                self.attachments.setdefault(channel_id, []).append(attachment)
        if failure is not None:
            raise failure

    def lines(self, channel_id=1):
        return lines_in(self.messages.get(channel_id, []))

    def text(self, channel_id=1):
        return "\n".join(self.messages.get(channel_id, []))


class ScriptedConsole:
    """A listener whose events the test puts in."""

    def __init__(self):
        self._events = asyncio.Queue()
        self.open = False
        self.opened = 0

    async def __aenter__(self):
        self.open = True
        self.opened += 1
        return self

    async def __aexit__(self, *_):
        self.open = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        event = await self._events.get()
        if event is None:
            raise StopAsyncIteration
        if isinstance(event, Exception):
            raise event
        return event

    def put(self, *events):
        for event in events:
            self._events.put_nowait(event)

    def say(self, *texts):
        self.put(*(ConsoleLine(text, at(0)) for text in texts))


@pytest.fixture
def sink():
    return ScriptedSink()


def target(server_id=1, name="Survival"):
    return ConsoleTarget(
        key=server_id,
        identifier=f"{server_id:08x}",
        uuid=f"{server_id:08x}-0000-4000-8000-000000000000",
        name=name,
        panel_url="https://panel.example.com",
        panel=None,
    )


def wanted(relay_id=1, server_id=1, channel_id=1, name="Survival", **options):
    relay = Relay(id=relay_id, guild_id=7, server_id=server_id, channel_id=channel_id, **options)
    return WantedRelay(relay, name, target(server_id, name))
