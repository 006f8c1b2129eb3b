"""A sink and a console that do as they are told."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.console.events import ConsoleLine
from bot.console.target import ConsoleTarget
from bot.relay.outbox import OutboxTiming
from bot.relay.postman import PostTiming
from bot.relay.wanted import WantedRelay
from bot.store.values import Relay
from bot.text.redaction import redactor

START = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
QUICK = OutboxTiming(
    gather=0.01, lull=0.02, between_files=0.05, post=PostTiming(send=0.5, retry_first=0.01, retry_most=0.05)
)
DEADLINE = 10
GUILD = 7


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
        self.looked = []
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

    def newest(self, channel_id):
        return len(self.messages.get(channel_id, []))

    async def arrived(self, channel_id, content, since, *, after):
        self.looked.append((channel_id, content, since))
        return content in self.messages.get(channel_id, [])[after:]

    def forget_nonces(self):
        """As Discord does after some minutes."""
        self._known = {f"forgotten {number}": number for number in self._known.values()}

    def lines(self, channel_id=1):
        return lines_in(self.messages.get(channel_id, []))

    def text(self, channel_id=1):
        return "\n".join(self.messages.get(channel_id, []))


class MemoryJournal:
    """A journal that outlives a supervisor, but not the test."""

    def __init__(self):
        self.delivered = {}
        self.messages = {}
        self.batches = []
        self.broken = False

    async def tails(self, relay_ids=None):
        tails = dict(self.delivered)
        for message in self.messages.values():
            tails |= message.tails
        return {key: tail for key, tail in tails.items() if relay_ids is None or key in relay_ids}

    async def unsettled(self, channel_ids=None):
        return {key: message for key, message in self.messages.items() if channel_ids is None or key in channel_ids}

    async def flush(self):
        if self.broken:
            raise RuntimeError("the disk is full")

    async def waiting(self, channel_ids=None):
        found = {}
        for batch in self.batches:
            if channel_ids is not None and batch.channel_id not in channel_ids:
                continue
            message = self.messages.get(batch.channel_id)
            rest = batch.behind(message.through, message.parts) if message else batch
            if rest.items:
                found.setdefault(batch.channel_id, []).append(rest)
        return found

    async def write_ahead(self, message):
        if self.broken:
            raise RuntimeError("the disk is full")
        self.messages[message.channel_id] = message  # before anything that is noted later
        await asyncio.sleep(0)

    def settle(self, message):
        self.messages.pop(message.channel_id, None)
        self.note(message.tails)
        mine = [batch for batch in self.batches if batch.channel_id == message.channel_id]
        rest = [
            batch.behind(message.through, message.parts) if message.through or message.parts else batch
            for batch in mine
        ]
        self.batches = [batch for batch in self.batches if batch not in mine] + [batch for batch in rest if batch.items]

    def keep(self, batch):
        self.batches.append(batch)

    def forget(self, channel_id):
        self.messages.pop(channel_id, None)
        self.batches = [batch for batch in self.batches if batch.channel_id != channel_id]

    def note(self, tails):
        self.delivered |= tails


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


def masking(server_id):
    """What a supervisor makes its redactors with."""
    return redactor(b"secret", server_id)


def wanted(relay_id=1, server_id=1, channel_id=1, name="Survival", guild_id=GUILD, **options):
    relay = Relay(id=relay_id, guild_id=guild_id, server_id=server_id, channel_id=channel_id, **options)
    return WantedRelay(relay, name, target(server_id, name))
