"""What consoles answer to a command they do not know is told from what games print."""

import re
from pathlib import Path

import pytest

from bot.text.refused_commands import _REFUSED, REFUSALS, looks_refused

ORDINARY = Path(__file__).parent / "ordinary"


@pytest.mark.parametrize(("pattern", "example"), REFUSALS.items())
def test_each_rule_knows_its_example(pattern, example):
    assert re.search(pattern, example, re.IGNORECASE)


@pytest.mark.parametrize(
    "line",
    [
        "Chat to your fellow players in a multiplayer game. Usage: 'say \"<msg>\"'.",
        "Command 'say' not found.",
        "\x1b[?2004l\rUnknown command 'say hello there'.  Try 'help'.",
        "unknown command: say",
        "[12:00:00 INFO]: Unknown or incomplete command, see below for error",
        'Unknown command "say". Type /help for help.',
        "Invalid command.",
        "[console]: No such command: say.",
        "*** ERROR: unknown command 'say'",
        "2026-05-01 12:00:00: ACTION[Main]: Invalid command: say",
        "say is not a recognized command",
    ],
)
def test_refusals_of_games_are_recognised(line):
    assert looks_refused(["say hello there", line], "hello there")


@pytest.mark.parametrize(
    "lines",
    [
        ["[12:00:00 INFO]: [Not Secure] [Server] hello there"],
        ["\u200e[All] Unnamed Client: hello there"],
        ["console: hello there"],
        ["[Server] hello there", *["tick"] * 6, "Unknown command"],
        [],
    ],
)
def test_what_was_said_is_no_refusal(lines):
    assert not looks_refused(lines, "hello there")


def test_a_message_about_usage_is_none_when_the_console_repeats_it():
    assert not looks_refused(
        ["[Server] Usage: /vote, unknown command otherwise"], "Usage: /vote, unknown command otherwise"
    )


def test_what_games_print_ordinarily_is_none():
    lines = [line for file in ORDINARY.iterdir() for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) > 50
    found = [line for line in lines if _REFUSED.search(line)]
    assert not any("Memory Usage" in line for line in found)
    assert len(found) <= 4, found
