"""On a database server too, only one bot works on a database, whatever happens to connections and servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import make_url

from bot.errors import ExitCode, StartupError, StoreUnavailable
from bot.store.sole_bot import SoleBot
from bot.store.store import Store

CUT_THE_HOLDER = "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory'"


@pytest.fixture
def engine() -> str:
    return "postgresql"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.sole_bot._PATIENCE", 0.3)
    monkeypatch.setattr("bot.store.sole_bot._BETWEEN", 0.02)
    monkeypatch.setattr("bot.store.sole_bot._HEARTBEAT", 3600.0)


@pytest.fixture
async def working(url: str, store: Store) -> AsyncIterator[asyncio.Task[None]]:
    """A bot that has the database for itself, and watches it."""
    async with SoleBot(url) as sole_bot:
        task = asyncio.create_task(store.stay_alone(sole_bot))
        await asyncio.sleep(0)
        yield task
        task.cancel()
        with suppress(asyncio.CancelledError, StartupError):
            await task


async def until_told(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(20):
        while text not in caplog.text:  # noqa: ASYNC110  a log tells no one
            await asyncio.sleep(0.01)


async def refused(url: str) -> StartupError:
    with pytest.raises(StartupError) as error:
        async with SoleBot(url):
            pass
    return error.value


async def test_a_second_bot_is_refused_until_the_first_is_gone(url: str) -> None:
    async with SoleBot(url):
        error = await refused(url)
        assert error.exit_code == ExitCode.DATABASE
        assert str(error).startswith("Another bot is running on the database postgresql+asyncpg://")
    async with SoleBot(url):
        pass


async def test_bots_on_databases_or_schemas_side_by_side_do_not_mind_one_another(
    url, new_postgresql, postgresql
) -> None:
    database = make_url(url).database
    postgresql.sql("CREATE SCHEMA elsewhere", database)
    async with SoleBot(url), SoleBot(new_postgresql()):
        postgresql.sql(f"ALTER DATABASE {database} SET search_path = elsewhere")
        async with SoleBot(url):
            await refused(url)


async def test_a_server_that_cannot_be_reached_is_told_without_the_password() -> None:
    error = await refused("postgresql+asyncpg://bot:plantedpassword@127.0.0.1:1/wingcord")
    assert error.exit_code == ExitCode.DATABASE
    assert "cannot be opened" in str(error) and "plantedpassword" not in str(error)


async def test_a_lost_connection_is_noticed_at_once_and_the_lock_taken_again(
    url: str, store: Store, working, postgresql, caplog
) -> None:
    await asyncio.to_thread(postgresql.sql, CUT_THE_HOLDER, make_url(url).database)
    await until_told(caplog, "alone again")
    await store.guilds.ensure(1)
    await refused(url)
    assert not working.done()


async def test_a_restart_of_the_server_is_survived(url: str, store: Store, working, postgresql, caplog) -> None:
    postgresql.stop()
    await until_told(caplog, "nothing is written until it is back")
    with pytest.raises(StoreUnavailable):
        await store.guilds.ensure(1)
    postgresql.start()
    await until_told(caplog, "alone again")
    await store.guilds.ensure(1)
    await refused(url)


async def test_a_bot_that_another_one_took_the_place_of_writes_nothing_more_and_ends(
    url: str, store: Store, working, postgresql, monkeypatch
) -> None:
    """While it was cut off, the other one began: both would post every line, and overwrite what the other noted."""
    taken = asyncio.Event()
    original = SoleBot._get_back

    async def later(self: SoleBot) -> None:
        await taken.wait()
        await original(self)

    monkeypatch.setattr(SoleBot, "_get_back", later)
    await asyncio.to_thread(postgresql.sql, CUT_THE_HOLDER, make_url(url).database)
    async with SoleBot(url):
        with pytest.raises(StoreUnavailable):
            await store.guilds.ensure(1)
        taken.set()
        with pytest.raises(StartupError, match="Another bot") as ended:
            await working
        assert ended.value.exit_code == ExitCode.DATABASE
        with pytest.raises(StoreUnavailable):
            await store.guilds.ensure(2)
    assert await store.guilds.all() == []


class Cable:
    """The network between bot and server; a connection that is frozen looks alive to both."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._stack = AsyncExitStack()
        self._flows: list[asyncio.Event] = []

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flow = asyncio.Event()
        flow.set()
        self._flows.append(flow)
        there, here = await asyncio.open_unix_connection(self._socket)
        with suppress(OSError):
            await asyncio.gather(self._copy(reader, here, flow), self._copy(there, writer, flow))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flow: asyncio.Event) -> None:
        while data := await reader.read(65536):
            await flow.wait()
            writer.write(data)
        await flow.wait()
        writer.close()

    def freeze(self) -> None:
        for flow in self._flows:
            flow.clear()

    def thaw(self) -> None:
        for flow in self._flows:
            flow.set()


@asynccontextmanager
async def cable(url: str) -> AsyncIterator[tuple[Cable, str]]:
    parsed = make_url(url)
    network = Cable(Path(str(parsed.query["host"])) / ".s.PGSQL.5432")
    server = await asyncio.start_server(network.carry, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield network, f"postgresql+asyncpg://{parsed.username}@127.0.0.1:{port}/{parsed.database}?ssl=disable"
    finally:
        network.thaw()
        server.close()


async def test_a_connection_that_dies_without_a_word_is_found_dead_and_locks_its_own_bot_out_no_longer(
    url: str, store: Store, monkeypatch, caplog
) -> None:
    """The server believes it alive, for a minute or for hours, and would let nobody else have the lock."""
    monkeypatch.setattr("bot.store.sole_bot._HEARTBEAT", 0.2)
    monkeypatch.setattr("bot.store.sole_bot._PATIENCE", 20.0)
    async with cable(url) as (network, through_it), SoleBot(through_it) as sole_bot:
        watching = asyncio.create_task(store.stay_alone(sole_bot))
        await asyncio.sleep(0.3)
        assert "nothing is written" not in caplog.text
        network.freeze()
        await until_told(caplog, "alone again")
        await store.guilds.ensure(1)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_file_has_its_own_lock_and_needs_no_watching(url: str, store: Store) -> None:
    async with SoleBot(url) as first, SoleBot(url):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(store.stay_alone(first), 0.05)
        await store.guilds.ensure(1)
