"""How a signal ended, told from the states seen."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.services.beforehand import before_sending
from bot.services.outcome import CACHED_SECONDS, Outcome, OutcomeTiming
from bot.terms import PowerState, Signal

OFFLINE, STARTING, RUNNING, STOPPING = (
    PowerState.OFFLINE,
    PowerState.STARTING,
    PowerState.RUNNING,
    PowerState.STOPPING,
)


def daemon(text):
    return f"\x1b[33m\x1b[1m[Pterodactyl Daemon]:\x1b[39m {text}\x1b[0m"


def follow(signal, before):
    return Outcome(signal, "Castle", before=before, sent_at=0.0, timing=OutcomeTiming(reaction=60, patience=300))


def test_a_start_ends_at_running_with_the_seconds_it_took():
    outcome = follow(Signal.START, OFFLINE)
    step = outcome.observe(STARTING, 2.0)
    assert step is not None and not step.done and "starting" in step.sentence
    last = outcome.observe(RUNNING, 34.2)
    assert last is not None and last.done and last.ok
    assert last.sentence == "🟢 **Castle** is up (took 34 s)."


def test_a_repeated_state_says_nothing_new():
    outcome = follow(Signal.START, OFFLINE)
    assert outcome.observe(STARTING, 1.0) is not None
    assert outcome.observe(STARTING, 2.0) is None
    assert outcome.observe(PowerState.UNKNOWN, 3.0) is None


def test_a_crash_while_starting_is_told_with_its_exit_code():
    outcome = follow(Signal.START, OFFLINE)
    outcome.observe(STARTING, 1.0)
    outcome.observe(OFFLINE, 12.0)
    assert outcome.crashed
    outcome.hear(daemon("Exit code: 137"))
    last = outcome.crash(12.0)
    assert last.done and last.ok is False
    assert "12 s" in last.sentence and "137" in last.sentence


def test_running_out_of_memory_is_told_as_that():
    outcome = follow(Signal.START, OFFLINE)
    outcome.observe(STARTING, 1.0)
    outcome.observe(OFFLINE, 3.0)
    outcome.hear(daemon("Exit code: 137"))
    outcome.hear(daemon("Out of memory: true"))
    assert "memory" in outcome.crash(3.0).sentence


def test_a_restart_is_not_over_while_the_old_process_still_runs():
    outcome = follow(Signal.RESTART, RUNNING)
    assert outcome.observe(RUNNING, 1.0) is None
    assert not outcome.observe(STOPPING, 2.0).done
    assert not outcome.observe(OFFLINE, 5.0).done
    assert not outcome.crashed
    assert not outcome.observe(STARTING, 6.0).done
    assert outcome.observe(RUNNING, 20.0).done


def test_a_restart_whose_states_were_missed_is_told_by_the_age_of_the_process():
    outcome = follow(Signal.RESTART, RUNNING)
    last = outcome.observe(RUNNING, 25.0, fresh=True)
    assert last is not None and last.done and last.ok


@given(
    age=st.floats(0, 10_000),
    down=st.floats(0.1, 60),
    looked=st.floats(0.2, 400),
    cached_before=st.floats(0, CACHED_SECONDS),
    cached_for=st.floats(0, CACHED_SECONDS),
)
@example(age=5.0, down=60.0, looked=8.0, cached_before=2.0, cached_for=9.0)
def test_a_process_that_was_there_before_is_never_taken_for_the_one_that_a_restart_brings(
    age, down, looked, cached_before, cached_for
):
    """Asked for by polling: each word of the panel may be 25 s old. The signal is sent at 0 s, when the old is `age`."""
    known = timedelta(seconds=max(0.0, age - cached_before))
    outcome = Outcome(Signal.RESTART, "x", before=RUNNING, sent_at=0, timing=OutcomeTiming(), uptime=known)
    seen = max(looked - cached_for, -cached_before)  # no later word is older than an earlier one
    told = timedelta(seconds=max(0.0, age + seen)) if seen < down else timedelta(seconds=seen - down)
    if outcome.is_fresh(told, looked):
        assert seen >= down, "the process that was there before was taken for the new one"


def test_a_process_younger_than_the_one_before_is_the_new_one():
    outcome = Outcome(Signal.RESTART, "x", before=RUNNING, sent_at=0, timing=OutcomeTiming(), uptime=timedelta(hours=2))
    assert outcome.is_fresh(timedelta(seconds=8), 20.0)
    assert not outcome.is_fresh(timedelta(hours=2, seconds=3), 20.0)
    assert not outcome.is_fresh(None, 20.0)


def test_a_stop_is_told_at_once_and_ends_once_it_stays_off():
    outcome = follow(Signal.STOP, RUNNING)
    assert not outcome.observe(STOPPING, 1.0).done
    told = outcome.observe(OFFLINE, 9.0)
    assert not told.done and told.ok and told.sentence == "⏹ **Castle** has stopped (9 s)."
    assert outcome.overdue(11.0) is None
    last = outcome.overdue(12.0)
    assert last.done and last.ok and last.sentence == told.sentence


def test_a_kill_says_that_it_was_one_and_who_did_it():
    outcome = follow(Signal.KILL, RUNNING)
    outcome.observe(OFFLINE, 0.2)
    last = outcome.overdue(4.0)
    assert last.done and last.ok and last.sentence == "💀 **Castle** was killed."
    assert last.by == "💀 {member} killed **Castle**."


def test_by_polling_a_stop_ends_at_the_first_word_of_it():
    outcome = follow(Signal.STOP, RUNNING)
    last = outcome.observe(OFFLINE, 8.0, polled=True)
    assert last.done and last.ok


@pytest.mark.parametrize("signal", list(Signal))
def test_nothing_takes_no_seconds(signal):
    """Whatever is told within half a second names none: "after 0 s" says nothing."""
    outcome = follow(signal, OFFLINE if signal is Signal.START else RUNNING)
    told = [outcome.observe(state, 0.3) for state in (STOPPING, OFFLINE, STARTING, RUNNING)]
    told += [outcome.overdue(4.0)]
    assert not [step for step in told if step and "0 s" in step.sentence]


def test_a_server_that_somebody_stops_while_it_starts_did_not_crash():
    outcome = follow(Signal.START, OFFLINE)
    for state in (STARTING, STOPPING):
        assert not outcome.observe(state, 2.0).done
    last = outcome.observe(OFFLINE, 5.0)
    assert not outcome.crashed
    assert last.done and last.ok is False and "was stopped before it was up" in last.sentence


def test_a_server_that_does_not_react_is_given_up_with_advice():
    outcome = follow(Signal.START, OFFLINE)
    assert outcome.overdue(59.0) is None
    last = outcome.overdue(61.0)
    assert last.done and last.ok is False and "has not reacted" in last.sentence


def test_a_game_that_never_reports_ready_is_not_called_broken():
    outcome = follow(Signal.START, OFFLINE)
    outcome.observe(STARTING, 5.0)
    assert outcome.overdue(200.0) is None
    last = outcome.overdue(301.0)
    assert last.done and last.ok is None and "may well be up" in last.sentence


def test_a_stop_that_takes_for_ever_says_what_wings_will_do():
    outcome = follow(Signal.STOP, RUNNING)
    outcome.observe(STOPPING, 1.0)
    assert "10 minutes" in outcome.overdue(301.0).sentence


def test_a_restart_that_stays_down_is_a_failure():
    outcome = follow(Signal.RESTART, RUNNING)
    outcome.observe(OFFLINE, 3.0)
    last = outcome.overdue(64.0)
    assert last.ok is False and "has not come back" in last.sentence


def test_signals_that_would_change_nothing_are_answered_without_sending():
    assert "already" in before_sending(Signal.START, "Castle", RUNNING).sentence
    assert "already" in before_sending(Signal.STOP, "Castle", OFFLINE).sentence
    assert "already" in before_sending(Signal.KILL, "Castle", OFFLINE).sentence
    assert before_sending(Signal.RESTART, "Castle", OFFLINE) is None
    assert before_sending(Signal.START, "Castle", PowerState.UNKNOWN) is None
