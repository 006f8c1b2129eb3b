"""The pool keeps a key only as long as it is in use, and the log masks it for exactly that long."""

import asyncio
import gc
import sys

import pytest

from bot.errors import KeyRefused
from bot.logs import MASK, redact
from bot.panel import pool as pool_module
from bot.panel.pool import IDLE_SECONDS, PanelPool
from bot.terms import PanelKind

URL = "http://127.0.0.1:1"
KEY = "PlantedOldPanelKeyOfFortyEightLetters00000000001"


def is_masked(key=KEY):
    return redact(f"key {key};") == f"key {MASK};"


@pytest.fixture
def clock():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


@pytest.fixture
async def pool(clock):
    pool = PanelPool(allow_private=True, clock=clock)
    yield pool
    await pool.close()
    assert not is_masked()


async def test_a_stored_key_is_masked_from_its_first_use_until_it_is_forgotten(pool):
    assert not is_masked()
    pool.client(url=URL, key=KEY)
    assert is_masked()
    pool.forget(url=URL, key=KEY)
    assert not is_masked()


async def test_a_key_on_trial_is_masked_for_that_long(pool):
    with pytest.raises(RuntimeError), pool.trial(url=URL, key=KEY):
        assert is_masked()
        raise RuntimeError
    assert not is_masked()


async def test_a_key_that_is_stored_while_on_trial_keeps_its_client(pool):
    with pool.trial(url=URL, key=KEY) as client:
        assert pool.client(url=URL, key=KEY, kind=PanelKind.PELICAN) is client
    assert is_masked()
    assert pool.client(url=URL, key=KEY) is client


async def test_a_trial_of_a_key_that_is_stored_elsewhere_takes_nothing_away(pool):
    client = pool.client(url=URL, key=KEY)
    with pool.trial(url=URL, key=KEY) as tried:
        assert tried is client
    assert pool.client(url=URL, key=KEY) is client
    assert is_masked()


async def test_a_key_that_is_forgotten_while_on_trial_is_gone_with_the_trial(pool):
    with pool.trial(url=URL, key=KEY) as client:
        pool.client(url=URL, key=KEY)
        pool.forget(url=URL, key=KEY)
        assert is_masked()
    assert not is_masked()
    assert pool.client(url=URL, key=KEY) is not client


async def test_a_forgotten_key_is_in_no_memory_any_more(panel, pools, recorded, kit):
    key = "".join(["ptlc_", "Zq7", "k" * 40])
    before = sys.getrefcount(key)
    panel.on("/api/client", recorded("ptero-1.11", "list_page2"))
    panel.on(kit.server, kit.reply(401, kit.error(401, "AuthenticationException")))
    pool = pools()
    client = pool.client(url=panel.url, key=key, kind=PanelKind.PTERODACTYL)
    await client.list_servers()
    with pytest.raises(KeyRefused):
        await client.server("a1c4e7f0")
    assert sys.getrefcount(key) > before
    pool.forget(url=panel.url, key=key)
    del client
    panel.seen.clear()  # the stand-in's own note of it
    async with asyncio.timeout(10):
        while sys.getrefcount(key) > before:  # what the refusal and its connection leave behind ends by and by
            await asyncio.sleep(0)
            gc.collect()
    held = [value for each in gc.get_objects() if type(each) is dict for value in each.values() if type(value) is str]
    assert f"Bearer {key}" not in held


async def test_a_client_that_nobody_uses_is_dropped_when_another_is_made(pool, clock):
    idle = pool.client(url=URL, key=KEY)
    used = pool.client(url=URL, key=KEY + "2")
    clock.now += IDLE_SECONDS
    pool.client(url=URL, key=KEY + "2")
    clock.now += 1
    pool.client(url=URL, key=KEY + "3")
    assert not is_masked()
    assert is_masked(KEY + "2")
    assert pool.client(url=URL, key=KEY + "2") is used
    assert pool.client(url=URL, key=KEY) is not idle


async def test_however_many_keys_are_used_a_bounded_number_of_clients_is_kept(pool, clock, monkeypatch):
    monkeypatch.setattr(pool_module, "MOST_CLIENTS", 10)
    with pool.trial(url=URL, key=KEY):
        for number in range(100):
            pool.client(url=URL, key=f"{KEY}{number:03}")
        assert len(pool._entries) <= 11
        assert is_masked()
    assert is_masked(f"{KEY}099")
    assert not is_masked(f"{KEY}000")


@pytest.mark.parametrize(
    "word", ["Incident", "a_message_could_not_be_written_down", "3f2b8c1e-9d47-4a6b-8e15-6c0d7a92b4f1"]
)
async def test_a_word_that_somebody_calls_a_key_stays_readable_in_the_log(pool, word):
    line = f"Incident 1a2b3c4d in a_message_could_not_be_written_down for {word}"
    with pool.trial(url=URL, key=word):
        assert redact(line) == line
    pool.client(url=URL, key=word)
    assert redact(line) == line
