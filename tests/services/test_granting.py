"""What becomes of a role's grant when another is given to it: nothing that it could do is lost, or opened, unsaid."""

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st

from bot.services.granting import AskFirst, GrantChange, Patterns, Wish, decide
from bot.store.values import Grant
from bot.terms import Action
from bot.text.command_patterns import limits

actions = st.frozensets(st.sampled_from(Action), min_size=1)
patterns = st.lists(st.sampled_from(["list", "whitelist *", "kick *", "*"]), unique=True, max_size=3).map(tuple)


def grants(actions, commands):
    return Grant(1, 900, 70, actions, commands=commands if Action.COMMAND in actions else ())


former_grants = st.one_of(st.none(), st.builds(grants, actions, patterns))


def wishes(**how):
    """What can be typed: patterns only beside the action that they limit, and never none of them."""
    typed = st.tuples(actions, st.one_of(st.none(), patterns.filter(bool)))
    return typed.map(lambda both: Wish(both[0], both[1] if Action.COMMAND in both[0] else None, **how))


def sendable(had):
    """What of a few console commands goes through; None stands for any other."""
    if had is None or Action.COMMAND not in had.actions:
        return frozenset()
    limiting = limits(had.commands)
    return frozenset({"list", "whitelist *", "kick *", None}) if not limiting else frozenset(limiting)


@given(former_grants, wishes())
@example(grants(frozenset({Action.VIEW, Action.START}), ()), Wish(frozenset({Action.COMMAND}), ("whitelist *",)))
@example(grants(frozenset({Action.COMMAND}), ("whitelist *",)), Wish(frozenset({Action.START, Action.COMMAND})))
@example(grants(frozenset({Action.COMMAND}), ()), Wish(frozenset({Action.COMMAND}), ("list",)))
@example(grants(frozenset({Action.COMMAND}), ("*",)), Wish(frozenset({Action.COMMAND}), ("list",)))
def test_unasked_a_role_loses_nothing_and_no_limit_falls_that_was_not_named(former, wish):
    try:
        granted, commands = decide(former, wish)
    except AskFirst:
        assert former is not None and Action.COMMAND in former.actions & wish.actions
        assert bool(limits(former.commands)) is not bool(limits(wish.commands or ()))
        return
    after = Grant(1, 900, 70, granted, commands=commands)
    had = former.actions if former is not None else frozenset()
    assert granted == had | wish.actions
    assert sendable(former) <= sendable(after)
    if former is not None and limits(former.commands) and not limits(commands):
        assert wish.commands and "*" in wish.commands
    if limits(wish.commands or ()):
        assert limits(commands), "whoever names limits is not told that any command is allowed"


@given(former_grants, wishes(only=True, patterns=Patterns.KEEP))
def test_with_only_exactly_what_was_named_is_left_and_limits_stay(former, wish):
    granted, commands = decide(former, wish)
    assert granted == wish.actions
    if former is not None and limits(former.commands) and Action.COMMAND in granted:
        assert commands == (wish.commands or former.commands)


@given(former_grants, wishes(patterns=Patterns.REPLACE))
def test_once_answered_nothing_is_asked_again(former, wish):
    granted, commands = decide(former, wish)
    assert GrantChange(former, Grant(1, 900, 70, granted, commands=commands)).after.actions >= wish.actions
    with contextlib.suppress(AskFirst):
        assert decide(former, Wish(wish.actions, wish.commands))[0] == granted
