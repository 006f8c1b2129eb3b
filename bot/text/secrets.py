"""Finds secrets and personal data in a plain line, in time linear in its length.

Every repetition below is bounded, or starts only where a word starts, so a hostile line cannot make the search slow.
Which addresses are left alone on purpose is told in `bot.text.addresses`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from bot.text import addresses
from bot.time_slice import Steps, finish


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
_VALUE = r"(?:\"[^\"]{1,512}\"|'[^']{1,512}'|(?:(?:bearer|basic|bot)\s{1,4})?[^\s,;&\"'<>()\[\]{}‹›]{1,512})"

_WORDS = re.compile(
    # Keys of the panels and tokens of Discord and others, wherever they stand.
    r"(?P<key>(?<!\w)(?:ptl[ac]|papp|pacc|peli|plcn)_[A-Za-z0-9]{8,})"
    r"|(?P<token>(?<![\w-])eyJ(?:[\w-]{512,}|[\w-]{5,}\.[\w-]{5,})(?:\.[\w-]*)?(?:\.[\w-]*){0,2}"
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
    r"(?P<query>[^\s&;#\"'<>]{6,512})"
    # What players type at log-in plug-ins (AuthMe and its kin) and some servers print.
    r"|(?i:/(?:login|l|register|reg|changepassword|changepw)\s)(?P<typed>\S.{0,200})"
    # scheme://user:password@host
    r"|(?<=://)[^\s/@:]{0,64}:(?P<login>[^\s/@]{1,256})(?=@)"
)
_MAIL = re.compile(r"(?P<mail>(?<![\w.+%-])[\w.+%-]{1,64}@(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_]{2,24}(?![\w-]))")
# Values are looked at up to a length that tells all about them; these go on for as long as they do.
_REST = {
    "pair": re.compile(r"[^\s,;&\"'<>()\[\]{}‹›]*"),
    "option": re.compile(r"[^\s,;&\"'<>()\[\]{}‹›]*"),
    "query": re.compile(r"[^\s&;#\"'<>]*"),
    "told": re.compile(r"[^\s,;]*"),
    "attached": re.compile(r"[^\s|;]*"),
}
_LONG_VALUE = 256


class _Search(NamedTuple):
    pattern: re.Pattern[str]
    reach: int
    """So many characters at most, from where a match begins, tell whether there is one."""


_IN_WORDS, _IN_MAIL, _IN_SIXTH, _IN_FOURTH = (
    _Search(_WORDS, 1024),
    _Search(_MAIL, 640),
    _Search(addresses.SIXTH, 96),
    _Search(addresses.FOURTH, 32),
)
# So many characters at a time take a millisecond or two at the worst.
_WINDOW = 1024
_PIECE = 16
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
_HARMLESS = {"null", "none", "true", "false", "undefined", "empty", "missing", "invalid", "expired", "incorrect"}


def find(plain: str) -> list[Secret]:
    """Return the secrets of a plain line in order; they do not overlap."""
    return finish(find_in_steps(plain))


def find_in_steps(plain: str, window: int = _WINDOW) -> Steps[list[Secret]]:
    """Do as `find` does, so many characters at a time; the result does not depend on it."""
    found: list[Secret] = []
    for search in _worth_while(plain):
        yield
        yield from _collect(search, plain, window, found)
    found.sort(key=lambda secret: secret.start)
    apart: list[Secret] = []
    for secret in found:
        if not apart or secret.start >= apart[-1].end:
            apart.append(secret)
    return apart


def _worth_while(plain: str) -> Iterator["_Search"]:
    """Yield the searches that can find something, by cheap signs: most lines have none of them.

    Earlier searches win over later ones where both find something at the same place.
    """
    lowered = plain.lower()
    if any(sign in lowered for sign in _SIGNS) or _LONG_WORD.search(plain):
        yield _IN_WORDS
    if "@" in plain:
        yield _IN_MAIL
    if addresses.COLONS.search(plain):
        yield _IN_SIXTH
    if addresses.DOTS.search(plain):
        yield _IN_FOURTH


def _collect(search: "_Search", plain: str, window: int, found: list[Secret]) -> Steps[None]:
    """Add what a search finds to `found`."""
    at, size, count = 0, len(plain), 0
    while at < size:
        # What begins before `sure` is seen in full, as far as it tells whether it is a secret.
        end = min(at + window + search.reach, size)
        sure = end - search.reach if end < size else size
        match = search.pattern.search(plain, at, end)
        if match is None or match.start() >= sure:
            at = sure
            yield
            continue
        if match.end() == end < size:  # it may go on
            match = search.pattern.match(plain, match.start()) or match
        secret = _secret(match)
        at = match.end()
        if secret is not None:
            found.append(secret)
            at = max(at, secret.end)
        count += 1
        if count % _PIECE == 0:
            yield


def _secret(match: re.Match[str]) -> Secret | None:
    group = match.lastgroup or ""
    if group not in addresses.GROUPS:
        return _other(match, group)
    address = addresses.judge(match)
    return None if address is None else Secret(address.start, address.end, "ip", address.text)


def _other(match: re.Match[str], group: str) -> Secret | None:
    value = match[group].strip("\"'")
    kind = _KINDS.get(group, "secret")
    if kind == "secret" and value.casefold().rstrip(".!") in _HARMLESS:
        return None
    start, end = match.span(group)
    if group in _REST and end - start >= _LONG_VALUE and match[group][0] not in "\"'":
        rest = _REST[group].match(match.string, end)
        end = rest.end() if rest is not None else end
    return Secret(start, end, kind, value.casefold() if kind == "mail" else value)


_KINDS = {"key": "key", "token": "token", "bearer": "token", "hook": "token", "query": "token", "mail": "mail"}
