"""Frames as real Wings and real games sent them: every one is understood, and a history repeats nothing."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.console.crash import CrashWatch, last_words
from bot.console.events import (
    ConsoleLine,
    InstallCompleted,
    StatsUpdated,
    StatusChanged,
)
from bot.console.history import recover
from bot.console.marks import is_daemon_line
from bot.console.wire import BlankLine, parse
from bot.terms import PowerState
from bot.text import ansi
from bot.text.redaction import Redactor
from bot.text.refused_commands import looks_refused

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.jsonl"))
START = datetime(2026, 5, 1, tzinfo=UTC)


def frames(recording):
    return [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]


def messages(recording):
    for frame in frames(recording):
        if "event" in frame:
            text = json.dumps({"event": frame["event"], "args": frame["args"]})
            for message in parse(text, START + timedelta(seconds=frame["at"])):
                yield frame, message


def lines(recording):
    return [message for _frame, message in messages(recording) if isinstance(message, ConsoleLine)]


def by_game(game):
    return pytest.mark.parametrize(
        "recording", [one for one in RECORDINGS if one.stem.endswith(game)], ids=lambda path: path.stem
    )


every = pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)


@every
def test_every_frame_is_understood(recording):
    read = {id(frame) for frame, _message in messages(recording)}
    sent = [frame for frame in frames(recording) if "event" in frame]
    understood = sum(bool(list(parse(json.dumps({"event": f["event"], "args": f["args"]}), START))) for f in sent)
    assert read
    assert understood == len(sent)


@every
def test_figures_and_states_are_read(recording):
    found = [message for _frame, message in messages(recording)]
    states = [message.state for message in found if isinstance(message, StatusChanged)]
    assert PowerState.UNKNOWN not in states
    if "reinstall" not in recording.stem:
        assert {PowerState.STARTING, PowerState.RUNNING, PowerState.OFFLINE} <= set(states)
        running = [message for message in found if isinstance(message, StatsUpdated) and message.memory_bytes]
        assert running
        assert all(message.memory_limit_bytes and message.uptime is not None for message in running)


@every
def test_what_is_shown_holds_nothing_that_moves_a_cursor(recording):
    for line in lines(recording):
        assert not {"\b", "\r", "\n"} & set(line.text)
        assert ansi.strip(line.text).strip()


def halves(recording):
    """What came live before the history was asked for, the history, and its blank lines; None where none was."""
    found = list(messages(recording))
    first = next(message.text for _frame, message in found if is_log_line(message))
    again = [place for place, (_frame, message) in enumerate(found) if is_log_line(message) and message.text == first]
    # A server that was started again prints its command again, but tells its state.
    begin = again[-1]
    if len(again) < 2 or any(isinstance(message, StatusChanged) for _frame, message in found[begin - 4 : begin]):
        return None
    until = found[begin][0]["at"] + 0.1
    history = [message for frame, message in found[begin:] if frame["at"] <= until]
    texts = [message.text for message in history if isinstance(message, ConsoleLine)]
    before = [message.text for _frame, message in found[:begin] if isinstance(message, ConsoleLine)]
    return before, texts, sum(isinstance(message, BlankLine) for message in history)


def is_log_line(message):
    return isinstance(message, ConsoleLine) and not is_daemon_line(message.text)


with_history = pytest.mark.parametrize(
    "recording", [one for one in RECORDINGS if halves(one) is not None], ids=lambda path: path.stem
)


def test_most_recordings_hold_a_history():
    assert sum(halves(one) is not None for one in RECORDINGS) >= 10


@with_history
def test_a_history_that_was_seen_before_repeats_nothing(recording):
    before, history, blanks = halves(recording)
    found = recover(before, history, blanks=blanks)
    assert [history[index] for index in found.new] == []
    assert found.complete


@pytest.mark.parametrize(
    "recording",
    # In those of a crash two runs print the same: nothing tells one from the other but the time they began.
    [one for one in RECORDINGS if halves(one) is not None and "crash" not in one.stem],
    ids=lambda path: path.stem,
)
@pytest.mark.parametrize("missed", [1, 7, 20])
def test_what_was_missed_before_a_history_is_found_in_it(recording, missed):
    before, history, blanks = halves(recording)
    lines_of_the_log = [text for text in before if not is_daemon_line(text)]
    found = recover(lines_of_the_log[:-missed], history, blanks=blanks)
    assert [history[index] for index in found.new] == lines_of_the_log[-missed:]


@by_game("crash")
def test_a_crash_and_its_exit_code_are_read(recording):
    watch, heard = CrashWatch(), []
    for line in lines(recording):
        heard.append(line.text)
        watch.hear(line.text)
        if "Out of memory" in line.text:
            break
    assert watch.found is not None
    assert watch.found.exit_code == 3
    begin, end = last_words(heard)
    assert heard[begin:end][-1] == "Exception in thread main"
    assert "starting" not in " ".join(heard[begin:end]).lower() or begin > 0


@by_game("reinstall")
def test_an_installation_is_read(recording):
    kinds = {type(message) for _frame, message in messages(recording)}
    assert InstallCompleted in kinds


@by_game("openarena")
def test_a_prompt_and_half_typed_commands_are_rubbed_out(recording):
    texts = [line.text for line in lines(recording)]
    assert "Kill: 0 1 1: Sarge killed Grunt by MOD_SHOTGUN" in texts or any(" killed " in text for text in texts)
    assert not any(text.startswith("]") and text not in typed(recording) for text in texts)
    assert any(text.startswith("Item: ") for text in texts)


def typed(recording):
    return {"]" + frame["sent"] for frame in frames(recording) if "sent" in frame} | {"]quit"}


@every
def test_no_password_that_was_typed_is_shown(recording):
    masker = Redactor(b"key")
    assert not any("hunter2" in masker.redact(line.text) for line in lines(recording))


ANSWERS = {
    "freeciv": {"Unknown command 'nonsense'.  Try 'help'."},
    "openarena": {"unknown command: nonsense"},
    "openttd": {
        "Chat to your fellow players in a multiplayer game. Usage: 'say \"<msg>\"'.",
        "Command 'nonsense' not found.",
    },
}


@every
def test_refusals_are_told_from_all_else_that_games_print(recording):
    found = {line.text for line in lines(recording) if looks_refused([line.text], "hello")}
    assert found == ANSWERS.get(recording.stem.partition("-")[2], set())
