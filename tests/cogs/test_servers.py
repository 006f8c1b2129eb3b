"""`/servers` and `/status`."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import aiohttp
import discord
import pytest

from bot.discord_replies import answer
from bot.errors import BusyReason, PanelUnreachable
from bot.services import Progress, ServerOverview, ServerStatus
from bot.terms import Action, PowerState, Signal
from cogs import _overview
from cogs._render import busy_words
from cogs._status import StatusView
from tests.cogs.conftest import text_of
from tests.cogs.fakes import Script, linked


def buttons(message):
    return [child["label"] for row in message.components for child in row["components"]]


async def test_servers_lists_states_and_reasons(world):
    """Each server has a line; what could not be read has its reason."""
    world.script.overview = [
        ServerOverview(linked("survival"), PowerState.RUNNING),
        ServerOverview(linked("lobby", number=2), PowerState.UNKNOWN, "The panel did not answer in time."),
    ]
    result = await world.helper.slash(world.channel, "servers")

    assert result.ephemeral
    assert "**survival** · 🟢 running" in text_of(result.response)
    assert "**lobby** · ⚪ unknown\n-# The panel did not answer in time." in text_of(result.response)


async def test_servers_says_when_there_is_none_to_see(world):
    """A member without any right learns what to do."""
    result = await world.stranger.slash(world.channel, "servers")

    assert "/access grant" in result.response.content


async def test_many_servers_are_leafed_through(world):
    """Sixty servers with long names stay within Discord's limits, on pages."""
    world.script.overview = [
        ServerOverview(linked(f"{number:02} " + "_" * 97, number=number), PowerState.UNKNOWN, "why " * 100)
        for number in range(60)
    ]
    result = await world.helper.slash(world.channel, "servers")

    assert "Page 1 of" in text_of(result.response)
    assert "00 " in text_of(result.response)
    await world.helper.click(result.response, label="Next")
    assert "Page 2 of" in text_of(result.response)
    await world.helper.click(result.response, label="Back")
    assert "Page 1 of" in text_of(result.response)


async def test_panels_are_asked_for_the_states_of_the_servers_that_are_shown_only(world):
    """Sixty servers on a panel that takes 0.4 s an answer would take 8 s each time."""
    world.script.overview = [ServerOverview(linked(f"s{n}", number=n), PowerState.RUNNING) for n in range(60)]
    result = await world.helper.slash(world.channel, "servers")
    await world.helper.click(result.response, label="Next")
    await world.helper.click(result.response, label="Next")

    asked = [set(ids) for (ids,) in world.script.calls("servers.overview")]
    assert asked == [set(range(25)), set(range(25, 50)), set(range(50, 60))]
    assert "**s50** · 🟢 running" in text_of(result.response)
    world.no_surprises()


@pytest.fixture
def drawn(monkeypatch):
    """What `/servers` showed, one after the other."""
    shown = []

    async def noted(interaction, content=None, **how):
        shown.append(how["embed"].description)
        await answer(interaction, content, **how)

    monkeypatch.setattr(_overview, "answer", noted)
    monkeypatch.setattr(_overview, "_AT_ONCE", 0)
    return shown


async def test_what_is_known_is_shown_with_its_age_until_slow_panels_have_answered(world, drawn, monkeypatch):
    """Nobody looks at "thinking" for as long as the slowest panel takes."""
    one, two, three = (linked(name, number=n) for n, name in enumerate(("survival", "lobby", "arena"), 1))
    world.script.known = [
        ServerOverview(one, PowerState.RUNNING, age=timedelta(seconds=95), pending=True),
        ServerOverview(two, PowerState.UNKNOWN, pending=True),
        ServerOverview(three, PowerState.STARTING, pending=True),
    ]
    world.script.overview = [ServerOverview(each, PowerState.OFFLINE) for each in (one, two, three)]
    world.script.slow_panel = asyncio.Event()
    draw = _overview.OverviewPages._draw

    async def then_the_panels_answer(self, *arguments):
        await draw(self, *arguments)
        world.script.slow_panel.set()

    monkeypatch.setattr(_overview.OverviewPages, "_draw", then_the_panels_answer)
    await world.helper.slash(world.channel, "servers")
    assert drawn == [
        "**survival** · 🟢 running, 1 min ago\n**lobby** · ⏳ asking …\n**arena** · 🟡 starting",
        "**survival** · ⚫ offline\n**lobby** · ⚫ offline\n**arena** · ⚫ offline",
    ]
    world.no_surprises()


