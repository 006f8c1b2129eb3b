"""Guilds that come and go, against a real database: what is written down, asked, kept and deleted, and when."""

import asyncio
import logging
import sqlite3
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from bot.services import Guilds
from bot.services.departures import Answer, Patience
from bot.services.guilds import GuildTiming
from bot.services.lookout import LookoutTiming
from bot.services.perseverance import Backoff
from bot.store.values import Holdings
from bot.terms import Action, PanelKind

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
GUILD, OTHER = 900, 901
ROLE = 70
ALL, KEYLESS, NONE = Holdings(1, 1, 1, 1, 1), Holdings(1, 0, 1, 1, 1), Holdings(0, 0, 0, 0, 0)
TIMING = GuildTiming(lookout=LookoutTiming(again=0.0, routine=1e9), backoff=Backoff(first=0.01, longest=0.05))


class Discord:
    """Says of guilds what a test has it say; a guild that is not `here` is gone."""

    def __init__(self):
        self.here = {GUILD}
        self.answers = {}
        self.asked = []
        self.listing = True
        self.cached = {}
        self.rest_roles = {}

    async def listed(self):
        return frozenset(self.here) if self.listing else None

    async def ask(self, guild_id):
        self.asked.append(guild_id)
        return self.answers.get(guild_id, Answer.HERE if guild_id in self.here else Answer.GONE)

    def roles_known(self, guild_id):
        return self.cached.get(guild_id)

    async def roles(self, guild_id):
        self.asked.append(("roles", guild_id))
        return self.rest_roles.get(guild_id)


class Place:
    """The service, step by step, with a clock that stands still until it is moved."""

    def __init__(self, store, timing=TIMING):
        self.store, self.timing = store, timing
        self.discord = Discord()
        self.now = datetime(2026, 12, 1, 12, tzinfo=UTC)
        self.woken, self.forgotten = [], []
        self.start()

    def start(self):
        """Begin a new life of the program."""
        self.guilds = Guilds(
            self.store,
            changed=self.woken.append,
            rights_changed=lambda _guild_id: None,
            channel_gone=lambda *_: None,
            forget=lambda key, _panel, _servers: self.forgotten.append(key and key.key),
            timing=self.timing,
            now=lambda: self.now,
        )
        self.lookout = self.guilds._lookout(self.discord)

    async def step(self, wait=timedelta()):
        """Let time pass, and everything be done that is due then; return after how long there is more to do."""
        self.now += wait
        for _round in range(4):  # each may give the next one something to do
            self.guilds._news.clear()
            await self.guilds._write()
            seconds = await self.guilds._ask(self.lookout)
        return timedelta(seconds=seconds)

    async def fill(self, guild_id=GUILD):
        panel = await self.store.panels.add(
            guild_id, "https://panel.example", PanelKind.PTERODACTYL, "Main", f"ptlc_of_{guild_id}"
        )
        server = await self.store.servers.link(guild_id, panel.id, "Castle", "abc", f"uuid-{guild_id}")
        await self.store.grants.add(guild_id, ROLE, [Action.VIEW])
        await self.store.relays.add(guild_id, server.id, guild_id + 5)

    async def has(self, guild_id=GUILD):
        return await self.store.departures.holdings(guild_id)


@pytest.fixture
async def place(store):
    """A guild with one of everything, in which the bot is."""
    place = Place(store)
    await place.fill()
    place.guilds.here(GUILD)
    place.guilds.connected()
    await place.step()
    return place


async def test_a_removal_costs_the_keys_a_minute_later_when_discord_says_so_again(place, caplog):
    place.discord.here.clear()
    place.guilds.left(GUILD)
    await place.step()
    assert await place.has() == ALL
    assert place.discord.asked == []
    await place.step(MINUTE - timedelta(seconds=1))
    assert (await place.has(), place.discord.asked) == (ALL, [])
    await place.step(timedelta(seconds=1))
    assert await place.has() == KEYLESS
    assert place.forgotten == [f"ptlc_of_{GUILD}"]
    assert f"guild {GUILD}: the keys of its panels (1) were deleted" in caplog.text
    (panel,) = await place.store.panels.list(GUILD)
    assert not panel.has_key
    assert await place.store.panels.key(GUILD, panel.id) is None


