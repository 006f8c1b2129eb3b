"""The process killed, Discord in trouble, Wings restarted, at random moments under load: what was printed is shown."""

import asyncio
import random
import re
import signal
from contextlib import asynccontextmanager

import pytest

from bot.store.store import Store

from .conftest import PATIENCE, readable

POST = r"^POST /channels/\d+/messages$"


class Printer:
    """A game that prints numbered lines, every third with nothing of its own between them."""

    def __init__(self, game, rng):
        self.game, self.rng, self.count = game, rng, 0

    def line(self):
        self.game.emit(f"<Steve> number {self.count:05} is printed")
        if self.count % 3 == 0:
            self.game.emit("[INFO]: Saved the game")
        self.count += 1

    async def run(self, rate=3.0):  # of groups; what comes while the bot starts must fit Wings' history
        while True:
            await asyncio.sleep(self.rng.expovariate(rate))
            for _ in range(self.rng.choice((1, 1, 1, 1, 6))):
                self.line()


@asynccontextmanager
async def printing(world, seed):
    """Print at random all the while; at the end compare with what the channel shows."""
    (castle,) = await world.set_up("Paper Survival", running=True)
    rng = random.Random(seed)
    printer = Printer(castle, rng)
    task = asyncio.create_task(printer.run())
    try:
        yield rng
    finally:
        task.cancel()
    await listening(world)
    world.discord.faults.clear()
    printer.line()  # the bot may be reading the history just now
    last = f"number {printer.count - 1:05} "
    await world.console.wait_for(lambda channel: last in readable(channel), timeout=2 * PATIENCE)
    text = readable(world.console)
    assert "may be missing" not in text
    shown = [int(number) for number in re.findall(r"number (\d{5}) ", text)]
    assert shown == list(range(printer.count)), (
        f"twice: {[n for n in set(shown) if shown.count(n) > 1]}, missing: {set(range(printer.count)) - set(shown)}\n{text}"
    )
    # The lines that all look alike are as many, and where they belong.
    for between in re.findall(r"number \d{4}[0-9] is(.*?)(?=<Steve>|\Z)", text, re.DOTALL):
        assert between.count("Saved the game") <= 1
    assert text.count("Saved the game") == -(-printer.count // 3)


async def listening(world):
    (castle,) = [server for server in world.panel.registry.servers.values() if server.name == "Paper Survival"]
    await world.panel.wait_for(lambda: world.panel.node.authenticated(castle), timeout=2 * PATIENCE)


async def killed(world):
    await world.bot.stop(signal.SIGKILL)
    await world.bot.start()
    await listening(world)


@pytest.mark.parametrize(("engine", "seed"), [("sqlite", 1), ("sqlite", 2), ("postgresql", 3)])
async def test_sigkill_under_load_loses_nothing_and_repeats_nothing(world, engine, seed):
    async with printing(world, seed) as rng:
        for _ in range(3):
            await asyncio.sleep(rng.uniform(0.2, 1.5))
            await killed(world)


async def test_killed_before_discord_answers_the_message_is_not_posted_twice(world):
    """Discord takes the post and says nothing, or an error; the next life asks with the same nonce."""
    async with printing(world, 3) as rng:
        for trouble in ("hang", "error"):
            await asyncio.sleep(rng.uniform(0.2, 1.0))
            if trouble == "hang":
                fault = world.discord.faults.hang(20, POST, count=None, after=True)
            else:
                fault = world.discord.faults.status(502, POST, count=None, after=True)
            await world.discord.wait_until(lambda fault=fault: fault.hits, timeout=PATIENCE)
            await asyncio.sleep(rng.uniform(0.0, 0.3))
            await world.bot.stop(signal.SIGKILL)
            fault.cancel()
            await world.bot.start()
            await listening(world)


async def test_discord_in_trouble_of_all_kinds_gets_every_message_once(world):
    async with printing(world, 4) as rng:
        faults = world.discord.faults
        for after in (False, True):
            for status in (500, 502, 504):
                fault = faults.status(status, POST, count=1, after=after)
                await world.discord.wait_until(lambda fault=fault: fault.hits, timeout=PATIENCE)
            for fault in (faults.reset(POST, after=after), faults.hang(0.5, POST, after=after)):
                await world.discord.wait_until(lambda fault=fault: fault.hits, timeout=PATIENCE)
                await asyncio.sleep(rng.uniform(0.0, 0.3))


async def test_gateway_and_wings_in_trouble_cost_nothing(world):
    async with printing(world, 5) as rng:
        world.discord.gateway.drop()
        await asyncio.sleep(rng.uniform(0.2, 1.0))
        await world.panel.node.restart()  # and refuses the tickets it gave before
        await listening(world)
        await asyncio.sleep(rng.uniform(0.2, 1.0))
        world.discord.gateway.reconnect()
        world.panel.node.drop_sockets()
        await asyncio.sleep(rng.uniform(0.2, 1.0))


@pytest.mark.parametrize("booted", [10, 200])
async def test_lines_printed_while_the_history_is_read_come_once(world, booted):
    """They are in the history and come live as well, beside it or behind it: after a kill, after a lost connection."""
    (castle,) = await world.set_up("Paper Survival", running=True)
    printer = Printer(castle, random.Random(7))
    for _ in range(booted):
        printer.line()
    await world.console.wait_for(lambda c: f"number {booted - 1:05} " in readable(c), timeout=PATIENCE)
    read, extra = castle.runtime.history, 0

    def history():
        for _ in range(extra):
            printer.line()
        return read()

    castle.runtime.history = history
    for extra in (1, 2, 3):
        await world.bot.stop(signal.SIGKILL)
        printer.line()
        await world.bot.start()
        newest = f"number {printer.count + extra - 1:05} "
        await world.console.wait_for(lambda c, newest=newest: newest in readable(c), timeout=2 * PATIENCE)
        world.panel.node.drop_sockets()
        newest = f"number {printer.count + extra - 1:05} "
        await world.console.wait_for(lambda c, newest=newest: newest in readable(c), timeout=2 * PATIENCE)
    text = readable(world.console)
    assert "may be missing" not in text
    assert [int(number) for number in re.findall(r"number (\d{5}) ", text)] == list(range(printer.count))
    assert text.count("Saved the game") == -(-printer.count // 3)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_what_discord_does_not_take_survives_life_after_life(world, end):
    """Each life reads what Wings will have forgotten before the next can post a line."""
    (castle,) = await world.set_up("Paper Survival", running=True)
    printer = Printer(castle, random.Random(8))
    printer.line()
    await world.shows("number 00000 ")
    outage = world.discord.faults.status(503, POST, count=None)
    for _life in range(3):
        for _ in range(100):
            printer.line()
        await written_down(world, printer.count - 1)
        await world.bot.stop(end)
        await world.bot.start()
        await listening(world)
    outage.cancel()
    printer.line()
    last = f"number {printer.count - 1:05} "
    await world.console.wait_for(lambda channel: last in readable(channel), timeout=2 * PATIENCE)
    text = readable(world.console)
    assert "may be missing" not in text
    assert [int(number) for number in re.findall(r"number (\d{5}) ", text)] == list(range(printer.count))
    assert text.count("Saved the game") == -(-printer.count // 3)


async def written_down(world, number):
    """Wait until the bot has the line on disk."""
    keys = (world.bot.folder / "data" / "wingcord.key").read_text().split()
    store = Store.attach(world.database_url, keys)
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                batches = (await store.journal.waiting()).get(world.console.id, [])
                if any(f"number {number:05} " in item.text for batch in batches for item in batch.items):
                    return
                await asyncio.sleep(0.05)
    finally:
        await store.close()


async def test_a_gap_longer_than_the_history_is_told_in_its_place(world):
    (castle,) = await world.set_up("Paper Survival", running=True)
    castle.emit("before the gap")
    await world.shows("before the gap")
    await world.bot.stop(signal.SIGKILL)
    castle.flood(400, "unseen line {n} of the gap")
    await world.bot.start()
    await listening(world)
    castle.emit("after the gap")
    await world.console.wait_for(lambda channel: "after the gap" in readable(channel), timeout=PATIENCE)
    text = readable(world.console)
    assert text.count("may be missing") == 1
    assert text.index("before the gap") < text.index("may be missing") < text.index("unseen line 252 ")
    shown = [int(n) for n in re.findall(r"unseen line (\d+) ", text)]
    assert shown == list(range(shown[0], 400)) and shown[0] in {250, 251}  # the last line may be in the history too


async def test_a_server_started_anew_while_the_bot_is_dead_shows_its_whole_boot(world):
    (castle,) = await world.set_up("Paper Survival", boot_seconds=0.5)
    await world.slash(world.helper, "start")
    await world.shows("Done (")
    await world.bot.stop(signal.SIGKILL)
    boots = readable(world.console).count("Starting minecraft server version")
    await castle.crash()  # Wings starts it again
    await world.panel.wait_for(lambda: castle.state == "running", timeout=PATIENCE)
    await world.bot.start()
    await listening(world)
    await world.console.wait_for(lambda channel: readable(channel).count("Done (") == boots + 1, timeout=PATIENCE)
    assert readable(world.console).count("Starting minecraft server version") == boots + 1
