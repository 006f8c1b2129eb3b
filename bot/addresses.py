"""Which network addresses the bot may contact: looked up once, checked, and handed out for exactly that connection."""

import ipaddress
import socket
from dataclasses import dataclass

from bot.errors import AddressForbidden, PanelUnreachable
from bot.i18n import _
from bot.name_lookup import look_up
from bot.text.markdown import escape

# Public by their number, yet answered by the hosting network itself: metadata and relay services.
_NEVER_PUBLIC_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "168.63.129.16/32",  # Azure's host agent
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890; Oracle's metadata address
        "192.88.99.0/24",  # 6to4 relay anycast, RFC 7526
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # everything else is special in some way, RFC 4291
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # the last 32 bits are an IPv4 address, RFC 6052


@dataclass(frozen=True, slots=True)
class ResolvedAddress:
    """One address a name stands for, ready to be connected to without a second look-up."""

    family: int
    """`socket.AF_INET` or `socket.AF_INET6`."""
    ip: str
    port: int


def is_public(ip: str) -> bool:
    """Tell whether a literal IP address is a plain public unicast one; text that is no address is not."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return _is_public_v4(address)
    embedded = _embedded_v4(address)
    if embedded is not None:
        return _is_public_v4(embedded)
    return address in _GLOBAL_UNICAST and address.is_global and not address.is_multicast


def check_public(ip: str, *, host: str) -> None:
    """Raise AddressForbidden, naming the host as it was typed, unless the address is public."""
    if not is_public(ip):
        # The address itself is not told: it would let a guild explore names of the owner's network.
        raise AddressForbidden(
            _(
                "“{host}” is a private or reserved address, which this bot does not contact: use its public address, "
                "or let the bot's owner set ALLOW_PRIVATE_PANELS."
            ).format(host=escape(host))
        )


async def resolve_public(host: str, port: int, *, allow_private: bool) -> list[ResolvedAddress]:
    """Look a host up and return the addresses to connect to, best first.

    Connect to these very addresses: a second look-up could be answered differently on purpose (DNS rebinding).
    Raises AddressForbidden when any of them is not public (a name that stands for both kinds is refused as a whole)
    unless `allow_private`, and PanelUnreachable when the name does not resolve.
    """
    try:
        found = await look_up(host, port)
    except TimeoutError as exc:
        raise PanelUnreachable(
            _("The name “{host}” was not found in time: try again, or check the name's DNS servers.").format(
                host=escape(host)
            )
        ) from exc
    except (OSError, ValueError) as exc:
        raise PanelUnreachable(
            _(
                "The name “{host}” cannot be found: check the address for typing errors, or the name's DNS entry."
            ).format(host=escape(host))
        ) from exc
    addresses = list(
        dict.fromkeys(
            ResolvedAddress(family=int(family), ip=str(sockaddr[0]), port=port)
            for family, _type, _proto, _name, sockaddr in found
            if family in {socket.AF_INET, socket.AF_INET6}
        )
    )
    if not allow_private:
        for address in addresses:
            check_public(address.ip, host=host)
    return addresses


def _is_public_v4(address: ipaddress.IPv4Address) -> bool:
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in network for network in _NEVER_PUBLIC_V4)


def _embedded_v4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a translator or tunnel on the way would contact instead."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
