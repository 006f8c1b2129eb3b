"""How what became of a signal is shown, also while Discord cannot be reached for moments."""

from unittest.mock import Mock

import aiohttp
import discord
import pytest

from bot.errors import PanelUnreachable
from bot.services import Progress
from cogs import _outcome
from cogs._outcome import follow_outcome

FIRST, MIDDLE = Progress("Starting …"), Progress("is starting")
LAST = Progress("is up", done=True, ok=True)
BROKEN = [
    aiohttp.ServerDisconnectedError(),
    aiohttp.ClientOSError(104, "reset"),
    TimeoutError(),
    discord.DiscordServerError(Mock(status=503, reason=""), "down"),
]


class Channel:
    """A reply that raises what it is told to, show by show."""

    def __init__(self, *troubles):
        self.troubles = list(troubles)
        self.shown = []

    async def show(self, text):
        await self.show_step(Progress(text))

    async def show_step(self, step):
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is not None:
            raise trouble
        self.shown.append(step.sentence)


async def steps(*what):
    for one in what:
        if isinstance(one, Exception):
            raise one
        yield one


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(_outcome, "EDIT_SECONDS", 0.001)


@pytest.mark.parametrize("trouble", BROKEN, ids=repr)
@pytest.mark.parametrize("when", range(3))
async def test_a_broken_line_delays_what_is_shown_and_loses_no_end(trouble, when):
    """At the first word, in between, or at the last one, several times in a row."""
    reply = Channel(*[None] * when, *[trouble] * 3)
    assert await follow_outcome(steps(FIRST, MIDDLE, LAST), reply) is LAST
    assert reply.shown[-1] == "is up"
    assert reply.shown == sorted(set(reply.shown), key=reply.shown.index)
    assert "lost sight" not in " ".join(reply.shown)


@pytest.mark.parametrize("trouble", BROKEN, ids=repr)
async def test_the_same_where_the_first_word_is_the_last(trouble):
    reply = Channel(trouble, trouble)
    assert await follow_outcome(steps(LAST), reply) is LAST
    assert reply.shown == ["is up"]


async def test_a_failure_on_the_way_is_told_over_a_broken_line_as_well():
    reply = Channel(None, BROKEN[0], BROKEN[1])
    await follow_outcome(steps(FIRST, PanelUnreachable("The panel is away.", passing=True)), reply)
    assert reply.shown[-1] == "The panel is away."


async def test_what_discord_refuses_at_the_first_word_is_raised():
    """Nothing was shown yet: whoever asked is told otherwise."""
    refused = discord.Forbidden(Mock(status=403, reason=""), {"code": 50001})
    with pytest.raises(discord.Forbidden):
        await follow_outcome(steps(FIRST, LAST), Channel(refused))


async def test_a_message_that_was_deleted_is_not_watched_any_more():
    reply = Channel(None, discord.NotFound(Mock(status=404, reason=""), {"code": 10008}))
    await follow_outcome(steps(FIRST, MIDDLE, LAST), reply)
    assert reply.shown == ["Starting …"]


async def test_it_is_given_up_when_discord_takes_no_edit_any_more(monkeypatch):
    """However long the line is broken, somebody's task must end."""
    now = iter(range(0, 10_000_000, 30))
    reply = Channel(None, *[BROKEN[0]] * 1_000)
    assert await follow_outcome(steps(FIRST, LAST), reply, clock=lambda: float(next(now))) is LAST
    assert reply.shown == ["Starting …"]
