"""Opens the store for the one bot that works on its database, with the secret keys that fit."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.instance_lock import sole_owner
from bot.secret_keys import key_file, key_file_lost, make_key_file, read_keys
from bot.settings import Settings
from bot.store.database import make_folder
from bot.store.limits import Limits
from bot.store.sole_bot import SoleBot
from bot.store.store import Store, holds_keys


@asynccontextmanager
async def open_alone(settings: Settings) -> AsyncGenerator[tuple[Store, SoleBot]]:
    """Open the store, and hold what keeps other bots from it; where there is no database yet, make it and a key file.

    Raises StartupError where another bot works on it, it cannot be opened, or the secret keys cannot be used.
    """
    file = make_folder(settings.database_url)
    limits = Limits(settings.max_panels, settings.max_servers, settings.max_grants, settings.max_relays)
    with sole_owner(file):
        async with SoleBot(settings.database_url) as sole_bot:
            store = await Store.open(settings.database_url, await _keys(settings, file), limits)
            try:
                yield store, sole_bot
            finally:
                await store.close()


async def _keys(settings: Settings, database_file: Path | None) -> tuple[str, ...]:
    """Return the secret keys, newest first. Only now that no other bot can make another key file, one is made."""
    configured = settings.secret_keys.get_secret_value() if settings.secret_keys else None
    file = key_file(database_file)
    keys = read_keys(configured, file)
    if keys is None:
        if await holds_keys(settings.database_url):
            raise key_file_lost(file)
        make_key_file(file)
        keys = read_keys(None, file)
    return keys or ()
