"""One HTTP exchange with a panel: headers, time limits, reading the answer, and every way a connection can fail."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from typing_extensions import override

from bot import metrics, time_slice
from bot.errors import PanelError, PanelUnreachable
from bot.i18n import _
from bot.panel import bounds, sentences
from bot.panel.asked import Answer, Asked, ConnectionHiccup, GarbledAnswer
from bot.panel.bounded_socket import allow
from bot.panel.timing import PanelTiming
from bot.text.markdown import escape

log = logging.getLogger(__name__)

_UNASKED = {"br", "zstd"}
"""Compressions that the library unpacks where it happens to find a decoder."""
_PIECE = 64 * 2**10
_SMALL = 16 * 2**10
"""Bytes; an answer up to here takes less than a millisecond, so it waits for nobody's long work."""

Confirm = Callable[[], Awaitable[None]]
"""Asked in the last moment before an action is sent: returns where it may be, raises a BotError where not any more."""


class _LastQuestion:
    """Whether the action of the present task was confirmed, and so may have been sent."""

    def __init__(self, confirm: Confirm) -> None:
        self._confirm = confirm
        self.answered = False

    async def ask(self) -> None:
        await self._confirm()
        self.answered = True


_last_question: ContextVar[_LastQuestion | None] = ContextVar("last_question", default=None)


class ConfirmedRequest(aiohttp.ClientRequest):
    """A request that asks once more, with its connection made and nothing sent yet: connecting may take 10 s."""

    @override
    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        question = _last_question.get()
        if question is None:
            raise RuntimeError("an action that nobody confirms")
        await question.ask()
        return await super().send(conn)


@dataclass(frozen=True, slots=True)
class Sessions:
    """The HTTP sessions, apart by what may be done when a kept-alive connection turns out to be dead."""

    reads: aiohttp.ClientSession
    actions: aiohttp.ClientSession
    """A fresh connection each time: on a kept one that the panel is just closing, nobody could tell whether an action
    arrived. Its requests are `ConfirmedRequest`s."""


