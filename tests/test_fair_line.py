"""Who comes next when many wait: owners take turns, and within an owner its parts."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.fair_line import FairLine

OWNERS, PARTS = st.integers(1, 6), st.integers(1, 5)


class Waiting:
    """One waiter, and what it is promised: how many grants may pass it by from now on."""

    def __init__(self, owner, part, owners, parts):
        self.owner, self.part = owner, part
        self.owner_left = owners
        """Grants to others within which its owner must have a turn."""
        self.part_left = parts
        """Turns of its owner within which its part must have one."""


class Line(RuleBasedStateMachine):
    """Whoever joins and leaves, in whichever order: nobody waits for more than a round, and nobody is forgotten."""

    @initialize()
    def begin(self):
        self.line = FairLine()
        self.waiting = []
        self.owner_due = {}
        self.part_due = {}

    def _owners(self):
        return {one.owner for one in self.waiting}

    def _parts(self, owner):
        return {one.part for one in self.waiting if one.owner == owner}

    @rule(owner=OWNERS, part=PARTS)
    def join(self, owner, part):
        one = Waiting(owner, part, 0, 0)
        self.waiting.append(one)
        self.line.join(owner, part, one)
        self.owner_due.setdefault(owner, len(self._owners()))
        self.part_due.setdefault((owner, part), len(self._parts(owner)))

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 1000))
    def leave(self, which):
        one = self.waiting.pop(which % len(self.waiting))
        self.line.leave(one.owner, one.part, one)
        self.line.leave(one.owner, one.part, one)  # twice does no harm
        self._forget_those_who_do_not_wait()

    @precondition(lambda self: self.waiting)
    @rule()
    def grant(self):
        owner, part, first = self.line.first()
        order = [waiter for _owner, _part, waiter in self.line.in_order()]
        assert order[0] is first and sorted(map(id, order)) == sorted(map(id, self.waiting))
        one = self.line.pop()
        assert one is first and (one.owner, one.part) == (owner, part)
        mine = [other for other in self.waiting if (other.owner, other.part) == (owner, part)]
        assert one is mine[0], "first come, first served within a part"
        self.waiting.remove(one)
        for other in self.owner_due:
            self.owner_due[other] -= 1
        assert all(left >= 0 for left in self.owner_due.values()), "an owner waited for more than a round"
        assert self.owner_due[owner] >= 0
        for key in self.part_due:
            if key[0] == owner:
                self.part_due[key] -= 1
        assert all(left >= 0 for left in self.part_due.values()), "a part waited for more than a round of its owner"
        self.owner_due[owner] = len(self._owners())
        self.part_due[owner, part] = len(self._parts(owner))
        self._forget_those_who_do_not_wait()

    def _forget_those_who_do_not_wait(self):
        owners = self._owners()
        self.owner_due = {key: left for key, left in self.owner_due.items() if key in owners}
        self.part_due = {key: left for key, left in self.part_due.items() if key[1] in self._parts(key[0])}

    @invariant()
    def nobody_is_forgotten(self):
        assert bool(self.line) == bool(self.waiting)
        assert (self.line.first() is not None) == bool(self.waiting)


TestLine = Line.TestCase


@given(st.lists(st.tuples(OWNERS, PARTS), max_size=40), OWNERS)
def test_how_many_come_before_is_exact_where_nobody_joins_meanwhile(joined, owner):
    line = FairLine()
    for number, (who, part) in enumerate(joined):
        line.join(who, part, number)
    told = line.ahead(owner)
    line.join(owner, "new", "me")
    count = 0
    while line.pop() != "me":
        count += 1
    assert count == told


@given(st.lists(st.tuples(OWNERS, PARTS), max_size=40))
def test_the_order_told_is_that_in_which_they_come(joined):
    line = FairLine()
    for number, (who, part) in enumerate(joined):
        line.join(who, part, number)
    told = list(line.in_order())
    come = []
    while line:
        come.append(line.first())
        line.pop()
    assert told == come
    with pytest.raises(IndexError):
        line.pop()


@pytest.mark.parametrize(("others", "own"), [(0, 119), (1, 119), (100, 119), (100, 0), (20, 9), (1000, 3), (5, 40)])
def test_how_many_come_before_is_about_right_where_others_come_back(others, own):
    """Each of the others is in line again 42 grants after its turn, as a channel is that sends once a second."""
    line, back = FairLine(), []
    for part in range(own):
        line.join("mine", part, ("mine", part))
    for other in range(others):
        line.join(other, 1, (other, 1))
    told = line.ahead("mine", back_after=42)
    line.join("mine", "new", "me")
    count = 0
    while (one := line.pop()) != "me":
        count += 1
        back.append((count + 42, one))
        while back and back[0][0] <= count:
            _when, (owner, part) = back.pop(0)
            line.join(owner, part, (owner, part))
    assert 0.8 * count - 3 <= told <= 1.25 * count + 3


def test_an_owner_with_many_parts_has_no_more_turns_than_one_with_one():
    line, turns = FairLine(), Counter()
    for part in range(120):
        line.join("many", part, ("many", part))
    line.join("one", 1, ("one", 1))
    for _ in range(100):
        owner, part = line.pop()
        turns[owner] += 1
        line.join(owner, part, (owner, part))
    assert turns == {"many": 50, "one": 50}
