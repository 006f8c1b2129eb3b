"""One connection to Wings: reads it, keeps its token fresh, and hands everything to the feed."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from random import Random

from websockets.exceptions import ConnectionClosed

from bot import time_slice
from bot.console.credentials import Credentials
from bot.console.events import ConsoleLine, DaemonError, ServerDeleted, StatsUpdated, StatusChanged, TransferChanged
from bot.console.feed import Feed
from bot.console.inflow import Inflow
from bot.console.marks import WINGS_HISTORY
from bot.console.refusals import Hopeless, Lost, closed_sentence, deleted, moved, suspended, too_long
from bot.console.target import Ticket
from bot.console.throttle import Throttle
from bot.console.tickets import TicketCache
from bot.console.timing import ConsoleTiming
from bot.console.wire import AuthSucceeded, BlankLine, Message, Throttled, TokenExpiring, TokenRefused, parse
from bot.terms import PowerState


class Link:
    """Lives as long as one socket. `run` always ends by raising Lost or Hopeless."""

    def __init__(
        self,
        socket: Inflow,
        ticket: Ticket,
        *,
        name: str,
        tickets: TicketCache,
        feed: Feed,
        timing: ConsoleTiming,
        now: Callable[[], datetime],
        random: Random,
    ) -> None:
        self._socket = socket
        self._name = name
        self._tickets = tickets
        self._feed = feed
        self._timing = timing
        self._now = now
        self._credentials = Credentials(
            ticket,
            tickets=tickets,
            send=self._send,
            accepted=feed.hold,
            lapsed=feed.lost,
            timing=timing,
            now=now,
            random=random,
        )
        self._loop = asyncio.get_running_loop()
        self._history_asked = asyncio.Event()
        self._throttle = Throttle()
        self._throttled = asyncio.Event()
        self._history_asked_at = 0.0
        self._history_moved_at = 0.0
        self._history_lines = 0

    async def run(self) -> None:
        """Authenticate, then read and keep the token fresh until something ends it."""
        works = (self._read(), self._keep(), self._end_histories(), self._end_throttling())
        tasks = [asyncio.create_task(work) for work in works]
        watch = asyncio.create_task(self._socket.watch(self._timing.ping_interval, self._timing.ping_timeout))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, watch):
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(watch, return_exceptions=True)
            await self._socket.close()
        failures = [result for result in results if isinstance(result, Exception)]
        raise next((failure for failure in failures if isinstance(failure, Hopeless)), failures[0])

    # Reading: parse and pass on, nothing that waits but for the loop's slices

    async def _read(self) -> None:
        slices = time_slice.shared()
        try:
            while True:
                frame = await self._socket.next_message()
                await slices.breathe()
                if isinstance(frame, str):
                    for count, message in enumerate(parse(frame, self._now())):
                        if count:
                            await slices.breathe()
                        self._take(message)
        except ConnectionClosed as end:
            raise self._closed(end) from None

    def _closed(self, end: ConnectionClosed) -> Lost | Hopeless:
        code = self._socket.close_code
        if code in {4409, 4400}:
            return suspended(self._name)
        by_us = end.sent is not None and end.sent.code == 1009 and not end.rcvd_then_sent
        return Lost(too_long() if by_us else closed_sentence(code))

    def _take(self, message: Message) -> None:
        match message:
            case ConsoleLine():
                self._feed.line(message)
                if self._throttle.hear(message.text):
                    self._throttled.set()
                self._credentials.heard_event()
            case BlankLine():
                self._feed.memory.blank()
            case StatsUpdated():
                self._feed.take_stats(message)
                self._credentials.heard_event()
                if self._feed.memory.holding:
                    self._credentials.wake.set()
            case StatusChanged():
                self._feed.status(message.state)
                self._credentials.heard_event()
                self._credentials.wake.set()
            case AuthSucceeded() | TokenExpiring() | TokenRefused() | Throttled():
                self._take_token_news(message)
            case _:
                self._feed.pass_on(message)
                self._take_fateful(message)

    def _take_token_news(self, message: AuthSucceeded | TokenExpiring | TokenRefused | Throttled) -> None:
        match message:
            case AuthSucceeded():
                self._credentials.heard_success()
            case TokenExpiring():
                self._credentials.heard_expiring()
            case TokenRefused():
                self._credentials.heard_refusal(message)
            case Throttled():
                self._credentials.heard_throttled(message.what)

    def _take_fateful(self, message: Message) -> None:
        """Act on the events that mean the end of this connection."""
        match message:
            case DaemonError():
                self._credentials.heard_daemon_error()
            case ServerDeleted():
                raise deleted(self._name)
            case TransferChanged() if message.status not in {"success", "starting"}:
                # The server may wake up on another node: only a new ticket knows where.
                self._tickets.drop(self._credentials.ticket)
                raise moved(self._name)
            case _:
                pass

    # Keeping: authentication, renewal, re-synchronisation

    async def _keep(self) -> None:
        credentials = self._credentials
        try:
            await credentials.authenticate()
            await self._ask_history()
            resync_at = self._loop.time() + self._timing.resync
            while True:
                next_at = min(resync_at, credentials.renew_at)
                while not credentials.renewal_wanted and (left := next_at - self._loop.time()) > 0:
                    await credentials.nap(left)
                due = credentials.renewal_wanted or self._loop.time() >= credentials.renew_at
                if due and await credentials.renew():
                    await self._ask_history()
                if self._loop.time() >= resync_at:
                    # Wings drops whatever a slow reader does not take within 10 ms, `status` included.
                    await self._send("send stats", None)
                    resync_at = self._loop.time() + self._timing.resync
        except ConnectionClosed as end:
            raise self._closed(end) from None

    async def _send(self, event: str, argument: str | None) -> None:
        await self._socket.send(json.dumps({"event": event, "args": [argument]}))

    # The history has no end marker: it ends with a pause, or when enough has come

    async def _ask_history(self) -> None:
        if self._feed.ever_live or self._feed.resuming:
            # Its `uptime` tells whether this is still the run of the server that was seen before.
            await self._send("send stats", None)
        deadline = self._loop.time() + self._timing.status_wait
        while self._feed.reported_state is PowerState.UNKNOWN and (left := deadline - self._loop.time()) > 0:
            await self._credentials.nap(left)
        if self._feed.reported_state is PowerState.OFFLINE:
            # Then there is none (wings `router/websocket/websocket.go`), and waiting for it would only delay.
            await self._feed.release()
            return
        await time_slice.shared().breathe()
        await self._send_for_history()

    async def _send_for_history(self) -> None:
        self._feed.asked()
        await self._send("send logs", None)
        self._history_asked_at = self._history_moved_at = self._loop.time()
        self._history_lines = 0
        self._history_asked.set()

    async def _end_histories(self) -> None:
        while True:
            await self._history_asked.wait()
            self._history_asked.clear()
            while self._feed.memory.holding and not self._history_over():  # noqa: ASYNC110 - it ends with time
                await asyncio.sleep(self._timing.history_quiet / 5)
            await self._feed.release()

    def _history_over(self) -> bool:
        memory, timing, now = self._feed.memory, self._timing, self._loop.time()
        if memory.collected != self._history_lines:
            self._history_lines, self._history_moved_at = memory.collected, now
        if memory.arriving:
            patience = timing.history_quiet
        else:
            patience = timing.history_bound if memory.expects else timing.history_wait
        waited = now - self._history_asked_at
        full = self._history_lines >= WINGS_HISTORY and waited >= timing.history_enough
        return now - self._history_moved_at >= patience or waited >= timing.history_bound or full

    # Output that Wings dropped: its end is in the history, once there is an end

    async def _end_throttling(self) -> None:
        try:
            while True:
                await self._throttled.wait()
                await self._until_calm()
                await self._ask_for_the_end()
                await asyncio.sleep(self._timing.throttle_rest)
        except ConnectionClosed as end:
            raise self._closed(end) from None

    async def _until_calm(self) -> None:
        """Wait until lines come slowly; where they do not, tell meanwhile that some are missing, once for each time."""
        self._throttled.clear()
        due = self._loop.time() + self._timing.throttle_patience
        while not self._throttle.calm() or self._feed.memory.holding or not self._feed.live:
            await asyncio.sleep(self._timing.throttle_look)
            if self._loop.time() >= due and self._feed.live:
                self._feed.throttled()
                due = float("inf")
            if self._throttled.is_set() and due == float("inf"):
                self._throttled.clear()
                due = self._loop.time() + self._timing.throttle_patience
        self._throttled.clear()

    async def _ask_for_the_end(self) -> None:
        shows_all = self._throttle.over()
        if self._feed.state is PowerState.OFFLINE:
            self._feed.throttled()
            return
        self._feed.hold_again(shows_all=shows_all)
        await self._send_for_history()
