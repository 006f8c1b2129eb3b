"""A panel that means harm costs what an honest one may cost, over real sockets, and whoever asked gets a sentence."""

import asyncio
import dataclasses
import logging
import socket
import ssl

import pytest

from bot import time_slice
from bot.errors import PanelBroken, PanelError, PanelUnreachable
from bot.panel import bounded_socket, bounds
from bot.panel.asked import Operation
from bot.panel.models import ListEnd
from bot.terms import PanelKind, Signal
from bot.time_slice import TimeSlices
from sandbox.panel import Fault, Hostile, PanelStandIn

ONE = PanelKind.PTERODACTYL


class World:
    def __init__(self, pools, timing):
        self.panel = PanelStandIn(general_limit=100_000)
        owner = self.panel.add_user("owner")
        self.server = self.panel.add_server("Survival", owner=owner)
        self.key = self.panel.add_key(owner)
        self.pool = pools(timing=timing)

    def turn_hostile(self, trick):
        self.panel.faults.add(Fault(trick, times=None))

    @property
    def client(self):
        return self.pool.client(url=self.panel.url, key=self.key, kind=ONE)

    @property
    def pages(self):
        return [request for request in self.panel.requests if request.path == "/api/client"]


@pytest.fixture
def timing(kit):
    return kit.quick


@pytest.fixture
async def world(pools, timing):
    world = World(pools, timing)
    async with world.panel:
        yield world
        await world.pool.close()


@pytest.fixture
def arrived(monkeypatch):
    """The sizes of what sockets handed over."""
    sizes = []
    take = bounded_socket.Allowance.take

    def noted(self, size):
        sizes.append(size)
        take(self, size)

    monkeypatch.setattr(bounded_socket.Allowance, "take", noted)
    return sizes


class CountedSlices(TimeSlices):
    """Lets everybody who works in bulk wait each time it asks, and counts that."""

    def __init__(self):
        super().__init__(0.0)
        self.asked = 0

    async def breathe(self):
        self.asked += 1
        await super().breathe()


@pytest.fixture
async def slices(monkeypatch):
    counted = CountedSlices()
    monkeypatch.setitem(time_slice._of_loops, asyncio.get_running_loop(), counted)
    return counted


async def allowed():
    """Confirms whatever is asked."""


def told(caplog):
    return [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]


@pytest.mark.parametrize(
    ("trick", "expected", "end", "pages"),
    [
        (Hostile.ENDLESS_PAGES, 5_000, ListEnd.TOO_MANY, 51),
        (Hostile.SAME_PAGE, 1, ListEnd.COMPLETE, 3),
        (Hostile.FOLDING_NAMES, 5_000, ListEnd.TOO_MANY, 51),
    ],
    ids=str,
)
async def test_a_list_without_end_or_sense_is_read_so_far_and_no_further(
    world, slices, caplog, trick, expected, end, pages
):
    world.turn_hostile(trick)
    found = await world.client.list_servers()
    assert (len(found.servers), found.end, len(world.pages)) == (expected, end, pages)
    assert all(len(server.name) <= 255 and len(server.uuid) <= 64 for server in found.servers)
    assert slices.asked >= expected
    assert sum(record.levelno >= logging.WARNING for record in caplog.records) <= 1


async def test_many_bad_entries_make_one_line_of_log_with_their_number(panel, client, caplog):
    page = {"object": "list", "data": [{}] * 3_000, "meta": {"pagination": {"total_pages": 1}}}
    panel.on("/api/client", page)
    assert (await client.list_servers()).servers == ()
    assert [line for line in told(caplog) if "/api/client: 200" not in line] == [
        f"6000 entries in the server list of {panel.url} cannot be used: left out"
    ]


@pytest.mark.parametrize(
    ("trick", "sentence", "sizes"),
    [
        (Hostile.EMPTY_ENTRIES, "far too long", ["100", "25", "5"]),
        (Hostile.CROWDED_PAGES, "far too long", ["100", "25", "5"]),
        (Hostile.LONG_UUID, "far too long", ["100", "25", "5"]),
        (Hostile.FAT_SERVERS, "far too long", ["100", "25", "5"]),
        (Hostile.MANY_PARTS, "far too long", ["100", "25", "5"]),
        (Hostile.GZIP_BOMB, "far too long", ["100", "25", "5"]),
        (Hostile.SMALL_CHUNKS, "far too long", ["100", "25", "5"]),
        (Hostile.INTERIM, "far too long", ["100", "25", "5"]),
        (Hostile.DEEP, "far too long", ["100", "25", "5"]),
        (Hostile.FAT_ERRORS, "failed by itself", ["100"]),
    ],
    ids=str,
)
async def test_a_page_that_is_too_much_is_asked_for_in_smaller_pieces_and_then_refused(
    world, refusal, caplog, arrived, trick, sentence, sizes
):
    world.turn_hostile(trick)
    caught = await refusal(world.client.list_servers())
    assert isinstance(caught, PanelBroken)
    assert sentence in str(caught)
    # On a kept connection that breaks, the library repeats a read by itself, within the same allowance.
    assert list(dict.fromkeys(page.query["per_page"] for page in world.pages)) == sizes
    assert max(arrived) <= bounded_socket.PIECE
    assert sum(arrived) <= len(sizes) * (bounds.longest_transmission(Operation.LIST) + 2 * bounded_socket.PIECE)
    assert len("".join(told(caplog))) < 10_000


