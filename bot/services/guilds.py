"""Guilds that come and go: leaving one deletes its keys and everything else of it."""

from collections.abc import Callable

from bot.panel.pool import PanelPool
from bot.store.store import Store


class Guilds:
    """Told by the Discord client when a guild appears or is gone for good."""

    def __init__(self, store: Store, pool: PanelPool, *, changed: Callable[[], None]) -> None:
        self._store = store
        self._pool = pool
        self._changed = changed

    async def joined(self, guild_id: int) -> None:
        """Note the guild; harmless when it is known."""
        await self._store.guilds.ensure(guild_id)

    async def left(self, guild_id: int) -> None:
        """Delete the guild's panels with their keys, linked servers, grants and relays."""
        panels = await self._store.panels.list(guild_id)
        await self._store.guilds.remove(guild_id)
        for panel in panels:
            self._pool.forget(url=panel.url, key=panel.key)
        self._changed()

    async def known(self) -> list[int]:
        """Return the guilds that have rows, to be compared with those the bot is in."""
        return await self._store.guilds.all()
