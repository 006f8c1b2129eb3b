"""Relays from console to channel, and the supervisor that keeps them running."""

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import metrics, time_slice
from bot.console.events import (
    Connected,
    ConsoleLine,
    DaemonError,
    DaemonMessage,
    Disconnected,
    InstallCompleted,
    InstallStarted,
    LinesDropped,
    LinesThrottled,
    Parked,
    ServerDeleted,
    StatsUpdated,
    StatusChanged,
)
from bot.console.marks import mark
from bot.errors import BadInput, ConsoleRefused, PanelUnreachable
from bot.relay.connection import RelayTiming
from bot.relay.guild import Equipment, SupervisorTiming
from bot.relay.pace import Pace, Paces
from bot.relay.sink import ChannelForbidden, ChannelGone
from bot.relay.supervisor import RelaySupervisor
from bot.relay.turns import Turns
from bot.store.values import WaitingBatch, WaitingItem
from bot.terms import PowerState, RelayStyle
from bot.text.filters import LineFilter
from bot.vitals import DeliveredTail, RelayState

from .conftest import GUILD, QUICK, MemoryJournal, ScriptedConsole, at, masking, until, wanted


class World:
    """A supervisor with consoles by server id."""

    def __init__(self, sink, relays, **options):
        self.sink = sink
        self.relays = list(relays)
        self.consoles = {}
        self.reports = []
        self.pasts = []
        self.journal = options.setdefault("journal", MemoryJournal())
        self.reading_fails = 0
        self.reads = []
        self.owners = {}
        paces = Paces(Turns(100_000))
        for channel in range(1, 30):
            paces._channels[channel] = Pace(limit=100_000, remaining=100_000, window=0.01)
        timing = {
            "timing": SupervisorTiming(retry=0.02, rest=0, recheck=0.2, hasten=0.02, drain=0.2),
            "relay_timing": RelayTiming(announce_loss=0.05),
            "outbox_timing": QUICK,
            "redactor": masking,
        }
        self.supervisor = RelaySupervisor(
            wanted=self.read,
            equipment=Equipment(
                open_console=self.open, sink=sink, paces=paces, report=self.report, **(timing | options)
            ),
        )

    async def read(self, guild_id):
        self.reads.append(guild_id)
        if self.reading_fails:
            self.reading_fails -= 1
            raise RuntimeError("the database is locked")
        return [one for one in self.relays if guild_id in (None, one.relay.guild_id)]

    def wake(self, guild_id=GUILD):
        self.supervisor.wake(guild_id)

    def open(self, one, past):
        self.pasts.append(past)
        self.owners[one.relay.id] = time_slice._owner.get()
        return self.consoles.setdefault(one.relay.id, ScriptedConsole())

    async def report(self, one, error):
        self.reports.append((one.relay.id, error))

    def console(self, relay_id=1):
        return self.consoles[relay_id]

    def health(self, relay_id=1, guild_id=GUILD):
        return self.supervisor.health(guild_id, relay_id)

    async def opened(self, *relay_ids):
        await until(lambda: all(i in self.consoles and self.consoles[i].open for i in relay_ids or (1,)))

    async def shows(self, text, channel_id=1):
        await until(lambda: text in self.sink.text(channel_id))


@asynccontextmanager
async def running(sink, *relays, **options):
    world = World(sink, relays or [wanted()], **options)
    task = asyncio.create_task(world.supervisor.run())
    try:
        yield world
    finally:
        await world.supervisor.close(1)
        await task


BEGINS = "-# The console of Survival is shown from here on."


async def test_a_new_relay_marks_where_it_begins_and_one_that_goes_on_does_not(sink):
    async with running(sink) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        await world.shows(BEGINS)
        world.console().put(Disconnected(at(5), "gone."), Connected(at(8), lost_at=at(5)))
        world.console().say("later")
        await world.shows("later")
    assert sink.text().count(BEGINS) == 1