async def test_numbers_without_end_are_no_servers(world):
    world.turn_hostile(Hostile.HUGE_NUMBERS)
    assert (await world.client.list_servers()).servers == ()


async def test_a_fat_server_is_refused_with_a_sentence(world, refusal):
    world.turn_hostile(Hostile.FAT_SERVERS)
    assert "far too long" in str(await refusal(world.client.server(world.server.identifier)))


@pytest.mark.parametrize(
    "trick", [Hostile.GZIP_BOMB, Hostile.SMALL_CHUNKS, Hostile.INTERIM, Hostile.FAT_ERRORS], ids=str
)
async def test_a_short_answer_may_cost_little_whatever_is_sent_instead(world, refusal, arrived, trick):
    world.turn_hostile(trick)
    await refusal(world.client.resources(world.server.identifier))
    assert sum(arrived) <= bounds.longest_transmission(Operation.RESOURCES) + 2 * bounded_socket.PIECE
    assert bounds.longest_transmission(Operation.RESOURCES) <= 128 * 2**10


class TestTime:
    @pytest.fixture
    def timing(self, kit):
        return dataclasses.replace(kit.quick, total=0.2, whole_list=0.5)

    async def test_an_answer_that_drips_ends_with_the_time_for_an_answer(self, world, refusal):
        world.turn_hostile(Hostile.DRIP)
        assert "did not answer within" in str(await refusal(world.client.list_servers()))
        assert "did not answer within" in str(await refusal(world.client.resources(world.server.identifier)))
        assert "did not answer within" in str(await refusal(world.client.console_ticket(world.server.identifier)))

    async def test_all_pages_share_one_deadline_and_what_was_read_is_kept(self, panel, pools, kit, timing, recorded):
        page, never = recorded("ptero-1.11", "list_page1"), asyncio.Event()
        panel.on("/api/client", page, kit.reply(200, page, after=never))
        timing = dataclasses.replace(timing, total=30.0)
        found = await pools(timing=timing).client(url=panel.url, key=kit.key, kind=ONE).list_servers()
        assert (len(found.servers), found.end) == (1, ListEnd.TOO_SLOW)
        never.set()

    async def test_a_list_of_which_nothing_comes_in_time_says_how_to_go_on(self, panel, pools, kit, timing, refusal):
        never = asyncio.Event()
        panel.on("/api/client", kit.reply(200, {}, after=never))
        timing = dataclasses.replace(timing, total=30.0)
        caught = await refusal(pools(timing=timing).client(url=panel.url, key=kit.key, kind=ONE).list_servers())
        assert type(caught) is PanelUnreachable
        assert "by its identifier" in str(caught)
        never.set()


