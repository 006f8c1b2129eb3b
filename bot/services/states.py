"""What states servers are in, by whoever knows it newest: a console that is open, the panel, or an earlier look."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.errors import BotError, BusyReason, ServerBusy
from bot.i18n import _
from bot.panel.models import Resources
from bot.services.connections import Connections, PermittedClient, key_missing
from bot.services.freshness import Live, Newest, newest
from bot.services.lately import Lately
from bot.services.permits import Permit
from bot.store.values import LinkedServer
from bot.terms import PowerState
from bot.told import told

_OVERVIEW_SECONDS = 8.0
_REMEMBERED_SECONDS = 3600.0
"""How long it says anything about a server in which state it was."""
_MOST = 5000
"""Servers of which it is remembered."""


@dataclass(frozen=True, slots=True)
class ServerOverview:
    """A line of `/servers`."""

    server: LinkedServer
    state: PowerState
    note: str | None = None
    """Why the state is unknown."""
    age: timedelta | None = None
    """How long ago the state was seen; None where it is the newest."""
    pending: bool = False
    """Whether it has not been asked for yet."""
    busy: BusyReason | None = None
    """What stands in the way of everything, by the panel's word."""


class Sightings:
    """Remembers in which state each server was seen last, by which panel's key."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._seen: OrderedDict[tuple[int, int], tuple[PowerState, float]] = OrderedDict()

    def note(self, permit: Permit, state: PowerState) -> None:
        """Take note of a state; what nobody knows is no state."""
        if state is PowerState.UNKNOWN:
            return
        key = (permit.panel.id, permit.server.id)
        self._seen[key] = state, self._clock()
        self._seen.move_to_end(key)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def of(self, permit: Permit) -> tuple[PowerState, timedelta] | None:
        """Return the state and how long ago it was seen; None where that is too long ago, or never was."""
        state, at = self._seen.get((permit.panel.id, permit.server.id), (PowerState.UNKNOWN, 0.0))
        age = self._clock() - at
        if state is PowerState.UNKNOWN or age > _REMEMBERED_SECONDS:
            return None
        return state, timedelta(seconds=age)


class States:
    """Tells the states of servers, asking their panels only where that is wanted."""

    def __init__(self, connections: Connections, lately: Lately, sightings: Sightings | None = None) -> None:
        self._connections = connections
        self._lately = lately
        self._sightings = sightings if sightings is not None else Sightings()

    def newest(self, permit: Permit, told: Resources) -> Newest:
        """Return what is newest, now that the panel has told this; it is remembered."""
        found = newest(told, self._live(permit), self._lately.of(permit), cached=permit.panel.kind.has_console)
        self._sightings.note(permit, found.state)
        return found

    def unanswered(self, permit: Permit, why: str) -> Newest:
        """Return what is known without the panel: the node may talk to the bot though it does not to the panel."""
        live = self._live(permit)
        return Newest(live.state, live.usage, note=why)

    def known(self, permit: Permit) -> ServerOverview:
        """Return what is known without asking anybody, to be shown until it has been asked for."""
        if not permit.panel.has_key:
            return ServerOverview(
                permit.server, PowerState.UNKNOWN, told(key_missing(), is_admin=permit.member.is_admin)
            )
        live = self._live(permit).state
        if live is not PowerState.UNKNOWN:
            return ServerOverview(permit.server, live, pending=True)
        state, age = self._sightings.of(permit) or (PowerState.UNKNOWN, None)
        return ServerOverview(permit.server, state, age=age, pending=True)

    async def ask(self, permit: Permit, client: PermittedClient | None) -> ServerOverview:
        """Ask the panel, for so many seconds at most; what cannot be read becomes a note."""
        if client is None:
            return ServerOverview(
                permit.server, PowerState.UNKNOWN, told(key_missing(), is_admin=permit.member.is_admin)
            )
        try:
            async with asyncio.timeout(_OVERVIEW_SECONDS):
                return ServerOverview(permit.server, self.newest(permit, await client.resources()).state)
        except TimeoutError:
            known, note = self.known(permit), _("The panel did not answer in time.")
            return ServerOverview(permit.server, known.state, note, known.age)
        except ServerBusy as error:
            return ServerOverview(permit.server, self.unanswered(permit, "").state, busy=error.reason)
        except BotError as error:
            note = told(error, is_admin=permit.member.is_admin)
        return ServerOverview(permit.server, self.unanswered(permit, note).state, note)

    def _live(self, permit: Permit) -> Live:
        return Live(self._connections.live_state(permit), self._connections.live_usage(permit))
