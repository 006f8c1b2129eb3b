"""One frame from Wings becomes typed events; nothing it can send makes the parser fail."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.console import wire
from bot.console.bounds import LARGEST_FRAME, LONGEST_TEXT, cut
from bot.console.events import (
    BackupCompleted,
    ConsoleLine,
    DaemonMessage,
    InstallCompleted,
    InstallOutput,
    InstallStarted,
    RestoreCompleted,
    ServerDeleted,
    StatsUpdated,
    StatusChanged,
    TransferChanged,
    TransferOutput,
)
from bot.console.wire import (
    AuthSucceeded,
    BlankLine,
    Throttled,
    TokenExpiring,
    TokenFault,
    TokenRefused,
)
from bot.terms import PowerState

NOW = datetime(2026, 5, 1, tzinfo=UTC)
UUID = "a1d7c3e9-55f0-4b3c-93a2-7c1e5f0b2d64"


def parse(frame, at):
    return list(wire.parse(frame, at))


def console_lines(text):
    return list(wire.console_lines(text))


def frame(event, *args):
    return json.dumps({"event": event, "args": list(args)} if args else {"event": event}) + "\n"


@pytest.mark.parametrize(
    ("event", "args", "expected"),
    [
        ("auth success", [], AuthSucceeded()),
        ("status", ["running"], StatusChanged(PowerState.RUNNING)),
        ("console output", ["[19:02:10 INFO]: <Alex> hello"], ConsoleLine("[19:02:10 INFO]: <Alex> hello", NOW)),
        ("console output", [""], BlankLine()),
        ("install started", [""], InstallStarted()),
        ("install output", ["Downloading"], InstallOutput("Downloading")),
        ("install completed", [""], InstallCompleted()),
        ("transfer status", ["processing"], TransferChanged("processing")),
        ("transfer logs", ["Preparing"], TransferOutput("Preparing")),
        ("backup restore completed", [""], RestoreCompleted()),
        ("daemon message", ["(restoring): world"], DaemonMessage("(restoring): world")),
        ("deleted", ["null"], ServerDeleted()),
        ("token expiring", [], TokenExpiring()),
        ("token expired", [], TokenRefused(TokenFault.EXPIRED, answers=False)),
        ("throttled", ["global"], Throttled("global")),
    ],
)
def test_each_event_has_its_type(event, args, expected):
    assert parse(frame(event, *args), NOW) == [expected]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("jwt: exp claim is invalid", TokenFault.EXPIRED),
        ("jwt: created too far in past (denylist)", TokenFault.DENIED),
        ("jwt: no jwt present", TokenFault.ABSENT),
        ("jwt: missing connect permission", TokenFault.NO_PERMISSION),
        ("jwt: server uuid mismatch", TokenFault.OTHER_SERVER),
        ("jwt: the moon is in the wrong phase", TokenFault.UNKNOWN),
    ],
)
def test_jwt_errors_are_told_apart_by_what_they_contain(text, fault):
    """With and without the prefix of an answer."""
    assert parse(frame("jwt error", text), NOW) == [TokenRefused(fault, answers=False)]
    assert parse(frame("jwt error", f"Error Event [{UUID}]: {text}"), NOW) == [TokenRefused(fault, answers=True)]


def test_stats_are_units_of_ours():
    """Bytes, percent of one core, milliseconds as a duration; the state beside them."""
    stats = {
        "memory_bytes": 1873805312,
        "memory_limit_bytes": 4724464025,
        "cpu_absolute": 34.214,
        "network": {"rx_bytes": 9120448, "tx_bytes": 30188231},
        "uptime": 5421877,
        "state": "running",
        "disk_bytes": 2147480064,
        "disk_io": {"read_bytes": 1, "write_bytes": 2},
    }
    [event] = parse(frame("stats", json.dumps(stats)), NOW)
    assert event == StatsUpdated(
        PowerState.RUNNING,
        1873805312,
        34.214,
        2147480064,
        4724464025,
        9120448,
        30188231,
        timedelta(milliseconds=5421877),
    )


def test_stats_of_old_wings_lack_the_uptime():
    """Before Wings 1.5.2 there was none; nothing else suffers."""
    [event] = parse(frame("stats", '{"state":"odd","memory_bytes":"x"}'), NOW)
    assert event == StatsUpdated(PowerState.UNKNOWN, 0, 0.0, 0)


def test_backups_are_understood_in_both_spellings():
    """Until Wings 1.5.3 the uuid stood in the event's name."""
    body = json.dumps({"uuid": UUID, "is_successful": True, "file_size": 734003200})
    assert parse(frame("backup completed", body), NOW) == [BackupCompleted(UUID, True, 734003200)]
    old = json.dumps({"is_successful": False})
    assert parse(frame(f"backup completed:{UUID}", old), NOW) == [BackupCompleted(UUID, False, 0)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("first part\r\nsecond part", ["first part", "second part"]),
        ("a\n\n b\n", ["a", " b"]),
        ("Preparing: 12%\rPreparing: 57%\rPreparing: 100%", ["Preparing: 100%"]),
        ("done 100%\r\x1b[K", ["done 100%"]),
        ("Loaded: \rWorldGuard", ["Loaded:", "WorldGuard"]),
        ("\x1b[m", []),
        ("   ", []),
        ("x" * 70_000, ["x" * 70_000]),
    ],
)
def test_console_text_becomes_the_lines_a_terminal_would_show(text, lines):
    """Line ends split, progress bars keep their last state, blank lines vanish, long lines stay whole."""
    assert console_lines(text) == lines


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        '{"event":7,"args":["x"]}',
        '{"args":["x"]}',
        '{"event":"moon phase","args":["full"]}',
        '{"event":"status","args":["offline-ish"]}',
        '{"event":"status","args":[null]}',
        '{"event":"stats","args":null}',
        '{"event":"stats","args":["{broken"]}',
        '{"event":"stats","args":["[]"]}',
        "[" * 100_000,
        '{"event":"x","args":[' + "[]," * 100_000 + "0]}",
        '{"event":"x","args":[' + '"",' * 100_000 + '""]}',
        '{"event":"console output","args":[' + "{}," * 100_000 + '"x"]}',
    ],
)
def test_what_is_not_understood_is_ignored(text):
    """Unknown events, missing or null arguments, broken frames."""
    assert parse(text, NOW) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
