"""When each guild is looked at."""

from hypothesis import given
from hypothesis import strategies as st

from bot.relay.agenda import Agenda

NEVER = float("inf")


def drain(agenda, now):
    taken = []
    while (guild := agenda.take(now)) is not None:
        taken.append(guild)
    return taken


def test_whoever_is_due_for_longest_comes_first_and_once():
    agenda = Agenda()
    assert agenda.wait(0) == NEVER
    for guild, when in ((1, 3.0), (2, 2.0), (1, 1.0), (3, 9.0), (2, 5.0)):
        agenda.add(guild, when)
    assert drain(agenda, 4.0) == [1, 2]
    assert agenda.wait(4.0) == 5.0


def test_a_guild_that_rests_is_looked_at_once_afterwards_however_often_it_was_woken():
    agenda = Agenda()
    agenda.add(1, 0.0)
    agenda.rest(1, 5.0)
    for second in range(5):
        agenda.add(1, second)
        agenda.add(2, second)
        assert drain(agenda, second) == [2]
    assert drain(agenda, 5.0) == [1]
    assert agenda.wait(5.0) == NEVER


TIMES = st.integers(0, 50).map(float)


@given(st.lists(st.tuples(st.sampled_from(["add", "rest", "take"]), st.integers(1, 4), TIMES), max_size=80))
def test_nothing_that_was_added_is_forgotten_and_no_rest_is_broken(steps):
    """Against the plain thing: a time per guild, and a rest per guild."""
    agenda, due, rests, now = Agenda(), {}, {}, 0.0
    for what, guild, when in steps:
        if what == "add":
            agenda.add(guild, now + when)
            due[guild] = min(due.get(guild, NEVER), max(now + when, rests.get(guild, 0.0)))
        elif what == "rest":
            agenda.rest(guild, now + when)
            rests[guild] = now + when
            if guild in due:
                due[guild] = max(due[guild], now + when)
        else:
            now += when
            taken = drain(agenda, now)
            assert sorted(taken) == sorted(key for key, moment in due.items() if moment <= now)
            moments = [due.pop(key) for key in taken]
            assert moments == sorted(moments)
        assert agenda.wait(now) == max(0.0, min(due.values(), default=NEVER) - now)
