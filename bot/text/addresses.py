"""Tells IP addresses in a plain line from what only looks like them.

Left alone on purpose: loopback and unspecified addresses (they tell nothing about anybody), four-part versions
(`v1.2.3.4`, `mod-1.2.3.4.jar`), and times, coordinates and hashes, which look like addresses only at a glance.
"""

import ipaddress
import re
from typing import NamedTuple

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
# Java writes addresses with a slash before them and, for IPv6, with or without brackets.
FOURTH = re.compile(rf"(?P<v4>(?<![\w.])(?<![A-Za-z]-){_OCTET}(?:\.{_OCTET}){{3}})(?!\w|\.\w|-[A-Za-z])(?::\d{{1,5}})?")
SIXTH = re.compile(
    r"\[(?P<bracketed>[0-9A-Fa-f:]{2,39}(?:\.[0-9.]{3,12})?)(?:%\w{1,16})?\](?::\d{1,5})?"
    r"|(?P<v6>(?:[0-9A-Fa-f]{0,5}:){2,9}[0-9A-Fa-f]{0,5}(?:\.\d{1,3}){0,3})(?:%\w{1,16})?"
)
COLONS = re.compile("::|(?::[0-9A-Fa-f]{0,5}){3}")
DOTS = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d")
_LEADING_ZERO = re.compile(r"\b0\d")
_VERSION = re.compile(r"(?i:\b(?:version|ver|build|release|forge|api|java|jdk|jre|jvm|runtime)[ :=]{1,3})$")
_UNSPECIFIED = "0.0.0.0"  # noqa: S104 - to be recognised, not to be bound to


class Address(NamedTuple):
    """An address in a line, its port included."""

    start: int
    end: int
    text: str
    """The address alone, in its usual form."""


def judge(match: re.Match[str]) -> Address | None:
    """Return the address that a match of `FOURTH` or `SIXTH` is; None if it is none, or one that is left alone."""
    return GROUPS[match.lastgroup or ""](match)


def _fourth(match: re.Match[str]) -> Address | None:
    start = match.start("v4")
    if _VERSION.search(match.string, max(0, start - 16), start) is not None:
        return None
    address = match["v4"]
    # As `_address` has it; the pattern has seen to all but leading zeros.
    if address == _UNSPECIFIED or address.startswith("127.") or _LEADING_ZERO.search(address):
        return None
    return Address(start, match.end(), address)


def _bracketed(match: re.Match[str]) -> Address | None:
    address = _address(match["bracketed"])
    return Address(*match.span(), address) if address else None


def _sixth(match: re.Match[str]) -> Address | None:
    """Judge a run of hexadecimal digits and colons: most are times, some are addresses with or without a port."""
    start, end = match.start("v6"), match.end()
    text = match["v6"]
    if start and (match.string[start - 1].isalnum() or match.string[start - 1] in "_."):
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


GROUPS = {"v4": _fourth, "bracketed": _bracketed, "v6": _sixth}
"""The groups of the patterns, one of which each match has."""
