"""Only plain public addresses are contacted, checked where the connection is made."""

import socket

import pytest

from bot import addresses
from bot.addresses import ResolvedAddress, is_public, resolve_public
from bot.errors import AddressForbidden, PanelUnreachable
from bot.text.markdown import plain

PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101", "2002:101:101::1", "::ffff:8.8.8.8"]
NOT_PUBLIC = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "2001:0:7f00:1::1",
    "2001:db8::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "no address",
    "",
]


@pytest.mark.parametrize("ip", PUBLIC)
def test_a_public_address_is_public(ip):
    assert is_public(ip)


@pytest.mark.parametrize("ip", NOT_PUBLIC)
def test_any_other_address_is_not(ip):
    assert not is_public(ip)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "0"])
async def test_loopback_is_refused_however_it_is_written(host):
    """The C library reads `127.1`, `2130706433` and `0x7f.0.0.1` as 127.0.0.1."""
    with pytest.raises(AddressForbidden, match="ALLOW_PRIVATE_PANELS") as caught:
        await resolve_public(host, 8080, allow_private=False)
    assert host in plain(str(caught.value))


async def test_private_addresses_are_returned_where_the_owner_allows_them():
    assert await resolve_public("127.0.0.1", 8080, allow_private=True) == [
        ResolvedAddress(family=socket.AF_INET, ip="127.0.0.1", port=8080)
    ]


async def test_a_public_literal_needs_no_permission():
    assert await resolve_public("1.1.1.1", 443, allow_private=False) == [
        ResolvedAddress(family=socket.AF_INET, ip="1.1.1.1", port=443)
    ]


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a" * 64 + ".example", "bad\0name", "..", "-"])
async def test_a_name_that_does_not_resolve_says_so(host):
    with pytest.raises(PanelUnreachable, match="cannot be found") as caught:
        await resolve_public(host, 443, allow_private=False)
    assert not isinstance(caught.value, AddressForbidden)


async def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch):
    """A guild must not be able to aim the bot inwards by a name that is public half of the time."""

    def lookup(host, port, **_options):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", port)),
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fd00::1", port, 0, 0)),
        ]

    monkeypatch.setattr("socket.getaddrinfo", lookup)
    with pytest.raises(AddressForbidden):
        await resolve_public("half.example.test", 443, allow_private=False)
    found = await resolve_public("half.example.test", 443, allow_private=True)
    assert [one.ip for one in found] == ["1.1.1.1", "fd00::1"]


def test_the_room_knows_no_network_library():
    assert not {"aiohttp", "websockets"} & set(vars(addresses))