async def test_lines_go_from_console_to_channel(sink):
    async with running(sink) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        world.console().say("\x1b[32mone\x1b[0m", "two\r\nthree", "\x1b[K", "10%\r20%")
        await until(lambda: "20%" in sink.lines())
        health = world.health()
        (series,) = metrics.relays.source()
    assert (series.relay_id, series.server, series.health) == (1, "Survival", health)
    assert sink.lines() == ["\x1b[32mone\x1b[0m", "two", "three", "\u200b", "20%"]
    assert sink.messages[1][0].startswith(f"{BEGINS}\n```ansi\n")
    assert health.state is RelayState.LIVE
    assert (health.delivered, health.lost, health.queued_lines, health.queued_bytes) == (5, 0, 0, 0)
    assert health.connected_since == health.last_line_at == at(0)
    assert health.last_error is None


async def test_the_rest_of_a_start_up_command_goes_with_its_first_line(sink):
    """A filter that hides the line by which the command is known must not bring the rest of it to light."""
    async with running(sink, wanted(exclude="container@")) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        world.console().say(
            "hello",
            "container@pterodactyl~ java \\",
            "  server.jar \\",
            "  Sup3rTok3n \\",
            "  -Dname=x",
            "Loading",
            "a \\",
        )
        await until(lambda: "a \\" in sink.lines())
    assert sink.lines() == ["hello", "Loading", "a \\"]


@pytest.mark.parametrize("exclude", ["STARTUP", "container"])
async def test_a_start_up_command_that_was_announced_is_shown_by_no_filter(sink, exclude):
    """Whichever of both lines is hidden, the command is not shown, and what the game says is."""
    async with running(sink, wanted(exclude=exclude)) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        world.console().say(
            "[STARTUP]: Starting server with the following startup command:",
            "/home/container/srv Sup3rTok3n -port 1",
            "12:34:56 Loading",
            "done",
        )
        await until(lambda: "done" in sink.lines())
    assert sink.lines()[-2:] == ["12:34:56 Loading", "done"]
    assert "Sup3rTok3n" not in sink.text()


async def test_the_options_of_a_relay_hold(sink):
    relay = wanted(style=RelayStyle.PLAIN, include="join|chat", exclude="bot", redact=True)
    async with running(sink, relay) as world:
        await world.opened()
        world.console().say("\x1b[32mSteve[/203.0.113.9:1] jo\x1b[0mined", "saved", "bot joined", "chat: 203.0.113.9")
        await until(lambda: len(sink.lines()) == 2)
    assert sink.messages[1][0].startswith("```\n")
    mark = masking(relay.relay.server_id).redact("203.0.113.9")
    assert sink.lines() == [f"Steve[/{mark}] joined", f"chat: {mark}"]


async def test_without_redaction_addresses_are_shown(sink):
    async with running(sink, wanted(redact=False)) as world:
        await world.opened()
        world.console().say("from 203.0.113.9")
        await world.shows("203.0.113.9")


async def test_status_changes_are_announced_and_the_first_state_is_no_news(sink):
    async with running(sink, wanted(name="My_Server")) as world:
        await world.opened()
        world.console().put(
            StatusChanged(PowerState.OFFLINE),
            StatusChanged(PowerState.STARTING, PowerState.OFFLINE),
            StatusChanged(PowerState.UNKNOWN, PowerState.STARTING),
            StatusChanged(PowerState.STARTING),
            StatusChanged(PowerState.RUNNING, PowerState.STARTING),
            StatsUpdated(PowerState.RUNNING, 1, 1.0, 1),
            DaemonError("x"),
        )
        await world.shows("running")
    assert sink.text() == "🔄 **My\\_Server** is starting\n▶ **My\\_Server** is running"


async def test_other_news_are_told(sink):
    async with running(sink) as world:
        await world.opened()
        world.console().put(
            InstallStarted(),
            DaemonMessage("pulling"),
            InstallCompleted(),
            LinesDropped(7),
            LinesThrottled(),
            ServerDeleted(),
        )
        await world.shows("deleted")
        assert world.health().lost == 7
    assert "🛠 **Survival** is being installed\n```ansi\npulling\n```\n🛠 The installation" in sink.text()
    assert "✂ 7 lines left out here" in sink.text()
    assert "✂ Lines of **Survival** are missing here, nobody knows how many" in sink.text()


