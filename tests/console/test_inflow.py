"""What a node sends is read in slices, and no faster than it is worked off, whatever it is."""

import asyncio
import contextlib
import json
import ssl
from dataclasses import replace

import pytest
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State

from bot import time_slice
from bot.console import dial
from bot.console.dial import Dialler
from bot.console.inflow import Inflow
from bot.console.refusals import Lost

from .conftest import FAST, eventually

MUCH = 64 * 1024


def raw(opcode, data, fin=True):
    return Frame(opcode, data, fin).serialize(mask=False)


LINE = raw(Opcode.TEXT, json.dumps({"event": "console output", "args": ["a"]}).encode())
PING = raw(Opcode.PING, b"")


class Transport(asyncio.Transport):
    """Notes what is done to it."""

    def __init__(self):
        super().__init__()
        self.reading, self.written = True, 0

    def pause_reading(self):
        self.reading = False

    def resume_reading(self):
        self.reading = True

    def write(self, data):
        self.written += 1

    def set_write_buffer_limits(self, high=None, low=None):
        pass

    def can_write_eof(self):
        return True

    def write_eof(self):
        pass

    def is_closing(self):
        return False

    def abort(self):
        pass


@pytest.fixture
async def inflow():
    """A connection behind its opening handshake, without a socket."""
    from websockets.client import ClientProtocol
    from websockets.protocol import Protocol
    from websockets.uri import parse_uri

    protocol = ClientProtocol(parse_uri("ws://node.example/"), max_size=1 << 20)
    protocol.state = State.OPEN
    protocol.parser = Protocol.parse(protocol)
    next(protocol.parser)
    connection = Inflow(protocol, max_queue=None, ping_interval=None)
    connection.response = Response(101, "Switching Protocols", Headers())
    connection.connection_made(Transport())
    return connection


async def turns_until(task):
    count = 0
    while not task.done():
        await asyncio.sleep(0)
        count += 1
    return count


@pytest.mark.parametrize("frame", [LINE, PING, raw(Opcode.PONG, b"x"), raw(Opcode.BINARY, b"")])
async def test_a_chunk_of_tiny_frames_is_taken_in_slices(inflow, frame, monkeypatch):
    clock = iter(range(10**9))
    monkeypatch.setattr(time_slice, "shared", lambda: slices)
    slices = time_slice.TimeSlices(3, lambda: next(clock))  # so many looks at the clock are a slice

    async def read():
        with contextlib.suppress(ConnectionClosed):
            while True:
                await inflow.next_message()

    reader = asyncio.create_task(read())
    await asyncio.sleep(0)
    inflow.data_received(frame * (MUCH // len(frame)) + raw(Opcode.CLOSE, b"\x03\xe8"))
    assert not inflow.transport.reading
    inflow.eof_received()
    inflow.connection_lost(None)
    assert await turns_until(reader) > MUCH // 512 / 3
    assert inflow.protocol.close_rcvd.code == 1000


async def test_nothing_is_read_before_somebody_wants_it(inflow):
    inflow.data_received(LINE * 1000)
    for _ in range(50):
        await asyncio.sleep(0)
    assert not inflow.transport.reading
    assert len(inflow.recv_messages.frames) == 0
    for _ in range(1000):
        assert json.loads(await inflow.next_message())["args"] == ["a"]
        assert len(inflow.recv_messages.frames) * len(LINE) <= 1024
    for _ in range(10):
        await asyncio.sleep(0)
    assert inflow.transport.reading


async def test_what_was_read_before_the_connection_was_lost_is_not_lost(inflow, caplog):
    inflow.data_received(PING * 100 + LINE * 500)
    inflow.connection_lost(OSError("cut"))
    for _ in range(500):
        assert json.loads(await inflow.next_message())["args"] == ["a"]
    with pytest.raises(ConnectionClosed):
        await inflow.next_message()
    assert not inflow.transport.written  # nobody is there to be answered
    assert not caplog.records


async def test_who_does_not_take_answers_to_his_pings_is_not_read(inflow):
    reader = asyncio.create_task(inflow.next_message())
    await asyncio.sleep(0)
    inflow.pause_writing()
    inflow.data_received(PING * 10 + LINE)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not inflow.transport.written and not inflow.transport.reading
    inflow.resume_writing()
    await reader
    assert inflow.transport.written == 10


async def test_a_lost_connection_ends_even_while_answers_to_pings_cannot_be_written(inflow):
    inflow.pause_writing()
    inflow.data_received(PING * 10)
    inflow.connection_lost(None)
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(inflow.next_message(), 5)


@pytest.fixture
async def node():
    """Serves one handler over a real socket; `.url` is where."""

    class Node:
        handler = None
        headers = ()

    async def handle(connection):
        with contextlib.suppress(Exception):
            await found.handler(connection)

    def respond(connection, request, response):
        for name, value in found.headers:
            response.headers[name] = value

    found = Node()
    async with serve(handle, "127.0.0.1", 0, compression=None, process_response=respond, close_timeout=0.1) as server:
        found.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/api/servers/a/ws"
        yield found


def dialler():
    timing = replace(FAST, ping_interval=30.0, ping_timeout=30.0)
    return Dialler("Survival", "https://panel.example", allow_private=True, timing=timing)


async def test_compression_is_not_offered_and_a_node_that_compresses_all_the_same_is_left(node):
    asked = []

    async def handler(connection):
        asked.append(connection.request.headers.get("Sec-WebSocket-Extensions"))
        await connection.wait_closed()

    node.handler = handler
    async with contextlib.AsyncExitStack() as stack:
        socket = await dialler().open(node.url, None)
        stack.push_async_callback(socket.close)
    assert asked == [None]
    node.headers = (("Sec-WebSocket-Extensions", "permessage-deflate"),)
    with pytest.raises(Lost):
        await dialler().open(node.url, None)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([raw(Opcode.TEXT, b"x" * (dial.LARGEST_FRAME + 1))], 1009),
        ([raw(Opcode.TEXT, b"x" * 400_000, fin=False), raw(Opcode.CONT, b"x" * 400_000)], 1009),
        ([raw(Opcode.TEXT, b"", fin=False), raw(Opcode.CONT, b"", fin=False) * 5000], 1009),
    ],
)
async def test_messages_of_a_size_that_wings_never_sends_end_the_connection(node, frames, code):
    async def handler(connection):
        for frame in frames:
            connection.transport.write(frame)
        await connection.wait_closed()

    node.handler = handler
    socket = await dialler().open(node.url, None)
    with pytest.raises(ConnectionClosed) as end:
        await socket.next_message()
    assert end.value.sent.code == code and not end.value.rcvd_then_sent
    await socket.close()


