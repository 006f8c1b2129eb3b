"""Tells the clock that a console line begins with from what the line says, for loggers of many games and tools."""

import re
from typing import NamedTuple


class Clock(NamedTuple):
    """One way of writing when a line was said."""

    example: str
    pattern: str
    """From the line's beginning; the group `kept` belongs to what is said, `time` is what a reader calls the time."""


class Said(NamedTuple):
    """A line taken apart."""

    text: str
    """What it says: the line without its clock."""
    time: str
    """When it was said, as the line has it; empty where it has no clock, or only one that counts."""


_DATE = (
    r"(?:\d{4}[-/.]\d\d[-/.]\d\d(?:[T -]| - )|\d{1,2}[A-Z][a-z]{2}\d{4} |\d{1,2}[./-]\d{1,2}[./-]\d{4},? (?:- )?"
    r"|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d )"
)
_TIME = r"\d{1,2}[:.]\d\d[:.]\d\d(?:[.,:]\d{1,9})?(?: ?[AP]M\b)?"
_ZONE = r"(?:Z| ?[+-]\d\d:?\d\d| UTC)?"
_LEVEL_AND_PART = r"(?P<kept>[A-Z]{3,5} {0,4}: \w{1,24} {0,16})"

CLOCKS = (
    Clock("> [22Nov2026 12:34:56.789] tick", rf"(?:> ?)?\s{{0,4}}[\[(]?(?P<time>{_DATE}?{_TIME}){_ZONE}"),
    # Unreal's count of frames, the seconds since the start of 7 Days to Die
    Clock("[2026.11.22-12.34.56:789][ 12]tick", rf"\[(?P<time>{_DATE}{_TIME})\]\[[ \d]{{1,4}}"),
    Clock(
        "2026-11-22T14:45:15 4553.277 INF tick",
        rf"(?P<time>{_DATE}{_TIME}){_ZONE} \d{{1,9}}\.\d{{3}}(?= [A-Z]{{3}} )",
    ),
    # Source, Mumble, Go's loggers
    Clock(
        "L 11/22/2026 - 12:34:56: tick",
        rf"(?P<kept>L |<[A-Z]>|[IWEF](?=\d{{4}} ))(?P<time>(?:{_DATE}|\d{{4}} ){_TIME})",
    ),
    Clock('time="2026-11-22T12:34:56Z" msg=tick', rf"(?:time|ts|t)=\"?(?P<time>{_DATE}{_TIME}){_ZONE}\"?"),
    # Factorio counts seconds in eight columns, the kernel in brackets
    Clock("  12.345 Info x.cpp:1: tick", r"(?=[ \d.]{8})\s{0,5}\d{1,9}\.\d{3} (?=[A-Z])"),
    Clock("[   12.345678] tick", r"\[\s{0,6}\d{1,9}\.\d{3,6}\]"),
    # Project Zomboid
    Clock(
        "LOG  : Network     , 1700000000000> 2,023,026> tick",
        rf"{_LEVEL_AND_PART}, \d{{10,16}}>(?: [\d,]{{1,24}}>)?",
    ),
    Clock(
        "LOG  : Network      f:2277 st:2,023,026> tick",
        rf"{_LEVEL_AND_PART}(?:[, ]{{0,2}}(?:f|t|st):[\d,]{{1,24}}){{1,3}}>",
    ),
    # Seconds or milliseconds since 1970
    Clock("[1700000000] tick", r"[\[(]1\d{9}(?:\d{3}|\.\d{1,6})?[\])]|1\d{9}(?:\d{3}|\.\d{1,6})(?=\s)"),
)  # fmt: skip
# The longer ones first: the plain clock is the beginning of some of them.
_PATTERNS = tuple(re.compile(clock.pattern) for clock in (*CLOCKS[1:3], CLOCKS[0], *CLOCKS[3:]))


def take_apart(plain: str) -> Said:
    """Return what a plain line says, and when it says that it was said."""
    for pattern in _PATTERNS:
        match = pattern.match(plain)
        if match is not None:
            found = match.groupdict()
            return Said((found.get("kept") or "") + plain[match.end() :], found.get("time") or "")
    return Said(plain, "")
