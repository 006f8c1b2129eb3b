"""One line in the log for each thing that somebody asked for: who, what, by which right, and what came of it.

Looking at states and names is not noted, unless it was refused. That a console was shown is, for it may hold secrets;
what it showed is not. A console line that was sent is masked as in a channel, and cut.
"""

import asyncio
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from bot.api_keys import without_keys
from bot.errors import BadInput, BotError, NotAllowed, OutcomeUnknown
from bot.logs import log_context
from bot.services.members import Member
from bot.services.permits import Permit
from bot.store.values import LinkedServer, Panel
from bot.text.markdown import plain

_log = logging.getLogger(__name__)
_LONGEST_TEXT = 200
_LONGEST_REASON = 300
_SHOWN = ("allow", "commands", "label", "text", "name", "minutes", "separators")
"""Arguments that stand in the line as they were typed: neither addresses nor keys."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Attempt:
    """What is being done; made more precise while it is."""

    permit: Permit
    outcome: str
    done: bool = False
    """Whether it has happened: what goes wrong from now on makes no difference to that."""


@contextmanager
def attempt(permit: Permit, *, text: str | None = None, outcome: str = "sent") -> Generator[Attempt]:
    """Note what is done within, in one line at its end: `outcome`, or why it was refused or failed.

    `text` is the console line that it is about, masked.
    """
    noted = Attempt(permit, outcome)
    try:
        yield noted
    except BaseException as error:
        if not noted.done:
            noted.outcome = _outcome_of(error)
        raise
    finally:
        used = noted.permit
        right = {"by": "manage server"} if used.grant is None else {"grant": used.grant.id, "role": used.grant.role_id}
        subject = f"{used.action.value} on “{used.server.name}”"
        if text is not None:
            subject += f": “{_cut(text, _LONGEST_TEXT)}”"
        note(used.member, subject, noted.outcome, server=used.server.id, panel=used.panel.id, **right)


@contextmanager
def refusals(member: Member, what: str, server: LinkedServer | None = None) -> Generator[None]:
    """Note in one line why the member gets no permit; what he does with one is noted where he does it."""
    try:
        yield
    except BotError as error:
        note(member, what, _outcome_of(error), server=server.id if server is not None else None)
        raise


def noted(what: str) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
    """Have each call of a service's method, which takes who asks as `member`, noted in one line at its end."""

    def decorate(method: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        signature = inspect.signature(method)

        @functools.wraps(method)
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            outcome = "done"
            try:
                return await method(*args, **kwargs)
            except BaseException as error:
                outcome = _outcome_of(error)
                raise
            finally:
                given = signature.bind(*args, **kwargs).arguments
                note(cast("Member", given["member"]), what + _words_of(given), outcome, **_facts_of(given))

        return call

    return decorate


def _facts_of(given: dict[str, Any]) -> dict[str, int]:
    """Return the ids of what a call is about."""
    facts: dict[str, int] = {}
    for name, value in given.items():
        if isinstance(value, LinkedServer | Panel):
            facts[name] = value.id
        elif name in {"role_id", "channel_id"}:
            facts[name.removesuffix("_id")] = value
    return facts


def _words_of(given: dict[str, Any]) -> str:
    """Return what was typed, of that which may be shown."""
    typed = ((name, given.get(name)) for name in _SHOWN)
    return "".join(
        f" {name}=“{_cut(without_keys(str(value)), _LONGEST_TEXT)}”" for name, value in typed if value is not None
    )


def _outcome_of(error: BaseException) -> str:
    match error:
        case NotAllowed() | BadInput():
            outcome = f"refused: {error}"
        case OutcomeUnknown():
            outcome = f"sent, but nobody knows what became of it: {error}"
        case BotError():
            outcome = f"failed: {error}"
        case asyncio.CancelledError() | GeneratorExit():
            outcome = "broken off before anybody knew how it went"
        case _:
            outcome = f"failed: {type(error).__name__}"
    return outcome


def note(member: Member, what: str, outcome: str, **facts: int | str | None) -> None:
    """Write the line: who did what and what came of it, and the ids of what it is about.

    `outcome` may hold a sentence that is written for Discord.
    """
    with log_context(guild=member.guild_id, user=member.user_id, **facts):
        _log.info("%s: %s", what, _cut(plain(outcome), _LONGEST_REASON))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
