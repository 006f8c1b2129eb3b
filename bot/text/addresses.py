"""Tells IP addresses in a plain line from what only looks like them, also where they are glued to words.

Left alone on purpose: loopback and unspecified addresses (they tell nothing about anybody), versions of four parts
(see `bot.text.versions`), and times, coordinates and hashes, which look like addresses only at a glance.
"""

import ipaddress
import re
from typing import NamedTuple

from bot.text import versions

_OCTET = r"(?:25[0-5]|2[0-4]\d|[01]?\d?\d)"
FOURTH = re.compile(rf"(?<!\d)(?<!\d\.)(?P<v4>{_OCTET}(?:\.{_OCTET}){{3}})(?!\d|\.\d)(?P<port>:\d{{1,5}})?")
# As names of hosts have it: ec2-203-0-113-5.compute-1.amazonaws.com
DASHED = re.compile(
    rf"(?<!\d)(?:(?<!\d-)|(?<=[A-Za-z]\d-))(?P<dashed>{_OCTET}(?:-{_OCTET}){{3}})(?!\d|-\d)"
    r"(?=[A-Za-z0-9-]{0,32}(?:\.[A-Za-z0-9-]{1,40}){1,6}\.[A-Za-z]{2,12}(?![\w-]))"
)
# Java writes addresses with a slash before them and, for IPv6, with or without brackets. More than nine groups are a
# fingerprint.
SIXTH = re.compile(
    r"\[(?P<bracketed>[0-9A-Fa-f:]{2,39}(?:\.[0-9.]{3,12})?)(?:%\w{1,16})?\](?::\d{1,5})?"
    r"|(?P<v6>(?:[0-9A-Fa-f]{0,5}:){2,40}[0-9A-Fa-f]{0,5}(?:\.\d{1,3}){0,3})(?:%\w{1,16})?"
)
COLONS = re.compile("::|(?::[0-9A-Fa-f]{0,5}){3}")
DOTS = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d")
DASHES = re.compile(r"\d-\d{1,3}-\d{1,3}-\d")
_UNSPECIFIED = "0.0.0.0"  # noqa: S104 - to be recognised, not to be bound to
_REVERSED = ".in-addr.arpa"
_MOST_GROUPS = 9


class Address(NamedTuple):
    """An address in a line, its port included."""

    start: int
    end: int
    text: str
    """The address alone, in its usual form."""


def judge(match: re.Match[str]) -> Address | None:
    """Return the address that a match of a pattern here is; None if it is none, or one that is left alone."""
    return GROUPS[match.lastgroup or ""](match)


def _fourth(match: re.Match[str]) -> Address | None:
    start, end = match.span("v4")
    address = _told(match["v4"])
    if address is None or versions.is_version(match.string, start, end):
        return None
    if match.string.startswith(_REVERSED, end):
        address = ".".join(reversed(address.split(".")))
    return Address(start, end, address)


def _fourth_with_port(match: re.Match[str]) -> Address | None:
    address = _told(match["v4"])
    return Address(match.start("v4"), match.end(), address) if address is not None else None


def _dashed(match: re.Match[str]) -> Address | None:
    address = _told(match["dashed"].replace("-", "."))
    return Address(*match.span("dashed"), address) if address is not None else None


def _told(text: str) -> str | None:
    """Return an address without padding; None for those that tell nothing about anybody, and for what is none."""
    if ".0" in text or text[0] == "0":
        text = ".".join(str(int(part)) for part in text.split("."))
    return None if text == _UNSPECIFIED or text.startswith("127.") else text


def _bracketed(match: re.Match[str]) -> Address | None:
    address = _address(match["bracketed"])
    return Address(*match.span(), address) if address else None


def _sixth(match: re.Match[str]) -> Address | None:
    """Judge a run of hexadecimal digits and colons: most are times, some are addresses with or without a port."""
    start, end = match.start("v6"), match.end()
    text = match["v6"]
    if text.count(":") > _MOST_GROUPS:
        return None
    if start and (match.string[start - 1].isalnum() or match.string[start - 1] == "."):
        # `ip:2001:db8::1`: what stands before the first colon belongs to the word before; `a::b` is a name in code.
        word, _, text = text.partition(":")
        start += len(word) + 1
    elif text.startswith(":") and not text.startswith("::"):
        start, text = start + 1, text[1:]
    if text.endswith(":") and not text.endswith("::"):
        end, text = end - 1, text[:-1]
    if text.startswith(":") and start != match.start("v6"):
        return None
    if "::" in text and text.count(":") < 4 and (len(text) < 5 or not any(map(str.isdigit, text))):
        return None
    # Old Java writes the port behind the address as one more group.
    address = _address(text) if _is_address(text) else _address(text.rpartition(":")[0])
    return Address(start, end, address) if address else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _address(text: str) -> str | None:
    """Return an address in its usual form; None if it is none, or one that tells nothing about anybody."""
    if not _is_address(text):
        return None
    address = ipaddress.ip_address(text)
    if address.is_loopback or address.is_unspecified:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


GROUPS = {"v4": _fourth, "port": _fourth_with_port, "dashed": _dashed, "bracketed": _bracketed, "v6": _sixth}
"""The groups of the patterns: the last one of each match says what it is."""
