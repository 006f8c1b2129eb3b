"""A relay that is removed says goodbye in its channel, and nobody ever waits for that."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.console.events import Connected
from bot.relay import notices
from bot.relay.farewells import Farewells
from bot.relay.guild import SupervisorTiming
from bot.relay.pace import Pace, Paces
from bot.relay.sink import ChannelForbidden, ChannelGone, MessageRefused, SinkUnavailable
from bot.relay.turns import Turns

from .conftest import GUILD, QUICK, at, until, wanted
from .test_supervisor import running

GOODBYE = "-# The console of Survival is no longer shown here."


async def test_the_last_relay_of_a_channel_says_goodbye(sink):
    async with running(sink) as world:
        await world.opened()
        world.console().put(Connected(at(0)))
        world.console().say("hello")
        await world.shows("hello")
        world.relays = []
        world.wake()
        await world.shows(GOODBYE)
        assert not world.console().open
    assert sink.messages[1][-1] == GOODBYE


async def test_where_others_go_on_it_comes_between_their_lines(sink):
    async with running(sink, wanted(1), wanted(2, 2, name="La_bby")) as world:
        await world.opened(1, 2)
        world.console(1).say("a")
        world.console(2).say("b")
        await until(lambda: {"a", "b"} <= set(sink.lines()))
        del world.relays[1]
        world.wake()
        await world.shows("-# The console of La\\_bby is no longer shown here.")
        world.console(1).say("c")
        await world.shows("c")
    assert sink.text().index("no longer shown") < sink.text().index("c\n```")


async def test_relays_that_go_together_say_it_in_one_message(sink):
    """As with a panel that is removed, for each of its channels."""
    async with running(sink, wanted(1), wanted(2, 2, name="Lobby"), wanted(3, 2, channel_id=2, name="Lobby")) as world:
        await world.opened(1, 2, 3)
        world.relays = []
        world.wake()
        await world.shows("-# The console of Lobby is no longer shown here.", 2)
        await world.shows("-# The consoles of Survival, Lobby are no longer shown here.", 1)
    assert sink.text().count("no longer") == 1


async def test_what_waited_and_is_given_up_is_told(sink):
    """Of what was on its way nobody knows."""
    async with running(sink) as world:
        await world.opened()
        sink.gate.clear()
        world.console().say("a")
        await until(lambda: sink.calls)
        world.console().say("b", "c")
        await until(lambda: world.health().queued_lines == 3)
        world.relays = []
        world.wake()
        await until(lambda: world.health() is None)
        sink.gate.set()
        await world.shows("no longer shown here. 3 lines that still waited may be missing.")
    assert "b" not in sink.lines()


@pytest.mark.parametrize("trouble", [ChannelForbidden("no"), ChannelGone("gone"), MessageRefused("no"), RuntimeError()])
async def test_a_goodbye_that_discord_refuses_is_dropped(sink, trouble):
    async with running(sink) as world:
        await world.opened()
        sink.failures[1] = [trouble]
        world.relays = []
        world.wake()
        await until(lambda: sink.calls)
        assert world.health() is None
        world.relays = [wanted(2)]
        world.wake()
        await world.opened(2)
        world.console(2).say("later")
        await world.shows("later")
    assert "no longer" not in sink.text()


async def test_it_is_tried_again_while_discord_is_away_and_holds_up_nobody(sink):
    """Not the removal, not other relays of the guild, and in the end not the end of the bot."""
    timing = SupervisorTiming(retry=0.02, rest=0, recheck=0.2, hasten=0.02, drain=0.2, farewell=100)
    async with running(sink, wanted(1), wanted(2, 2, channel_id=2), timing=timing) as world:
        await world.opened(1, 2)
        sink.failures[1] = [SinkUnavailable("away")] * 3
        del world.relays[0]
        world.wake()
        await world.shows(GOODBYE)
        world.relays.append(wanted(3))
        world.wake()
        await world.opened(3)
        sink.failures[1] = [SinkUnavailable("away")] * 10_000
        world.relays = [one for one in world.relays if one.relay.id == 2]
        world.wake()
        await until(lambda: world.health(3) is None)
        world.console(2).say("still here")
        await world.shows("still here", 2)
        began = time.monotonic()
        await world.supervisor.close(1)
        assert time.monotonic() - began < 1.5


async def test_it_is_given_up_after_a_while(sink):
    sink.gate.clear()
    farewells = Farewells(sink, Paces(Turns(100_000)), patience=0.05, timing=QUICK.post)
    farewells.say(GUILD, 1, GOODBYE)
    await until(lambda: not farewells._saying)
    await farewells.close(0)
    assert sink.text() == ""


async def test_a_new_relay_in_the_channel_takes_it_back(sink):
    async with running(sink) as world:
        await world.opened()
        sink.failures[1] = [SinkUnavailable("away")] * 3
        world.relays = []
        world.wake()
        await until(lambda: sink.calls)
        world.relays = [wanted(2)]
        world.wake()
        await world.opened(2)
        world.console(2).put(Connected(at(0)))
        await world.shows("shown from here on")
    assert "no longer" not in sink.text()


async def test_it_keeps_to_the_pace_of_its_channel(sink):
    """A slot is waited for: a 429 would hurt whatever is posted there next."""
    paces = Paces(Turns(100_000))
    loop = asyncio.get_running_loop()
    paces._channels[1] = Pace(remaining=0, reset_at=loop.time() + 0.2)
    farewells = Farewells(sink, paces, patience=5, timing=QUICK.post)
    began = loop.time()
    farewells.say(GUILD, 1, GOODBYE)
    await until(lambda: GOODBYE in sink.text())
    assert loop.time() - began >= 0.2
    await farewells.close(1)


async def test_relays_that_only_change_or_cannot_post_or_whose_guild_was_left_say_nothing(sink):
    sink.failures[2] = [ChannelForbidden("no right")]
    relays = [wanted(1), wanted(2, 2, channel_id=2), wanted(3, 3, channel_id=3)]
    async with running(sink, *relays) as world:
        await world.opened(1, 2, 3)
        world.console(2).say("x")
        await until(lambda: world.reports)
        world.relays = [wanted(1, name="Renamed"), relays[2]]
        world.wake()
        await until(lambda: world.health(2) is None and world.console(1).opened == 2)
        world.relays = [replace(one, away=True) for one in world.relays]
        world.wake()
        await until(lambda: not world.console(1).open and not world.console(3).open)
        world.relays = []
        world.wake()
        await until(lambda: not world.supervisor._guilds)
    assert "no longer" not in sink.text(1) + sink.text(2) + sink.text(3)


def test_however_many_say_goodbye_it_fits_a_message():
    names = [notices.name("*" * 100) for _ in range(500)]
    text = notices.ends(names, 12_345)
    assert len(text) < 2000 and "and 490 more" in text and "12,345 lines" in text


def test_a_lost_console_says_so_in_whole_sentences():
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    assert (
        notices.console_lost("A", moment, "It broke.")
        == "⚠ No console of **A** since <t:1795305600:T>. It broke. I keep trying."
    )
    assert notices.console_lost("A", moment, "") == "⚠ No console of **A** since <t:1795305600:T>. I keep trying."