EVENTS = ["status", "stats", "console output", "jwt error", "backup completed", "transfer status", "daemon error"]


@given(st.sampled_from(EVENTS) | st.text(max_size=6), st.lists(json_values, max_size=3), json_values)
def test_no_frame_makes_the_parser_fail(event, args, inner):
    """Whatever JSON comes, a list of messages comes out."""
    for arguments in (args, [json.dumps(inner)], inner):
        assert isinstance(parse(json.dumps({"event": event, "args": arguments}), NOW), list)


@given(st.text(alphabet="ab \r\n\x1b[mK0;", max_size=40))
def test_no_line_is_blank_or_holds_a_line_end(text):
    """Whatever is printed."""
    for line in console_lines(text):
        assert line.strip()
        assert "\n" not in line
        assert "\r" not in line


@settings(deadline=None)
@given(
    st.text(max_size=60), st.sampled_from(["a", "é", "€", "😀", "\ud800", "ab ", "203.0.113.9 "]), st.integers(-40, 40)
)
def test_a_text_is_cut_where_wings_cuts_it_and_says_so(end, unit, around):
    """At most 64 KiB of UTF-8, valid as it was, the rest dropped with a mark; shorter ones stay as they are."""
    text = unit * ((LONGEST_TEXT + around) // len(unit.encode("utf-8", "surrogatepass"))) + end
    kept = cut(text)
    whole = len(text.encode("utf-8", "surrogatepass"))
    if whole <= LONGEST_TEXT:
        assert kept == text
    else:
        head, sign, mark = kept.rpartition(" ✂ ")
        assert sign and "64 KiB" in mark
        assert text.startswith(head)
        size = len(kept.encode("utf-8", "surrogatepass"))
        assert LONGEST_TEXT - 2048 * 4 - 100 < size <= LONGEST_TEXT


def test_a_cut_shows_no_half_of_a_word():
    """It may be the half of an address."""
    for separator in (" ", ",", '"', "|"):
        [line] = console_lines(cut(f"203.0.113.9{separator}" * 10_000))
        assert line.partition(" ✂ ")[0].endswith(f"203.0.113.9{separator}")


@pytest.mark.parametrize(
    "event", ["console output", "install output", "transfer logs", "daemon message", "daemon error"]
)
def test_whatever_is_shown_to_people_is_cut(event):
    for text in ("x" * 200_000, "x\n" * 200_000, "€" * 100_000):
        found = parse(frame(event, text), NOW)
        assert sum(len(one.text.encode()) for one in found) <= LONGEST_TEXT
        assert "64 KiB" in found[-1].text


def test_a_line_of_64_kib_fits_a_frame_however_it_is_written():
    """Go writes what is no UTF-8, and each of <, > and &, as six characters."""
    text = "<" * LONGEST_TEXT
    written = frame("console output", text).replace("<", "\\u003c")
    assert len(written) <= LARGEST_FRAME
    assert parse(written, NOW) == [ConsoleLine(text, NOW)]


def test_a_frame_with_thousands_of_lines_is_read_line_by_line():
    """Who reads it can do something else in between."""
    messages = iter(wire.parse(frame("console output", "a\n" * 30_000), NOW))
    assert next(messages) == ConsoleLine("a", NOW)
    assert sum(1 for _ in messages) == 29_999


def test_a_large_frame_that_is_no_text_is_not_even_read(monkeypatch):
    read = []
    monkeypatch.setattr(wire.json, "loads", lambda text: read.append(text) or {})
    parse('{"event":"console output","args":[' + "1e9," * 100_000 + '"x"]}', NOW)
    assert not read
    parse(frame("console output", '\\"quoted\\\\"' * 20_000), NOW)
    assert len(read) == 1


@pytest.mark.parametrize("fields", ['{"uptime":1e308}', '{"uptime":%s}' % ("9" * 400), '{"state":[%s]}' % ("[" * 400 + "]" * 400),
    '{"memory_bytes":1e299,"cpu_absolute":1e299,"network":{"rx_bytes":1e200}}', '{"uptime":NaN,"memory_bytes":Infinity}'])  # fmt: skip
def test_absurd_numbers_become_some_that_can_be_reckoned_with(fields):
    [event] = parse(frame("stats", fields), NOW)
    assert event.state is PowerState.UNKNOWN
    assert NOW - (event.uptime or timedelta()) > datetime(1900, 1, 1, tzinfo=UTC)
    assert max(event.memory_bytes, event.network_rx_bytes, event.cpu_percent) < 2**63