async def test_a_panel_that_answers_at_once_costs_one_message(world, drawn):
    await world.helper.slash(world.channel, "servers")
    assert len(drawn) == 1


async def test_an_answer_for_a_page_that_was_leafed_on_from_is_not_drawn(drawn):
    """It would stand where another page is shown by now."""
    rows = [ServerOverview(linked(f"s{n}", number=n), PowerState.RUNNING) for n in range(30)]
    view = _overview.OverviewPages(Script().services(), SimpleNamespace(user=SimpleNamespace(id=1)), rows)
    view._turns = 2
    await view._draw(SimpleNamespace(), 1, rows[:25])
    assert drawn == []


async def test_an_answer_that_comes_while_a_press_is_acknowledged_is_not_drawn(drawn, monkeypatch):
    """The footer names the new page by then."""
    rows = [ServerOverview(linked(f"s{n}", number=n), PowerState.RUNNING) for n in range(30)]
    view = _overview.OverviewPages(Script().services(), SimpleNamespace(user=SimpleNamespace(id=1)), rows)
    view._turns = 1

    async def show(_interaction):
        """What comes then is another matter."""

    monkeypatch.setattr(view, "show", show)
    pressed = SimpleNamespace(response=SimpleNamespace(defer=lambda: view._draw(SimpleNamespace(), 1, rows[:25])))
    await view._turn(pressed, 1)
    assert drawn == []


async def test_notes_of_many_servers_fit_into_a_message(world):
    world.script.overview = [
        ServerOverview(linked("_" * 99, number=n), PowerState.UNKNOWN, "why " * 100) for n in range(25)
    ]
    result = await world.helper.slash(world.channel, "servers")
    shown = text_of(result.response)
    assert "Page 1 of 2" in shown and shown.count("unknown") >= 15 and "why" in shown


async def test_status_shows_what_is_known(world):
    """Figures with their limits, uptime as a timestamp, and no field for what nobody tells."""
    world.script.status = ServerStatus(
        linked(),
        PowerState.RUNNING,
        cpu_percent=34.25,
        cpu_limit_percent=200,
        memory_bytes=1536 * 1024**2,
        memory_limit_bytes=4 * 1024**3,
        network_rx_bytes=2048,
        network_tx_bytes=0,
        uptime=timedelta(hours=2),
        address="mc.example.com:25565",
        node="node-1",
        panel_label="home",
    )
    result = await world.helper.slash(world.channel, "status")
    text = text_of(result.response)

    assert result.ephemeral
    assert "🟢 running" in text
    assert "CPU: 17 % of 2 cores" in text
    assert "Memory: 1.5 GiB of 4.0 GiB" in text
    assert "Network: ↓ 2.0 KiB · ↑ 0 B since the start" in text
    assert "Started: <t:" in text
    assert "`mc.example.com:25565`" in text
    assert "Disk" not in text


async def test_status_offers_only_buttons_that_may_be_pressed(world):
    """The operator preset has no kill."""
    helper = await world.helper.slash(world.channel, "status")
    admin = await world.admin.slash(world.channel, "status")

    assert buttons(helper.response) == ["Start", "Stop", "Restart", "Refresh"]
    assert buttons(admin.response) == ["Start", "Stop", "Restart", "Kill", "Refresh"]


async def test_a_status_button_sends_the_signal_and_tells_everybody(world):
    """The outcome is public, and the private status is refreshed after it."""
    result = await world.helper.slash(world.channel, "status")
    world.script.status = ServerStatus(linked(), PowerState.OFFLINE, signals=(Signal.START,))
    await world.helper.click(result.response, label="Stop")
    await world.env.advance_time(3)

    assert [call[2] for call in world.script.calls("power.follow")] == [Signal.STOP]
    assert [m.content for m in world.public()] == [f"{world.helper.mention}: running after 34 s"]
    assert "⚫ offline" in text_of(result.response)
    assert buttons(result.response) == ["Start", "Refresh"]


