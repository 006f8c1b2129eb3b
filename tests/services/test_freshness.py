"""Figures from before an action are never shown as those of after it, however they are cached on the way."""

from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from bot.panel.models import Resources
from bot.services.freshness import Live, Newest, newest
from bot.services.lately import Deed, Lately
from bot.services.outcome import CACHED_SECONDS
from bot.terms import Action, PowerState, Signal
from tests.cogs.fakes import linked, permit

OFFLINE, STARTING, RUNNING, UNKNOWN = (
    PowerState.OFFLINE,
    PowerState.STARTING,
    PowerState.RUNNING,
    PowerState.UNKNOWN,
)


def running(uptime):
    return Resources(state=RUNNING, memory_bytes=5, cpu_percent=7.0, uptime=timedelta(seconds=uptime))


seconds = st.floats(0.1, 60)


@given(
    old_uptime=seconds,
    down=st.floats(0.1, 10),
    looked=st.floats(0.2, 60),
    cached_for=st.floats(0, CACHED_SECONDS),
    console=st.booleans(),
    ended=st.booleans(),
)
@example(old_uptime=120.0, down=2.0, looked=8.0, cached_for=8.5, console=True, ended=True)
@example(old_uptime=1.0, down=2.0, looked=10.0, cached_for=9.5, console=False, ended=True)
def test_no_figure_outlives_its_process(old_uptime, down, looked, cached_for, console, ended):
    """A restart at 0 s; the new process begins at `down`. What the panel tells it saw `cached_for` seconds ago."""
    seen = looked - cached_for
    told = running(old_uptime + seen) if seen < down else running(seen - down + 0.01)
    live = Live(RUNNING, None) if console else Live()
    deed = Deed(Signal.RESTART, looked, under_way=not ended, state=RUNNING if looked > down else UNKNOWN)
    found = newest(told, live, deed, cached=True)
    if found.usage is not None and looked > down:
        assert seen >= down, f"up for {found.usage.uptime}, by a process that is gone"
    if found.usage is None:
        assert found.note or deed.under_way


def test_a_live_console_has_the_newest_figures():
    deed = Deed(Signal.RESTART, 9, under_way=False, state=RUNNING)
    assert newest(running(500), Live(RUNNING, running(3)), deed, cached=True) == Newest(RUNNING, running(3))


@given(age=st.floats(0, 60), uptime=st.floats(0.1, 10_000))
def test_live_figures_of_a_process_from_well_before_are_none_of_after(age, uptime):
    deed = Deed(Signal.RESTART, age, under_way=True, state=UNKNOWN)
    found = newest(running(1), Live(RUNNING, running(uptime)), deed, cached=True)
    assert (found.usage is None) is (uptime > age + 2)


def test_a_server_that_starts_at_once_is_shown_with_its_figures_at_once():
    """Its process is hardly younger than the signal."""
    deed = Deed(Signal.START, 10, under_way=False, state=RUNNING)
    assert newest(running(0.1), Live(RUNNING, running(9.8)), deed, cached=True).usage == running(9.8)


def test_the_state_seen_goes_before_the_one_that_is_cached():
    old = Resources(state=OFFLINE)
    started = newest(old, Live(), Deed(Signal.START, 9, under_way=False, state=RUNNING), cached=True)
    assert started.state is RUNNING and started.usage is None and "Refresh" in started.note
    stopped = newest(running(99), Live(), Deed(Signal.STOP, 9, under_way=False, state=OFFLINE), cached=True)
    assert stopped == Newest(OFFLINE)


def test_a_panel_that_caches_nothing_is_believed():
    deed = Deed(Signal.START, 9, under_way=False, state=UNKNOWN)
    assert newest(running(99), Live(), deed, cached=False) == Newest(RUNNING, running(99))


def test_without_an_action_the_panel_is_believed_unless_the_console_knows_better():
    assert newest(running(99), Live(), None, cached=True) == Newest(RUNNING, running(99))
    assert newest(running(99), Live(STARTING), None, cached=True) == Newest(STARTING)


def test_what_was_done_is_remembered_while_it_is_followed_and_until_the_panel_knows(helper):
    now = 100.0
    lately = Lately(clock=lambda: now, most=2)
    first = permit(helper, Action.RESTART, linked())
    with lately.sent(first) as saw:
        saw(STARTING, arrived=False)
        now += 500
        assert lately.of(first) == Deed(Signal.RESTART, 500, under_way=True, state=STARTING)
        saw(RUNNING, arrived=True)
        assert lately.of(first) == Deed(Signal.RESTART, 500, under_way=False, state=RUNNING)
        now += 500
        assert lately.of(first) is not None, "it is followed still"
    now += CACHED_SECONDS
    assert lately.of(first).under_way is False
    now += 1
    assert lately.of(first) is None


def test_only_so_many_servers_are_remembered(helper):
    lately = Lately(clock=lambda: 0.0, most=3)
    permits = [permit(helper, Action.START, linked(number=number)) for number in range(1, 9)]
    for each in permits:
        with lately.sent(each):
            pass
    assert [lately.of(each) is not None for each in permits] == [False] * 5 + [True] * 3
