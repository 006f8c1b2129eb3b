"""What is masked and what stays: the rules beside their examples, lines as games and tools print them, whole consoles."""

import json
import re
import time
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import time_slice
from bot.console.events import ConsoleLine
from bot.console.wire import parse
from bot.text import ansi, secrets, start_up, versions
from bot.text.masking_rules import SECRETS
from bot.text.redaction import Redactor
from bot.text.start_up import PRELUDES, is_start_up

HERE = Path(__file__).parent
NOW = datetime(2026, 5, 1, tzinfo=UTC)
CASES = json.loads((HERE / "console_lines.json").read_text(encoding="utf-8"))
HIDE = [case for group in CASES["masking"] for case in group["hide"]]
KEEP = [case for group in CASES["masking"] for case in group["keep"]]
ORDINARY = {
    path.stem: path.read_text(encoding="utf-8").splitlines() for path in sorted((HERE / "ordinary").glob("*.txt"))
}
COMMANDS = CASES["start_up_commands"]


def masked(line):
    return ansi.strip(Redactor(b"key").redact(line))


def line_of(case):
    return case["line"]


@pytest.mark.parametrize("rule", SECRETS, ids=lambda rule: rule.example)
def test_each_rule_finds_its_example_and_no_other_does(rule):
    before, secret, after = rule.example.split("§")
    line = before + secret + after
    assert not rule.signs or any(sign in line.lower() for sign in rule.signs)
    (found,) = secrets.find(line)
    assert (line[found.start : found.end], found.kind) == (secret, rule.kind)

    def finds(search):
        spans = []
        time_slice.finish(secrets._collect(search, line, 1024, spans))
        return [(one.start, one.end) for one in spans]

    by_rule = {search.rule: finds(search) for search in secrets._OF_RULES}
    assert [one for one, spans in by_rule.items() if (found.start, found.end) in spans] == [rule]


@pytest.mark.parametrize("case", HIDE, ids=line_of)
def test_secrets_as_games_images_and_tools_print_them(case):
    shown = masked(case["line"])
    assert not [secret for secret in case["secrets"] if secret in shown]


@given(
    st.sampled_from(HIDE),
    st.sampled_from(["[12:34:56 INFO]: ", "12:34:56 ", "> ", "[2026.11.22-12.34.56:789][ 12]LogX: ", "[Foo] ", "  ", "INFO "]),
    st.sampled_from(["", " ", "\r", " \x1b[0m"]),
)  # fmt: skip
def test_what_stands_before_a_line_brings_no_secret_to_light(case, before, after):
    shown = masked(before + case["line"] + after)
    assert not [secret for secret in case["secrets"] if secret in shown]


@pytest.mark.parametrize("case", KEEP, ids=line_of)
def test_what_only_looks_like_one_is_shown(case):
    shown = masked(case["line"])
    assert not [part for part in case.get("parts", [case["line"]]) if part not in shown]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("API key: abc123", "API key: ‹secret›"),
        ("<Bob> access key: left lever", "<Bob> access key: left lever"),
        ("user=admin pass=hunter2", "user=admin pass=‹secret›"),
        ("Compass=1 bypass=on", "Compass=1 bypass=on"),
        ("STEAM_GSLT=0123ABCD ok", "STEAM_GSLT=‹secret› ok"),
        ("ftp://bob:p@ss@host/x", "ftp://bob:‹secret›@host/x"),
        ('"g_password" is:"hunter^7" default:"^7"', '"g_password" is:‹secret› default:"^7"'),
        ("[12:00:00] sv_password hunter; say hi", "[12:00:00] sv_password ‹secret›; say hi"),
        ("Steam>login mysteam hunter2 R4ND0", "Steam>login mysteam ‹secret›"),
        ("> rconPassword hunter2", "> rconPassword ‹secret›"),
        ("rcon_pw hunter2", "rcon_pw ‹secret›"),
        ("the rcon_password was changed", "the rcon_password was changed"),
        ("password hunter", "password ‹secret›"),
        ("> password required", "> password required"),
        ("MYSQL_PWD=hunter2 SECRET_KEY_BASE=ab/cd", "MYSQL_PWD=‹secret› SECRET_KEY_BASE=‹secret›"),
        ("] /authme:register hunter2 hunter2", "] /authme:register ‹secret›"),
        ("  - Mod 'Create' (create) 6.0.0.1 requires fabric", "  - Mod 'Create' (create) 6.0.0.1 requires fabric"),
        ("bans of 203.0.113.5.log", "bans of ‹ip›.log"),
    ],
)
def test_the_kinds_that_rules_stand_for(line, expected):
    assert re.sub(r"‹([a-z]+)-[a-z2-7]{5}›", r"‹\1›", masked(line)) == expected


