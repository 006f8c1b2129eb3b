"""Keys on trial: until the panel has accepted one, it is neither stored nor remembered."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.api_keys import refuse_application_key, require_key
from bot.errors import BadInput
from bot.i18n import _
from bot.panel.models import PanelIdentity, ServerList
from bot.panel.pool import PanelPool

AT_ONCE = 3
"""In one guild: each may keep the bot waiting for minutes, and holds a list of servers meanwhile."""


class KeyTrials:
    """Tries keys that members typed."""

    def __init__(self, pool: PanelPool) -> None:
        self._pool = pool
        self._running = Counter[int]()
        """By guild."""

    @asynccontextmanager
    async def of(self, guild_id: int, url: str, key: str) -> AsyncGenerator[tuple[PanelIdentity, ServerList]]:
        """Yield whose key it is and what it sees; whatever is known of it goes at the end, unless it is stored by then.

        Raises PanelError when the panel does not accept it, BadInput when it cannot be one or others are on trial.
        """
        require_key(key)
        refuse_application_key(key)
        if self._running[guild_id] >= AT_ONCE:
            raise BadInput(_("Some panels are being connected here just now: wait until they have answered."))
        self._running[guild_id] += 1
        try:
            with self._pool.trial(url=url, key=key) as client:
                yield await client.recognise(), await client.list_servers()
        finally:
            self._running[guild_id] -= 1
            if not self._running[guild_id]:
                del self._running[guild_id]
