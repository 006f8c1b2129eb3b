"""Reducing terminal text to Discord's colours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import ansi, lines
from bot.text.sgr import nearest

ESC = "\x1b"
CODES = re.compile(r"\x1b\[([0-9;]*)m")
KNOWN = {"0", "1", "4", *(str(n) for n in range(30, 38)), *(str(n) for n in range(40, 48))}

parameters = st.lists(
    st.one_of(
        st.integers(0, 110).map(str), st.sampled_from(["38;5;196", "48;2;1;2;3", "38:2::255:0:0", "38:5:9", "4:3", ""])
    ),
    max_size=6,
).map(";".join)
escapes = st.one_of(
    parameters.map(lambda p: f"{ESC}[{p}m"),
    st.sampled_from([f"{ESC}[K", f"{ESC}[2J", f"{ESC}[?25l", f"{ESC}[>4;2m", f"{ESC}]0;title\x07", f"{ESC}]8;;http://x{ESC}\\",
                     f"{ESC}P1$r0m{ESC}\\", f"{ESC}(B", f"{ESC}7", "\x9b31m", "\x08", "\x00", "\x7f", "\u202e", "\u2066"]),
)  # fmt: skip
visible = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ),
    min_size=1,
)
wild = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b[];:0123m8\x07\\\x9b\x9d\ud800\u202e\u200d\t\n`")), max_size=200
)


@given(wild)
def test_any_text_is_reduced_to_known_codes_only(text):
    reduced = ansi.reduce(text)
    for code in CODES.findall(reduced):
        assert set(code.split(";")) <= KNOWN
    assert (
        re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", CODES.sub("", reduced))
        is None
    )
    reduced.encode()


@given(wild)
def test_reducing_twice_changes_nothing_more(text):
    assert ansi.reduce(ansi.reduce(text)) == ansi.reduce(text)
    assert ansi.strip(ansi.strip(text)) == ansi.strip(text)


@given(wild)
def test_plain_and_reduced_text_show_the_same(text):
    assert ansi.strip(ansi.reduce(text)) == ansi.strip(text)


@given(wild)
def test_growth_is_bounded(text):
    assert len(ansi.reduce(text)) <= 5 * len(text) + 4


@given(st.lists(st.tuples(st.booleans(), visible, escapes), max_size=12))
def test_visible_text_is_preserved_whatever_stands_between(parts):
    text = "".join(shown if is_text else escape for is_text, shown, escape in parts)
    assert ansi.strip(text) == "".join(shown for is_text, shown, _ in parts if is_text)


@given(wild)
def test_a_code_appears_only_where_the_style_changes(text):
    reduced = ansi.reduce(text)
    assert not re.search(r"m\x1b\[", reduced), "two codes in a row"
    assert not reduced.startswith(f"{ESC}[0m")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        (f"{ESC}[31mred", f"{ESC}[31mred{ESC}[0m"),
        (f"{ESC}[31mred{ESC}[m", f"{ESC}[31mred{ESC}[0m"),
        (f"{ESC}[0;31;1mx{ESC}[22my", f"{ESC}[1;31mx{ESC}[0;31my{ESC}[0m"),
        (f"{ESC}[91mbright{ESC}[32mgreen", f"{ESC}[1;31mbright{ESC}[0;32mgreen{ESC}[0m"),
        (f"{ESC}[0;1;38;5;196mx", f"{ESC}[1;31mx{ESC}[0m"),
        (f"{ESC}[38;2;255;170;0mgold", f"{ESC}[33mgold{ESC}[0m"),
        (f"{ESC}[38:2::85:255:85mx", f"{ESC}[32mx{ESC}[0m"),
        (f"{ESC}[38:2:85:85:255mx", f"{ESC}[34mx{ESC}[0m"),
        (f"{ESC}[48;5;21;4mx", f"{ESC}[4;44mx{ESC}[0m"),
        (f"{ESC}[104mx", f"{ESC}[44mx{ESC}[0m"),
        (f"{ESC}[3;5;7mx", "x"),
        (f"{ESC}[58;5;1;31mx", f"{ESC}[31mx{ESC}[0m"),
        (f"{ESC}[38;5mx", "x"),
        (f"{ESC}[4:0mx", "x"),
        (f"{ESC}[31m{ESC}[0mx", "x"),
        (f"{ESC}[31", ""),
        (f"a{ESC}]0;never closed", "a0;never closed"),
        ("a\u202eb\u200fc\ud83d", "ab\u200fc\ufffd"),
    ],
)
def test_examples(text, expected):
    assert ansi.reduce(text) == expected


def test_a_daemon_line_of_wings():
    line = f"{ESC}[33m{ESC}[1m[Pterodactyl Daemon]:{ESC}[39m Updating process configuration files...{ESC}[0m"
    assert ansi.reduce(line) == (
        f"{ESC}[1;33m[Pterodactyl Daemon]:{ESC}[0;1m Updating process configuration files...{ESC}[0m"
    )


@pytest.mark.parametrize(
    ("rgb", "colour"),
    [((85, 85, 85), 0), ((255, 85, 85), 1), ((0, 100, 0), 2), ((255, 170, 0), 3), ((0, 0, 170), 4), ((255, 85, 255), 5),
     ((85, 255, 255), 6), ((170, 170, 170), 7)],
)  # fmt: skip
def test_the_nearest_colour_is_the_one_people_mean(rgb, colour):
    assert nearest(*rgb) == colour


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one", ["one"]),
        ("one\r\ntwo\nthree", ["one", "two", "three"]),
        ("10 %\r50 %\r100 %", ["100 %"]),
        ("done\r", ["done"]),
        (f"{ESC}[32m10 %\r20 %", [f"{ESC}[32m20 %"]),
        (">....\r\x1b[K[12:00 INFO]: hi", ["\x1b[K[12:00 INFO]: hi"]),
        ("", [""]),
    ],
)
def test_an_event_is_cut_into_the_lines_a_terminal_shows(text, expected):
    assert lines.split(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "玩家 加入了遊戲 ｆｕｌｌ　ｗｉｄｔｈ 한국어 日本語",
        "שלום עולם مرحبا بالعالم \u200fright\u200e left\u061c",
        "e\u0301\u0302 z\u0351a\u0335l\u0336go ก็ नमस्ते",
        "👨‍👩‍👧 👍🏽 🇩🇪 ❤\ufe0f 1\ufe0f\u20e3",
        "zero\u200bwidth \u200cnon\u200djoiner \ufeffmark \u2060word",
        "tab\tand no-break\u00a0space §4Minecraft &ccodes ▓▒░ ─┼─",
    ],
)
def test_the_scripts_of_the_world_survive_as_they_are(text):
    assert ansi.reduce(text) == ansi.strip(text) == text
    coloured = "".join(f"{ESC}[3{number % 8}m{character}" for number, character in enumerate(text))
    assert ansi.strip(coloured) == text


@pytest.mark.parametrize("separator", list(";:"))
@pytest.mark.parametrize(("target", "drawn"), [(38, "(1;)?3[0-7]"), (48, "4[0-7]")])
def test_every_colour_of_the_table_becomes_one_that_discord_draws(separator, target, drawn):
    for number in range(256):
        codes = CODES.findall(ansi.reduce(f"{ESC}[{target}{separator}5{separator}{number}mx"))
        assert len(codes) == 2 and codes[1] == "0"
        assert re.fullmatch(drawn, codes[0]), number


@given(st.lists(st.text("ab\x1b[3m1 ", max_size=6), min_size=1, max_size=6), st.booleans())
def test_of_a_progress_bar_the_last_state_remains(states, ended):
    """Whatever stood there before, and with or without a carriage return at the end."""
    (line,) = lines.split("\r".join(states) + "\r" * ended)
    assert "\r" not in line
    assert line.endswith("\r".join(states).rstrip("\r").rpartition("\r")[2])
