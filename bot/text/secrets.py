"""Finds secrets and personal data in a plain line, in time linear in its length.

Every repetition below is bounded, or starts only where a word starts, so a hostile line cannot make the search slow.
Left alone on purpose: loopback and unspecified addresses (they tell nothing about anybody), four-part versions
(`v1.2.3.4`, `mod-1.2.3.4.jar`), and times, coordinates and hashes, which look like addresses only at a glance.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import NamedTuple


class Secret(NamedTuple):
    """A stretch of the line that must not be shown."""

    start: int
    end: int
    kind: str
    """ip, mail, token, key or secret: the word of the mark."""
    value: str
    """What makes two of them the same: an address without its port, for one."""


# Chat is full of "the secret: ..." and "token: ...": alone and before a plain word they are no more than words.
_TALK = r"(?!:\s{1,4}[^\W\d_]{1,20}(?:[\s'’,.!?]|$))"
_KEYWORD = (
    rf"(?:pass(?:word|wd|phrase|code)|(?<=[_-])pass(?![a-z])|(?<![a-z])pwd|(?<=[\w-])secret|(?<!\w)secret{_TALK}"
    rf"|(?<=[_-])token|(?<![a-z])token{_TALK}|[a-z]token(?![a-z])|authtoken|setsteamaccount"
    r"|(?:api|access|private|auth|license|rcon)[_-]?key|authorization)"
)
_VALUE = r"(?:\"[^\"]{1,512}\"|'[^']{1,512}'|(?:(?:bearer|basic|bot)\s{1,4})?[^\s,;&\"'<>()\[\]{}‹›]{1,2048})"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"

_WORDS = re.compile(
    # Keys of the panels and tokens of Discord and others, wherever they stand.
    r"(?P<key>(?<!\w)(?:ptl[ac]|papp|pacc|peli|plcn)_[A-Za-z0-9]{8,})"
    r"|(?P<token>(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?(?:\.[\w-]*){0,2}"
    r"|(?<![\w-])[\w-]{24,28}\.[\w-]{6}\.[\w-]{27,64}(?![\w-])"
    r"|(?<![\w-])(?:gh[opsur]|github_pat|glpat|sk|xox[abp])[_-][\w-]{20,}"
    r"|(?<!\w)A(?:KIA|SIA)[A-Z0-9]{16}(?!\w)|(?<![\w-])AIza[\w-]{35}(?![\w-]))"
    r"|(?i:(?<![a-z])bearer\s{1,4})(?P<bearer>[\w.~+/=-]{12,})"
    r"|(?i:discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{1,20}/)(?P<hook>[\w-]{16,})"
    # name=value, "name": "value", --name value
    rf"|(?i:{_KEYWORD}(?:[_-][a-z]{{1,20}})?[\"']?\s{{0,4}}[=:]\s{{0,4}}(?P<pair>{_VALUE}))"
    rf"|(?i:(?<![\w-])[-+]{{1,2}}[\w.-]{{0,40}}{_KEYWORD}\s{{1,4}}(?P<option>{_VALUE}))"
    # "Your password is ...", told from "the password is wrong" by its digits
    r"|(?i:(?<![a-z])pass(?:word|phrase|code)\s{1,4}(?:is|was|set to|changed to|reset to)\s{1,4}"
    r"(?P<told>(?=[^\s\d]{0,64}\d)[^\s,;]{1,256}))"
    # mysql -uroot -pvalue
    r"|(?i:(?<!\w)(?:mysql|mariadb)[\w.-]{0,20}\s(?:[^\s|;]{1,64}\s){0,8}?-p)(?P<attached>[^\s|;]{1,256})"
    # sv_password "value", as configuration files of games have it
    rf"|(?i:{_KEYWORD}\s{{1,4}}(?P<quoted>\"[^\"]{{1,512}}\"))"
    # What stands in the query of a URL
    r"|(?i:[?&;](?:[\w.-]{0,40}[_-])?(?:key|sig|signature|credential|auth|jwt|ticket|session|sid|code)=)"
    r"(?P<query>[^\s&;#\"'<>]{6,2048})"
    # What players type at log-in plug-ins (AuthMe and its kin) and some servers print.
    r"|(?i:/(?:login|l|register|reg|changepassword|changepw)\s)(?P<typed>\S.{0,200})"
    # scheme://user:password@host
    r"|(?<=://)[^\s/@:]{0,64}:(?P<login>[^\s/@]{1,256})(?=@)"
)
_MAIL = re.compile(r"(?P<mail>(?<![\w.+%-])[\w.+%-]{1,64}@(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_]{2,24}(?![\w-]))")
# Java writes addresses with a slash before them and, for IPv6, with or without brackets.
_FOURTH = re.compile(
    rf"(?P<v4>(?<![\w.])(?<![A-Za-z]-){_OCTET}(?:\.{_OCTET}){{3}})(?!\w|\.\w|-[A-Za-z])(?::\d{{1,5}})?"
)
_SIXTH = re.compile(
    r"\[(?P<bracketed>[0-9A-Fa-f:]{2,39}(?:\.[0-9.]{3,12})?)(?:%\w{1,16})?\](?::\d{1,5})?"
    r"|(?P<v6>(?:[0-9A-Fa-f]{0,5}:){2,9}[0-9A-Fa-f]{0,5}(?:\.\d{1,3}){0,3})(?:%\w{1,16})?"
)
_SIGNS = (
    "mysql",
    "mariadb",
    "pass",
    "secret",
    "token",
    "key",
    "pwd",
    "auth",
    "bearer",
    "eyj",
    "webhook",
    "account",
    "://",
    "/log",
    "/reg",
    "/l ",
    "/change",
)
_LONG_WORD = re.compile(r"[\w-]{16}")
_COLONS = re.compile("::|(?::[0-9A-Fa-f]{0,5}){3}")
_DOTS = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d")
_VERSION = re.compile(r"(?i:\b(?:version|ver|build|release|forge|api|java|jdk|jre|jvm|runtime)[ :=]{1,3})$")
_HARMLESS = {"null", "none", "true", "false", "undefined", "empty", "missing", "invalid", "expired", "incorrect"}


def find(plain: str) -> list[Secret]:
    """Return the secrets of a plain line in order; they do not overlap."""
    found = [secret for pattern in _worth_while(plain) for secret in _matches(pattern, plain)]
    found.sort(key=lambda secret: secret.start)
    apart: list[Secret] = []
    for secret in found:
        if not apart or secret.start >= apart[-1].end:
            apart.append(secret)
    return apart


def _worth_while(plain: str) -> Iterator[re.Pattern[str]]:
    """Yield the searches that can find something, by cheap signs: most lines have none of them.

    Earlier searches win over later ones where both find something at the same place.
    """
    lowered = plain.lower()
    if any(sign in lowered for sign in _SIGNS) or _LONG_WORD.search(plain):
        yield _WORDS
    if "@" in plain:
        yield _MAIL
    if _COLONS.search(plain):
        yield _SIXTH
    if _DOTS.search(plain):
        yield _FOURTH


def _matches(pattern: re.Pattern[str], plain: str) -> Iterator[Secret]:
    for match in pattern.finditer(plain):
        group = match.lastgroup or ""
        secret = _ADDRESSES[group](match) if group in _ADDRESSES else _other(match, group)
        if secret is not None:
            yield secret


def _other(match: re.Match[str], group: str) -> Secret | None:
    value = match[group].strip("\"'")
    kind = _KINDS.get(group, "secret")
    if kind == "secret" and value.casefold().rstrip(".!") in _HARMLESS:
        return None
    return Secret(*match.span(group), kind, value.casefold() if kind == "mail" else value)


def _fourth(match: re.Match[str]) -> Secret | None:
    start = match.start("v4")
    if _VERSION.search(match.string, max(0, start - 16), start) is not None:
        return None
    address = _address(match["v4"])
    return Secret(start, match.end(), "ip", address) if address else None


def _bracketed(match: re.Match[str]) -> Secret | None:
    address = _address(match["bracketed"])
    return Secret(*match.span(), "ip", address) if address else None


def _sixth(match: re.Match[str]) -> Secret | None:
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
    return Secret(start, end, "ip", address) if address else None


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


_KINDS = {"key": "key", "token": "token", "bearer": "token", "hook": "token", "query": "token", "mail": "mail"}
_ADDRESSES = {"v4": _fourth, "bracketed": _bracketed, "v6": _sixth}