@pytest.mark.parametrize("game", ORDINARY)
def test_ordinary_lines_of_a_game_stay_as_they_are(game):
    masker = Redactor(b"key")
    lines = ORDINARY[game]
    assert len(lines) >= 25
    assert [masker.redact(line) for line in lines] == lines


def test_there_are_ordinary_lines_of_twelve_games_and_more():
    assert len(ORDINARY) >= 12


@pytest.mark.parametrize("sign", versions.SIGNS, ids=lambda sign: sign.example)
def test_each_sign_of_a_version_keeps_its_example_and_no_address_with_a_port(sign):
    assert masked(sign.example) == sign.example
    (numbers,) = re.findall(r"(?<!\d)(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)", sign.example)
    assert "203.0.113.5" not in masked(sign.example.replace(numbers, "203.0.113.5:25565"))
    if sign.small:
        assert "203.0.113.5" not in masked(sign.example.replace(numbers, "203.0.113.5"))


@pytest.mark.parametrize("prelude", PRELUDES, ids=lambda prelude: prelude.example)
def test_each_prelude_is_followed_by_a_command(prelude):
    assert any(sign in prelude.example.lower() for sign in prelude.signs)
    assert [
        one for one, pattern in zip(PRELUDES, start_up._PATTERNS, strict=True) if pattern.match(prelude.example)
    ] == [prelude]
    assert is_start_up(prelude.example)
    masker = Redactor(b"key")
    assert "Xy7kQz12" not in masker.redact(prelude.example + " Xy7kQz12")
    assert masker.redact("Loading libraries") == "Loading libraries"


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case["lines"][-1])
def test_start_up_commands_behind_the_preludes_of_other_images(case):
    masker = Redactor(b"key")
    shown = "\n".join(masker.redact(line) for line in case["lines"])
    assert not [secret for secret in case["secrets"] if secret in shown]
    assert masker.redact("Loading libraries, 1 of 2") == "Loading libraries, 1 of 2"


def test_an_announced_command_is_the_next_line_that_is_not_blank():
    masker = Redactor(b"key")
    shown = [
        masker.redact(line) for line in ("Startup command:", " ", "./srv hunter2", "-pw hunter3", "Loading", "./srv 2")
    ]
    assert shown == [
        "Startup command:",
        "‹start-up command›",
        "‹start-up command›",
        "‹start-up command›",
        "Loading",
        "./srv 2",
    ]


RECORDINGS = sorted((HERE.parent / "console" / "recordings").glob("*.jsonl"))
TOLD = re.compile(r"hunter2|203\.0\.113\.\d|2001:db8|rcon password: '\w+'")


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_what_real_games_printed_is_masked_where_it_tells_something_and_nowhere_else(recording):
    frames = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    texts = [text for frame in frames if frame.get("event") == "console output" for text in frame["args"]]
    lines = [
        message.text for text in texts for message in parse(frame_of(text), NOW) if isinstance(message, ConsoleLine)
    ]
    assert lines
    masker = Redactor(b"key")
    for line in map(ansi.strip, lines):
        shown = masker.redact(line)
        if is_start_up(line):
            assert shown.endswith("‹start-up command›")
        elif TOLD.search(line):
            assert not TOLD.search(shown) and "‹" in shown
        else:
            assert shown == line


def frame_of(text):
    return json.dumps({"event": "console output", "args": [text]})


addresses = st.ip_addresses(v=4).filter(lambda a: not a.is_loopback and not a.is_unspecified)
of_strangers = addresses.filter(lambda a: not versions._is_small(str(a)))
names = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"), min_size=1, max_size=16)


def padded(address):
    return ".".join(f"{part:03}" for part in address.packed)


def mark_of(address):
    return masked(str(address))


@given(addresses, st.sampled_from(["ip_", "ip-", "ip", "IP:", "client-", "player_", "host=", "addr:", "from-", "static.", "user@", "[/", "'"]), st.sampled_from(["", "-Steve", "_Steve", " left", ".", "/32", "]", ".pool.example.net"]))  # fmt: skip
def test_an_address_glued_to_words_is_hidden(address, before, after):
    assert masked(f"x {before}{address}{after}") == f"x {before}{mark_of(address)}{after}"
    assert masked(f"x {before}{address}:25565 x") == f"x {before}{mark_of(address)} x"


