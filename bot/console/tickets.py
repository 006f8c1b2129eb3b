"""Tickets for one console: fetched once, used until nearly out, never asked for more often than the panel allows."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.console.target import Panel, Ticket
from bot.console.timing import ConsoleTiming
from bot.errors import BotError, RateLimited


class TicketCache:
    """Outlives the sessions of its server: the panel counts tickets per server and minute, whoever asks.

    A ticket is good for any number of connections until it expires (wings `router/tokens/websocket.go`).
    """

    def __init__(self, panel: Panel, identifier: str, *, timing: ConsoleTiming, now: Callable[[], datetime]) -> None:
        self.panel = panel
        self.refusals = 0
        """How many fresh tickets in a row the node has refused; kept here because it outlives a connection."""
        self._identifier = identifier
        self._timing = timing
        self._now = now
        self._ticket: Ticket | None = None
        self._newest: Ticket | None = None
        self._accepted: Ticket | None = None
        self._fetched_at = 0.0
        self._fetches: deque[float] = deque()
        self._blocked_until = 0.0
        self._one_at_a_time = asyncio.Lock()
        self._forgotten = 0

    async def get(self, *, instead_of: Ticket | None = None) -> Ticket:
        """Return the cached ticket while enough of it remains, else a new one; waits rather than exceed the quota.

        `instead_of`: a ticket that will not do, however much of it remains. Raises the panel's errors.
        """
        async with self._one_at_a_time:
            if self._ticket is not None and self._ticket is not instead_of and self._usable(self._ticket):
                return self._ticket
            while True:
                await self._wait_for_quota()
                forgotten = self._forgotten
                try:
                    ticket = await self._fetch()
                except BotError:
                    if forgotten == self._forgotten:
                        raise
                    continue  # the key that was refused is not the panel's any more: the new one may do
                if forgotten == self._forgotten:
                    break
            self._ticket = self._newest = ticket
            self._fetched_at = asyncio.get_running_loop().time()
            return ticket

    async def _fetch(self) -> Ticket:
        loop = asyncio.get_running_loop()
        self._fetches.append(loop.time())
        try:
            return await self.panel.console_ticket(self._identifier)
        except RateLimited as exc:
            # The quota is shared with every browser tab: asking again early would only lock the owner out.
            self._blocked_until = loop.time() + max(exc.retry_after, self._timing.rate_limited_wait)
            raise

    def forget(self) -> None:
        """Use no ticket that was asked for so far: the key that it was asked with is not the panel's any more."""
        self._ticket = None
        self._forgotten += 1

    def holds(self, ticket: Ticket) -> bool:
        """Whether this is the ticket to use still."""
        return self._ticket is ticket

    def drop(self, ticket: Ticket) -> None:
        """Never hand this ticket out again."""
        if self._ticket is ticket:
            self._ticket = None

    def accepted(self, ticket: Ticket) -> None:
        """Note that the node took this ticket: if it does not any more, it is the node that was started anew."""
        self._accepted = ticket

    def is_fresh(self, ticket: Ticket) -> bool:
        """Whether the ticket came so recently that no clock in order can take it for an old one."""
        age = asyncio.get_running_loop().time() - self._fetched_at
        return ticket is self._newest and ticket is not self._accepted and age < self._timing.ticket_reserve

    def idle(self) -> bool:
        """Whether there is nothing worth remembering: no usable ticket, no recent fetch, no pending wait."""
        self._forget_old_fetches()
        blocked = self._blocked_until > asyncio.get_running_loop().time()
        return not self._fetches and not blocked and (self._ticket is None or not self._usable(self._ticket))

    def _usable(self, ticket: Ticket) -> bool:
        return ticket.expires_at - self._now() > timedelta(seconds=self._timing.ticket_reserve)

    async def _wait_for_quota(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._forget_old_fetches()
            wait = self._blocked_until - loop.time()
            if len(self._fetches) >= self._timing.ticket_fetches:
                wait = max(wait, self._fetches[0] + self._timing.ticket_window - loop.time())
            if wait <= 0:
                return
            await asyncio.sleep(wait)

    def _forget_old_fetches(self) -> None:
        since = asyncio.get_running_loop().time() - self._timing.ticket_window
        while self._fetches and self._fetches[0] <= since:
            self._fetches.popleft()