async def test_everything_else_goes_after_seven_days_on_each_of_which_discord_said_so(place, caplog):
    place.discord.here.clear()
    place.guilds.left(GUILD)
    await place.step(MINUTE)
    await place.step(MINUTE)
    for _day in range(7):
        assert await place.has() == KEYLESS
        assert timedelta() < await place.step() <= DAY
        await place.step(DAY)
    assert await place.has() == NONE
    assert await place.store.guilds.all() == []
    assert "panels 1, keys 0, servers 1, grants 1, relays 1" in caplog.text
    assert place.woken[-1] == GUILD


async def test_a_removal_that_discord_denies_when_asked_costs_nothing(place):
    place.guilds.left(GUILD)
    await place.step()
    assert await place.guilds.away() == {GUILD}
    await place.step(MINUTE)
    assert await place.guilds.away() == frozenset()
    assert (await place.has(), await place.store.departures.all()) == (ALL, {})
    assert place.woken == [GUILD, GUILD], "its relays stopped, and go on"


@pytest.mark.parametrize("sign", ["here", "spoke"])
async def test_a_sign_of_life_ends_it_at_any_time(place, sign):
    place.discord.here.clear()
    place.guilds.left(GUILD)
    await place.step(MINUTE)
    await place.step(MINUTE)
    for _day in range(6):
        await place.step(DAY)
    getattr(place.guilds, sign)(GUILD)
    if sign == "here":
        place.discord.here.add(GUILD)
    await place.step()
    assert await place.has() == KEYLESS
    assert await place.guilds.away() == frozenset()
    for _day in range(20):
        place.guilds.connected()
        await place.step(DAY)
    assert await place.has() == KEYLESS


async def test_a_guild_without_the_bot_is_never_missed(place):
    """Commands can be used in it, the gateway never shows it, and REST knows nothing of it."""
    await place.fill(OTHER)
    for _day in range(30):
        place.guilds.connected()
        place.guilds.spoke(OTHER) if _day == 0 else None
        await place.step(DAY)
    assert (await place.has(OTHER), place.discord.asked) == (ALL, [])


async def test_no_answer_deletes_nothing_however_long_it_stays_away(place):
    place.discord.here.clear()
    place.discord.answers[GUILD] = Answer.NONE
    place.guilds.left(GUILD)
    for _day in range(30):
        place.guilds.connected()
        await place.step(DAY)
    assert await place.has() == ALL
    del place.discord.answers[GUILD]
    place.guilds._to_ask.set()
    await place.step()
    assert await place.has() == KEYLESS


async def test_a_guild_left_while_nobody_looked_keeps_its_keys_for_the_grace(place, caplog):
    place.discord.here.clear()
    place.start()
    place.guilds.connected()
    await place.step()
    assert await place.guilds.away() == {GUILD}
    assert "1 guilds were left while nobody looked (900)" in caplog.text
    for _day in range(6):
        await place.step(DAY)
        assert await place.has() == ALL
    await place.step(DAY)
    assert (await place.has(), place.forgotten) == (NONE, [f"ptlc_of_{GUILD}"])


@pytest.mark.parametrize("trouble", ["no list", "still there", "no answer"])
async def test_a_guild_missing_from_what_is_known_is_not_left_for_that(place, trouble):
    place.discord.here.clear()
    place.discord.listing = trouble != "no list"
    place.discord.answers[GUILD] = {"still there": Answer.HERE}.get(trouble, Answer.NONE)
    for _day in range(30):
        place.guilds.connected()
        await place.step(DAY)
    assert (await place.has(), await place.store.departures.all()) == (ALL, {})


async def test_what_was_said_before_a_restart_is_not_forgotten(place):
    place.discord.here.clear()
    place.guilds.left(GUILD)
    await place.step()
    place.start()
    assert await place.guilds.away() == {GUILD}
    await place.step(MINUTE)
    assert await place.has() == KEYLESS


