"""Guilds that come and go: leaving one deletes its keys and everything else of it."""

from collections.abc import Callable, Collection

from bot.panel.pool import PanelPool
from bot.store.grants import ANY
from bot.store.store import Store


class Guilds:
    """Told by the Discord client when a guild appears or is gone for good."""

    def __init__(
        self,
        store: Store,
        pool: PanelPool,
        *,
        changed: Callable[[int], None],
        rights_changed: Callable[[int], None],
        channel_gone: Callable[[int, int], None],
    ) -> None:
        self._store = store
        self._pool = pool
        self._changed = changed
        self._rights_changed = rights_changed
        self._channel_gone = channel_gone

    async def joined(self, guild_id: int) -> None:
        """Note the guild; harmless when it is known."""
        await self._store.guilds.ensure(guild_id)

    async def left(self, guild_id: int) -> None:
        """Delete the guild's panels with their keys, linked servers, grants and relays."""
        keys = await self._store.panels.keys(guild_id)
        await self._store.guilds.remove(guild_id)
        for key in keys.values():
            self._pool.forget(url=key.url, key=key.key)
        self._changed(guild_id)

    async def role_deleted(self, guild_id: int, role_id: int) -> None:
        """Delete what was granted to a role that is gone: nobody could revoke it by name any more."""
        await self._store.grants.revoke(guild_id, role_id, ANY)

    async def roles_are(self, guild_id: int, role_ids: Collection[int]) -> None:
        """Delete what was granted to roles other than these: they were deleted while the bot was away."""
        for role_id in {grant.role_id for grant in await self._store.grants.list(guild_id)} - set(role_ids):
            await self.role_deleted(guild_id, role_id)

    def rights_changed(self, guild_id: int) -> None:
        """Let relays that were not allowed to post try again: the bot's rights in the guild may have come back."""
        self._rights_changed(guild_id)

    def channel_deleted(self, guild_id: int, channel_id: int) -> None:
        """Let the relays into the channel be parked and reported."""
        self._channel_gone(guild_id, channel_id)

    async def known(self) -> list[int]:
        """Return the guilds that have rows, to be compared with those the bot is in."""
        return await self._store.guilds.all()
