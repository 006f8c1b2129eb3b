"""One server's console on its way into one channel: what is shown, and how, event by event."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot import metrics, time_slice
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
    LinesThrottled,
    Parked,
    ServerDeleted,
    StatusChanged,
)
from bot.console.marks import DELIVERED_LINES, MARK_BYTES
from bot.relay import notices
from bot.relay.backlog import Item, Tally, Voice
from bot.relay.collapse import Collapse
from bot.relay.connection import Connection, RelayTiming
from bot.relay.journal import Journal
from bot.relay.outbox import Outbox
from bot.relay.pause import Gate
from bot.relay.power_news import PowerNews
from bot.relay.trail import Trail
from bot.relay.wanted import OpenConsole, WantedRelay
from bot.terms import PowerState
from bot.text import ansi, lines
from bot.text.filters import LONGEST_LOOK, LineFilter
from bot.text.redaction import Redactor
from bot.text.start_up import StartUp, is_start_up
from bot.vitals import RelayHealth, RelayState

# Lines that are not shown are noted as dealt with in groups; after a SIGKILL that few are filtered out once more.
_NOTE_UNSHOWN = 50
# So much of a line is looked at to tell whether it is shown; there may be colours amid what filters look at.
_LOOK = 2 * LONGEST_LOOK
_NEWS = {
    InstallStarted: notices.install_started,
    InstallCompleted: notices.install_completed,
    ServerDeleted: notices.deleted,
}


@dataclass(slots=True)
class Ledger:
    """What is known of a relay beyond its restarts."""

    tally: Tally
    trail: Trail
    gate: Gate
    redactor: Redactor

    def voice(self, wanted: WantedRelay) -> Voice:
        """Return how the relay appears in its channel."""
        return Voice(
            relay_id=wanted.relay.id,
            style=wanted.relay.style,
            source=notices.name(wanted.server_name),
            tally=self.tally,
            trail=self.trail,
            redactor=self.redactor if wanted.relay.redact else None,
        )


class ConsoleRelay:
    """Reads a console and fills the channel's outbox.

    Raises BadInput when made, if a stored pattern cannot be used.
    """

    def __init__(
        self, wanted: WantedRelay, outbox: Outbox, ledger: Ledger, journal: Journal, timing: RelayTiming
    ) -> None:
        self.wanted = wanted
        self.tally = ledger.tally
        self.idle = asyncio.Event()
        """Set while everything the console has given is handled."""
        self.idle.set()
        self._outbox = outbox
        self._journal = journal
        self._trail = ledger.trail
        self._gate = ledger.gate
        self._collapse = Collapse(self._put) if wanted.relay.collapse else None
        self._voice = ledger.voice(wanted)
        self.server = self._voice.source
        """The server's name in Markdown."""
        self._filter = LineFilter.compile(wanted.relay.include, wanted.relay.exclude)
        self.connection = Connection(
            self.server, say=self.announce, gate=ledger.gate, filtered=not self._filter.shows_all, timing=timing
        )
        self._start_up, self._start_up_hidden = StartUp(), False
        self._unshown = bytearray()
        self._news = PowerNews(self.server, say=self._tell_power)
        taken = ledger.trail.taken
        self._last_line_at = taken.at if taken is not None and taken.marks else None

    async def run(self, open_console: OpenConsole) -> None:
        """Relay until the console ends (its listener was closed) or the task is cancelled."""
        try:
            async with open_console(self.wanted, self._trail.taken) as events:
                await self._read(events)
        finally:
            self.connection.close()
            self._news.flush()
            self._tell_count()
            if self._unshown and self._outbox.parked is None:
                self._note_unshown(0)

    async def _read(self, events: AsyncIterator[ConsoleEvent]) -> None:
        slices = time_slice.shared()
        async for event in events:
            # Until it is handled it counts as never read: should this be cancelled, it is read again.
            self.idle.clear()
            await slices.breathe()
            self.handle(event)
            self.idle.set()

    @property
    def health(self) -> RelayHealth:
        """How the relay is doing right now."""
        channel_error = self._outbox.last_error
        return RelayHealth(
            state=RelayState.PARKED if self._outbox.parked is not None else self.connection.state,
            connected_since=self.connection.since,
            last_line_at=self._last_line_at,
            lag=self._outbox.lag,
            queued_lines=self.tally.queued,
            queued_bytes=self.tally.queued_bytes,
            delivered=self.tally.delivered,
            lost=self.tally.lost,
            reconnects=self.connection.reconnects,
            last_error=str(channel_error) if channel_error is not None else self.connection.last_error,
            skipped=self._gate.skipped,
        )

    def handle(self, event: ConsoleEvent) -> None:
        """Say in the channel what an event means; never waits."""
        if self._outbox.parked is not None:
            return  # as if it had never been read: it is read again, or told to be missing, once the bot may post again
        match event:
            case ConsoleLine(text, at):
                self._last_line_at = at
                self._show(text, self._trail.take(text, at))
                self._note_unshown(_NOTE_UNSHOWN)
                self._news.hear(text)
            case InstallOutput(text) | DaemonMessage(text):
                self._show(text)
            case StatusChanged(state):
                self._status(state)
            case Connected():
                self._connected(event)
            case Disconnected():
                self.connection.lost(event)
            case Parked():
                self.connection.parked(event)
            case LinesDropped() | LinesThrottled():
                self._missing(event)
            case InstallStarted() | InstallCompleted() | ServerDeleted():
                self.announce(_NEWS[type(event)](self.server))
            case _:
                pass  # stats, transfers, backups and daemon errors are for others

    def _show(self, text: str, mark: bytes = b"") -> None:
        """Show what is to be shown of an event's text; `mark` is dealt with when the first line of it is."""
        shown = lines.split(text)
        if len(shown) > 1 and self._voice.redactor is not None and is_start_up(shown[0]):
            del shown[1:]  # one command, wrapped: what masks it in the first line stands for all of it
        for line in shown:
            if self._lets_pass(line):
                self._unshown += mark
                mark = b""
                self._put(line)
        self._unshown += mark

    def _lets_pass(self, line: str) -> bool:
        shown = (self._filter.shows_all or self._filter.shows(ansi.strip(line[:_LOOK]))) and not self._gate.stops()
        if self._voice.redactor is not None and (not shown or self._start_up_hidden):
            shown = not self._goes_with_hidden_start_up(line, shown=shown) and shown
        return shown and (self._collapse is None or self._collapse.shows(line))

    def _goes_with_hidden_start_up(self, line: str, *, shown: bool) -> bool:
        """Whether a line belongs to a start-up command whose first line is not shown: nothing would mask the rest."""
        ends = line if len(line) <= 2 * _LOOK else line[:_LOOK] + line[-_LOOK:]  # they alone tell
        if self._start_up.begins_at(ansi.strip(ends)) is None:
            self._start_up_hidden = False
        elif is_start_up(line):
            self._start_up_hidden = not shown
        return self._start_up_hidden

    def _put(self, line: str) -> None:
        """Show a line; with it those before it that are not shown are dealt with."""
        marks = bytes(self._unshown)
        self._unshown.clear()
        self._outbox.put(Item(line, self._voice, self._now(), marks=marks))

    def _note_unshown(self, least: int) -> None:
        """Note lines that are not shown as dealt with, unless shown or counted ones before them still wait."""
        counting = self._collapse is not None and self._collapse.counting
        if len(self._unshown) < least * MARK_BYTES or self.tally.queued or counting:
            del self._unshown[: -DELIVERED_LINES * MARK_BYTES]
            return
        tail = self._trail.after(bytes(self._unshown), self._trail.at, offline=self._trail.offline)
        self._unshown.clear()
        self._trail.delivered(tail)
        self._journal.note({self.wanted.relay.id: tail})

    def announce(self, text: str) -> None:
        """Say something in the relay's own name, in Markdown."""
        self._tell_count()
        self._outbox.put(Item(text, self._voice, self._now(), notice=True))

    def _tell_count(self) -> None:
        if self._collapse is not None:
            self._collapse.flush()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _status(self, state: PowerState) -> None:
        self._news.observe(state)
        offline, self._trail.offline = self._trail.offline, self._news.power is PowerState.OFFLINE
        # A history begins anew with each run of the server: what was taken of this one must be known after a SIGKILL.
        if self._trail.begun and (self._unshown or offline != self._trail.offline):
            self._note_unshown(0)

    def _tell_power(self, text: str) -> None:
        if self._outbox.parked is None:
            self.announce(text)

    def _connected(self, event: Connected) -> None:
        if not self._trail.begun:
            self._trail.begin(event.before, event.at)
            self._note_unshown(0)
            self.announce(notices.begins(self.server))
        self.connection.back(event, last_line_at=self._trail.at)

    def _missing(self, event: LinesDropped | LinesThrottled) -> None:
        if isinstance(event, LinesThrottled):
            if not self._gate.closed:
                metrics.relay_gaps.inc()
                self.announce(notices.lines_throttled(self.server))
        elif not self._gate.stops(event.count):
            self.tally.lost += event.count
            self.announce(notices.lines_dropped(event.count))
