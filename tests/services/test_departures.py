"""What follows from what Discord says of a guild: no absence alone deletes anything, whatever the clock does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.services import departures
from bot.services.departures import Loss, Patience
from bot.store.values import Departure

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
PATIENCE = Patience()
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def after(departure, *waits):
    """The departure after answers of "gone", and what is due with the last one."""
    now = NOW
    lost = Loss.NOTHING
    for wait in waits:
        now += wait
        departure = departures.confirmed(departure, now, PATIENCE)
        lost = departures.loss(departure, now, PATIENCE)
    return departure, lost


def test_keys_go_when_discord_says_so_twice_and_not_before_the_minute_is_over():
    told = departures.told(None, NOW)
    assert departures.until_question(told, NOW, PATIENCE) == MINUTE
    assert after(told, MINUTE - timedelta(seconds=1))[1] is Loss.NOTHING
    assert after(told, MINUTE)[1] is Loss.KEYS


def test_a_guild_that_is_only_missing_keeps_its_keys_for_the_whole_grace():
    missing, lost = after(Departure(since=NOW), timedelta(), *[DAY] * 6)
    assert (missing.days, lost) == (6, Loss.NOTHING)
    assert after(missing, DAY * 7)[1] is Loss.EVERYTHING


def test_days_count_only_where_discord_was_asked():
    """A bot that is switched off for a month has asked nobody, and a clock that is set proves nothing."""
    away = departures.confirmed(Departure(since=NOW), NOW, PATIENCE)
    back = departures.confirmed(away, NOW + 30 * DAY, PATIENCE)
    assert (back.days, departures.loss(back, NOW + 30 * DAY, PATIENCE)) == (1, Loss.NOTHING)


def test_a_clock_that_was_set_back_begins_the_day_anew_and_does_not_stop_it():
    future = departures.confirmed(Departure(since=NOW + 3650 * DAY), NOW + 3650 * DAY, PATIENCE)
    assert departures.until_question(future, NOW, PATIENCE) == DAY
    healed = departures.confirmed(future, NOW, PATIENCE)
    assert (healed.confirmed_at, healed.days) == (NOW, 0)
    told = departures.told(None, NOW + 3650 * DAY)
    assert departures.until_question(told, NOW, PATIENCE) == timedelta()


def test_a_removal_that_is_told_of_a_missing_guild_asks_for_its_second_word():
    missing, _lost = after(Departure(since=NOW), timedelta(), DAY)
    told = departures.told(missing, NOW + DAY)
    assert (told.days, departures.until_question(told, NOW + DAY, PATIENCE)) == (1, MINUTE)
    assert departures.loss(told, NOW + DAY + MINUTE, PATIENCE) is Loss.KEYS


@pytest.mark.parametrize(("others", "left"), [(0, 5), (4, 1), (5, 0), (9, 0)])
def test_only_so_many_guilds_lose_anything_within_an_hour(others, left):
    times = [NOW - timedelta(minutes=number) for number in range(others)]
    assert departures.free(times, NOW, PATIENCE) == left
    assert departures.free(times, NOW + timedelta(hours=1), PATIENCE) == 5
    assert departures.free([NOW + DAY] * 5, NOW, PATIENCE) == 0, "a clock that was set back frees nothing"


class Farewells(RuleBasedStateMachine):
    """One guild, a Discord that says anything at any time, and a clock that is set now and then."""

    @initialize()
    def begin(self):
        self.now = NOW
        self.lived = timedelta()
        """Time that has really passed."""
        self.departure = None
        self.told = None
        """When Discord said by itself that the bot was removed, in real time."""
        self.answers = []
        """When it answered that it is, in real time, since the last sign of life."""
        self.keys = self.all = True

    @rule(seconds=st.one_of(st.integers(0, 120), st.integers(0, 3 * 86_400)))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.lived += timedelta(seconds=seconds)

    @rule(days=st.integers(-400, 400))
    def the_clock_is_set(self, days):
        self.now += timedelta(days=days)

    @rule()
    def discord_says_removed(self):
        self.departure = departures.told(self.departure, self.now)
        self.told = self.lived

    @rule()
    def the_guild_is_missing_and_discord_confirms(self):
        if self.departure is None:
            self.departure = Departure(since=self.now)
            self.discord_answers_gone()

    @precondition(lambda self: self.departure is not None)
    @rule()
    def discord_answers_gone(self):
        """As the lookout does: whenever, also before it is due."""
        self.answers.append(self.lived)
        self.departure = departures.confirmed(self.departure, self.now, PATIENCE)
        lost = departures.loss(self.departure, self.now, PATIENCE)
        if lost is Loss.KEYS:
            assert self.told is not None, "only Discord's own word costs keys before the grace is over"
            assert self.answers, "and only what it says when asked"
            self.departure, self.keys = departures.without_keys(self.departure), False
        elif lost is Loss.EVERYTHING:
            assert self.days_confirmed() >= 8, "seven days, from the first answer to the last"
            self.departure, self.all = None, False

    def days_confirmed(self):
        """How many answers there are."""
        return len(self.answers)

    @rule()
    def nobody_answers(self):
        """Nothing follows from that."""

    @rule()
    def a_sign_of_life(self):
        self.departure, self.told, self.answers = None, None, []
        self.keys = self.all = True

    @invariant()
    def it_is_asked_again_some_day(self):
        if self.departure is not None:
            assert timedelta() <= departures.until_question(self.departure, self.now, PATIENCE) <= DAY

    @invariant()
    def no_absence_alone_deletes_anything(self):
        if not self.answers:
            assert self.keys and self.all


TestFarewells = Farewells.TestCase
TestFarewells.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)


class HonestClock(Farewells):
    """The same where nobody sets the clock: then all times hold as they are written down."""

    def the_clock_is_set(self, days=0):
        """Nobody does."""

    @precondition(lambda self: self.departure is not None)
    @rule()
    def discord_answers_gone(self):
        told, keys = self.told, self.keys
        super().discord_answers_gone()
        if keys and not self.keys:
            assert self.lived - told >= MINUTE
        if not self.all and self.departure is None:
            assert self.lived - self.answers[0] >= 7 * DAY
            self.a_sign_of_life()


TestHonestClock = HonestClock.TestCase
TestHonestClock.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