async def test_of_many_guilds_only_some_lose_anything_within_an_hour_restarts_included(place, caplog):
    """A wrong list, a wrong proxy, a defect of ours: whoever runs the bot has time to see it."""
    many = range(1000, 1012)
    for guild_id in many:
        await place.fill(guild_id)
        place.guilds.here(guild_id)
    await place.step()
    for guild_id in many:
        place.guilds.left(guild_id)
    await place.step(MINUTE)

    async def keyless():
        return sum([await place.has(guild_id) == KEYLESS for guild_id in many])

    await place.step(MINUTE)
    assert await keyless() == 5
    assert "7 more guilds were left and are due for deletion (" in caplog.text
    for _life in range(3):
        place.start()
        place.guilds.connected()
        await place.step(MINUTE)
    assert await keyless() == 5
    for expected in (10, 12, 12):
        await place.step(timedelta(hours=1))
        assert await keyless() == expected
    assert await place.has() == ALL


async def test_a_guild_of_which_nothing_is_stored_takes_nobodys_turn(place):
    for guild_id in range(1000, 1012):
        place.guilds.here(guild_id)
        place.guilds.left(guild_id)
        await place.step()
    place.discord.here.clear()
    place.guilds.left(GUILD)
    await place.step(MINUTE)
    await place.step(MINUTE)
    assert await place.has() == KEYLESS
    for _day in range(8):
        await place.step(DAY)
    assert await place.store.guilds.all() == []


async def test_a_sign_of_life_that_comes_with_the_answer_counts_more_than_that(place):
    async def rejoined(guild_id):
        place.guilds.here(guild_id)
        return Answer.GONE

    place.guilds.left(GUILD)
    await place.step()
    place.discord.ask = rejoined
    place.now += MINUTE
    await place.guilds._ask(place.lookout)
    assert await place.has() == ALL
    await place.guilds._write()
    assert await place.store.departures.all() == {}


async def test_a_removal_that_comes_with_an_older_answer_counts_more_than_that(place):
    async def removed(guild_id):
        place.guilds.left(guild_id)
        return Answer.HERE

    place.guilds.left(GUILD)
    await place.step()
    place.discord.ask = removed
    place.now += MINUTE
    await place.guilds._ask(place.lookout)
    await place.guilds._write()
    assert await place.guilds.away() == {GUILD}


async def test_a_deleted_role_loses_its_grants_and_no_other_does(place, caplog):
    caplog.set_level(logging.INFO)
    await place.store.grants.add(GUILD, 71, [Action.VIEW])
    place.guilds.role_deleted(GUILD, ROLE)
    place.guilds.role_deleted(GUILD, 99)
    await place.step()
    assert [grant.role_id for grant in await place.store.grants.list(GUILD)] == [71]
    assert "what role 70 was allowed was deleted (grants: 1): Discord said that the role was deleted" in caplog.text
    assert "role 99" not in caplog.text


@pytest.mark.parametrize(
    ("cached", "rest", "left"),
    [
        (None, {GUILD}, [ROLE]),
        ({GUILD}, None, [ROLE]),
        ({GUILD}, set(), [ROLE]),
        ({GUILD}, {GUILD, ROLE}, [ROLE]),
        ({GUILD, ROLE}, {GUILD}, [ROLE]),
        ({GUILD}, {GUILD}, []),
    ],
    ids=["outage", "no answer", "not the guild's list", "still there", "never missed", "both say so"],
)
async def test_a_role_that_is_missing_keeps_its_grants_until_rest_says_that_it_is_gone(place, cached, rest, left):
    place.discord.cached = {GUILD: cached}
    place.discord.rest_roles = {GUILD: rest}
    place.guilds.connected()
    await place.step()
    assert [grant.role_id for grant in await place.store.grants.list(GUILD)] == left


async def test_discord_in_trouble_is_not_asked_about_every_guild(place):
    for guild_id in range(1000, 1050):
        place.guilds.here(guild_id)
        place.discord.answers[guild_id] = Answer.NONE
    await place.step()
    place.guilds.connected()
    await place.guilds._ask(place.lookout)
    assert len(place.discord.asked) == 3


