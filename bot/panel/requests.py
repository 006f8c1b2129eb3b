"""Requests to one panel with one key: within its budget, reads repeated where that helps, refusals made precise."""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import stamina

from bot.errors import (
    KeyRefused,
    NodeUnreachable,
    NotAPanel,
    PanelBroken,
    PanelError,
    RateLimited,
    RequestInvalid,
    ServerBusy,
    ServerNotFound,
    ServerOffline,
)
from bot.i18n import _
from bot.panel import sentences
from bot.panel.asked import Answer, Asked, ConnectionHiccup, GarbledAnswer, Operation
from bot.panel.budget import Budget
from bot.panel.refusals import Doubt, Refusal, judge
from bot.panel.standing import KeyStanding
from bot.panel.strangers import noise_before_it, not_the_api, too_many_for_a_proxy
from bot.panel.timing import PanelTiming
from bot.panel.transport import Confirm, Transport
from bot.panel.wire import parse_server
from bot.terms import PanelKind

_ATTEMPTS = 3
_KEY_TAKEN = (ServerNotFound, ServerBusy, ServerOffline, NodeUnreachable, RequestInvalid)
"""What panels say only to a key that they know: they look at that first."""
# The transport logs every failure. The library would log repetitions too, and where it finds structlog past our log.
stamina.instrumentation.set_on_retry_hooks([])


