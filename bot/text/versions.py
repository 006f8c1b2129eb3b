"""What is left alone though it is written like an IPv4 address: versions, as data. Each sign with an example beside it.

A number with a port is none, whatever stands around it.
"""

import re
from typing import NamedTuple


class Sign(NamedTuple):
    """What around four numbers tells that they are a version."""

    example: str
    before: str = ""
    """A pattern of what ends where they begin."""
    after: str = ""
    """A pattern of what begins where they end."""
    small: bool = False
    """Whether it is enough only for numbers that versions have and addresses seldom do."""


_PRODUCT = (
    r"(?:\w{0,20}api|\w{0,20}java|jdk|jre|jvm|vm|runtime|\w{0,9}forge|paper|spigot|purpur|velocity|geyser|bedrock|minecraft"
    r"|tshock|terraria|tmodloader|unturned|rocket|oxide|umod|carbon|bepinex|harmony|unity|mono|wine|proton|metamod|sourcemod"
    r"|openssl|mariadb|mysql|redis|palworld|valheim|exiled|eco|vrising|barotrauma|dedicated server"
    r"|chrome|firefox|safari|edge|windows|fxserver|txadmin)"
)
# Files that programs are made of.
_PROGRAM = r"(?:jar|zip|dll|so|exe|gz|tgz|bz2|xz|deb|rpm|whl|vpk|pak|pk3|phar|js|nupkg|tar|mcpack|tmod|dylib|class)"
_TAG = (
    r"(?:snapshot|alpha|beta|rc|pre|release|final|dev|hotfix|build|lts|stable|nightly|neoforge|forge|fabric|quilt|paper|universal"
    r"|all|mc|git|ga|sp\d|r\d|b\d|jre|jdk|linux|windows|x64|x86|x86_64|amd64|arm64|ubuntu|debian)"
)
_PIECE_OF_PROGRAM = r"(?:mods?|plugins?|module|library|addon|extension)\b"
_NAMED = r"[\"']?[\w.'-]{1,40}[\"']?(?: \(?[\w-]{1,20}\)?)?"
_PARTS = r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){1,2}"

SIGNS = (
    Sign("version 2.0.0.1 of the API", before=r"(?<![a-z])(?:version|ver|build|release)[\"'(\[ :=]{1,4}v?"),
    Sign("Chrome/120.0.0.0 Safari/537.36", before=r"(?:chrom(?:e|ium)|edge?|opr)/"),
    Sign("PatchVersion=1.39.6.9", before=r"version[\"'(\[ :=]{1,4}"),
    Sign("Protocol v1.4.4.9", before=r"(?<![a-z])v\.? ?"),
    Sign("VM 17.0.8.1+1", after=r"\+\w", small=True),
    Sign("mod 1.2.3.4-SNAPSHOT", after=rf"[-_.]{_TAG}(?![a-z])", small=True),
    Sign("Could not load Foo-203.1.2.3.jar", after=rf"\.{_PROGRAM}(?![\w-])"),
    Sign("OTAPI 3.1.20.0", before=rf"\b{_PRODUCT}[ :=/(-]{{1,3}}v?", small=True),
    Sign("Temurin-17.0.8.1 on Linux", before=r"[a-z][-_]", small=True),
    Sign("curios 1.16.5-4.0.6.8", before=rf"{_PARTS}-", small=True),
    Sign("mod 1.2.3.4.Final", after=r"\.[a-z]\w{0,20}(?![\w.-])", small=True),
    Sign("libfoo.so.1.2.3.4", before=r"[a-z]\.", after=r"(?!\.?[\w-])", small=True),
    Sign("requires [1.2.3.4,) or newer", before=r"[\[(]", after=r",[\])]", small=True),
    Sign("requires [1,1.2.3.4)", before=r"[\[(][\d.]{0,16},", after=r"[\])]", small=True),
    Sign("\tat java.base@17.0.8.1/java.lang.Thread.run()", before=r"@", after=r"/[\w.$]{1,120}[.(]", small=True),
    Sign("\t- jei 15.3.0.4", before=r"^\s{0,12}(?:[-*|\\]{1,3} +){1,3}[\w-]{1,64}[ @]{1,3}", after=r"\s*$", small=True),
    Sign("10.6.12-MariaDB-0ubuntu0.22.04.1", before=r"\d(?:ubuntu|deb|mc|el|fc)", small=True),
    Sign("Loading [EpicLoot 0.9.38.1]", before=r"\bload(?:ing|ed):? \[[\w .'-]{1,50} v?", after=r"\]", small=True),
    Sign("Loaded Mod: TFP_Harmony (1.1.0.0)", before=rf"\b{_PIECE_OF_PROGRAM}:? {_NAMED}[ (]{{1,2}}v?", small=True),
)  # fmt: skip

