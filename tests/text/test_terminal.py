"""A line is shown as a terminal shows it in the end."""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.bounds import LONGEST_TEXT
from bot.console.wire import console_lines
from bot.text import ansi
from bot.text.terminal import draw
from bot.time_slice import SECONDS

CASES = json.loads((Path(__file__).parent / "console_lines.json").read_text(encoding="utf-8"))


def shown(text):
    return [ansi.strip(line) for line in console_lines(text)]


@pytest.mark.parametrize(("text", "lines"), CASES["redraws"])
def test_what_programs_redraw_is_shown_in_its_last_state(text, lines):
    assert shown(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("]\b \bHitch warning: 591 msec", ["Hitch warning: 591 msec"]),
        ("]\b \b", []),
        ("]addbo" + "\b \b" * 6 + "Item: 1 ammo", ["Item: 1 ammo"]),
        ("]rconPassword hunter2" + "\b \b" * 21 + "ok", ["ok"]),
        ("> listt\b \bs", ["> lists"]),
        ("abcdef\x1b[3D\x1b[Pxy", ["abcxy"]),
        ("abcdef\x1b[3D\x1b[2@xy", ["abcxydef"]),
        ("abcdef\x1b[4D\x1b[2X!", ["ab! ef"]),
        ("abc\x1b[1D\x1b[1Kd", ["  d"]),
        ("left\x1b[10Gright", ["left     right"]),
        ("left\x1b[3Cright", ["left   right"]),
        ("old\x1b[2J\x1b[1Gnew", ["new"]),
        ("done 100%\r\x1b[K", ["done 100%"]),
        ("\x1b[K\x1b[32mas ever\x1b[0m", ["as ever"]),
    ],
)
def test_cursor_and_eraser_do_what_they_do_on_a_screen(text, lines):
    assert shown(text) == lines


def test_colours_stay_with_the_characters_they_were_written_in():
    assert draw("\x1b[31mred\x1b[0m plain\b\b\b\b\b\x1b[1;32mgreen") == "\x1b[31mred\x1b[0m \x1b[1;32mgreen\x1b[0m"


@given(st.text(alphabet=st.characters(exclude_characters="\b"), max_size=60).filter(lambda text: "\x1b[" not in text))
def test_a_line_that_is_not_redrawn_stays_as_it_is(text):
    assert draw(text) == text


PIECES = st.sampled_from(
    ["a", "bc", " ", "é", "\b", "\b \b", "\x1b[31m", "\x1b[0m", "\x1b[?25l", "\x1b]0;t\x07", "\x1b["]
    + [f"\x1b[{number}{final}" for number in ("", "0", "1", "2", "7", "999999") for final in "CDGKJPX@m"]
)


@given(st.lists(PIECES, max_size=40))
def test_whatever_a_line_holds_nothing_appears_that_was_not_written_and_no_order_is_left(pieces):
    text = draw("x" + "".join(pieces) + "\b")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert len(plain) <= 2000 + sum(map(len, pieces))
    assert set(ansi.strip(text)) <= set("xabcé t0;")
    assert draw(text) == text or "\b" in text


def longest_step(text):
    """Seconds of the longest wait for one more line, the best of three tries: others use the processor too."""

    def once():
        lines, longest = iter(console_lines(text)), 0.0
        while True:
            began = time.thread_time()
            if next(lines, None) is None:
                return longest
            longest = max(longest, time.thread_time() - began)

    return min(once() for _try in range(3))


@pytest.mark.parametrize(
    "piece",
    [
        "x\b",
        "\x1b[1K",
        "ab\x1b[2K",
        "\x1b[1000@",
        "\x1b[@x",
        "\x1b[1G\x1b[P",
        "\x1b[1Gx",
        "\x1b[31mx",
        "\x1b[999C",
        "\x1b[1Gx\x1b[0K",
        "\b \b",
        "x\b \b\r",
        "  \b\r",
        "\x1b[2K\r",
        "\b" + "x" * 64,
    ],
)
@pytest.mark.parametrize("before", ["", "y" * 20_000])
def test_no_line_takes_longer_to_draw_than_some_slices(piece, before):
    """A node may send sixteen such lines a second, and others' commands wait meanwhile."""
    text = (before + piece * (LONGEST_TEXT // len(piece)))[: LONGEST_TEXT - 1] + "\b"
    assert longest_step(text) < 4 * SECONDS


def test_what_is_not_drawn_any_more_is_shown_as_it_came():
    """Nothing is left out because somebody moves the cursor ten thousand times."""
    assert shown("said\r" + "x\b \b\r" * 10_000)[0].startswith("x")
    assert shown("said" + "\b \b" * 10_000 + "more") == ["said" + " " * 10_000 + "more"]
    assert shown("said\r" + "\x1b[2K\r" * 10_000) == ["said"]