async def test_while_a_signal_is_under_way_the_card_says_so_and_shows_nothing_from_before(world):
    """No figures of the process that goes, and no button that would be dropped: a second press cannot happen."""
    world.script.status = ServerStatus(
        linked(), PowerState.RUNNING, cpu_percent=3.0, uptime=timedelta(hours=2), signals=(Signal.STOP, Signal.RESTART)
    )
    world.script.steps = [Progress("Restarting …"), 60.0, Progress("back up", done=True, ok=True)]
    result = await world.helper.slash(world.channel, "status")
    await world.helper.click(result.response, label="Restart")

    during = text_of(result.response)
    assert "🟠 restarting …" in during
    assert "running" not in during and "CPU" not in during and "Started" not in during
    assert buttons(result.response) == ["Refresh"]
    await world.env.advance_time(61)
    assert "🟢 running" in text_of(result.response)
    assert buttons(result.response) == ["Stop", "Restart", "Refresh"]
    assert len(world.script.calls("power.follow")) == 1


async def test_the_card_is_up_to_date_as_soon_as_the_server_is(world):
    """Although whether it stays up is watched for some seconds more, and shown again where it does not."""
    up = Progress("is up", ok=True)
    world.script.steps = [Progress("Restarting …"), up, 60.0, Progress("crashed", done=True, ok=False)]
    result = await world.helper.slash(world.channel, "status")
    await world.helper.click(result.response, label="Restart")
    await world.env.advance_time(10)
    assert "🟢 running" in text_of(result.response)
    world.script.status = ServerStatus(linked(), PowerState.OFFLINE, signals=(Signal.START,))
    await world.env.advance_time(60)
    assert "⚫ offline" in text_of(result.response)
    assert buttons(result.response) == ["Start", "Refresh"]


async def test_a_right_to_look_that_goes_meanwhile_changes_nothing_of_what_was_told(world):
    """The public message stays what it is; the private card is refused."""
    world.script.steps = [
        Progress("Restarting …"),
        30.0,
        Progress("is up", ok=True),
        5.0,
        Progress("is up", done=True, ok=True),
    ]
    result = await world.helper.slash(world.channel, "status")
    pressed = await world.helper.click(result.response, label="Restart")
    world.script.role_actions.clear()
    await world.env.advance_time(60)
    assert [m.content for m in world.public()] == [f"{world.helper.mention}: is up"]
    assert "You may not look at" in pressed.followups[-1].content
    world.no_surprises()


async def test_a_line_to_discord_that_breaks_over_the_card_stops_no_signal(world, monkeypatch):
    """Only the card is less fresh; the signal goes, once, and what came of it is told."""
    result = await world.helper.slash(world.channel, "status")
    draw, troubles = StatusView._draw, [aiohttp.ServerDisconnectedError()]

    async def falter(view, interaction, status):
        if troubles:
            raise troubles.pop()
        await draw(view, interaction, status)

    monkeypatch.setattr(StatusView, "_draw", falter)
    await world.helper.click(result.response, label="Stop")
    await world.env.advance_time(3)
    assert troubles == []
    assert [call[2] for call in world.script.calls("power.follow")] == [Signal.STOP]
    assert [m.content for m in world.public()] == [f"{world.helper.mention}: running after 34 s"]


async def test_a_card_whose_signal_was_refused_is_as_before(world):
    """The sentence is private, and the buttons are back."""
    result = await world.helper.slash(world.channel, "status")
    world.script.fails["power.follow"] = PanelUnreachable("The panel does not answer.", passing=True)
    await world.helper.click(result.response, label="Stop")
    assert "🟢 running" in text_of(result.response)
    assert buttons(result.response) == ["Start", "Stop", "Restart", "Refresh"]
    world.no_surprises()


