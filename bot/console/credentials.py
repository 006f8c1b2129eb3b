"""The token of one connection: presented, kept fresh, and replaced when the node no longer takes it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum, auto
from random import Random

from bot.console.refusals import (
    Hopeless,
    Lost,
    bad_signature,
    judge,
    no_connect_permission,
    other_server,
    tickets_refused,
)
from bot.console.target import Ticket
from bot.console.tickets import TicketCache
from bot.console.timing import ConsoleTiming
from bot.console.wire import TokenFault, TokenRefused
from bot.errors import BotError
from bot.i18n import _

logger = logging.getLogger(__name__)

_AUTH_TRIES = 4
_FRESH_REFUSALS = 2


class _Answer(Enum):
    ACCEPTED = auto()
    REFUSED = auto()
    THROTTLED = auto()


class _Mute(Lost):
    """Nothing answers an `auth`."""


class Credentials:
    """Lives as long as one socket.

    The methods named after what Wings says are called by the reader and never wait; `authenticate` and `renew` are
    called by one keeper task, which makes every renewal a single flight.
    """

    def __init__(
        self,
        ticket: Ticket,
        *,
        tickets: TicketCache,
        send: Callable[[str, str | None], Awaitable[None]],
        accepted: Callable[[], None],
        lapsed: Callable[[str], None],
        timing: ConsoleTiming,
        now: Callable[[], datetime],
        random: Random,
    ) -> None:
        """`accepted` is called when events begin to flow, `lapsed` when the node begins to withhold them."""
        self.ticket = ticket
        self._tickets = tickets
        self._send = send
        self._accepted = accepted
        self._lapsed = lapsed
        self._timing = timing
        self._now = now
        self._random = random
        self._loop = asyncio.get_running_loop()
        self._begun_at = self._fetched_at = self._loop.time()
        """When the handshake was over, so that Wings had started; later, when it withdrew a ticket."""
        self._denied = False
        """Whether the last refusal was one of a ticket as too old."""
        self._answer: asyncio.Future[_Answer] | None = None
        self._grace: asyncio.TimerHandle | None = None
        self._auths = 0
        self._auth_sent_at = 0.0
        self._accepted_at: float | None = None
        self._withheld = False
        self._begun = False
        """Whether the last success made events flow that did not before."""
        self._stale: Ticket | None = None
        """The ticket that must be replaced, however much of it remains."""
        self.wake = asyncio.Event()
        """Set when the keeper should look whether there is something to do."""
        self.renewal_wanted = False
        self.renew_at = self._renewal_time(ticket)

    @property
    def _waiting(self) -> "asyncio.Future[_Answer] | None":
        """The `auth` that has no answer yet."""
        return None if self._answer is None or self._answer.done() else self._answer

    # What Wings says

    def heard_success(self) -> None:
        """`auth success`. Events follow in the same breath, so whoever takes them is told at once."""
        waiting = self._waiting
        if waiting is None:
            return
        self._tickets.accepted(self.ticket)
        self._begun = self._accepted_at is None or self._withheld
        self._accepted_at, self._withheld, self._denied = self._loop.time(), False, False
        waiting.set_result(_Answer.ACCEPTED)
        if self._begun:
            self._accepted()

    def heard_event(self) -> None:
        """An event that only a good token lets through."""
        if self._accepted_at is not None:
            self._tickets.refusals = 0

    def heard_expiring(self) -> None:
        """`token expiring`: comes twice in the last minute."""
        if self._waiting is None and not self.renewal_wanted:
            self._want_renewal(self.ticket)

    def heard_throttled(self, what: str) -> None:
        """`throttled`: something we sent was dropped."""
        waiting = self._waiting
        if waiting is not None and what in {"auth", "global"}:
            waiting.set_result(_Answer.THROTTLED)

    def heard_daemon_error(self) -> None:
        """`daemon error`: after the first `auth` it means a wrong signature (wings `router/tokens/parser.go`)."""
        if self._waiting is not None and self._accepted_at is None:
            self._tickets.drop(self.ticket)
            raise bad_signature()

    def heard_refusal(self, refusal: TokenRefused) -> None:
        """`jwt error`. An expired token brings one in place of each event: floods are normal."""
        if refusal.fault in {TokenFault.NO_PERMISSION, TokenFault.OTHER_SERVER}:
            # The panel may be mended while a cached ticket still carries the fault.
            self._tickets.drop(self.ticket)
            raise no_connect_permission() if refusal.fault is TokenFault.NO_PERMISSION else other_server()
        waiting = self._waiting
        self._denied = refusal.fault is TokenFault.DENIED
        if waiting is not None:
            self._refused_while_waiting(waiting, refusal)
        elif self._accepted_at is not None and self._loop.time() - self._accepted_at >= self._timing.renew_debounce:
            self._refused_while_live(refusal)

    def _refused_while_waiting(self, waiting: "asyncio.Future[_Answer]", refusal: TokenRefused) -> None:
        if self._accepted_at is None:
            waiting.set_result(_Answer.REFUSED)
        elif refusal.answers:
            # It may stand for an event withheld before the new token arrived: success has a moment to follow.
            self._end_grace()
            self._grace = self._loop.call_later(self._timing.refusal_grace, self._settle, waiting, _Answer.REFUSED)

    def _refused_while_live(self, refusal: TokenRefused) -> None:
        if not self._withheld:
            self._withheld, self._begun_at = True, self._loop.time()
            self._lapsed(_("The node says that the console's ticket has run out."))
        if self.renewal_wanted:
            return
        if refusal.fault is TokenFault.ABSENT:
            self._want_renewal(None)
        else:
            self._tickets.drop(self.ticket)
            self._want_renewal(self.ticket)

    def _want_renewal(self, stale: Ticket | None) -> None:
        self._stale = stale
        self.renewal_wanted = True
        self.wake.set()

    # What the keeper does

    async def nap(self, seconds: float) -> None:
        """Sleep, or wake early because something happened."""
        self.wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        except TimeoutError:
            pass

    async def authenticate(self) -> None:
        """Present the first ticket, and a new one where an old one is refused. Raises Lost or Hopeless."""
        while not await self._present():
            await self._let_pass()
            self.ticket = await self._fetch(instead_of=self.ticket)
        self.renew_at = self._renewal_time(self.ticket)

    async def renew(self) -> bool:
        """Get a new ticket and present it. Returns whether events were withheld meanwhile.

        While the old ticket is good, failures only mean another try later: a server that is being installed gets no
        new tickets, yet its open sockets stay. Raises Lost or Hopeless once events are withheld and nothing helps.
        """
        if not self.renewal_wanted:
            self._stale = self.ticket
        while True:
            try:
                await self._let_pass()
                self.ticket = await self._fetch(instead_of=self._stale)
                if await self._present():
                    break
            except (Lost, Hopeless) as verdict:
                if self._withheld and isinstance(verdict, Hopeless | _Mute):
                    raise
                logger.debug("no new console ticket yet: %s", verdict)
                await self.nap(self._timing.renew_retry)
        self.renewal_wanted = False
        self.renew_at = self._renewal_time(self.ticket)
        return self._begun

    async def _fetch(self, *, instead_of: Ticket | None) -> Ticket:
        try:
            ticket = await self._tickets.get(instead_of=instead_of)
        except BotError as exc:
            raise judge(exc) from exc
        self._fetched_at = self._loop.time()
        return ticket

    def _renewal_time(self, ticket: Ticket) -> float:
        left = (ticket.expires_at - self._now()).total_seconds() - self._timing.renew_before
        if left <= 0:
            # Our clock and the panel's differ; Wings will tell when it is time.
            return float("inf")
        return self._loop.time() + max(left - self._random.uniform(0, self._timing.renew_jitter), left / 2)

    async def _present(self) -> bool:
        """Send `auth`. False: refused as too old. Raises Lost when nothing answers, or Hopeless."""
        for _try in range(_AUTH_TRIES):
            await self._space_auth()
            self._answer = self._loop.create_future()
            try:
                await self._send("auth", self.ticket.token)
                async with asyncio.timeout(self._timing.auth_timeout):
                    answer = await self._answer
            except TimeoutError:
                if self._grace is None:
                    break
                answer = _Answer.REFUSED
            finally:
                self._answer = None
                self._end_grace()
            if answer is _Answer.ACCEPTED:
                return True
            if answer is _Answer.REFUSED:
                self._count_refusal()
                return False
        raise _Mute(_("The node accepted the connection but does not answer: Wings hangs or is overloaded."))

    def _end_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    async def _space_auth(self) -> None:
        """Keep to what Wings takes: two at once, then one each 5 s (wings `router/websocket/limiter.go`)."""
        self._auths += 1
        if (wait := self._spacing(self._auths)) > 0:
            await asyncio.sleep(wait)
        self._auth_sent_at = self._loop.time()

    def _spacing(self, auths: int) -> float:
        return self._auth_sent_at + self._timing.auth_spacing - self._loop.time() if auths > 2 else 0.0

    async def _let_pass(self) -> None:
        """Wait before a ticket is fetched for whatever it would wait for afterwards: meanwhile it grows older."""
        wait = self._spacing(self._auths + 1)
        if self._denied:
            wait = max(wait, self._begun_at + self._timing.boot_second - self._loop.time())
        if wait > 0:
            await asyncio.sleep(wait)

    def _count_refusal(self) -> None:
        self._tickets.drop(self.ticket)
        # One of the second in which Wings started says nothing of the clocks.
        settled = self._fetched_at - self._begun_at >= self._timing.ticket_settled or not self._denied
        if self._tickets.is_fresh(self.ticket) and settled:
            self._tickets.refusals += 1
            if self._tickets.refusals >= _FRESH_REFUSALS:
                raise tickets_refused()

    @staticmethod
    def _settle(waiting: "asyncio.Future[_Answer]", answer: _Answer) -> None:
        if not waiting.done():
            waiting.set_result(answer)
