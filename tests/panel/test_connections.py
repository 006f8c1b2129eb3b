"""Each way in which no connection comes about has its own sentence, and private addresses are not contacted."""

import asyncio
import socket

import pytest

from bot.errors import AddressForbidden, PanelUnreachable
from bot.terms import PanelKind, Signal
from bot.text.markdown import plain

from .conftest import allowed

ONE = PanelKind.PTERODACTYL


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_refused_connection(pools, kit, refusal):
    client = pools().client(url=f"http://127.0.0.1:{free_port()}", key=kit.key, kind=ONE)
    for doing in (client.list_servers(), client.send_signal("a1c4e7f0", Signal.START, confirm=allowed)):
        caught = await refusal(doing)
        assert isinstance(caught, PanelUnreachable)
        assert "refuses the connection" in str(caught)


async def test_a_name_that_does_not_resolve(pools, kit, refusal):
    client = pools().client(url="http://no-such-name.invalid", key=kit.key, kind=ONE)
    for doing in (client.list_servers(), client.send_signal("a1c4e7f0", Signal.START, confirm=allowed)):
        caught = await refusal(doing)
        assert type(caught) is PanelUnreachable
        assert "no-such-name.invalid” cannot be found" in plain(str(caught))


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_a_private_address_is_not_contacted(panel, pools, kit, refusal, host):
    """Names and literals alike; nothing arrives at the server that listens there."""
    client = pools(allow_private=False).client(url=f"http://{host}:{panel.server.port}", key=kit.key, kind=ONE)
    for doing in (client.list_servers(), client.send_signal("a1c4e7f0", Signal.KILL, confirm=allowed)):
        caught = await refusal(doing)
        assert type(caught) is AddressForbidden
        assert "ALLOW_PRIVATE_PANELS" in str(caught)
    assert not panel.seen


@pytest.mark.parametrize("host", ["127.1", "2130706433"])
async def test_numbers_that_only_the_c_library_reads_as_addresses_are_refused(panel, pools, kit, refusal, host):
    client = pools(allow_private=False).client(url=f"http://{host}:{panel.server.port}", key=kit.key, kind=ONE)
    assert isinstance(await refusal(client.list_servers()), PanelUnreachable)
    assert not panel.seen


async def test_a_name_is_looked_up_once_and_the_answer_connected_to(panel, pools, kit, monkeypatch, recorded):
    """A second look-up could be answered with a private address."""
    lookups: list[str] = []
    genuine = socket.getaddrinfo

    def lookup(host, port, *rest, **options):
        if isinstance(host, str) and host.endswith(".test"):
            lookups.append(host)
            host = "127.0.0.1" if len(lookups) == 1 else "127.0.0.2"
        return genuine(host, port, *rest, **options)

    monkeypatch.setattr("socket.getaddrinfo", lookup)
    panel.on(kit.server, recorded("ptero-1.11", "server"))
    client = pools().client(url=f"http://panel.example.test:{panel.server.port}", key=kit.key, kind=ONE)
    assert (await client.server("a1c4e7f0")).name == "Creative Hub"
    assert lookups == ["panel.example.test"]


async def test_what_does_not_speak_http(pools, kit, refusal):
    async def greet(_reader, writer):
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = pools().client(url=f"http://127.0.0.1:{port}", key=kit.key, kind=ONE)
        caught = await refusal(client.list_servers())
    assert isinstance(caught, PanelUnreachable)
    assert "does not speak HTTP" in str(caught)


async def test_a_certificate_that_nobody_vouches_for(pools, kit, refusal, certificate):
    async def serve(_reader, writer):
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=certificate) as server:
        port = server.sockets[0].getsockname()[1]
        client = pools().client(url=f"https://127.0.0.1:{port}", key=kit.key, kind=ONE)
        for doing in (client.list_servers(), client.send_signal("a1c4e7f0", Signal.START, confirm=allowed)):
            caught = await refusal(doing)
            assert type(caught) is PanelUnreachable
            assert "certificate" in str(caught)
            assert "self-signed" in str(caught)


async def test_https_spoken_to_a_plain_http_port(panel, pools, kit, refusal):
    client = pools().client(url=f"https://127.0.0.1:{panel.server.port}", key=kit.key, kind=ONE)
    caught = await refusal(client.list_servers())
    assert isinstance(caught, PanelUnreachable)
    assert "encrypted" in str(caught)


async def test_an_endless_answer_is_cut_off(panel, client, kit, refusal):
    panel.on(kit.server, kit.reply(200, "[" * 9_000_000))
    caught = await refusal(client.server("a1c4e7f0"))
    assert "far too long" in str(caught)