async def test_a_short_loss_is_not_worth_a_word(sink):
    async with running(sink, relay_timing=RelayTiming(announce_loss=30)) as world:
        await world.opened()
        world.console().put(Connected(at(0)), Disconnected(at(5), "gone."))
        await until(lambda: world.health().state is RelayState.LOST)
        assert world.health().last_error == "gone."
        world.console().put(Connected(at(8), lost_at=at(5), recovered=1))
        world.console().put(ConsoleLine("missed", at(8), recovered=True))
        await world.shows("missed")
        assert world.health().reconnects == 1
    assert sink.text() == f"{BEGINS}\n```ansi\nmissed\n```"


async def test_a_long_loss_and_the_return_are_told_once_each(sink):
    async with running(sink) as world:
        await world.opened()
        world.console().put(Connected(at(0)), Disconnected(at(5), "The node is away."))
        world.console().put(Disconnected(at(9), "The node is still away."))
        await world.shows("I keep trying")
        world.console().put(Connected(at(185), lost_at=at(5), recovered=2))
        await world.shows("is back")
    since = int(at(5).timestamp())
    assert f"⚠ No console of **Survival** since <t:{since}:T>. The node is still away. I keep trying." in sink.text()
    assert "is back after 3 minutes; the 2 missed lines follow." in sink.text()
    assert sink.text().count("No console of") == 1


async def test_a_filtered_relay_promises_no_number_of_lines(sink):
    async with running(sink, wanted(include="CHAT")) as world:
        await world.opened()
        world.console().put(Connected(at(0)), Disconnected(at(5), "The node is away."))
        await world.shows("I keep trying")
        world.console().put(Connected(at(185), lost_at=at(5), recovered=2))
        world.console().put(Connected(at(300), lost_at=at(290), recovered=2, complete=False))
        await world.shows("may be missing.")
    assert "is back after 3 minutes." in sink.text()
    assert "missed" not in sink.text()


async def test_lines_that_may_be_missing_are_always_told(sink):
    async with running(sink, relay_timing=RelayTiming(announce_loss=30)) as world:
        await world.opened()
        world.console().put(Connected(at(0)), Disconnected(at(5), "x"), Connected(at(9), lost_at=at(5), complete=False))
        await world.shows("missing")
    first, last = (int(at(s).timestamp()) for s in (5, 9))
    assert f"lines between <t:{first}:T> and <t:{last}:T> may be missing" in sink.text()


async def test_a_parked_console_is_told_once_with_its_reason(sink):
    async with running(sink) as world:
        await world.opened()
        world.console().put(Parked(at(0), ConsoleRefused("The key may not see the console.")))
        world.console().put(Parked(at(60), ConsoleRefused("The key may not see the console.")))
        world.console().say("x")
        await world.shows("```ansi\nx\n```")
        assert world.health().state is RelayState.PARKED
        assert world.health().last_error == "The key may not see the console."
        world.console().put(Connected(at(90)))
        await world.shows("is back")
    assert sink.text().count("There is no console of **Survival** for now: The key may not see the console.") == 1


async def test_two_relays_of_one_server_have_a_listener_and_a_writer_each(sink):
    async with running(sink, wanted(1, channel_id=1), wanted(2, channel_id=2, exclude="secret")) as world:
        await world.opened(1, 2)
        for relay_id in (1, 2):
            world.console(relay_id).say("secret", "open")
        await until(lambda: sink.lines(1) == ["secret", "open"] and sink.lines(2) == ["open"])


async def test_servers_that_share_a_channel_are_named(sink):
    relays = wanted(1, 1, 5, "One"), wanted(2, 2, 5, "Two")
    async with running(sink, *relays) as world:
        await world.opened(1, 2)
        world.console(1).say("a")
        await world.shows("a", 5)
        world.console(2).say("b")
        await world.shows("b", 5)
        world.console(2).say("c")
        await world.shows("c", 5)
    assert sink.messages[5] == ["-# One\n```ansi\na\n```", "-# Two\n```ansi\nb\n```", "```ansi\nc\n```"]


