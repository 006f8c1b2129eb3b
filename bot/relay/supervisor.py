"""Keeps the relays that should run running: compares the wanted ones with the running ones whenever it is woken."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot import metrics
from bot.errors import BotError
from bot.i18n import _
from bot.relay.backlog import Bounds, Tally
from bot.relay.channels import Channels
from bot.relay.connection import RelayTiming
from bot.relay.journal import Journal
from bot.relay.outbox import OutboxTiming
from bot.relay.pace import Paces
from bot.relay.parking import Parking, Report
from bot.relay.pause import PauseBook, Pauses
from bot.relay.relay import ConsoleRelay, Ledger
from bot.relay.sink import ChannelForbidden, ChannelGone, Sink
from bot.relay.trail import Trail
from bot.relay.wanted import OpenConsole, WantedRelay
from bot.text.redaction import Redactor
from bot.vitals import RelayHealth, RelayState

_log = logging.getLogger(__name__)

Wanted = Callable[[], Awaitable[Sequence[WantedRelay]]]
RedactorOf = Callable[[int], Redactor]
"""Makes what masks the console of the server with this row id."""


@dataclass(frozen=True, slots=True)
class SupervisorTiming:
    """In seconds."""

    retry: float = 5.0
    """Between attempts to read the wanted relays, or to open a console that failed at once."""
    recheck: float = 900.0
    """How long a relay that may not post stays parked before it tries again: rights come back without a word."""
    drain: float = 0.2
    """How long closing waits for relays to handle what their consoles have already given."""


@dataclass(frozen=True, slots=True)
class _Running:
    wanted: WantedRelay
    relay: ConsoleRelay
    task: asyncio.Task[None]


class RelaySupervisor:
    """Runs every wanted relay by itself; a broken one never hurts the others.

    `report` is told, once per reason, why a relay was parked for good or for long: its pattern cannot be used, or its
    channel is gone or forbidden. `paces` are those that the sink's header feed fills.
    """

    def __init__(
        self,
        *,
        wanted: Wanted,
        open_console: OpenConsole,
        sink: Sink,
        paces: Paces,
        journal: Journal,
        redactor: RedactorOf,
        report: Report | None = None,
        pauses: PauseBook | None = None,
        timing: SupervisorTiming | None = None,
        relay_timing: RelayTiming | None = None,
        outbox_timing: OutboxTiming | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._wanted, self._open_console = wanted, open_console
        self._journal, self._pauses = journal, Pauses(pauses)
        self._redactor = redactor
        self._timing = timing or SupervisorTiming()
        self._relay_timing = relay_timing or RelayTiming()
        self._woken = asyncio.Event()
        self._channels = Channels(
            sink=sink, paces=paces, journal=journal, parked=self._woken.set, timing=outbox_timing, bounds=bounds
        )
        self._running: dict[int, _Running] = {}
        self._parking = Parking(report, recheck=self._timing.recheck)
        self._ledgers: dict[int, Ledger] = {}
        self._closing = False
        self._busy = asyncio.Lock()
        metrics.relays.source = self._series

    async def run(self) -> None:
        """Run the relays until `close` or cancellation."""
        while not self._closing:
            self._woken.clear()
            delay = await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._woken.wait()

    def wake(self, relay_id: int | None = None) -> None:
        """Look again at what is wanted. A relay named here is tried again at once if it was parked."""
        if relay_id is not None:
            self._parking.forget(relay_id)
        self._woken.set()

    def channel_gone(self, channel_id: int) -> None:
        """Park what goes into a channel that was deleted, also where there is nothing to say in it just now."""
        self._channels.gone(channel_id)

    def health(self, relay_id: int) -> RelayHealth | None:
        """Return how a relay is doing; None for one that does not run (yet)."""
        running = self._running.get(relay_id)
        if running is not None:
            return running.relay.health
        parked = self._parking.relays.get(relay_id)
        return None if parked is None else parked.health

    async def close(self, deadline: float = 4.0) -> None:
        """Stop reading consoles, deliver what was read, and end; takes at most `deadline` seconds."""
        end = self._now() + deadline
        self._closing = True
        self._woken.set()
        async with self._busy:
            await self._drain(min(self._timing.drain, deadline / 4))
            await _end(running.task for running in self._running.values())
            # A little is kept back for the closing itself.
            left = max(0.0, (end - self._now()) * 0.9)
            await asyncio.gather(self._pauses.save(), self._channels.close(left))
            self._running.clear()

    async def _drain(self, timeout: float) -> None:
        """Let the relays handle what their consoles have already given."""
        await asyncio.sleep(0)  # those just woken begin
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                for running in self._running.values():
                    # A relay that pauses between two events was idle only in passing.
                    while not running.relay.idle.is_set():
                        await running.relay.idle.wait()

    def _series(self) -> Iterator[metrics.RelaySeries]:
        for one in (*self._running.values(), *self._parking.relays.values()):
            relay = one.wanted.relay
            health = one.relay.health if isinstance(one, _Running) else one.health
            yield metrics.RelaySeries(relay.id, relay.guild_id, relay.channel_id, one.wanted.server_name, health)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _look(self) -> float | None:
        """Bring the running relays in line with the wanted ones; return after how many seconds to look again."""
        try:
            wanted = {one.relay.id: one for one in await self._wanted()}
            await self._read_journal(wanted)
        except Exception:  # noqa: BLE001 - whatever the store's trouble is, running relays go on
            _log.exception("the wanted relays cannot be read; trying again")
            return self._timing.retry
        async with self._busy:
            if self._closing:
                return None
            await self._park_dead_channels()
            await self._stop_unwanted(wanted)
            idle = self._ledgers.keys() - self._running.keys() - self._parking.relays.keys()
            starting = [one for relay_id, one in wanted.items() if relay_id in idle]
            self._channels.open(starting, wanted.values(), lambda one: self._ledgers[one.relay.id].voice(one))
            for one in starting:
                await self._start(one)
            wait = await self._pauses.look((wanted[key].relay, one.relay) for key, one in self._running.items())
        wait = min(wait, self._parking.wait)
        return None if wait == float("inf") else max(0.0, wait)

    async def _read_journal(self, wanted: Mapping[int, WantedRelay]) -> None:
        """Read how far the relays were in an earlier life, those not known in this one yet."""
        await self._channels.read_journal()
        new = [relay_id for relay_id in wanted if relay_id not in self._ledgers]
        if new:
            tails = await self._journal.tails(new)
            for relay_id in new:
                relay, past = wanted[relay_id].relay, tails.get(relay_id)
                redactor = self._redactor(relay.server_id)
                if past is not None:
                    redactor.resume()
                self._ledgers[relay_id] = Ledger(Tally(), Trail(past), self._pauses.gate(relay), redactor)

    async def _park_dead_channels(self) -> None:
        for outbox in self._channels:
            if outbox.parked is None:
                continue
            for relay_id, running in list(self._running.items()):
                if running.wanted.relay.channel_id == outbox.channel_id:
                    health = running.relay.health
                    await self._stop(relay_id)
                    await self._parking.park(running.wanted, outbox.parked, health)
            if isinstance(outbox.parked, ChannelGone | ChannelForbidden):
                await self._channels.drop(outbox)
            # One that broke stays as it is: what it was doing is for the next life of the program to sort out.

    async def _stop_unwanted(self, wanted: dict[int, WantedRelay]) -> None:
        for relay_id, running in list(self._running.items()):
            if wanted.get(relay_id) != running.wanted:
                await self._stop(relay_id)
        self._parking.release(wanted)
        for relay_id in self._ledgers.keys() - wanted.keys():
            del self._ledgers[relay_id]
            self._pauses.forget(relay_id)
            self._parking.forget(relay_id)
        await self._channels.keep_only(wanted)

    async def _start(self, one: WantedRelay) -> None:
        relay_id = one.relay.id
        ledger, outbox = self._ledgers[relay_id], self._channels[one.relay.channel_id]
        try:
            if outbox.parked is not None:
                raise outbox.parked
            relay = ConsoleRelay(one, outbox, ledger, self._journal, self._relay_timing)
        except BotError as error:
            await self._parking.park(one, error, _never_ran(ledger.tally))
            return
        task = asyncio.create_task(self._keep(relay), name=f"relay {relay_id}")
        self._running[relay_id] = _Running(one, relay, task)

    async def _keep(self, relay: ConsoleRelay) -> None:
        """Run a relay again and again: a console that cannot be opened is tried again by and by."""
        while True:
            try:
                await relay.run(self._open_console)
                relay.connection.failed(_("The console ended; it is being opened again."))
            except BotError as error:
                _log.warning("relay %s: %s", relay.wanted.relay.id, error)
                relay.connection.failed(str(error))
            except Exception:  # noqa: BLE001 - a defect in one relay must not hurt the others
                _log.exception("relay %s failed; trying again", relay.wanted.relay.id)
                relay.connection.failed(_("The relay broke because of a defect in the bot; it is being started again."))
            await asyncio.sleep(self._timing.retry)

    async def _stop(self, relay_id: int) -> None:
        await _end([self._running.pop(relay_id).task])


def _never_ran(tally: Tally) -> RelayHealth:
    return RelayHealth(RelayState.PARKED, None, None, 0.0, 0, 0, tally.delivered, tally.lost, 0, None)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they are gone."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