@asynccontextmanager
async def running(place):
    """The service as the program runs it."""
    remembered = asyncio.Event()

    async def remember():
        remembered.set()

    task = asyncio.create_task(place.guilds.run(place.discord, remember))
    try:
        await remembered.wait()
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition):
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - conditions of many kinds, none of which can signal
            await asyncio.sleep(0.01)


@contextmanager
def locked(tmp_path):
    """Another process writes, and takes its time."""
    connection = sqlite3.connect(tmp_path / "data/wingcord.db")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@pytest.fixture
async def impatient(store, monkeypatch):
    """A place whose database gives up soon where it is locked, and whose time is real and fast."""
    monkeypatch.setattr("bot.store.database.PATIENCE", 0.05)
    patience = Patience(second_word=timedelta(seconds=0.1), day=timedelta(seconds=0.2), days=2)
    place = Place(store, GuildTiming(patience, LookoutTiming(again=0.05, routine=3600), TIMING.backoff))
    place.guilds._now = lambda: datetime.now(UTC)
    await place.fill()
    return place


async def test_thrown_out_while_the_database_is_locked_the_keys_go_when_it_is_not(impatient, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    place = impatient
    async with running(place):
        place.guilds.here(GUILD)
        await until(lambda: _is(place.store.guilds.members(), {GUILD}))
        with locked(tmp_path):
            place.discord.here.clear()
            place.guilds.left(GUILD)
            place.guilds.role_deleted(GUILD, ROLE)
            assert await place.guilds.away() == {GUILD}, "its relays stop all the same"
            await until(lambda: _is(_count(caplog, "it did not work"), 3))
            assert await place.has() == ALL
        await until(lambda: _is(place.has(), Holdings(1, 0, 1, 0, 1)))
        await until(lambda: _is(place.has(), NONE))
    assert "what Discord said of guilds: done now, after" in caplog.text
    assert "Traceback" not in caplog.text


async def test_what_is_looked_for_at_the_start_is_looked_for_until_the_database_lets_it(impatient, tmp_path, caplog):
    place = impatient
    async with running(place):
        place.guilds.here(GUILD)
        await until(lambda: _is(place.store.guilds.members(), {GUILD}))
    place.start()
    place.discord.here.clear()
    place.discord.cached, place.discord.rest_roles = {OTHER: {OTHER}}, {OTHER: {OTHER}}
    await place.store.grants.add(OTHER, ROLE, [Action.VIEW])
    async with running(place):
        with locked(tmp_path):
            place.guilds.connected()
            await until(lambda: _is(_count(caplog, "the look for guilds: it did not work"), 2))
        await until(lambda: _is(place.guilds.away(), {GUILD}))
        await until(lambda: _is(place.has(OTHER), Holdings(0, 0, 0, 0, 0)))


async def test_nothing_is_written_before_it_is_known_whose_guilds_these_are(impatient, caplog):
    place, tries = impatient, []
    place.guilds.left(GUILD)
    place.guilds.connected()
    place.discord.here.clear()

    async def remember():
        tries.append(await place.store.departures.all())
        if len(tries) < 4:
            raise OSError("the disk is full")

    task = asyncio.create_task(place.guilds.run(place.discord, remember))
    await until(lambda: _is(place.has(), KEYLESS))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert tries == [{}] * 4
    assert "whose database this is: it did not work (attempt 1; OSError: the disk is full)" in caplog.text


async def test_a_defect_is_told_with_its_traceback_and_stops_nothing_else(place, monkeypatch, caplog):
    async def broken(*_arguments):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(place.store.departures, "put", broken)
    async with running(place):
        place.guilds.left(GUILD)
        place.guilds.role_deleted(GUILD, ROLE)
        await until(lambda: _is(_count(caplog, "it did not work"), 2))
        monkeypatch.undo()
        await until(lambda: _is(place.store.grants.list(GUILD), []))
        assert set(await place.store.departures.all()) == {GUILD}
    assert "ZeroDivisionError: a defect" in caplog.text
    assert "Traceback" in caplog.text


async def _is(value, expected):
    return await value == expected


async def _count(caplog, text):
    """How often the log has it, as far as a number that doubles from line to line is concerned."""
    return min(sum(text in record.getMessage() for record in caplog.records), 3)