class Requests:
    """Reads return the JSON object; actions return nothing. Both raise a PanelError for everything else."""

    def __init__(self, transport: Transport, budget: Budget, timing: PanelTiming) -> None:
        self._transport = transport
        self._budget = budget
        self._timing = timing
        self._standing = KeyStanding(
            first=timing.key_retry_first, most=timing.key_retry_most, clock=lambda: asyncio.get_running_loop().time()
        )

    async def read(self, asked: Asked) -> dict[str, Any]:
        """GET, repeated up to twice within the patience after a hiccup or a short rate limit.

        Consoles ask by themselves, each for its own server: with a key that the panel refuses one of them asks now and
        then, and all others are told what the panel said.
        """
        if asked.unbidden:
            self._standing.require()
        with self._key_on_trial():
            result = await self._read(asked)
            if isinstance(result, Refusal):
                raise await self._settle(result, asked)
        return result

    @contextmanager
    def _key_on_trial(self) -> Generator[None]:
        """Note whether the panel takes the key."""
        try:
            yield
        except KeyRefused as error:
            self._standing.refused(error)
            raise
        except _KEY_TAKEN:
            self._standing.accepted()
            raise
        self._standing.accepted()

    async def act(self, asked: Asked, confirm: Confirm) -> None:
        """POST, exactly once: a power signal or command must not happen twice (not even after a 429, which is certain).

        `confirm` is asked behind all waiting, right before the request is sent; what it raises is raised, and nothing
        was sent. Raises OutcomeUnknown where it was sent and nobody can tell what became of it.
        """
        with self._key_on_trial():
            async with self._budget.actions:
                await self._budget.admit(asked.bucket, deadline=self._deadline())
                answer = self._noted(asked, await self._transport.act(asked, confirm))
            if not answer.is_success:
                raise await self._settle(judge(answer, asked), asked)
            if answer.is_web_page:
                raise not_the_api()

    async def _read(self, asked: Asked) -> dict[str, Any] | Refusal:
        deadline = self._deadline()

        def is_worth_another(exc: Exception) -> bool:
            wait = exc.retry_after if isinstance(exc, RateLimited) else 0.0
            if asked.operation is Operation.TICKET or asyncio.get_running_loop().time() + wait > deadline:
                return False  # the console has its own back-off, and five tickets a minute
            return isinstance(exc, RateLimited | ConnectionHiccup | GarbledAnswer)

        async for attempt in stamina.retry_context(
            on=is_worth_another,
            attempts=_ATTEMPTS,
            timeout=None,
            wait_initial=self._timing.retry_first,
            wait_max=self._timing.retry_first * 4,
            wait_jitter=self._timing.retry_first,
        ):
            with attempt:
                return await self._read_once(asked, deadline)
        raise AssertionError  # pragma: no cover - the loop above returns or raises

    async def _read_once(self, asked: Asked, deadline: float) -> dict[str, Any] | Refusal:
        async with self._budget.reads:
            await self._budget.admit(asked.bucket, deadline=deadline)
            if asked.unbidden:
                self._standing.require_still()  # all may have come at once, before any was refused
            elif asked.operation is Operation.RESOURCES:
                self._standing.require_not_just_refused()  # of many servers at once, for one answer to somebody
            answer = self._noted(asked, await self._transport.read(asked))
        if answer.is_success:
            return _content(answer)
        refusal = judge(answer, asked)
        if isinstance(refusal.error, ConnectionHiccup):
            raise refusal.error
        return refusal

    def _noted(self, asked: Asked, answer: Answer) -> Answer:
        """Return the answer, with what it says about the budget taken down; RateLimited where it is a 429."""
        if answer.status == 429:
            limited = self._budget.close(asked.bucket, answer.headers)
            raise limited if answer.from_panel or not answer.is_web_page else too_many_for_a_proxy(limited.retry_after)
        self._budget.note(asked.bucket, answer.headers)
        return answer

    async def _settle(self, refusal: Refusal, asked: Asked) -> PanelError:
        """Find out with one further read what the refusal leaves open; without an answer the first guess stands."""
        if not asked.about_server:
            return refusal.error
        try:
            match refusal.doubt:
                case Doubt.WHICH_STATE:
                    return await self._which_state(refusal, asked)
                case Doubt.KEY_OR_PERMISSION:
                    await self._ask_again(Operation.LIST, "/api/client", asked, query={"per_page": "1"})
                case Doubt.SERVER_OR_ROUTE:
                    await self._ask_again(Operation.SERVER, _server_path(asked), asked)
                    return sentences.not_in_this_version()
                case None:
                    pass
        except (KeyRefused, ServerNotFound) as exc:
            return exc
        except PanelError:
            pass
        return refusal.error

    async def _which_state(self, refusal: Refusal, asked: Asked) -> PanelError:
        found = await self._ask_again(Operation.SERVER, _server_path(asked), asked)
        try:
            reason = parse_server(found, kind=asked.kind or PanelKind.PTERODACTYL).busy
        except ValueError:
            reason = None
        return sentences.busy(reason) if reason is not None else refusal.error

    async def _ask_again(
        self, operation: Operation, path: str, asked: Asked, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        result = await self._read(Asked(operation=operation, path=path, kind=asked.kind, query=query or {}))
        if isinstance(result, Refusal):
            raise result.error
        return result

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._timing.patience


def _server_path(asked: Asked) -> str:
    """Return `/api/client/servers/{id}` of any path below it."""
    return "/".join(asked.path.split("/")[:5])


def _content(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of a successful answer, or say what came instead."""
    if answer.payload is not None:
        return answer.payload
    if answer.is_empty:
        raise GarbledAnswer(_("The panel gave an empty answer: try again, and tell its administrator if it stays so."))
    if answer.text.lstrip().startswith("{"):
        raise GarbledAnswer(_("The panel's answer broke off in the middle: try again."))
    raise noise_before_it() if answer.begins_with_php_messages else not_the_api()


def unexpected() -> PanelBroken:
    """Return the error for well-formed JSON that lacks what the panel's API promises."""
    return PanelBroken(
        _("The panel's answer lacks what its API promises: try again, and tell the bot's owner if it stays so.")
    )


def no_list() -> NotAPanel:
    """Return the error for JSON that is no list of servers, so not a panel's."""
    return NotAPanel(_("Something answers at this address, but not a panel's API: check the panel's URL."))