async def test_relays_start_and_stop_as_the_rows_say(sink):
    async with running(sink, wanted(1)) as world:
        await world.opened(1)
        world.relays = [wanted(2, 2, 2, "Two")]
        world.wake()
        await world.opened(2)
        await until(lambda: not world.console(1).open)
        assert world.health(1) is None
        assert world.health(2).state is RelayState.CONNECTING
        assert world.consoles[1].opened == world.consoles[2].opened == 1
        world.wake()
        world.console(2).say("x")
        await world.shows("x", 2)
        assert world.console(2).opened == 1


async def test_a_changed_row_restarts_its_relay_and_keeps_the_count(sink):
    async with running(sink, wanted(1)) as world:
        await world.opened()
        world.console().say("a")
        await world.shows("a")
        world.relays = [wanted(1, exclude="b")]
        world.wake()
        await until(lambda: world.console().opened == 2)
        world.console().say("b", "c")
        await world.shows("c")
        assert world.health().delivered == 2
    assert sink.lines() == ["a", "c"]


async def test_a_dead_channel_parks_its_relays_and_hurts_no_other(sink):
    sink.failures[1] = [ChannelGone("The channel is gone.")]
    async with running(sink, wanted(1), wanted(2, 2, 2)) as world:
        await world.opened(1, 2)
        world.console(1).say("x")
        await until(lambda: world.reports)
        assert not world.console(1).open
        assert [(i, str(e)) for i, e in world.reports] == [(1, "The channel is gone.")]
        health = world.health(1)
        assert health.state is RelayState.PARKED and health.channel_gone
        assert health.last_error == "The channel is gone."
        assert (health.lost, health.queued_lines) == (0, 0)
        assert [item.text for batch in world.journal.batches for item in batch.items] == []
        assert "x" in world.journal.messages[1].content, "refused once is not deleted: what was to be said is kept"
        world.console(2).say("y")
        await world.shows("y", 2)
        world.wake()
        await asyncio.sleep(0.3)  # longer than the recheck of a forbidden channel
        assert world.console(1).opened == 1
        assert len(world.reports) == 1


async def test_a_channel_that_is_deleted_parks_its_relays_though_nothing_is_to_be_said(sink):
    async with running(sink, wanted(1), wanted(2, 2, 2)) as world:
        await world.opened(1, 2)
        world.supervisor.channel_gone(GUILD, 1)
        world.supervisor.channel_gone(GUILD, 99)
        world.supervisor.channel_gone(99, 1)
        await until(lambda: world.reports)
        ((relay_id, error),) = world.reports
        assert (relay_id, type(error)) == (1, ChannelGone)
        assert world.health(1).state is RelayState.PARKED
        world.console(2).say("y")
        await world.shows("y", 2)


async def test_a_forbidden_channel_is_tried_again_later_and_not_reported_again(sink):
    """What was to be said then is said first: nobody has deleted it."""
    sink.failures[1] = [ChannelForbidden("no right"), ChannelForbidden("no right")]
    async with running(sink) as world:
        await world.opened()
        world.console().say("x", "y")
        await until(lambda: world.reports)
        await world.shows("y")
        await world.opened()
        world.console().say("z")
        await world.shows("z")
    assert sink.lines() == ["x", "y", "z"]
    assert len(world.reports) == 1


