"""A database that cannot be used just now: one sentence for whoever asked, one line for the owner, and nothing is lost."""

import asyncio
import logging
import resource
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, make_url, select, text

from bot.errors import BotError, StoreTrouble, StoreUnavailable
from bot.store.store import Store
from bot.store.tables import GuildRow
from bot.store.troubles import Doing, TroubleLog, unavailable
from bot.store.values import Outgoing, WaitingBatch, WaitingItem
from bot.terms import PanelKind

from .conftest import on_postgresql, on_sqlite

CUT_EVERYBODY = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
BIG = secrets.token_hex(50_000)
"""More than the pages that an SQLite database has to spare."""
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for other programs are short; the journal tries again soon."""
    monkeypatch.setattr("bot.store.database.PATIENCE", 0.3)
    monkeypatch.setattr("bot.store.database.PATIENCE_OFTEN", 0.3)
    monkeypatch.setattr("bot.store.journal._RETRY", 0.05)
    monkeypatch.setattr("bot.store.journal._RETRY_LEAST", 0.01)


@pytest.fixture
def trouble(
    request: pytest.FixtureRequest, engine: str, url: str, tmp_path: Path
) -> Callable[[Store, StoreTrouble], Any]:
    """Bring a real trouble over the database while the context is entered."""
    if engine == "sqlite":
        file = tmp_path / "data" / "wingcord.db"
        makers: dict[StoreTrouble, Callable[[Store], Any]] = {
            StoreTrouble.BUSY: lambda _: locked_file(file),
            StoreTrouble.FULL: lambda store: pragma(store, "max_page_count", "1", "1073741823"),
            StoreTrouble.READ_ONLY: lambda store: pragma(store, "query_only", "ON", "OFF"),
            StoreTrouble.REPLACED: lambda _: moved_away(file),
            StoreTrouble.BROKEN: lambda _: no_file_may_grow(),
        }
    else:
        server, database = request.getfixturevalue("postgresql"), make_url(url).database
        makers = {
            StoreTrouble.BUSY: lambda _: locked_tables(server, database),
            StoreTrouble.FULL: lambda _: answering(server, database, "53100", "could not extend file: No space left"),
            StoreTrouble.READ_ONLY: lambda _: read_only(server, database),
            StoreTrouble.UNREACHABLE: lambda _: stopped(server),
            StoreTrouble.BROKEN: lambda _: answering(server, database, "58030", "could not write block: I/O error"),
        }
    return lambda store, which: makers[which](store)


@contextmanager
def locked_file(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def pragma(store: Store, name: str, value: str, usual: str) -> Iterator[None]:
    """SQLite itself limits every connection meanwhile."""
    setting = value

    def limit(connection: Any, *_: Any) -> None:
        connection.cursor().execute(f"PRAGMA {name} = {setting}")

    event.listen(store._database.engine.sync_engine, "checkout", limit)
    try:
        yield
    finally:
        setting = usual


@contextmanager
def moved_away(file: Path) -> Iterator[None]:
    away = file.rename(file.with_name("elsewhere"))
    try:
        yield
        assert not file.exists(), "an empty database in its place would be taken for it at the next start"
    finally:
        away.rename(file)


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


@contextmanager
def locked_tables(server: Any, database: str) -> Iterator[None]:
    with server.session(database) as run:
        run("BEGIN")
        run("LOCK TABLE guilds, panels, relay_messages, relay_waiting, relay_tails IN EXCLUSIVE MODE")
        yield
        run("ROLLBACK")


@contextmanager
def answering(server: Any, database: str, code: str, words: str) -> Iterator[None]:
    """Whatever is to be written is answered with this error code of PostgreSQL's."""
    body = f"BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = '{code}'; END"
    server.sql(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$", database)
    tables = ("guilds", "panels", "relay_messages", "relay_waiting")
    for table in tables:
        server.sql(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()", database)
    try:
        yield
    finally:
        server.sql("DROP FUNCTION refuse() CASCADE", database)


@contextmanager
def read_only(server: Any, database: str) -> Iterator[None]:
    server.sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    server.sql(CUT_EVERYBODY, database)
    try:
        yield
    finally:
        server.sql(f"ALTER DATABASE {database} RESET default_transaction_read_only")
        server.sql(CUT_EVERYBODY, database)


@contextmanager
def stopped(server: Any) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


WORDS = {
    StoreTrouble.BUSY: "My database is busy. Nothing was changed. Try again in a moment.",
    StoreTrouble.FULL: "The disk of my database is full. Nothing was changed. Whoever runs this bot must make room on it.",
    StoreTrouble.READ_ONLY: "may only be read just now. Nothing was changed. Whoever runs this bot must let me write to it.",
    StoreTrouble.REPLACED: "was moved, deleted or replaced while I was running. Nothing was changed. Whoever runs this bot",
    StoreTrouble.UNREACHABLE: "cannot be reached. Nothing was changed. Try again in a minute; if it stays so, tell whoever",
    StoreTrouble.BROKEN: "is damaged, or its disk fails. Nothing was changed. Whoever runs this bot finds the details in",
}
HERE = {"sqlite": set(WORDS) - {StoreTrouble.UNREACHABLE}, "postgresql": set(WORDS) - {StoreTrouble.REPLACED}}
EACH = pytest.mark.parametrize(
    ("engine", "which"), [(engine, which) for engine in HERE for which in sorted(HERE[engine])]
)


@EACH
async def test_whoever_asked_is_told_why_and_nothing_is_changed(opened, trouble, which: StoreTrouble, caplog) -> None:
    async with opened() as store:
        await store.guilds.ensure(1)
        with trouble(store, which):
            for _ in range(20):
                with pytest.raises(StoreUnavailable) as refused:
                    await store.panels.add(2, "https://panel.example", PanelKind.PELICAN, "Main", BIG)
                assert refused.value.reason is which
                assert WORDS[which] in str(refused.value)
        assert [record.levelname for record in caplog.records] == ["ERROR"], "one line, however many asked"
        assert "Traceback" not in caplog.text
        assert await store.guilds.all() == [1]
        await store.panels.add(2, "https://panel.example", PanelKind.PELICAN, "Main", BIG)
        assert len(await store.panels.list(2)) == 1
    assert caplog.records[1].getMessage() == "the database can be written to again"


@EACH
async def test_the_journal_loses_nothing_over_a_trouble(opened, trouble, which: StoreTrouble, caplog) -> None:
    """What came before, during and after it is there in order; the owner is told once that it began and once that it ended."""

    def kept(number: int) -> WaitingBatch:
        return WaitingBatch(11, number, (WaitingItem(relay.id, BIG, NOW, b"", False, False),))

    async with opened() as store:
        panel = await store.panels.add(7, "https://panel.example", PanelKind.PELICAN, "Main", "ptlc_key")
        server = await store.servers.link(7, panel.id, "Lobby", "00000001", "u-1")
        relay = await store.relays.add(7, server.id, 11)
        store.journal.keep(kept(1))
        await store.journal.write_ahead(Outgoing(11, "n-1", "before", None, None, NOW, {}))
        with trouble(store, which):
            for number in range(2, 12):
                store.journal.keep(kept(number))
                with pytest.raises(StoreUnavailable):
                    await store.journal.write_ahead(Outgoing(11, f"n-{number}", "during", None, None, NOW, {}))
        await store.journal.write_ahead(Outgoing(11, "n-12", "after", None, None, NOW, {}))
        told = [record.getMessage() for record in caplog.records if record.name == "bot.store.journal"]
    async with opened() as store:
        (batches,) = (await store.journal.waiting()).values()
        assert [batch.first for batch in batches] == list(range(1, 12))
        assert (await store.journal.unsettled())[11].nonce == "n-12"
    assert len(told) == 2
    assert "cannot be written" in told[0] and "is written again" in told[1]
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("engine", "which"), [("sqlite", StoreTrouble.REPLACED), ("postgresql", StoreTrouble.UNREACHABLE)]
)
async def test_what_cannot_even_be_read_is_told_too(opened, trouble, which: StoreTrouble) -> None:
    async with opened() as store:
        with trouble(store, which), pytest.raises(StoreUnavailable, match=r"So I cannot look that up\."):
            await store.guilds.all()
        assert await store.guilds.all() == []


async def test_readers_do_not_wait_for_any_number_of_writers(opened, trouble, monkeypatch) -> None:
    """Twenty writers that wait for another program leave connections for those who only look."""
    monkeypatch.setattr("bot.store.database.PATIENCE", 60.0)
    async with opened() as store:
        with ExitStack() as stack:
            stack.enter_context(trouble(store, StoreTrouble.BUSY))
            writers = [asyncio.create_task(store.guilds.ensure(number)) for number in range(20)]
            await asyncio.sleep(0.05)
            async with asyncio.timeout(5):
                for _ in range(30):
                    assert await store.guilds.all() == []
            assert not any(writer.done() for writer in writers)
            stack.close()
            await asyncio.gather(*writers)
        assert len(await store.guilds.all()) == 20


async def test_writers_get_their_turn_in_the_order_they_came(opened, trouble, monkeypatch) -> None:
    """The journal, which writes all the time, cannot put off a command, nor a command the journal."""
    monkeypatch.setattr("bot.store.database.PATIENCE", 60.0)
    monkeypatch.setattr("bot.store.database.PATIENCE_OFTEN", 60.0)
    async with opened() as store:
        done: list[str] = []

        async def command(number: int) -> None:
            await store.state.set(f"command {number}", "")
            done.append(f"command {number}")

        async def journal(number: int) -> None:
            async with store._database.writing_often() as connection:
                await connection.execute(text("SELECT 1"))
            done.append(f"journal {number}")

        with ExitStack() as stack:
            stack.enter_context(trouble(store, StoreTrouble.BUSY))
            store._database._turns = asyncio.Semaphore(1)
            tasks: list[asyncio.Task[None]] = []
            for number in range(5):
                tasks += [asyncio.create_task(journal(number)), asyncio.create_task(command(number))]
            await asyncio.sleep(0.05)
            stack.close()
            await asyncio.gather(*tasks)
        assert done == [f"{kind} {number}" for number in range(5) for kind in ("journal", "command")]


@on_sqlite
async def test_whoever_gives_up_waiting_does_so_at_once(opened, trouble, monkeypatch) -> None:
    """SQLite's own waiting cannot be cancelled: a look-up with a limit of two seconds would take ten."""
    monkeypatch.setattr("bot.store.database.PATIENCE", 60.0)
    async with opened() as store:
        with trouble(store, StoreTrouble.BUSY):
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await store.guilds.ensure(1)
            assert time.monotonic() - began < 5
        await store.guilds.ensure(2)
        assert await store.guilds.all() == [2]


@on_sqlite
async def test_a_database_that_was_replaced_is_not_written_to(opened, tmp_path: Path, new_sqlite) -> None:
    """A backup laid in its place would be half old and half new; what was written to the old file would be gone."""
    file = tmp_path / "data" / "wingcord.db"
    async with opened() as store:
        await store.guilds.ensure(1)
        file.unlink()
        with pytest.raises(StoreUnavailable):
            await store.guilds.ensure(2)
        new_sqlite(file)
        with pytest.raises(StoreUnavailable) as refused:
            await store.guilds.ensure(2)
        assert refused.value.reason is StoreTrouble.REPLACED
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT count(*) FROM guilds WHERE id = 2").fetchone() == (0,)


@on_postgresql
@pytest.mark.parametrize("kindly", [True, False])
async def test_after_a_restart_of_the_database_nobody_meets_a_dead_connection(opened, postgresql, kindly: bool) -> None:
    async with opened() as store:
        await asyncio.gather(*(store.guilds.ensure(number) for number in range(4)))
        await asyncio.gather(*(store.guilds.all() for _ in range(8)))
        if kindly:
            await store._database.engine.dispose()
        postgresql.stop(kindly=kindly)
        postgresql.start()
        for _ in range(20):
            assert len(await store.guilds.all()) == 4
        await store.guilds.ensure(4)


@on_postgresql
@pytest.mark.parametrize(
    ("at_the_end", "words"), [(False, "Nothing was changed."), (True, "Look whether this was still changed before")]
)
async def test_a_connection_lost_in_the_midst_of_it(opened, postgresql, url, at_the_end: bool, words: str) -> None:
    """Where it is lost while the database stores everything, nobody can know whether it did."""
    async with opened() as store:
        with pytest.raises(StoreUnavailable) as refused:
            async with store._database.writing() as session:
                session.add(GuildRow(id=1))
                await session.flush()
                await asyncio.to_thread(postgresql.sql, CUT_EVERYBODY, make_url(url).database)
                if not at_the_end:
                    await session.scalar(select(GuildRow.id))
        assert refused.value.reason is StoreTrouble.UNREACHABLE
        assert words in str(refused.value)
        await store.guilds.ensure(2)
        assert await store.guilds.all() == [2]


@on_postgresql
async def test_two_transactions_in_each_others_way_are_told_as_being_busy(opened, monkeypatch) -> None:
    monkeypatch.setattr("bot.store.database.PATIENCE", 10.0)
    async with opened() as store:
        await asyncio.gather(store.guilds.ensure(1), store.guilds.ensure(2))
        met = asyncio.Barrier(2)

        async def both(first: int, second: int) -> None:
            async with store._database.writing() as session:
                await session.get(GuildRow, first, with_for_update=True)
                await met.wait()
                await session.get(GuildRow, second, with_for_update=True)

        results = await asyncio.gather(both(1, 2), both(2, 1), return_exceptions=True)
        (loser,) = [result for result in results if result is not None]
        assert isinstance(loser, StoreUnavailable) and loser.reason is StoreTrouble.BUSY


@on_sqlite
async def test_a_defect_is_no_trouble_of_the_database(store: Store) -> None:
    for defect in ("SELECT no_such_column FROM guilds", "INSERT INTO guilds (id) VALUES (NULL)", "SELECT FROM WHERE"):
        with pytest.raises(Exception) as raised:  # noqa: PT011
            async with store._database.writing() as session:
                await session.execute(text(defect))
        assert not isinstance(raised.value, BotError)


@on_postgresql
async def test_a_defect_on_postgresql_is_none_either(store: Store) -> None:
    for defect in ("SELECT no_such_column FROM guilds", "INSERT INTO guilds (id) VALUES (NULL)", "SELECT 1/0"):
        with pytest.raises(Exception) as raised:  # noqa: PT011
            async with store._database.writing() as session:
                await session.execute(text(defect))
        assert not isinstance(raised.value, BotError)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_trouble_that_lasts_is_told_once_a_minute(caplog, engine) -> None:
    now = 0.0
    log = TroubleLog(lambda: now)
    full, away = (unavailable(which, Doing.WRITING) for which in (StoreTrouble.FULL, StoreTrouble.UNREACHABLE))
    with caplog.at_level(logging.INFO):
        for second in range(121):
            now = float(second)
            log.note(full, Doing.WRITING, OSError("no space left"))
            log.over(Doing.READING)  # reading goes well all the while
        assert [record.levelname for record in caplog.records] == ["ERROR"] * 3
        assert "no space left (59 more were not told)" in caplog.records[1].getMessage()
        log.note(away, Doing.READING, None)
        caplog.clear()
        log.over(Doing.WRITING)
        log.over(Doing.WRITING)
        log.over(Doing.READING)
    assert [record.getMessage() for record in caplog.records] == ["the database can be written to again"]