async def test_a_flood_over_tls_arrives_whole_although_the_node_is_gone_at_once(tls, monkeypatch):
    async def handle(connection):
        connection.transport.write(LINE * 5000)
        connection.transport.close()

    client = ssl.create_default_context()
    client.load_verify_locations(cadata=tls.pem)
    monkeypatch.setattr(dial, "_tls", lambda: client)
    async with serve(handle, "127.0.0.1", 0, ssl=tls, compression=None, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        socket = await dialler().open(f"wss://localhost:{port}/api/servers/a/ws", None)
        count = 0
        with contextlib.suppress(ConnectionClosed):
            while True:
                assert json.loads(await socket.next_message())["args"] == ["a"]
                count += 1
        assert count == 5000
        await socket.close()


async def test_answers_to_a_node_that_never_reads_are_not_heaped_up(node):
    async def handler(connection):
        connection.transport.pause_reading()
        while not connection.transport.is_closing():
            if connection.transport.get_write_buffer_size() < 1 << 20:
                connection.transport.write(raw(Opcode.PING, b"x" * 125) * 1000)
            await asyncio.sleep(0)

    node.handler = handler
    socket = await dialler().open(node.url, None)
    reader = asyncio.create_task(socket.next_message())
    await eventually(lambda: not socket._writable.is_set(), 30)
    for _ in range(1000):
        await asyncio.sleep(0)
        assert socket.transport.get_write_buffer_size() < 48 * 1024
    reader.cancel()
    began = asyncio.get_running_loop().time()
    await socket.close()
    assert asyncio.get_running_loop().time() - began < 10


async def test_a_node_that_talks_is_alive_although_its_answer_to_a_ping_is_long_in_coming(node):
    async def handler(connection):
        connection.transport.pause_reading()
        while not connection.transport.is_closing():
            connection.transport.write(LINE)
            await asyncio.sleep(0.005)

    node.handler = handler
    socket = await dialler().open(node.url, None)
    watch = asyncio.create_task(socket.watch(0.05, 0.1))
    for _ in range(60):
        await socket.next_message()
    watch.cancel()
    await socket.close()


async def test_a_node_that_talks_but_takes_nothing_any_more_is_cut(node):
    async def handler(connection):
        connection.transport.pause_reading()
        while not connection.transport.is_closing():
            if connection.transport.get_write_buffer_size() < 1 << 20:
                connection.transport.write(raw(Opcode.PING, b"x" * 125) * 1000)
            await asyncio.sleep(0)

    node.handler = handler
    socket = await dialler().open(node.url, None)
    watch = asyncio.create_task(socket.watch(0.05, 0.1))
    async with asyncio.timeout(30):
        with pytest.raises(ConnectionClosed):
            await socket.next_message()
    watch.cancel()
    await socket.close()