async def test_relays_of_a_guild_that_the_bot_left_stop_at_once_and_go_on_where_they_were(sink):
    """What waits stays where it is, and nobody is told: there is nobody to tell, nor anything wrong with the relay."""
    async with running(sink, wanted(1), wanted(2, 2, 2)) as world:
        await world.opened(1, 2)
        world.console(1).put(Connected(at(0)))
        await world.shows(BEGINS)
        sink.gate.clear()
        world.console(1).say("a", "b")
        await until(lambda: world.health().queued_lines == 2 and len(sink.calls) == 2)
        world.console(1).say("c")
        await until(lambda: world.health().queued_lines == 3)
        world.relays = [replace(one, away=True) for one in world.relays]
        world.wake()
        await until(lambda: not world.console(1).open and not world.console(2).open)
        sink.gate.set()
        world.supervisor.rights_changed(GUILD)
        world.wake()
        await asyncio.sleep(0.3)  # longer than the recheck of a forbidden channel
        assert world.console(1).opened == world.console(2).opened == 1
        assert world.health() is None and world.reports == []
        world.relays = [replace(one, away=False) for one in world.relays]
        world.wake()
        await world.opened(1, 2)
        assert world.pasts[-2].marks == b"".join(map(mark, ("a", "b", "c")))
        world.console(1).say("d")
        await world.shows("d")
    assert sink.lines() == ["a", "b", "c", "d"]
    assert world.reports == []


async def test_relays_of_a_guild_that_was_left_before_the_start_wait_for_it_to_come_back(sink):
    journal = MemoryJournal()
    waiting = WaitingItem(1, "left", datetime.now(UTC), mark("left"), notice=False, offline=False)
    journal.keep(WaitingBatch(1, 1, (waiting,)))
    journal.delivered[1] = DeliveredTail(mark("before"), at(0))
    async with running(sink, replace(wanted(), away=True), journal=journal) as world:
        await until(lambda: world.reads)
        world.wake()
        await until(lambda: len(world.reads) > 1)
        assert (world.consoles, journal.batches[0].items) == ({}, (waiting,))
        world.relays = [wanted()]
        world.wake()
        await world.opened()
        await world.shows("left")
        assert world.pasts[0].marks == mark("before") + mark("left")


async def test_a_relay_removed_while_the_bot_is_away_leaves_nothing_behind(sink):
    async with running(sink) as world:
        await world.opened()
        sink.gate.clear()
        world.console().say("a", "b")
        await until(lambda: sink.calls)
        world.relays = [replace(wanted(), away=True)]
        world.wake()
        await until(lambda: not world.console().open)
        assert world.journal.messages or world.journal.batches
        world.relays = []
        world.wake()
        await until(lambda: not world.journal.messages and not world.journal.batches)


async def test_a_database_in_trouble_when_the_bot_comes_back_delays_the_relays_and_loses_nothing(sink, caplog):
    async with running(sink) as world:
        await world.opened()
        sink.failures[1] = [ChannelForbidden("no right")]
        world.console().say("a")
        await until(lambda: world.reports)
        world.journal.broken = True
        world.supervisor.rights_changed(GUILD)
        await until(lambda: "cannot be read" in caplog.text)
        assert not world.console().open
        world.journal.broken = False
        await world.shows("a")
    assert "Traceback" not in caplog.text


async def test_naming_a_parked_relay_tries_it_again_at_once(sink):
    sink.failures[1] = [ChannelGone("gone")]
    async with running(sink) as world:
        await world.opened()
        world.console().say("x")
        await until(lambda: world.reports)
        world.supervisor.rights_changed(GUILD)
        await world.opened()
        world.console().say("y")
        await world.shows("y")
    assert sink.lines() == ["x", "y"]


async def test_a_bad_stored_pattern_parks_the_relay_with_its_sentence(sink):
    async with running(sink, wanted(1, include="("), wanted(2, 2, 2)) as world:
        await world.opened(2)
        ((relay_id, error),) = world.reports
        assert relay_id == 1
        assert isinstance(error, BadInput)
        assert world.health(1).state is RelayState.PARKED and not world.health(1).channel_gone
        world.relays[0] = wanted(1, include="ok")
        world.wake()
        await world.opened(1)


async def test_a_relay_that_breaks_at_its_start_is_parked_and_hurts_no_other(sink, caplog, monkeypatch):
    def breaks(include, exclude):
        if include == "broken":
            raise IndexError("a defect")
        return compiles(include, exclude)

    compiles = LineFilter.compile
    monkeypatch.setattr(LineFilter, "compile", breaks)
    async with running(sink, wanted(1, include="broken"), wanted(2, 2, 2), wanted(3, 3, 3, guild_id=8)) as world:
        await world.opened(2, 3)
        world.wake()
        world.relays[0] = wanted(1, include="ok")
        assert world.health(1).state is RelayState.PARKED
        assert "a defect in the bot" in world.health(1).last_error
        world.wake()
        await world.opened(1)
    assert [relay_id for relay_id, _error in world.reports] == [1]
    assert caplog.text.count("IndexError: a defect") == 1


