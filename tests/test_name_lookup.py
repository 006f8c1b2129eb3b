"""Name look-ups: nobody who runs slow name servers keeps others from being found."""

import asyncio
import socket
import threading

import pytest

from bot import name_lookup
from bot.addresses import resolve_public
from bot.errors import PanelUnreachable
from bot.name_lookup import AT_ONCE_PER_DOMAIN, domain_of, look_up


class Resolver:
    """Answers names under `slow.test` when it is told to, all others at once; counts its threads."""

    def __init__(self):
        self.go_on = threading.Event()
        self.changed = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.asked = []
        self.threads = set()

    def __call__(self, host, port, **_options):
        self.asked.append(host)
        self.threads.add(threading.current_thread())
        self.loop.call_soon_threadsafe(self.changed.set)
        if host.endswith("slow.test"):
            self.go_on.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port))]

    async def until(self, condition):
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def resolver(monkeypatch):
    resolver = Resolver()
    monkeypatch.setattr("socket.getaddrinfo", resolver)
    yield resolver
    resolver.go_on.set()
    for thread in resolver.threads:
        thread.join(10)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("panel.example.com", "example.com"),
        ("a.b.c.Example.COM.", "example.com"),
        ("example.co.uk", "example.co.uk"),
        ("panel.example.co.uk", "example.co.uk"),
        ("localhost", "localhost"),
        ("", ""),
        ("..", ""),
    ],
)
def test_hosts_count_for_the_domain_whose_owner_answers_for_them(host, domain):
    assert domain_of(host) == domain.lstrip(".")


async def test_a_domain_that_never_answers_holds_a_few_threads_and_nobody_else(resolver):
    slow = [asyncio.create_task(look_up(f"host{number}.slow.test", 80)) for number in range(200)]
    await resolver.until(lambda: len(resolver.asked) == AT_ONCE_PER_DOMAIN)
    for number in range(100):
        assert await look_up(f"host{number}.quick.test", 443)
    assert sum(host.endswith("slow.test") for host in resolver.asked) == AT_ONCE_PER_DOMAIN
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_whoever_gives_up_leaves_the_turn_to_its_thread_until_that_has_ended(resolver):
    """Else endless attempts would make endless threads."""
    for _ in range(5):
        tries = [asyncio.create_task(look_up("host.slow.test", 80)) for _ in range(AT_ONCE_PER_DOMAIN)]
        await resolver.until(lambda: len(resolver.asked) == AT_ONCE_PER_DOMAIN)
        for one in tries:
            one.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
    assert len(resolver.threads) == AT_ONCE_PER_DOMAIN
    resolver.go_on.set()
    assert await look_up("host.slow.test", 80)


async def test_a_look_up_that_takes_too_long_is_told_in_a_sentence(resolver, monkeypatch):
    monkeypatch.setattr(name_lookup, "SECONDS", 0.05)
    with pytest.raises(PanelUnreachable, match="not found in time"):
        await resolve_public("host.slow.test", 80, allow_private=True)


async def test_a_look_up_needs_none_of_the_loops_own_threads(resolver):
    loop = asyncio.get_running_loop()
    held = threading.Event()
    busy = [loop.run_in_executor(None, held.wait, 20) for _ in range(64)]
    try:
        assert await look_up("host.quick.test", 80)
    finally:
        held.set()
        await asyncio.gather(*busy)


async def test_the_program_does_not_wait_for_a_look_up_at_its_end(resolver):
    asking = asyncio.create_task(look_up("host.slow.test", 80))
    await resolver.until(lambda: resolver.threads)
    assert all(thread.daemon for thread in resolver.threads)
    asking.cancel()
