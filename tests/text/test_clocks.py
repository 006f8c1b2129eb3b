"""Which part of a line is the clock, for loggers of many games and tools."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.clocks import CLOCKS, take_apart

HERE = Path(__file__).parent
CASES = json.loads((HERE / "console_lines.json").read_text(encoding="utf-8"))
ORDINARY = [line for path in sorted((HERE / "ordinary").glob("*.txt")) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: clock.example)
def test_each_way_of_writing_the_time_is_known_by_its_example(clock):
    # Only digits of the clock change; what is said stays.
    later = (
        re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 1) % 10), clock.example.removesuffix("tick")) + "tick"
    )
    if "x.cpp" in later:
        later = clock.example.replace("12.345", "13.345")
    assert later != clock.example
    assert take_apart(later).text == take_apart(clock.example).text
    assert take_apart(clock.example).text.endswith("tick")


@pytest.mark.parametrize(("first", "second"), CASES["collapse_same"])
def test_lines_that_say_the_same_at_another_time(first, second):
    assert take_apart(first).text == take_apart(second).text


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *CASES["collapse_different"],
        ("[12:34:56] Bob joined", "[12:34:56] Eve joined"),
        ("LOG  : Network     , 1700000000000> tick", "WARN : Network     , 1700000000000> tick"),
        ("LOG  : Network     , 1700000000000> tick", "LOG  : Lua         , 1700000000000> tick"),
        ("<W>2026-11-22 12:34:56 tick", "<C>2026-11-22 12:34:56 tick"),
        ("I1122 12:34:56.789 tick", "E1122 12:34:56.789 tick"),
        ("12.345 s are left", "13.345 s are left"),
        ("1234567890 coins", "1234567891 coins"),
        ("1.2.3 is out", "1.2.4 is out"),
    ],
)
def test_lines_that_say_something_else(first, second):
    assert take_apart(first).text != take_apart(second).text


@given(st.sampled_from(ORDINARY), st.text(max_size=20))
def test_what_is_said_behind_the_clock_is_never_taken_for_a_part_of_it(line, other):
    assert take_apart(f"{line} x{other}").text.endswith(f" x{other}")