# Of a version's parts; of all public addresses, one in seventy has no larger ones.
_LARGEST_FIRST, _LARGEST = 60, 99
# The last part may be a build's number: with these before it, one address in a hundred looks so.
_BEFORE_BUILD = 40
_BEFORE, _AFTER = 64, 128
# What alone stands between a word and the version behind it: to look for it first is cheap.
_BEHIND_WORDS = " \"'([:=/vV."
# Numbers that are written in a file's name close by as well.
_NEAR = 200
_OF_ADDRESS = re.compile(
    r"(?:\b|_)(?:ips?|addr(?:ess)?|host|client|player|user|peer|remote|from|to|by|at|with|static|dynamic|dhcp|dyn|dsl|adsl"
    r"|cable|pool|ppp|ec2|cpe|nat|mobile|cust(?:omer)?|conn(?:ection|ected)?|session|ban(?:ned)?|kicked|gateway|wan|lan"
    r"|public|node)[-_ :=(.]{1,3}$",
    re.IGNORECASE,
)


def _one_sided(*, small: bool, side: str) -> re.Pattern[str]:
    """Return one pattern for all signs that look to one side only."""
    other = "after" if side == "before" else "before"
    signs = [sign for sign in SIGNS if sign.small == small and getattr(sign, side) and not getattr(sign, other)]
    pattern = "|".join(f"(?:{getattr(sign, side)})" for sign in signs)
    return re.compile(f"(?:{pattern})$" if side == "before" else pattern, re.IGNORECASE)


_LARGE_BEFORE, _LARGE_AFTER = _one_sided(small=False, side="before"), _one_sided(small=False, side="after")
_SMALL_BEFORE, _SMALL_AFTER = _one_sided(small=True, side="before"), _one_sided(small=True, side="after")
_BOTH = tuple(
    (re.compile(f"(?:{sign.before})$", re.IGNORECASE), re.compile(sign.after, re.IGNORECASE))
    for sign in SIGNS
    if sign.before and sign.after
)


def is_version(line: str, start: int, end: int) -> bool:
    """Whether four numbers of a line, without a port, are a version by what stands around them."""
    before = line[start - 1 : start]
    if before and before in _BEHIND_WORDS and _LARGE_BEFORE.search(line, max(0, start - 12), start) is not None:
        return True
    if line[end : end + 1] == "." and _LARGE_AFTER.match(line, end, end + _AFTER) is not None:
        return True
    return _is_small(line[start:end]) and _is_small_one(line, start, end)


def _is_small(numbers: str) -> bool:
    first, second, third, last = map(int, numbers.split("."))
    if first > _LARGEST_FIRST:
        return False
    return max(second, third, last) <= _LARGEST or (second <= _BEFORE_BUILD and third <= _BEFORE_BUILD)


def _is_small_one(line: str, start: int, end: int) -> bool:
    first = max(0, start - _BEFORE)
    if _OF_ADDRESS.search(line, max(0, start - 16), start):
        return False
    if _SMALL_AFTER.match(line, end, end + _AFTER) or _SMALL_BEFORE.search(line, first, start):
        return True
    if any(after.match(line, end, end + _AFTER) and before.search(line, first, start) for before, after in _BOTH):
        return True
    near = line[max(0, start - _NEAR) : start] + "\n" + line[end : end + _NEAR]
    numbers = line[start:end]
    return f"-{numbers}.jar" in near or f"-{numbers}.zip" in near
