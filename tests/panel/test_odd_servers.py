"""What web servers and proxies in front of panels do to honest answers, as people report it: read, or named rightly."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from bot.errors import PanelError
from bot.terms import PanelKind, PowerState

BODY = json.dumps(
    {
        "object": "stats",
        "attributes": {
            "current_state": "running",
            "is_suspended": False,
            "resources": {
                "memory_bytes": 1,
                "cpu_absolute": 1.5,
                "disk_bytes": 1,
                "network_rx_bytes": 1,
                "network_tx_bytes": 1,
                "uptime": 1000,
            },
        },
    }
).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
NOTICE = b"<br />\n<b>Deprecated</b>:  Optional parameter in <b>/var/www/pterodactyl/x.php</b> on line <b>3</b><br />\n"


def plain(body=BODY, extra=b""):
    return HEAD + extra + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


GOOD = {
    "a policy of 10 KB": plain(extra=b"Content-Security-Policy: " + b"x" * 10_000 + b"\r\n"),
    "debug bars of 20 KB": plain(extra=b"X-Clockwork: " + b"x" * 20_000 + b"\r\n"),
    "a byte order mark": plain(b"\xef\xbb\xbf" + BODY),
    "blank lines before": plain(b"\n\n" + BODY),
    "two names of the server": plain(extra=b"Server: nginx\r\nServer: cloudflare\r\nDate: a\r\nDate: b\r\n"),
    "two types": plain(extra=b"Content-Type: text/plain\r\n"),
    "Latin letters in a header": plain(extra="X-Host: Müller\r\n".encode("latin-1")),
    "a broken cookie": plain(extra=b"Set-Cookie: XSRF TOKEN[]=a; expires=never\r\n"),
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + plain(),
    "no reason phrase": plain().replace(b"200 OK", b"200"),
    "HTTP/1.0": plain().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "another alphabet promised": plain().replace(b"application/json", b"application/json; charset=utf-16"),
}
RULES = "breaks the rules of HTTP"
BAD = {
    "a length and chunks": (
        HEAD + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % len(BODY),
        (RULES, "Transfer\\-Encoding can't be present with Content\\-Length"),
    ),
    "two lengths": (plain(extra=b"Content-Length: 1\r\n"), (RULES, "Content\\-Length")),
    "a blank in a name": (plain(extra=b"X Bad: 1\r\n"), (RULES, "Invalid header")),
    "headers without end": (plain(extra=b"X-A: " + b"x" * 30_000 + b"\r\n"), (RULES, "Got more than")),
    "a PHP notice before": (plain(NOTICE + BODY), ("PHP", "display_errors")),
    "a PHP warning as text": (plain(b"\nWarning: Undefined x in /a.php on line 3\n" + BODY), ("PHP", "display_errors")),
    "a PHP page": (plain(NOTICE + BODY).replace(b"application/json", b"text/html"), ("PHP", "display_errors")),
    "another language": (b"SSH-2.0-OpenSSH_9.6\r\n", ("does not speak HTTP",)),
    "a real page": (plain(b"<html><b>Warning</b> signs</html>"), ("web page",)),
}


@asynccontextmanager
async def answering(raw):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("name", GOOD)
async def test_an_honest_answer_is_read_whatever_is_around_it(pools, kit, name):
    async with answering(GOOD[name]) as url:
        found = await pools().client(url=url, key=kit.key, kind=PanelKind.PTERODACTYL).resources("a1c4e7f0")
    assert (found.state, found.cpu_percent) == (PowerState.RUNNING, 1.5)


@pytest.mark.parametrize("name", BAD)
async def test_what_cannot_be_read_is_named_by_whose_trouble_it_is(pools, kit, name):
    """Nobody is sent to check an address that is right."""
    raw, words = BAD[name]
    async with answering(raw) as url:
        with pytest.raises(PanelError) as caught:
            await pools().client(url=url, key=kit.key, kind=PanelKind.PTERODACTYL).resources("a1c4e7f0")
    said = str(caught.value)
    assert all(word in said for word in words), said
    assert "\n" not in said and "b'" not in said and len(said) < 300
