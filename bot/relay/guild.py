"""The relays of one guild: brings the running ones in line with the wanted ones, and tells how each is doing."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.errors import BotError, StoreUnavailable
from bot.i18n import _
from bot.relay.backlog import Bounds, Tally
from bot.relay.channels import Channels, Leftovers
from bot.relay.connection import RelayTiming
from bot.relay.farewells import Farewells
from bot.relay.journal import Journal
from bot.relay.outbox import OutboxTiming
from bot.relay.pace import Paces
from bot.relay.parking import Parking, Report
from bot.relay.pause import PauseBook, Pauses
from bot.relay.relay import ConsoleRelay, Ledger
from bot.relay.sink import ChannelForbidden, ChannelGone, Sink
from bot.relay.trail import Trail
from bot.relay.wanted import OpenConsole, WantedRelay
from bot.repeats import Repeats, more
from bot.store.values import Relay
from bot.text.markdown import plain
from bot.text.redaction import Redactor
from bot.time_slice import shared
from bot.vitals import DeliveredTail, RelayHealth, RelayState

_log = logging.getLogger(__name__)

RedactorOf = Callable[[int], Redactor]
"""Makes what masks the console of the server with this row id."""


@dataclass(frozen=True, slots=True)
class SupervisorTiming:
    """In seconds."""

    retry: float = 5.0
    """Between attempts to read the wanted relays, or to open a console that failed at once."""
    rest: float = 0.5
    """Between two looks at one guild: however often something changes there, others get their turn."""
    recheck: float = 900.0
    """How long a relay that may not post stays parked before it tries again: rights come back without a word."""
    hasten: float = 30.0
    """Between the first two attempts because rights have changed; each further one waits twice as long."""
    drain: float = 0.2
    """How long closing waits for relays to handle what their consoles have already given."""
    farewell: float = 20.0
    """How long it is tried to tell a channel that its last relay was removed."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """What relays run with, whichever their guild."""

    open_console: OpenConsole
    sink: Sink
    paces: Paces
    journal: Journal
    redactor: RedactorOf
    report: Report | None = None
    pauses: PauseBook | None = None
    timing: SupervisorTiming = field(default_factory=SupervisorTiming)
    relay_timing: RelayTiming = field(default_factory=RelayTiming)
    outbox_timing: OutboxTiming | None = None
    bounds: Bounds | None = None


@dataclass(frozen=True, slots=True)
class RunningRelay:
    """A relay and the task that runs it."""

    wanted: WantedRelay
    relay: ConsoleRelay
    task: asyncio.Task[None]

    @property
    def health(self) -> RelayHealth:
        """How it is doing right now."""
        return self.relay.health


class GuildRelays:
    """Runs every wanted relay of a guild by itself; a broken one never hurts the others.

    `changed` is called when a look is needed: one of the guild's channels can be written to no more.
    """

    def __init__(
        self,
        guild_id: int,
        equipment: Equipment,
        leftovers: Leftovers,
        farewells: Farewells,
        *,
        changed: Callable[[], None],
    ) -> None:
        timing = equipment.timing
        self._equipment = equipment
        self._timing = timing
        self._channels = Channels(
            guild_id,
            leftovers,
            sink=equipment.sink,
            paces=equipment.paces,
            journal=equipment.journal,
            parked=changed,
            farewells=farewells,
            timing=equipment.outbox_timing,
            bounds=equipment.bounds,
        )
        self._pauses = Pauses(equipment.pauses)
        self._parking = Parking(equipment.report, recheck=timing.recheck, hasten=timing.hasten)
        self._running: dict[int, RunningRelay] = {}
        self._ledgers: dict[int, Ledger] = {}
        self._repeats = Repeats(at_first=1)

    def __bool__(self) -> bool:
        """Whether there is any relay, running or parked."""
        return bool(self._ledgers)

    def health(self, relay_id: int) -> RelayHealth | None:
        """Return how a relay is doing; None for one that does not run (yet)."""
        running = self._running.get(relay_id)
        return self._parking.health(relay_id) if running is None else running.health

    def healths(self) -> Iterator[tuple[WantedRelay, RelayHealth]]:
        """Yield every relay that runs or is parked, and how it is doing."""
        for one in (*self._running.values(), *self._parking.relays.values()):
            yield one.wanted, one.health

    def channel_gone(self, channel_id: int) -> None:
        """Park what goes into a channel that was deleted, also where there is nothing to say in it just now."""
        self._channels.gone(channel_id)

    def hasten(self, channel_id: int | None = None) -> float:
        """Have parked relays tried again, at once or soon: those into a channel, or (None) all.

        Return when to look, on the loop's clock: inf if none is.
        """
        return self._parking.hasten(channel_id)

    def unknown(self, wanted: Iterable[WantedRelay]) -> list[int]:
        """Return the ids of those relays that have not been wanted before, in this life."""
        return [one.relay.id for one in wanted if one.relay.id not in self._ledgers]

    async def follow(self, wanted: Sequence[WantedRelay], tails: Mapping[int, DeliveredTail]) -> float:
        """Bring the running relays in line with the wanted ones.

        `tails`: how far those not wanted before were in an earlier life. Return after how many seconds to look again;
        inf if there is no need to.
        """
        by_id = {one.relay.id: one for one in wanted}
        for relay_id in self.unknown(wanted):
            await shared().breathe()
            self._ledgers[relay_id] = self._ledger(by_id[relay_id].relay, tails.get(relay_id))
        await self._park_dead_channels()
        await self._stop_unwanted(by_id)
        if any(one.away for one in wanted):
            await self._channels.drop_all()
            return float("inf")
        idle = self._ledgers.keys() - self._running.keys() - self._parking.relays.keys()
        starting = [one for relay_id, one in by_id.items() if relay_id in idle]
        recalled = await self._channels.recall(starting, wanted)
        if recalled is None:
            return self._timing.retry
        for relay_id, tail in recalled.items():
            self._ledgers[relay_id].trail = Trail(tail)
        self._channels.open(starting, wanted, lambda one: self._ledgers[one.relay.id].voice(one))
        for one in starting:
            await shared().breathe()
            await self._start(one)
        paused = await self._pauses.look((by_id[key].relay, one.relay) for key, one in self._running.items())
        return max(0.0, min(paused, self._parking.wait))

    async def drain(self) -> None:
        """Let the relays handle what their consoles have already given."""
        for running in self._running.values():
            # A relay that pauses between two events was idle only in passing.
            while not running.relay.idle.is_set():
                await running.relay.idle.wait()

    async def stop(self) -> None:
        """Stop reading consoles."""
        await _end(running.task for running in self._running.values())

    async def close(self, timeout: float) -> None:
        """Deliver what was read, within `timeout` seconds; after `stop`."""
        await asyncio.gather(self._pauses.save(), self._channels.close(timeout))
        self._running.clear()

    def _ledger(self, relay: Relay, past: DeliveredTail | None) -> Ledger:
        redactor = self._equipment.redactor(relay.server_id)
        if past is not None:
            redactor.resume()
        return Ledger(Tally(), Trail(past), self._pauses.gate(relay), redactor)

    async def _park_dead_channels(self) -> None:
        dead = {outbox.channel_id: outbox for outbox in self._channels if outbox.parked is not None}
        if not dead:
            return
        into: defaultdict[int, list[RunningRelay]] = defaultdict(list)
        for running in self._running.values():
            into[running.wanted.relay.channel_id].append(running)
        for channel_id, outbox in dead.items():
            await shared().breathe()
            for running in into[channel_id]:
                health, error = running.health, outbox.parked
                await self._stop(running.wanted.relay.id)
                if error is not None:
                    await self._parking.park(running.wanted, error, health)
            if isinstance(outbox.parked, ChannelGone | ChannelForbidden):
                await self._channels.drop(outbox)
            # One that broke stays as it is: what it was doing is for the next life of the program to sort out.

    async def _stop_unwanted(self, wanted: Mapping[int, WantedRelay]) -> None:
        changed = [key for key, running in self._running.items() if wanted.get(key) != running.wanted]
        removed: list[ConsoleRelay] = []
        for relay_id in changed:
            await shared().breathe()
            if relay_id not in wanted:
                removed.append(self._running[relay_id].relay)
            await self._stop(relay_id)
        self._parking.release(wanted)
        for relay_id in self._ledgers.keys() - wanted.keys():
            del self._ledgers[relay_id]
            self._pauses.forget(relay_id)
            self._parking.forget(relay_id)
        await self._channels.leave(removed, wanted.values())

    async def _start(self, one: WantedRelay) -> None:
        relay_id = one.relay.id
        ledger = self._ledgers[relay_id]
        try:
            outbox = self._channels[one.relay.channel_id]
            if outbox.parked is not None:
                raise outbox.parked
            relay = ConsoleRelay(one, outbox, ledger, self._equipment.journal, self._equipment.relay_timing)
        except BotError as error:
            await self._parking.park(one, error, _never_ran(ledger.tally))
            return
        except Exception as error:  # noqa: BLE001 - a defect in one relay must not hurt the others
            self._repeats.defect(_log, error, "relay %s could not be started", relay_id)
            await self._parking.park(one, _broken(), _never_ran(ledger.tally))
            return
        task = asyncio.create_task(self._keep(relay), name=f"relay {relay_id}")
        self._running[relay_id] = RunningRelay(one, relay, task)

    async def _keep(self, relay: ConsoleRelay) -> None:
        """Run a relay again and again: a console that cannot be opened is tried again by and by."""
        while True:
            try:
                await relay.run(self._equipment.open_console)
                relay.connection.failed(_("The console ended; it is being opened again."))
            except BotError as error:
                self._tell(relay.wanted.relay.id, error)
                relay.connection.failed(str(error))
            except Exception as error:  # noqa: BLE001 - a defect in one relay must not hurt the others
                self._repeats.defect(_log, error, "relay %s failed; trying again", relay.wanted.relay.id)
                relay.connection.failed(_("The relay broke because of a defect in the bot; it is being started again."))
            await asyncio.sleep(self._timing.retry)

    def _tell(self, relay_id: int, error: BotError) -> None:
        """Tell the log why a console cannot be opened; the store's own troubles it was told of, once for all relays."""
        passed_over = None if isinstance(error, StoreUnavailable) else self._repeats.due((relay_id, str(error)))
        level = logging.DEBUG if passed_over is None else logging.WARNING
        _log.log(level, "relay %s: %s%s", relay_id, plain(str(error)), more(passed_over or 0))

    async def _stop(self, relay_id: int) -> None:
        await _end([self._running[relay_id].task])
        del self._running[relay_id]  # not before: whoever asks meanwhile is told how it is doing


def _broken() -> BotError:
    return BotError(
        _(
            "The relay could not be started because of a defect in the bot, which its log tells: show that to whoever "
            "runs the bot. Removing the relay and adding it with other options may help."
        )
    )


def _never_ran(tally: Tally) -> RelayHealth:
    return RelayHealth(RelayState.PARKED, None, None, 0.0, 0, 0, tally.delivered, tally.lost, 0, None)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they are gone."""
    ending = list(tasks)
    for task in ending:
        task.cancel()
    await asyncio.gather(*ending, return_exceptions=True)
