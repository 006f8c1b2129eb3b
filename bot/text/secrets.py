"""Finds secrets and personal data in a plain line, in time linear in its length.

What they are stands in `bot.text.masking_rules`; which addresses are left alone on purpose, in `bot.text.versions`.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from bot.text import addresses
from bot.text.masking_rules import SECRETS, Rule
from bot.time_slice import Steps, finish


class Secret(NamedTuple):
    """A stretch of the line that must not be shown."""

    start: int
    end: int
    kind: str
    """ip, mail, token, key or secret: the word of the mark."""
    value: str
    """What makes two of them the same: an address without its port, for one."""


class _Search(NamedTuple):
    pattern: re.Pattern[str]
    rule: Rule | None = None
    """None for addresses, which are judged."""
    more: re.Pattern[str] | None = None
    """What a value goes on with that is longer than the pattern looks at."""
    reach: int = 1024
    """So many characters at most, from where a match begins, tell whether there is one."""


def _compiled(rule: Rule) -> _Search:
    more = re.compile(f"{rule.goes_on}*") if rule.goes_on else None
    return _Search(re.compile(rule.pattern), rule, more)


_OF_RULES = tuple(_compiled(rule) for rule in SECRETS)
_OF_ADDRESSES = (
    _Search(addresses.SIXTH, reach=300),
    _Search(addresses.FOURTH, reach=32),
    _Search(addresses.DASHED, reach=400),
)
_ALL = (*_OF_RULES, *_OF_ADDRESSES)
_BY_SIGN = tuple(
    (sign, tuple(place for place, rule in enumerate(SECRETS) if sign in rule.signs))
    for sign in dict.fromkeys(sign for rule in SECRETS for sign in rule.signs)
)
_BY_LOOKS = (
    *((re.compile(rule.looks), place) for place, rule in enumerate(SECRETS) if rule.looks),
    *zip((addresses.COLONS, addresses.DOTS, addresses.DASHES), range(len(SECRETS), len(_ALL)), strict=True),
)
# So many characters at a time take a millisecond or two at the worst.
_WINDOW = 1024
_PIECE = 16
# So many characters are looked at for signs at a time, and so many more, that a sign across the end is seen.
_GLANCE, _LONGEST_SIGN = 16_384, 64
_LONG_VALUE = 256
# What stands where a value would, and is none: what is said of one, or that there is none. Quake writes colours as ^7.
_HARMLESS = frozenset({
    "null", "none", "nil", "true", "false", "undefined", "empty", "missing", "invalid", "expired", "incorrect",
    "anonymous", "unset", "set", "not", "yes", "no", "on", "off", "required", "accepted", "rejected", "denied",
    "wrong", "changed", "reset", "removed", "updated", "enabled", "disabled", "protected", "hidden", "ok",
    "correct", "verified", "entered", "protection", "authentication", "hashing", "mismatch",
    "failed", "found", "unknown", "^7", "is", "was", "and", "or",
})  # fmt: skip
_RANDOM = re.compile(r"\d|[^\W\d_][^\w\s'’.,;:!?…\"`)\]}-]|[a-z][A-Z]")


def find(plain: str) -> list[Secret]:
    """Return the secrets of a plain line in order; they do not overlap."""
    return finish(find_in_steps(plain))


def find_in_steps(plain: str, window: int = _WINDOW) -> Steps[list[Secret]]:
    """Do as `find` does, so many characters at a time; the result does not depend on it."""
    found: list[Secret] = []
    for search in (yield from _worth_while(plain)):
        yield
        yield from _collect(search, plain, window, found)
    return _apart(found) if len(found) > 1 else found


def _apart(found: list[Secret]) -> list[Secret]:
    """Return what masks all that was found: where two overlap the first one's mark stands, for both of them.

    Not where the second is an address or mail: `user:secret@host` looks like one and is none.
    """
    found.sort(key=lambda secret: secret.start)
    apart: list[Secret] = []
    for secret in found:
        if not apart or secret.start >= apart[-1].end:
            apart.append(secret)
        elif secret.end > apart[-1].end and secret.kind not in {"mail", "ip"}:
            apart[-1] = apart[-1]._replace(end=secret.end)
    return apart


def _worth_while(plain: str) -> Steps[Sequence[_Search]]:
    """Return the searches that can find something, by cheap signs: most lines have none of them.

    Earlier searches win over later ones where both find something at the same place.
    """
    if len(plain) <= _GLANCE:
        return [_ALL[place] for place in sorted(_seen_in(plain))]
    seen: set[int] = set()
    for begin in range(0, len(plain), _GLANCE):
        yield
        seen |= _seen_in(plain[begin : begin + _GLANCE + _LONGEST_SIGN])
    return [_ALL[place] for place in sorted(seen)]


def _seen_in(part: str) -> set[int]:
    """Return the places of those searches of which a part of a line has a sign."""
    lowered = part.lower()
    seen = {place for sign, places in _BY_SIGN if sign in lowered for place in places}
    seen.update([place for looks, place in _BY_LOOKS if looks.search(part) is not None])
    return seen


def _collect(search: _Search, plain: str, window: int, found: list[Secret]) -> Steps[None]:
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
        secret = _address(match) if search.rule is None else _of_rule(search, search.rule, match)
        at = match.end()
        if secret is not None:
            found.append(secret)
            at = max(at, secret.end)
        count += 1
        if count % _PIECE == 0:
            yield


def _address(match: re.Match[str]) -> Secret | None:
    address = addresses.judge(match)
    return None if address is None else Secret(address.start, address.end, "ip", address.text)


def _of_rule(search: _Search, rule: Rule, match: re.Match[str]) -> Secret | None:
    value = match["it"].strip("\"'")
    quoted = len(value) < len(match["it"])
    if rule.kind == "secret" and value.casefold().rstrip(".!") in _HARMLESS:
        return None
    if rule.random and not quoted and _RANDOM.search(value, 0, _LONG_VALUE) is None:
        return None
    start, end = match.span("it")
    if search.more is not None and end - start >= _LONG_VALUE and not quoted:
        rest = search.more.match(match.string, end)
        end = rest.end() if rest is not None else end
    return Secret(start, end, rule.kind, value.casefold() if rule.kind == "mail" else value)