async def test_rights_are_checked_when_the_button_is_pressed(world):
    """Rights revoked after the status was shown stop the button, and the buttons go."""
    result = await world.helper.slash(world.channel, "status")
    world.script.role_actions.clear()
    pressed = await world.helper.click(result.response, label="Stop")

    assert "You may not stop" in pressed.response.content
    assert pressed.response.ephemeral
    assert world.script.calls("power.follow") == []
    assert buttons(result.response) == []
    world.no_surprises()


async def test_refresh_needs_the_right_too(world):
    """Looking once does not mean looking for ever."""
    result = await world.helper.slash(world.channel, "status")
    world.script.role_actions.clear()
    pressed = await world.helper.click(result.response, label="Refresh")

    assert "You may not look at" in pressed.response.content
    world.no_surprises()


async def test_kill_from_status_asks_first(world):
    """The button opens the same question as `/kill`."""
    result = await world.admin.slash(world.channel, "status")
    question = await world.admin.click(result.response, label="Kill")

    assert question.ephemeral
    assert "damaged" in question.response.content
    assert world.script.calls("power.follow") == []
    await world.admin.click(question.response, label="Kill survival")
    assert [call[2] for call in world.script.calls("power.follow")] == [Signal.KILL]
    await world.env.advance_time(3)


async def test_status_without_the_right_is_refused(world):
    """A stranger sees nothing of the server."""
    result = await world.stranger.slash(world.channel, "status")

    assert "You may not look at" in result.response.content
    assert result.response.embeds == []
    world.no_surprises()


async def test_status_of_a_dead_panel_is_a_sentence(world):
    """The failure takes the place of the figures."""
    world.script.fails["servers.status"] = PanelUnreachable("The panel does not answer.", passing=True)
    result = await world.helper.slash(world.channel, "status")

    assert result.response.content == "The panel does not answer."
    world.no_surprises()


async def test_status_buttons_go_when_their_time_is_over(world):
    """Ten minutes later the figures stay, the buttons do not."""
    result = await world.helper.slash(world.channel, "status")
    await world.env.advance_time(601)

    assert buttons(result.response) == []
    assert "running" in text_of(result.response)


async def test_server_names_are_suggested_for_what_the_member_may_do(world):
    """The helper may start but not kill; the stranger nothing."""
    world.script.servers = [linked("survival"), linked("lobby", number=2)]

    async def names(member, command, typed=""):
        choices = await member.autocomplete(world.channel, command, "server", typed)
        return [choice["name"] for choice in choices]

    assert await names(world.helper, "start") == ["survival", "lobby"]
    assert await names(world.helper, "start", "lob") == ["lobby"]
    assert await names(world.helper, "kill") == []
    assert await names(world.stranger, "status") == []
    assert Action.KILL in [call[0] for call in world.script.calls("servers.names")]


@pytest.mark.parametrize("reason", list(BusyReason))
async def test_what_stands_in_the_way_stands_in_the_place_of_the_state(world, reason):
    """Neither the card nor the list calls a state unknown that the panel tells; trouble is red, the rest is not."""
    world.script.status = ServerStatus(linked(), PowerState.UNKNOWN, busy=reason)
    world.script.overview = [ServerOverview(linked(), PowerState.UNKNOWN, busy=reason)]
    card = await world.helper.slash(world.channel, "status")
    listed = await world.helper.slash(world.channel, "servers")
    for shown in (card, listed):
        assert busy_words(reason) in text_of(shown.response)
        assert "unknown" not in text_of(shown.response)
    is_trouble = reason in {BusyReason.SUSPENDED, BusyReason.INSTALL_FAILED, BusyReason.REINSTALL_FAILED}
    assert (card.response.embeds[0].colour == discord.Colour.red()) is is_trouble


@pytest.mark.parametrize("state", list(PowerState))
async def test_a_server_that_is_off_is_no_trouble(world, state):
    """Red is for what somebody must look at."""
    world.script.status = ServerStatus(linked(), state)
    card = await world.helper.slash(world.channel, "status")
    assert card.response.embeds[0].colour != discord.Colour.red()
    assert "🔴" not in text_of(card.response)