async def test_an_honest_page_that_is_long_is_read_in_smaller_ones_from_where_the_list_stood(panel, client, kit):
    """An owner with many variables and allocations: 100 servers of 12 KiB do not fit, 25 do."""

    def page(number, size):
        numbers = range((number - 1) * size, min(number * size, 260))
        heavy = {"invocation": "x" * 12_000}
        data = [
            {"object": "server", "attributes": {"identifier": f"{n:08x}", "uuid": str(n), "node": "n", **heavy}}
            for n in numbers
        ]
        return {"object": "list", "data": data, "meta": {"pagination": {"total_pages": -(-260 // size)}}}

    panel.on("/api/client", page(1, 100), *(page(number, 25) for number in range(1, 12)))
    found = await client.list_servers()
    assert [server.uuid for server in found.servers] == [str(n) for n in range(260)]
    assert found.end is ListEnd.COMPLETE
    asked = [(one.query["page"], one.query["per_page"]) for one in panel.seen]
    assert asked == [("1", "100"), *((str(n), "25") for n in range(1, 12))]


async def test_a_long_page_in_the_midst_of_the_list_loses_and_repeats_none(panel, client, kit):
    def page(first, count, size, text=""):
        data = [
            {"object": "server", "attributes": {"identifier": f"{n:08x}", "uuid": str(n), "node": "n", "x": text}}
            for n in range(first, first + count)
        ]
        return {"object": "list", "data": data, "meta": {"pagination": {"total_pages": 200 // size}}}

    panel.on(
        "/api/client",
        page(0, 100, 100),
        page(100, 100, 100, "x" * 11_000),
        *(page(n, 25, 25) for n in (100, 125, 150, 175)),
    )
    found = await client.list_servers()
    assert [server.uuid for server in found.servers] == [str(n) for n in range(200)]
    assert [one.query["page"] for one in panel.seen] == ["1", "2", "5", "6", "7", "8"]


async def test_a_rate_limit_amid_a_list_keeps_what_was_read(panel, client, kit, recorded):
    error = kit.error(429, "ThrottleRequestsException", "Too Many Attempts.")
    panel.on("/api/client", recorded("ptero-1.11", "list_page1"), kit.reply(429, error, headers={"Retry-After": "40"}))
    found = await client.list_servers()
    assert (len(found.servers), found.end) == (1, ListEnd.TOO_SLOW)


class Raw:
    """A server that says what it is told to, byte for byte, to each request."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.connections = 0
        self.lost = asyncio.Event()

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while self.answers and await reader.readuntil(b"\r\n\r\n"):
                answer, flood = self.answers.pop(0)
                writer.write(answer)
                await writer.drain()
                while flood:
                    writer.write(flood * 1000)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.lost.set()
        finally:
            writer.close()


FINE = b'HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n{"attributes":{"current_state":"offline"}}  '


async def test_what_is_sent_unasked_on_a_kept_connection_ends_it(pools, kit, arrived):
    raw = Raw((FINE, b"HTTP/1.1 102 Processing\r\n\r\n"), (FINE, b""))
    async with await asyncio.start_server(raw, "127.0.0.1", 0) as server:
        pool = pools()
        client = pool.client(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", key=kit.key, kind=ONE)
        await client.resources("a1c4e7f0")
        async with asyncio.timeout(10):
            await raw.lost.wait()
        assert sum(arrived) <= bounds.longest_transmission(Operation.RESOURCES) + bounded_socket.PIECE
        await client.resources("a1c4e7f0")
        assert raw.connections == 2
        await pool.close()


async def test_each_request_on_a_kept_connection_has_its_own_allowance(panel, client, kit, recorded):
    """Else an honest panel's connection would end by and by."""
    panel.on(kit.server, recorded("ptero-1.11", "server"))
    big = {**recorded("ptero-1.11", "list_page1"), "more": "x" * 900_000}
    big["meta"]["pagination"]["total_pages"] = 1
    panel.on("/api/client", big)
    for _ in range(5):
        assert (await client.list_servers()).servers
        assert await client.server("a1c4e7f0")
    assert panel.connections == 1


@pytest.mark.parametrize("head", [b"X: " + b"y" * 30_000, b"\r\n".join(b"X-%d: y" % n for n in range(500))])
async def test_headers_without_end_are_no_http(pools, kit, refusal, head):
    raw = Raw((b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n{}", b""))
    async with await asyncio.start_server(raw, "127.0.0.1", 0) as server:
        pool = pools()
        client = pool.client(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", key=kit.key, kind=ONE)
        assert isinstance(await refusal(client.resources("a1c4e7f0")), PanelUnreachable)
        await pool.close()


async def test_an_action_that_is_answered_with_too_much_has_happened_all_the_same(panel, client, kit):
    panel.on(f"{kit.server}/power", kit.reply(200, "x" * 3_000_000, content_type="text/plain"), method="POST")
    await client.send_signal("a1c4e7f0", Signal.START, confirm=allowed)
    assert len(panel.seen) == 1


async def test_a_long_web_page_is_told_from_a_long_answer(panel, client, kit, refusal):
    page = "<html>" + "x" * 3_000_000
    panel.on(kit.server, kit.reply(200, page, content_type="text/html"))
    assert "web page answered" in str(await refusal(client.server("a1c4e7f0")))


async def test_json_that_is_cut_is_never_taken_for_whole_whatever_it_is_labelled(panel, client, kit, refusal, recorded):
    long = recorded("ptero-1.11", "server") | {"more": "x" * 3_000_000}
    panel.on(kit.server, kit.reply(200, long, content_type="text/html"))
    assert isinstance(await refusal(client.server("a1c4e7f0")), PanelError)


def test_a_socket_reads_into_a_buffer_in_small_pieces_too():
    """As TLS does."""
    ours, theirs = socket.socketpair()
    with theirs, bounded_socket.BoundedSocket(fileno=ours.detach()) as bounded:
        allowance = bounded_socket.allow(20_000)
        bounded.send(b"x")
        theirs.sendall(b"y" * 30_000)
        assert bounded.recv_into(bytearray(100_000)) == bounded_socket.PIECE
        assert len(bounded.recv(100_000)) == bounded_socket.PIECE
        with pytest.raises(OSError, match="more than was asked"):
            bounded.recv(100_000)
        assert allowance.is_used_up


async def test_an_encrypted_connection_is_bounded_alike(certificate, arrived):
    flood = Raw((b"HTTP/1.1 200 OK\r\n\r\n", b"y" * 1_000))
    async with await asyncio.start_server(flood, "127.0.0.1", 0, ssl=certificate) as server:
        sock = bounded_socket.BoundedSocket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, server.sockets[0].getsockname())
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        allowance = bounded_socket.allow(100_000)
        reader, writer = await asyncio.open_connection(sock=sock, ssl=trusting, server_hostname="panel.example.test")
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(OSError, match="more than was asked"):
            while await reader.read(65_536):
                pass
        assert allowance.is_used_up
        assert max(arrived) <= bounded_socket.PIECE
        writer.close()