@dataclass(frozen=True, slots=True)
class Transport:
    """Speaks to one panel with one key. The key is in no repr, log line or exception."""

    url: str
    key: str = field(repr=False)
    sessions: Sessions = field(repr=False)
    timing: PanelTiming

    async def read(self, asked: Asked) -> Answer:
        """Send one GET and read the answer, whatever its status.

        Raises PanelUnreachable or PanelBroken where there is no answer.
        """
        return await self._exchange(asked, self.sessions.reads, may_have_happened=lambda: False)

    async def act(self, asked: Asked, confirm: Confirm) -> Answer:
        """Send one POST and read the answer, whatever its status; `confirm` is asked when the connection stands.

        Raises what `confirm` raises, and then nothing was sent; PanelUnreachable or PanelBroken where there is no
        answer, OutcomeUnknown where the action may have happened all the same.
        """
        question = _LastQuestion(confirm)
        token = _last_question.set(question)
        try:
            answer = await self._exchange(asked, self.sessions.actions, may_have_happened=lambda: question.answered)
        finally:
            _last_question.reset(token)
        if not question.answered:
            raise RuntimeError("an action was sent and nobody confirmed it: has aiohttp changed how it sends?")
        return answer

    async def _exchange(
        self, asked: Asked, session: aiohttp.ClientSession, *, may_have_happened: Callable[[], bool]
    ) -> Answer:
        started = asyncio.get_running_loop().time()
        cause: Exception
        try:
            answer = await self._send(asked, session)
        except PanelError:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as exc:
            cause = exc
        else:
            metrics.panel_requests.labels(metrics.status_class(answer.status)).inc()
            self._log(asked, answer, started)
            return answer
        metrics.panel_requests.labels(metrics.status_class(None)).inc()
        log.debug("%s %s: %s after %.0f ms", asked.method, asked.path, type(cause).__name__, _ms(started))
        # Raised out here and without its cause where that holds the request's headers, and so the key.
        raise self._failure(cause, may_have_happened=may_have_happened()) from (
            None if isinstance(cause, aiohttp.ClientResponseError) else cause
        )

    def _log(self, asked: Asked, answer: Answer, started: float) -> None:
        log.debug(
            "%s %s: %d %s in %.0f ms", asked.method, asked.path, answer.status, self._clean(answer.code), _ms(started)
        )
        if answer.status >= 400 and answer.detail:
            log.debug("%s %s said: %s", asked.method, asked.path, self._clean(answer.detail))

    async def _send(self, asked: Asked, session: aiohttp.ClientSession) -> Answer:
        if session.closed:
            raise sentences.closing()
        allowance = allow(bounds.longest_transmission(asked.operation))
        answer = None
        try:
            answer = await self._ask(session, asked)
        except (aiohttp.ClientError, OSError):
            if asked.is_action or not allowance.is_used_up:
                raise
        if answer is None or (answer.is_too_long and not asked.is_action):
            raise sentences.too_long()
        return answer

    async def _ask(self, session: aiohttp.ClientSession, asked: Asked) -> Answer:
        async with session.request(
            asked.method,
            f"{self.url}{asked.path}",
            params=asked.query,
            json=asked.body,
            headers={"Authorization": f"Bearer {self.key}"},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self.timing.total, connect=self.timing.connect),
        ) as response:
            if not asked.is_action and response.headers.get("Content-Encoding", "").strip().lower() in _UNASKED:
                response.close()
                raise sentences.unasked_packing()
            try:
                text, is_cut = await _read(response, bounds.longest_body(asked.operation, response.status))
            except (aiohttp.ClientError, OSError, TimeoutError):
                if not asked.is_action:
                    raise
                text, is_cut = "", False  # the status has told what became of the action
            answer = Answer(status=response.status, headers=response.headers, text=text, is_cut=is_cut)
        if len(text) > _SMALL:
            await time_slice.shared().breathe()
        _parsed = answer.payload  # here, where it has a slice of its own; the answer remembers it
        return answer

    def _failure(self, exc: Exception, *, may_have_happened: bool) -> PanelError:
        host = escape(urlsplit(self.url).netloc)
        if (error := _no_connection(exc, host)) is not None:
            return error
        if may_have_happened and not isinstance(exc, ValueError):
            return sentences.outcome_unknown()
        if isinstance(exc, TimeoutError):
            return PanelUnreachable(
                _("The panel at {host} did not answer within {n} seconds: try again in a minute.").format(
                    host=host, n=round(self.timing.total)
                ),
                passing=True,
            )
        if isinstance(exc, aiohttp.ClientPayloadError):
            return GarbledAnswer(_("The panel's answer broke off in the middle: try again."))
        if isinstance(exc, aiohttp.ClientResponseError) and "content-encoding" in exc.message:
            return sentences.unasked_packing()  # no decoder here: the library gives up at the headers
        if isinstance(exc, aiohttp.ClientResponseError) and not exc.message.startswith("Bad status line"):
            return sentences.breaks_the_rules(host, exc.message)
        if isinstance(exc, aiohttp.ClientResponseError):
            return PanelUnreachable(
                _(
                    "What answers at {host} does not speak HTTP: check the port, and whether the address starts with "
                    "https://."
                ).format(host=host)
            )
        return ConnectionHiccup(
            _("The connection to the panel at {host} broke: try again.").format(host=host), passing=True
        )

    def _clean(self, text: str) -> str:
        """Cap what a debug-mode panel tells, and keep the key out should it echo the request."""
        return text.replace(self.key, "[key]")[:200]


async def _read(response: aiohttp.ClientResponse, longest: int) -> tuple[str, bool]:
    """Read a body up to `longest` bytes, unpacked, as text; also return whether there was more."""
    body = bytearray()
    slices = time_slice.shared()
    async for piece in response.content.iter_chunked(_PIECE):
        body += piece
        if len(body) > longest:
            response.close()
            break
        if len(body) > _SMALL:
            await slices.breathe()
    return body[:longest].decode("utf-8-sig", errors="replace"), len(body) > longest


def _no_connection(exc: Exception, host: str) -> PanelError | None:
    """Return the error for a connection that was never made, so nothing was sent; None if it may have been."""
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        reason = getattr(exc.certificate_error, "verify_message", "") or _("it does not fit the name")
        return PanelUnreachable(
            _(
                "The certificate of {host} cannot be trusted ({reason}): its administrator must renew or correct it."
            ).format(host=host, reason=reason)
        )
    if isinstance(exc, aiohttp.ClientConnectorSSLError):
        return PanelUnreachable(
            _(
                "No encrypted connection to {host} is possible: check the port, or whether the panel is http:// only."
            ).format(host=host)
        )
    if isinstance(exc, aiohttp.ConnectionTimeoutError):
        return PanelUnreachable(
            _(
                "{host} does not take connections (no reply): check the address, and the firewall in front of it."
            ).format(host=host)
        )
    if isinstance(exc, aiohttp.ClientConnectorError):
        if isinstance(exc.os_error, ConnectionRefusedError):
            return ConnectionHiccup(
                _("{host} refuses the connection: the panel's web server is down, or the port is wrong.").format(
                    host=host
                )
            )
        return ConnectionHiccup(
            _("No connection to {host} is possible: check the address, and whether the panel is up.").format(host=host)
        )
    if isinstance(exc, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return PanelUnreachable(_("The panel's address is not a usable web address: connect the panel again."))
    return None


def _ms(started: float) -> float:
    return (asyncio.get_running_loop().time() - started) * 1000