@given(of_strangers, names, names)
def test_an_address_glued_to_any_name_is_hidden(address, before, after):
    for line in (
        f"{before}-{address}",
        f"{before}_{address} x",
        f"{address}-{after}",
        f"{address}_{after}",
        f"{address}{after}",
    ):
        assert str(address) not in masked(line)


VERSION_WORDS = re.compile(r"(?i)(?:version|(?<![a-z])(?:ver|build|release|v))$")


@given(of_strangers, names.filter(lambda name: not VERSION_WORDS.search(name)), st.sampled_from([" ", ": ", "=", " (", ' "', " [", " - ", ":"]))  # fmt: skip
def test_an_address_behind_any_word_is_hidden(address, word, between):
    assert str(address) not in masked(f"the {word}{between}{address} is it")


@pytest.mark.parametrize(
    "word", ["server", "Server", "observer", "driver", "rebuild", "prerelease", "API", "Forge", "nov", "TShock"]
)
def test_an_address_is_no_version_for_a_word_that_ends_like_one_of_theirs(word):
    assert masked(f"{word} 203.0.113.5") == f"{word} {masked('203.0.113.5')}"


@given(addresses)
def test_a_padded_address_is_hidden_and_has_the_mark_of_the_usual_form(address):
    assert masked(f"from {padded(address)} x") == f"from {mark_of(address)} x"


@given(addresses, st.sampled_from(["ec2-", "host-", "", "cpe-", "ip"]), st.sampled_from([".compute-1.amazonaws.com", ".dsl.example.net", "-static.pool.example.org"]))  # fmt: skip
def test_an_address_in_the_name_of_a_host_is_hidden(address, before, after):
    dashed = str(address).replace(".", "-")
    assert masked(f"lost {before}{dashed}{after}") == f"lost {before}{mark_of(address)}{after}"
    turned = ".".join(reversed(str(address).split(".")))
    if IPv4Address(turned).is_loopback:
        return
    assert masked(f"who is {turned}.in-addr.arpa?") == f"who is {mark_of(address)}.in-addr.arpa?"


@given(st.ip_addresses(v=6).filter(lambda a: a.ipv4_mapped is None and any(map(str.isdigit, str(a))) and len(str(a)) > 9), st.sampled_from(["ip_", "client-", "ip:", "from ", "[/"]), st.sampled_from(["-Steve", " left", ",", "/64"]))  # fmt: skip
def test_an_address_of_the_sixth_version_glued_to_words_is_hidden(address, before, after):
    shown = masked(f"x {before}{address}{after}")
    assert shown == f"x {before}{masked(str(address))}{after}" and str(address) not in shown


COLOURS = st.sampled_from(["\x1b[31m", "\x1b[0m", "\x1b[1;38;5;208m", "\x1b[38;2;90;160;255m", "\x1b[K", "\x07"])


@settings(deadline=None)
@given(
    st.sampled_from([[rule.example.replace("§", "")] for rule in SECRETS] + [[case["line"]] for case in HIDE] + [case["lines"] for case in COMMANDS]),
    st.lists(st.tuples(st.integers(0, 200), COLOURS), max_size=12),
)  # fmt: skip
def test_colours_amid_secrets_hide_none(lines, places):
    plain, coloured = Redactor(b"key"), Redactor(b"key")
    for line in map(ansi.strip, lines):
        painted = line
        for place, colour in sorted(
            places, key=lambda one: -(one[0] % (len(line) + 1))
        ):  # from the end, so none is cut
            at = place % (len(line) + 1)
            painted = painted[:at] + colour + painted[at:]
        assert ansi.strip(coloured.redact(painted)) == plain.redact(line)


@pytest.mark.parametrize(
    "unit", sorted({sign for rule in SECRETS for sign in rule.signs} | {"1.2.3.4 ", "a.1.2.3.4", "1-2-3-4.a."})
)
def test_time_is_linear_in_the_signs_of_rules(unit):
    for text in (f"{unit} a ", f"{unit}=", f"/{unit} "):
        start = time.process_time()
        Redactor(b"key").redact(text * (65536 // len(text)))
        assert time.process_time() - start < 3
