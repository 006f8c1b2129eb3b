"""The wired rooms: what a change in a guild costs the database, however many relays there are."""

import asyncio
import signal
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import event

from bot.app import _Bot, _stop_signal
from bot.console.hub import ConsoleHub
from bot.panel.pool import PanelPool
from bot.services.guilds import GuildTiming
from bot.store.store import Store
from bot.terms import PanelKind
from bot.text.redaction import redactor

from .relay.conftest import until

GUILDS = (900, 901, 902)


@asynccontextmanager
async def silence(_wanted, _past):
    """A console that prints nothing."""

    async def events():
        await asyncio.Event().wait()
        yield

    yield events()


class Statements:
    """What was asked of the database."""

    def __init__(self, store):
        self.made = []
        event.listen(store._database.engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, *_):
        if not statement.startswith(("BEGIN", "PRAGMA")):
            self.made.append(statement)

    def taken(self):
        taken, self.made = self.made, []
        return taken


async def fill(url, relays):
    store = await Store.open(url, [Fernet.generate_key().decode()])
    for guild_id in GUILDS:
        panel = await store.panels.add(guild_id, "https://panel.example", PanelKind.PELICAN, "Main", "ptlc_planted")
        for number in range(relays):
            server = await store.servers.link(
                guild_id, panel.id, f"Server {number}", f"{number:08x}", f"{guild_id}-{number}"
            )
            await store.relays.add(guild_id, server.id, guild_id * 1000 + number)
    await store.close()


@pytest.mark.parametrize("relays", [1, 10])
async def test_the_database_is_asked_once_however_many_relays_and_no_key_is_decrypted(tmp_path, relays):
    url = f"sqlite+aiosqlite:///{tmp_path}/wingcord.db"
    await fill(url, relays)
    # With another secret key, whatever decrypts a panel key raises.
    store = Store.attach(url, [Fernet.generate_key().decode()])
    pool, hub = PanelPool(allow_private=False), ConsoleHub(allow_private=False)
    statements = Statements(store)
    bot = _Bot(store, pool, hub, partial(redactor, b"secret"), GuildTiming())
    bot.relays._equipment = replace(bot.relays._equipment, open_console=silence)
    running = asyncio.create_task(bot.relays.run())

    def runs(relay):
        return bot.relays.health(relay.guild_id, relay.id) is not None

    everything = await store.relays.list()
    await until(lambda: all(map(runs, everything)))
    statements.taken()

    for guild_id in GUILDS:
        bot.services.guilds.rights_changed(guild_id)
    server = (await store.servers.list(900))[0]
    added = await store.relays.add(900, server.id, 1)
    statements.taken()
    bot._wake_relays(900)
    await until(lambda: runs(added))
    read, *tails = statements.taken()
    assert "FROM relays JOIN servers" in read and "relays.guild_id = ?" in read
    assert len(tails) == 2, "how far it was in an earlier life, and what was on its way"

    await store.relays.remove([added.id])
    statements.taken()
    bot._wake_relays(900)
    await until(lambda: not runs(added))
    assert len(statements.taken()) == 1

    await bot.relays.close(1)
    await running
    await bot.services.panels.close()
    await pool.close()
    await hub.close()
    await store.close()


async def test_what_nohup_ignores_stays_ignored() -> None:
    """Whoever started it so wants it to outlive the terminal."""
    loop, before = asyncio.get_running_loop(), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        _stop_signal()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        _stop_signal()
        assert signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.remove_signal_handler(number)
        signal.signal(signal.SIGHUP, before)
