"""Tells how bad a console line is by the level that its logger wrote into it: not by words that players say."""

import re
from enum import Enum
from typing import NamedTuple


class Level(Enum):
    """How bad a line is."""

    WARNING = "warning"
    ERROR = "error"


class Form(NamedTuple):
    """One way of writing the level."""

    example: str
    level: Level
    pattern: str
    """Anywhere in the line's beginning."""


_BAD, _ODD = Level.ERROR, Level.WARNING
# What loggers put around a level, so that it is none of a sentence's words.
_OPEN, _CLOSE = r"(?:[\[(<|/]|^)\s{0,6}", r"\s{0,6}(?:[\])>|:/\[]|$)"
_FIELD = r"\b(?:level|lvl)\"?[=:]\s?\"?"

FORMS = (
    Form("[12:34:56] [Server thread/ERROR]: no", _BAD, r"\b(?:ERROR|SEVERE|FATAL|CRITICAL)\b"),
    Form("java.lang.IllegalStateException: x", _BAD, r"Exception\b"),
    Form("Caused by: java.lang.OutOfMemoryError: heap", _BAD, r"\b[\w$]*(?:[a-z]|\.[A-Z]{1,8})Error(?=:|$)"),
    Form("2026-11-22T12:34:59 3.500 ERR no such item", _BAD, r"(?:^|[\d\]] |npm )(?:ERR|EXC|CRIT|PANIC|FTL)\b"),
    Form("[Error  : Unity Log] x", _BAD, rf"{_OPEN}(?i:error|err|severe|fatal|critical|crit|exception|panic){_CLOSE}"),
    Form("[2026.11.22-12.35.07:000][  9]LogRHI: Error: no", _BAD, r"\bLog\w{1,40}: (?:Error|Fatal):"),
    Form("1240.000 Error CrashHandler.cpp:641: x", _BAD, r"^\s{0,8}\d{1,9}\.\d{3} Error "),
    Form("[00:01:23]: Error loading main.lua", _BAD, r"\]:? ?(?:Error|Fatal|Exception)\b(?! log)"),
    Form("SCRIPT ERROR: @es_extended/main.lua:1: x", _BAD, r"\bSCRIPT ERROR\b"),
    Form('time="…" level=error msg=x', _BAD, rf"{_FIELD}(?i:error|err|eror|fatal|crit|critical|panic|dpanic|50|60)\b"),
    Form("<C>2026-11-22 12:34:57.000 x", _BAD, r"^<[CF]>\d"),
    Form("E1122 12:34:56.789012 x", _BAD, r"^[EF]\d{4} \d\d:"),
    Form("2026-11-22 12:35:12 E register: x", _BAD, r"\d\d:\d\d:\d\d(?:[.,]\d{1,6})? [EF] "),
    Form("[S_API FAIL] SteamAPI_Init() failed", _BAD, r"^\[S_API FAIL\]"),
    Form("[12:34:56 WARN]: hm", _ODD, r"\bWARN(?:ING)?\b"),
    Form("2026-11-22T12:34:59 3.456 WRN twice", _ODD, r"(?:^|[\d\]] )WRN\b"),
    Form("[Warning:  HarmonyX] x", _ODD, rf"{_OPEN}(?i:warning|warn|wrn){_CLOSE}"),
    Form("[2026.11.22-12.35.07:000][  9]LogNet: Warning: x", _ODD, r"\bLog\w{1,40}: Warning:"),
    Form("1234.567 Warning MapDeserialiser.cpp:12: x", _ODD, r"^\s{0,8}\d{1,9}\.\d{3} Warning "),
    Form("[ resources] Warning: outdated", _ODD, r"(?:^|\]:? ?)Warn(?:ing)?:"),
    Form("level=warning msg=x", _ODD, rf"{_FIELD}(?i:warning|warn|40)\b"),
    Form("W1122 12:34:56.789012 x", _ODD, r"^W\d{4} \d\d:"),
    Form("2026-11-22 12:35:13 W server: x", _ODD, r"\d\d:\d\d:\d\d(?:[.,]\d{1,6})? W "),
)  # fmt: skip
_PATTERNS = {level: re.compile("|".join(form.pattern for form in FORMS if form.level is level)) for level in Level}
# One of these is in a line with a level, in small letters: most lines have none.
_SIGNS = (
    "warn",
    "err",
    "severe",
    "fatal",
    "crit",
    "exc",
    "panic",
    "wrn",
    "ftl",
    "eror",
    "fail]",
    "level",
    "lvl",
    " w ",
    " e ",
    " f ",
)
_FIRST = frozenset("<EFW")
# Loggers write the level before what is said; exceptions have long names.
_BEGINNING = 400


def level_of(plain: str) -> Level | None:
    """Return how bad a plain line is; None for lines that are neither a warning nor an error."""
    lowered = plain[:_BEGINNING].lower()
    if plain[:1] not in _FIRST and not any(sign in lowered for sign in _SIGNS):
        return None
    for level in (Level.ERROR, Level.WARNING):
        if _PATTERNS[level].search(plain, 0, _BEGINNING) is not None:
            return level
    return None
