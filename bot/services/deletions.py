"""Deletes what is due of guilds that the bot left: rationed, and never without a line in the log."""

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from bot.errors import StartupError
from bot.services import departures
from bot.services.departures import Loss, Patience
from bot.store.store import Store
from bot.store.values import Departure, Holdings, LinkedServer, Panel, PanelKey

_log = logging.getLogger(__name__)
Forget = Callable[[PanelKey | None, Panel, Sequence[LinkedServer]], None]
"""Drops from memory what a panel's key was; with all servers that the guild had linked."""
_FACT = "deletions"
"""The key under which the store keeps when guilds lost something lately."""


class Deletions:
    """The only place that deletes guilds' rows on what Discord says. `forget` drops a key from memory.

    So that no error of Discord's or ours empties the database at a stroke, only some guilds an hour lose anything
    (`Patience.at_once`), restarts included: whoever runs the bot reads of it in time. The others keep all they have
    until it is their turn, and Discord is asked about each of them anew.
    """

    def __init__(
        self,
        store: Store,
        *,
        forget: Forget,
        patience: Patience,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._forget = forget
        self._patience = patience
        self._now = now

    async def carry_out(self, guild_id: int, departure: Departure, loss: Loss) -> bool:
        """Delete what the guild is to lose; return False where it has to wait for its turn.

        Nothing happens to a departure that is not stored like this any more. Raises whatever the database's trouble is.
        """
        holdings = await self._store.departures.holdings(guild_id)
        has = holdings.keys if loss is Loss.KEYS else any((holdings.panels, holdings.servers, holdings.grants))
        if has and not await self._take_turn():
            return False
        panels = await self._store.panels.list(guild_id)
        servers = await self._store.servers.list(guild_id)
        keys: dict[int, PanelKey] = {}
        with suppress(StartupError):  # a key that no secret key opens is in nobody's memory
            keys = await self._store.panels.keys(guild_id)
        if loss is Loss.KEYS:
            await self._delete_keys(guild_id, departure, holdings)
        elif loss is Loss.EVERYTHING:
            await self._delete_everything(guild_id, departure, holdings)
        for panel in panels:
            self._forget(keys.get(panel.id), panel, servers)
        return True

    async def _delete_keys(self, guild_id: int, departure: Departure, holdings: Holdings) -> None:
        after = departures.without_keys(departure)
        if await self._store.departures.delete_keys(guild_id, departure, after) and holdings.keys:
            _log.warning(
                "guild %s: the keys of its panels (%s) were deleted: Discord said at %s that the bot was removed from "
                "it, and again when it was asked; the rest is kept for %s days",
                guild_id,
                holdings.keys,
                departure.told_at,
                self._patience.days,
            )

    async def _delete_everything(self, guild_id: int, departure: Departure, holdings: Holdings) -> None:
        if await self._store.departures.delete_everything(guild_id, departure):
            _log.warning(
                "guild %s: everything stored for it was deleted (panels %s, keys %s, servers %s, grants %s, "
                "relays %s): the bot has not been in it since %s, as Discord has said on %s days",
                guild_id,
                holdings.panels,
                holdings.keys,
                holdings.servers,
                holdings.grants,
                holdings.relays,
                departure.since,
                departure.days + 1,
            )

    async def _take_turn(self) -> bool:
        """Count a deletion about to happen; written down first, so that no restart forgets it."""
        now = self._now()
        stored = json.loads(await self._store.state.get(_FACT) or "[]")
        lately = departures.recent([datetime.fromisoformat(text) for text in stored], now, self._patience)
        if not departures.free(lately, now, self._patience):
            return False
        await self._store.state.set(_FACT, json.dumps([at.isoformat() for at in [*lately, now]]))
        return True
