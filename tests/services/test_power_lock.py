"""Several people act on one server, and Wings carries out one power action at a time: what each is told is true."""

from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.services.beforehand import before_sending
from bot.services.outcome import Outcome, OutcomeTiming
from bot.terms import PowerState, Signal

OFFLINE, STARTING, RUNNING, STOPPING = (
    PowerState.OFFLINE,
    PowerState.STARTING,
    PowerState.RUNNING,
    PowerState.STOPPING,
)
TICK = 0.1
WANTED = {Signal.START: RUNNING, Signal.RESTART: RUNNING, Signal.STOP: OFFLINE, Signal.KILL: OFFLINE}


@dataclass
class Spans:
    """How long things take on the node, in seconds."""

    prepare: float = 0.5
    boot: float = 2.0
    stop: float = 2.0


class Node:
    """Wings' power lock (`wings server/power.go`), in steps of TICK."""

    def __init__(self, state: PowerState, spans: Spans) -> None:
        self.told: list[PowerState] = []
        """The states that its socket has told and nobody has heard yet: each, however short."""
        self.state = state
        self.spans = spans
        self.job: str | None = None
        """What holds the lock: `stopping`, `restarting` (going down) or `preparing`."""
        self._left = spans.boot if state is STARTING else 0.0
        if state is STOPPING:
            self.job, self._left = "stopping", spans.stop

    def act(self, signal: Signal) -> bool:
        """Take a signal or drop it without a word; return whether it was taken."""
        if signal is Signal.KILL:
            taken, self.state = self.state is not OFFLINE, OFFLINE
            if taken:
                self._down()
            return taken
        if self.job is not None or (signal is Signal.START and self.state is not OFFLINE):
            return False
        if self.state is OFFLINE:
            if signal is not Signal.STOP:
                self.job, self._left = "preparing", self.spans.prepare
        else:
            self.state = STOPPING
            self.job, self._left = "stopping" if signal is Signal.STOP else "restarting", self.spans.stop
        return True

    def tick(self) -> None:
        self._left -= TICK
        if self._left > 0:
            return
        if self.job == "preparing":
            self.state, self.job, self._left = STARTING, None, self.spans.boot
        elif self.job is not None:
            self.state = OFFLINE
            self._down()
        elif self.state is STARTING:
            self.state = RUNNING

    @property
    def state(self) -> PowerState:
        return self._state

    @state.setter
    def state(self, state: PowerState) -> None:
        self._state = state
        self.told.append(state)

    def listen(self) -> list[PowerState]:
        """Return what was told since the last time, or else the state again."""
        told, self.told = self.told or [self.state], []
        return told

    def _down(self) -> None:
        again = self.job == "restarting"
        self.job, self._left = ("preparing", self.spans.prepare) if again else (None, 0.0)


def live(state, signal, spans, others):
    """What somebody is told who sends `signal` at 0 s; `others` act at their seconds, before or after.

    Return that, the state he was told it in, and all about it.
    """
    timing = OutcomeTiming(reaction=60, patience=300, settle=3)
    node, outcome, sent, taken, now = Node(state, spans), None, False, False, -3.0
    while now < 400:
        for _at, other in [each for each in others if abs(each[0] - now) < TICK / 2]:
            node.act(other)
        if outcome is None and now >= -TICK / 2:
            before = node.listen()[-1]
            answer = before_sending(signal, "Castle", before)
            if answer is not None and answer.done:
                return answer, before, node, now, False, False
            sent = answer is None
            taken = node.act(signal) if sent else False
            outcome = Outcome(signal, "Castle", before=before, sent_at=now, timing=timing, joined=not sent)
        if outcome is not None:
            for told in node.listen():
                step = outcome.observe(told, now)
                if step is not None and step.done:
                    return step, told, node, now, sent, taken
            step = outcome.overdue(now)
            if step is not None and step.done:
                return step, node.state, node, now, sent, taken
        node.tick()
        now += TICK
    raise AssertionError("nobody is told how it ended")


signals = st.sampled_from(list(Signal))
moments = st.integers(-30, 40).map(lambda tenths: tenths / 10)


@settings(max_examples=400, deadline=None)
@example(RUNNING, Signal.START, Spans(stop=5.0), [(-1.0, Signal.STOP)])
@example(RUNNING, Signal.RESTART, Spans(stop=5.0), [(-1.0, Signal.STOP)])
@example(RUNNING, Signal.STOP, Spans(), [(-1.0, Signal.RESTART)])
@example(RUNNING, Signal.STOP, Spans(prepare=1.0, stop=1.0), [(-2.0, Signal.RESTART)])
@example(RUNNING, Signal.KILL, Spans(prepare=1.0, stop=1.0), [(-2.0, Signal.RESTART)])
@example(OFFLINE, Signal.STOP, Spans(prepare=0.1, boot=5.0), [(-1.0, Signal.START)])
@example(OFFLINE, Signal.START, Spans(boot=5.0), [(2.0, Signal.STOP)])
@example(OFFLINE, Signal.START, Spans(prepare=0.75, stop=4.0), [(0.8, Signal.STOP)])
@given(
    state=st.sampled_from([OFFLINE, RUNNING]),
    signal=signals,
    spans=st.builds(
        Spans,
        prepare=st.floats(0.1, 1.5),
        boot=st.floats(0.1, 6),
        stop=st.floats(0.1, 6),
    ),
    others=st.lists(st.tuples(moments, signals), max_size=3),
)
def test_whoever_acts_at_the_same_time_is_told_what_is_true(state, signal, spans, others):
    end, heard, node, now, sent, taken = live(state, signal, spans, others)
    if end.ok:
        assert heard is WANTED[signal], end.sentence
        asked_for = any(other in {Signal.START, Signal.RESTART} and now - at <= 2 for at, other in others)
        assert node.job != "preparing" or asked_for, "told that it is off, and it comes up by what was asked before"
    if "refused" in end.sentence:
        assert sent and not taken, end.sentence
    if "nothing was sent" in end.sentence:
        assert not sent
    if end.later:
        assert heard is STOPPING
    if not taken:
        assert now <= 62, f"{now} s of waiting for what never comes: {end.sentence}"


@pytest.mark.parametrize("signal", [Signal.START, Signal.RESTART])
def test_a_start_during_a_stop_is_refused_at_once_and_offers_to_wait(signal):
    answer = before_sending(signal, "**Castle**", STOPPING)
    assert answer.done and not answer.ok and answer.later
    assert "still stopping" in answer.sentence and "nothing was sent" in answer.sentence


def test_what_is_under_way_already_is_followed_without_sending():
    for signal, state in ((Signal.START, STARTING), (Signal.STOP, STOPPING)):
        answer = before_sending(signal, "Castle", state)
        assert not answer.done and "already" in answer.sentence


def test_the_panels_old_word_is_called_that():
    assert "20 s behind" in before_sending(Signal.START, "Castle", RUNNING, polled=True).sentence
    assert "20 s" not in before_sending(Signal.START, "Castle", RUNNING).sentence


def test_a_start_that_only_the_panel_tells_of_is_not_said_to_be_refused():
    """Its word comes each few seconds and may be 20 s old: the start may have been taken and stopped again since."""
    timing = OutcomeTiming(settle=3)
    outcome = Outcome(Signal.START, "Castle", before=OFFLINE, sent_at=0, timing=timing)
    outcome.observe(STOPPING, 4.0, polled=True)
    end = outcome.overdue(8.0)
    assert end is not None and end.done and end.later and not end.ok
    assert "or somebody has stopped it since" in end.sentence
