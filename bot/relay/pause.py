"""Paused relays: whose lines are kept back until when, and what the channel is told at the beginning and the end."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Protocol

from bot.errors import StoreUnavailable
from bot.relay import notices
from bot.store.values import Pause, Relay

_log = logging.getLogger(__name__)
_SAVE = 60.0
"""Seconds between the times when counts are saved: what a killed bot may forget."""


class PauseBook(Protocol):
    """Where pauses are kept (see `bot.store.relays`)."""

    async def save_skipped(self, counts: Mapping[int, int]) -> None:
        """Note, by relay id, how many lines the present pause has kept back."""
        ...

    async def forget_pauses(self, pauses: Mapping[int, Pause]) -> None:
        """Forget pauses, by relay id, whose end was told, unless another has taken its place."""
        ...


class Speaker(Protocol):
    """A running relay, in whose name the beginning and the end of a pause are told."""

    @property
    def server(self) -> str:
        """The server's name in Markdown."""
        ...

    def announce(self, text: str) -> None:
        """Say something in the channel."""
        ...


class Gate:
    """Whether one relay's lines may pass, and how many did not. It outlives the relay's restarts."""

    def __init__(self, pause: Pause | None, now: datetime) -> None:
        self.pause = pause
        """The pause that the channel was told of."""
        self.closed = pause is not None and now < pause.until
        self.skipped = self.saved = 0 if pause is None else pause.skipped
        self.exact = pause is None
        """False after a restart of the bot: lines around it may be counted twice or not at all."""

    def stops(self, count: int = 1) -> bool:
        """Whether lines must not pass now; they are counted then."""
        if self.closed:
            self.skipped += count
        return self.closed

    def knows(self, pause: Pause) -> bool:
        """Whether the channel was told of exactly this pause."""
        return self.pause is not None and (self.pause.since, self.pause.until) == (pause.since, pause.until)

    def close(self, pause: Pause) -> None:
        """Keep lines back; the count begins anew unless the pause is a present one with another end."""
        if self.pause is None or self.pause.since != pause.since:
            self.skipped, self.saved, self.exact = 0, 0, True
        self.pause, self.closed = pause, True

    def open(self) -> None:
        """Let lines pass again."""
        self.pause, self.closed, self.skipped, self.saved, self.exact = None, False, 0, 0, True


class Pauses:
    """The gates of a guild's relays. `now` gives the present moment in UTC."""

    def __init__(self, book: PauseBook | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._book = book
        self._now = now
        self._gates: dict[int, Gate] = {}
        self._told: dict[int, Pause] = {}

    def gate(self, relay: Relay) -> Gate:
        """Return a relay's gate. A pause that it begins with, after a restart of the bot, is not told again."""
        gate = self._gates.get(relay.id)
        if gate is None:
            gate = self._gates[relay.id] = Gate(relay.pause, self._now())
        return gate

    def forget(self, relay_id: int) -> None:
        """Forget a relay that is wanted no more."""
        self._gates.pop(relay_id, None)
        self._told.pop(relay_id, None)

    async def look(self, relays: Iterable[tuple[Relay, Speaker]]) -> float:
        """Open and close gates as the rows say; return after how many seconds to look again (inf: no need)."""
        wait, over = float("inf"), dict[int, Pause]()
        for relay, speaker in relays:
            gate, pause, now = self.gate(relay), relay.pause, self._now()
            if pause is None:
                gate.open()
            elif now >= pause.until:
                self._end(gate, relay.id, pause, speaker)
                over[relay.id] = pause
            else:
                if not gate.knows(pause):
                    gate.close(pause)
                    speaker.announce(notices.paused(speaker.server, pause.until))
                wait = min(wait, _SAVE, (pause.until - now).total_seconds())
        if not await self._forget(over) or not await self.save():
            wait = min(wait, _SAVE)
        return wait

    async def save(self) -> bool:
        """Keep the counts for the next life of the bot; return whether that could be done."""
        counts = {key: gate.skipped for key, gate in self._gates.items() if gate.closed and gate.skipped != gate.saved}
        if self._book is None or not counts:
            return True
        try:
            await self._book.save_skipped(counts)
        except StoreUnavailable:  # told in the log by the store
            return False
        except Exception:  # noqa: BLE001 - whatever else is wrong with the store, relays go on
            _log.exception("the counts of the pauses of relays %s cannot be saved", sorted(counts))
            return False
        for relay_id, count in counts.items():
            self._gates[relay_id].saved = count
        return True

    def _end(self, gate: Gate, relay_id: int, pause: Pause, speaker: Speaker) -> None:
        if self._told.get(relay_id) != pause:
            speaker.announce(notices.resumed(speaker.server, pause.since, pause.until, gate.skipped, exact=gate.exact))
            self._told[relay_id] = pause
        gate.open()

    async def _forget(self, over: Mapping[int, Pause]) -> bool:
        """Forget pauses whose end was told; return whether that could be done: if not, the end is not told twice."""
        if self._book is None or not over:
            return True
        try:
            await self._book.forget_pauses(over)
        except StoreUnavailable:  # told in the log by the store
            return False
        except Exception:  # noqa: BLE001 - whatever else is wrong with the store, relays go on
            _log.exception("the pauses of relays %s cannot be forgotten", sorted(over))
            return False
        return True