async def test_a_guild_that_breaks_is_tried_again_and_hurts_no_other(sink, caplog):
    failures = 2

    def breaks(server_id):
        nonlocal failures
        if server_id == 1 and failures:
            failures -= 1
            raise ZeroDivisionError("a defect")
        return masking(server_id)

    async with running(sink, wanted(1), wanted(2, 2, 2, guild_id=8), redactor=breaks) as world:
        await world.opened(1, 2)
        world.relays.append(wanted(3, 3, 3, guild_id=9))
        world.wake(9)
        await world.opened(3)
    assert caplog.text.count("ZeroDivisionError: a defect") == 1


async def test_a_defect_that_lasts_does_not_fill_the_log(sink, caplog):
    tries = 0

    def breaks(server_id):
        nonlocal tries
        tries += 1
        raise ZeroDivisionError("a defect")

    async with running(sink, wanted(1), redactor=breaks):
        await until(lambda: tries > 20)
    assert caplog.text.count("ZeroDivisionError: a defect") == 1
    assert len([record for record in caplog.records if record.levelno > logging.INFO]) == 1


async def test_a_console_that_cannot_be_opened_for_long_does_not_fill_the_log(sink, caplog):
    caplog.set_level(logging.INFO)
    async with running(sink) as world:
        await world.opened()
        for _ in range(10):
            opened = world.console().opened
            world.console().put(PanelUnreachable("The panel is away."))
            await until(lambda opened=opened: world.console().opened > opened)
    assert caplog.text.count("The panel is away.") == 1


@pytest.mark.parametrize("error", [PanelUnreachable("The panel is away."), ZeroDivisionError("a defect")])
async def test_a_console_that_breaks_is_opened_again_by_and_by(sink, error, caplog):
    async with running(sink, wanted(1), wanted(2, 2, 2)) as world:
        await world.opened(1, 2)
        world.console(1).put(error, ConsoleLine("after", at(0)))
        await world.shows("after")
        assert world.console(1).opened == 2
        assert world.console(2).opened == 1
    assert str(error) in caplog.text


async def test_a_console_that_ends_is_opened_again(sink):
    async with running(sink) as world:
        await world.opened()
        world.console().put(Connected(at(0)), None)
        await until(lambda: world.console().opened == 2)
        assert world.health().state is RelayState.LOST
        assert "ended" in world.health().last_error


async def test_a_database_in_trouble_stops_nothing(sink, caplog):
    async with running(sink) as world:
        await world.opened()
        world.reading_fails = 2
        world.relays.append(wanted(2, 2, 2))
        world.wake()
        world.console().say("x")
        await world.shows("x")
        await world.opened(1, 2)
    assert "database is locked" in caplog.text


async def test_closing_delivers_what_was_read(sink):
    async with running(sink, outbox_timing=None) as world:
        await world.opened()
        world.console().say(*(f"{n}" for n in range(500)))
        await world.supervisor.close(3)
    assert sink.lines() == [f"{n}" for n in range(500)]
    assert not world.console().open


async def test_closing_takes_no_longer_than_it_may(sink):
    sink.gate.clear()
    async with running(sink, wanted(1), wanted(2, 2, 2)) as world:
        await world.opened(1, 2)
        world.console(1).say("x")
        await until(lambda: sink.calls)
        start = asyncio.get_running_loop().time()
        await world.supervisor.close(0.5)
        assert asyncio.get_running_loop().time() - start < 1
        assert world.health() is None


async def test_the_supervisor_ends_when_cancelled(sink):
    world = World(sink, [wanted()])
    task = asyncio.create_task(world.supervisor.run())
    await world.opened()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await world.supervisor.close(1)
    assert not world.console().open
