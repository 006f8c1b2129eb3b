"""A console that prints at random while it is lost and found again, with real life's delays between all who take part."""

import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import pytest

from bot.console.history import recover
from bot.console.marks import WINGS_HISTORY

NOON = 12 * 3600


@dataclass(frozen=True)
class Reconnect:
    """What was printed, what of it was delivered before, and what came afterwards."""

    delivered: list[str]
    received: list[str]
    early: int
    expected: list[str]
    reaches: bool
    """Whether the history went back to what was delivered."""


def reconnect(rng, rate, write):
    """Print at `rate` lines a second, now and then some at once; lose the console and ask for its history again."""
    away = rng.choice([0.0, 0.3, 1, 2, 5, 15])
    round_trip = rng.choice([0.0005, 0.02, 0.08])
    read_at = round_trip + rng.uniform(0.001, 0.03)  # Docker's log, read to its end
    step = rng.choice([0.00002, 0.0001])
    times, moment = [], -away - rng.uniform(1, 60)
    while moment < 0.5:
        moment += rng.expovariate(rate)
        times += [moment] * (rng.randint(2, 6) if rng.random() < 0.1 else 1)
    log = [write(rng, number, NOON + at) for number, at in enumerate(times)]
    cut, heard = bisect_left(times, -away), bisect_left(times, 0.0)
    read = bisect_right(times, read_at)
    first = max(0, read - WINGS_HISTORY)
    frames = [(read_at + 0.001 + step * place, 1, line) for place, line in enumerate(log[first:read])]
    last = frames[-1][0] if frames else read_at
    arrival = 0.0
    for number in range(heard, len(log)):
        arrival = max(arrival, times[number] + rng.expovariate(5000))
        frames.append((arrival, 0, log[number]))
    frames = [frame for frame in sorted(frames, key=lambda frame: frame[:2]) if frame[0] <= last + 0.25]
    live = sum(not frame[1] for frame in frames)
    return Reconnect(
        delivered=log[:cut],
        received=[frame[2] for frame in frames],
        early=sum(not frame[1] and frame[0] < round_trip / 2 for frame in frames),
        expected=log[max(cut, first) : max(heard + live, read)],
        reaches=first <= cut,
    )


def clock(at):
    return f"[{int(at) // 3600:02}:{int(at) // 60 % 60:02}:{int(at) % 60:02} INFO]:"


def distinct(_rng, number, at):
    return f"{clock(at)} player {number} moved"


def chatty(rng, number, at):
    """As games print: most lines are unlike all others, some are said again and again, also within a second."""
    said = rng.choice(["Saved the game", "Steve moved too quickly!", "Can't keep up!"])
    return f"{clock(at)} {said if rng.random() < 0.2 else f'player {number} moved'}"


def outcomes(rate, write, count):
    for seed in range(count):
        case = reconnect(random.Random(f"{rate} {seed}"), rate, write)
        found = recover(case.delivered, case.received, early=case.early)
        yield case, [case.received[index] for index in found.new], found.complete


@pytest.mark.parametrize("rate", [0.2, 1, 8, 20])
def test_distinct_lines_come_exactly_once_at_any_usual_pace(rate):
    """And in order, but for a live line now and then that came amid a history whose end nothing tells."""
    astray = 0
    for case, found, complete in outcomes(rate, distinct, 150):
        assert case.reaches or not complete
        if case.reaches:
            assert sorted(found) == sorted(case.expected)
            astray += found != case.expected
    assert astray <= 1


@pytest.mark.parametrize("rate", [0.2, 1, 8])
def test_lines_that_are_said_again_and_again_hardly_ever_mislead(rate):
    """Now and then nothing could tell which of two is which."""
    wrong = [case for case, found, _ in outcomes(rate, chatty, 150) if case.reaches and found != case.expected]
    assert len(wrong) <= 1


def test_a_gap_is_never_passed_over_in_silence():
    for case, _found, complete in outcomes(20, chatty, 150):
        assert case.reaches or not complete
