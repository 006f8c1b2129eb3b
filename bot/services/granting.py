"""Pure: what a role has after a grant is given to it that may have one already. Nothing is lost without a word."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from bot.errors import BadInput
from bot.i18n import _
from bot.store.values import Grant
from bot.terms import Action
from bot.text.command_patterns import limits, pattern_list


class Patterns(Enum):
    """What becomes of the patterns for `/command` where the new grant would drop them, or bring some in."""

    ASK = "ask first"
    KEEP = "leave them as they are"
    REPLACE = "as in the new grant"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an admin wants a role to be allowed."""

    actions: frozenset[Action]
    commands: tuple[str, ...] | None = None
    """Patterns for `/command`; None where none were named."""
    patterns: Patterns = Patterns.ASK
    only: bool = False
    """Whether actions that are not named are taken away."""


@dataclass(frozen=True, slots=True)
class GrantChange:
    """What a role had and has, with one server or all."""

    before: Grant | None
    after: Grant
    unnamed: frozenset[Action] = frozenset()
    """What it had, keeps, and was not named."""
    wider: Grant | None = None
    """Another grant of the role by which it may send any console command there, whatever the limits of this one."""


class AskFirst(BadInput):
    """Something would be lost: which, is for whoever asked to say. The text says what."""

    def __init__(self, former: Grant, wish: Wish) -> None:
        self.limited = bool(limits(former.commands))
        """Whether there are limits that would go; else there are none, and some would come."""
        if self.limited:
            text = _(
                "{role} may send only these console commands so far: {patterns}. Shall these limits stay? "
                "Without them, any command could be sent."
            ).format(role=_mention(former), patterns=pattern_list(former.commands))
        else:
            text = _("{role} may send any console command so far. Shall it be these only: {patterns}?").format(
                role=_mention(former), patterns=pattern_list(wish.commands or ())
            )
        super().__init__(text)


def decide(former: Grant | None, wish: Wish) -> tuple[frozenset[Action], tuple[str, ...]]:
    """Return the actions and patterns that the role has from now on; AskFirst where some would be lost unsaid."""
    given = wish.commands or ()
    if former is None:
        return wish.actions, given
    actions = wish.actions if wish.only else former.actions | wish.actions
    if Action.COMMAND not in actions:
        return actions, ()
    if Action.COMMAND not in former.actions:
        return actions, given
    if Action.COMMAND not in wish.actions:
        return actions, former.commands
    limited = bool(limits(former.commands))  # `*` among them is none: the first that is named must not drown in it
    if limited and given:
        return actions, given if wish.only else tuple(dict.fromkeys((*former.commands, *given)))
    if not limited and not limits(given):
        return actions, former.commands
    if wish.patterns is Patterns.ASK:
        raise AskFirst(former, wish)
    return actions, former.commands if wish.patterns is Patterns.KEEP else given


def wider(grant: Grant, others: Iterable[Grant]) -> Grant | None:
    """Return a grant of the same role that lets any console command through to where this one limits them."""
    if Action.COMMAND not in grant.actions or not limits(grant.commands):
        return None
    return next(
        (
            other
            for other in others
            if (other.role_id, other.id != grant.id) == (grant.role_id, True)
            and other.server_id in {None, grant.server_id}
            and Action.COMMAND in other.actions
            and not limits(other.commands)
        ),
        None,
    )


def _mention(grant: Grant) -> str:
    return "@everyone" if grant.role_id == grant.guild_id else f"<@&{grant.role_id}>"
