"""Pure: what follows for a guild that Discord does not show any more, by whose word and after which time.

A guild's panel keys go when Discord has said twice that the bot was thrown out: by itself (a GUILD_DELETE that is no
outage), and when asked a minute later. Everything else goes when Discord, asked again day after day, has given the same
answer for a week. No absence alone, however long, deletes anything: each step needs an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.store.values import Departure


class Answer(Enum):
    """What Discord says when it is asked for a guild."""

    HERE = auto()
    """The bot is a member."""
    GONE = auto()
    """It is not: Discord's own 404 "unknown guild" or 403 "missing access"."""
    NONE = auto()
    """No answer that says either: Discord cannot be reached, is in trouble, or something between answered for it."""


class Loss(Enum):
    """What a guild loses."""

    NOTHING = auto()
    KEYS = auto()
    EVERYTHING = auto()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long nothing is deleted; tests scale it."""

    second_word: timedelta = timedelta(minutes=1)
    """Between Discord's own word and the question that confirms it: a GUILD_DELETE that passes is over by then."""
    day: timedelta = timedelta(days=1)
    """Between two answers that count as a day of the grace."""
    days: int = 7
    """The grace."""
    at_once: int = 5
    """So many guilds, at most, lose something ..."""
    within: timedelta = timedelta(hours=1)
    """... within this time, restarts of the bot included."""


def told(departure: Departure | None, now: datetime) -> Departure:
    """Return the departure of a guild that Discord has just said, by itself, the bot was removed from."""
    return replace(departure, told_at=now) if departure is not None else Departure(since=now, told_at=now)


def confirmed(departure: Departure, now: datetime, patience: Patience) -> Departure:
    """Return the departure once Discord has answered that the bot is not there.

    Days are counted by answers and not by the clock alone: time in which nobody could ask does not count, and neither
    does a clock that was set.
    """
    if departure.confirmed_at is None or departure.confirmed_at > now:
        return replace(departure, confirmed_at=now)
    if now - departure.confirmed_at >= patience.day:
        return replace(departure, confirmed_at=now, days=departure.days + 1)
    return departure


def loss(departure: Departure, now: datetime, patience: Patience) -> Loss:
    """Return what is due for deletion, given that Discord has just answered that the bot is not there."""
    if departure.days >= patience.days:
        return Loss.EVERYTHING
    return Loss.KEYS if _second_word_due(departure, now, patience) else Loss.NOTHING


def until_question(departure: Departure, now: datetime, patience: Patience) -> timedelta:
    """Return after which time Discord is to be asked again; zero for now."""
    if departure.confirmed_at is None and departure.told_at is None:
        return timedelta()
    if departure.days >= patience.days or _second_word_due(departure, now, patience):
        return timedelta()
    waits: list[timedelta] = []
    if departure.told_at is not None and not departure.keys_deleted:
        waits.append(departure.told_at + patience.second_word - now)
    if departure.confirmed_at is not None:
        # A clock that was set back must not make it wait for ever.
        waits.append(min(departure.confirmed_at + patience.day - now, patience.day))
    return max(min(waits), timedelta()) if waits else timedelta()


def without_keys(departure: Departure) -> Departure:
    """Return the departure once the guild's keys are deleted."""
    return replace(departure, keys_deleted=True)


def free(deletions: Sequence[datetime], now: datetime, patience: Patience) -> int:
    """Return how many more guilds may lose something now, given when others did."""
    return max(0, patience.at_once - len(recent(deletions, now, patience)))


def recent(deletions: Sequence[datetime], now: datetime, patience: Patience) -> list[datetime]:
    """Return those deletions that still count, oldest first; those of a clock that was set back do."""
    return sorted(min(at, now) for at in deletions if now - at < patience.within)


def _second_word_due(departure: Departure, now: datetime, patience: Patience) -> bool:
    if departure.told_at is None or departure.keys_deleted:
        return False
    return now - departure.told_at >= patience.second_word or departure.told_at > now
