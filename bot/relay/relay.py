"""One server's console on its way into one channel: what is shown, and how, event by event."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from bot.console.events import (
    Connected,
    ConsoleEvent,
    ConsoleLine,
    DaemonMessage,
    Disconnected,
    InstallCompleted,
    InstallOutput,
    InstallStarted,
    LinesDropped,
    Parked,
    ServerDeleted,
    StatusChanged,
)
from bot.console.target import ConsoleTarget
from bot.errors import BotError
from bot.relay import notices
from bot.relay.backlog import Item, Tally
from bot.relay.outbox import Outbox
from bot.store.values import Relay
from bot.terms import PowerState
from bot.text import ansi, lines
from bot.text.filters import LineFilter
from bot.text.redaction import Redactor
from bot.vitals import RelayHealth, RelayState

# A listener whose queue is full is read without a pause; after so many events others get their turn.
_BREATHE = 100
_NEWS = {
    InstallStarted: notices.install_started,
    InstallCompleted: notices.install_completed,
    ServerDeleted: notices.deleted,
}


@dataclass(frozen=True, slots=True)
class WantedRelay:
    """A relay that should run. Whatever changes in it restarts the relay."""

    relay: Relay
    server_name: str
    target: ConsoleTarget


OpenConsole = Callable[[WantedRelay], AbstractAsyncContextManager[AsyncIterator[ConsoleEvent]]]
"""Gives a listener of a server's console; entering it starts the console's session if need be."""


@dataclass(frozen=True, slots=True)
class RelayTiming:
    """In seconds."""

    announce_loss: float = 30.0
    """How long the console must be away before the channel hears of it."""


class ConsoleRelay:
    """Reads a console and fills the channel's outbox.

    Raises BadInput when made, if a stored pattern cannot be used.
    """

    def __init__(self, wanted: WantedRelay, outbox: Outbox, tally: Tally, timing: RelayTiming) -> None:
        self.wanted = wanted
        self.state = RelayState.CONNECTING
        self.tally = tally
        self.idle = asyncio.Event()
        """Set while everything the console has given is handled."""
        self.idle.set()
        self.last_error: str | None = None
        self._outbox = outbox
        self._timing = timing
        self._name = notices.name(wanted.server_name)
        self._filter = LineFilter.compile(wanted.relay.include, wanted.relay.exclude)
        self._redactor = Redactor() if wanted.relay.redact else None
        self._power = PowerState.UNKNOWN
        self._connected_since: datetime | None = None
        self._last_line_at: datetime | None = None
        self._lost_at: datetime | None = None
        self._announcement: asyncio.TimerHandle | None = None
        self._announced = False
        self._parked_for: str | None = None
        self._reconnects = 0

    async def run(self, open_console: OpenConsole) -> None:
        """Relay until the console ends (its listener was closed) or the task is cancelled."""
        try:
            async with open_console(self.wanted) as events:
                await self._read(events)
        finally:
            self._forget_announcement()

    async def _read(self, events: AsyncIterator[ConsoleEvent]) -> None:
        count = 0
        async for event in events:
            self.idle.clear()
            self.handle(event)
            count += 1
            if count % _BREATHE == 0:
                await asyncio.sleep(0)
            self.idle.set()

    @property
    def health(self) -> RelayHealth:
        """How the relay is doing right now."""
        channel_error = self._outbox.last_error
        return RelayHealth(
            state=RelayState.PARKED if self._outbox.parked is not None else self.state,
            connected_since=self._connected_since,
            last_line_at=self._last_line_at,
            lag=self._outbox.lag,
            queued_lines=self.tally.queued,
            queued_bytes=self.tally.queued_bytes,
            delivered=self.tally.delivered,
            lost=self.tally.lost,
            reconnects=self._reconnects,
            last_error=str(channel_error) if channel_error is not None else self.last_error,
        )

    def failed(self, reason: str) -> None:
        """Note why the console cannot be listened to at all; for the health report."""
        self.state, self._connected_since, self.last_error = RelayState.LOST, None, reason

    def handle(self, event: ConsoleEvent) -> None:
        """Say in the channel what an event means; never waits."""
        match event:
            case ConsoleLine(text, at):
                self._last_line_at = at
                self._show(text)
            case InstallOutput(text) | DaemonMessage(text):
                self._show(text)
            case StatusChanged(state):
                self._status(state)
            case Connected():
                self._connected(event)
            case Disconnected():
                self._disconnected(event)
            case Parked(at, error):
                self._parked(at, error)
            case LinesDropped(count):
                self._dropped(count)
            case InstallStarted() | InstallCompleted() | ServerDeleted():
                self._say(_NEWS[type(event)](self._name))
            case _:
                pass  # stats, transfers, backups and daemon errors are for others

    def _show(self, text: str) -> None:
        for line in lines.split(text):
            if not self._filter.shows(ansi.strip(line)):
                continue
            shown = self._redactor.redact(line) if self._redactor is not None else ansi.reduce(line)
            self._outbox.put(Item(shown, self.wanted.relay.style, self._name, self.tally, self._now()))

    def _say(self, text: str) -> None:
        self._outbox.put(Item(text, None, "", None, self._now()))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _status(self, state: PowerState) -> None:
        # The state found at the first connection is no news, and an unknown one is none at all.
        known, self._power = self._power, state if state is not PowerState.UNKNOWN else self._power
        text = notices.state_changed(self._name, state)
        if text is not None and known not in {PowerState.UNKNOWN, state}:
            self._say(text)

    def _disconnected(self, event: Disconnected) -> None:
        self.state, self._connected_since, self.last_error = RelayState.LOST, None, event.reason
        if self._lost_at is None:
            self._lost_at = event.at
            self._announcement = asyncio.get_running_loop().call_later(self._timing.announce_loss, self._announce_loss)

    def _announce_loss(self) -> None:
        if self._lost_at is not None:
            self._announced = True
            self._say(notices.console_lost(self._name, self._lost_at, self.last_error or ""))

    def _connected(self, event: Connected) -> None:
        lost_at = event.lost_at or self._lost_at
        if lost_at is not None:
            self._reconnects += event.lost_at is not None
            if not event.complete:
                self._say(notices.lines_missing(self._name, lost_at, event.at, event.recovered))
            elif self._announced:
                self._say(notices.console_back(self._name, event.at - lost_at, event.recovered))
        self._forget_announcement()
        self.state, self._connected_since, self.last_error = RelayState.LIVE, event.at, None
        self._lost_at, self._announced, self._parked_for = None, False, None

    def _parked(self, at: datetime, error: BotError) -> None:
        reason = str(error)
        self.state, self._connected_since, self.last_error = RelayState.PARKED, None, reason
        self._lost_at = self._lost_at or at
        self._forget_announcement()
        if reason != self._parked_for:
            self._parked_for, self._announced = reason, True
            self._say(notices.parked(self._name, reason))

    def _dropped(self, count: int) -> None:
        self.tally.lost += count
        self._say(notices.lines_dropped(count))

    def _forget_announcement(self) -> None:
        if self._announcement is not None:
            self._announcement.cancel()
            self._announcement = None
