"""Messages that Discord refuses: whatever it refuses and however often, each line is shown or counted, once."""

import asyncio
import re
from types import SimpleNamespace

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discord_refusals import About, about
from bot.discord_remedies import channel_forbidden
from bot.discord_replies import sentence_for
from bot.relay import notices
from bot.relay.backlog import Bounds, Item, Tally, Voice
from bot.relay.outbox import _HOPELESS
from bot.relay.packer import utc_now
from bot.relay.sink import ChannelForbidden, MessageRefused
from bot.relay.trail import Trail
from bot.store.values import Outgoing
from bot.terms import RelayStyle
from bot.text.packing import Entry, pieces, take

from .conftest import MemoryJournal, ScriptedSink, lines_in, until
from .test_outbox import PLAIN, fill, outbox

REFUSED = re.compile(r"⚠ Discord refused (\d+) lines? here")


def told(sink):
    return sum(int(count) for count in REFUSED.findall(sink.text()))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.booleans(), max_size=7), min_size=1, max_size=6),
    st.lists(st.sampled_from(["short", "x" * 1500, "y" * 5000]), min_size=6, max_size=6),
)
async def test_what_is_not_shown_is_counted_in_the_channel(rounds, lines):
    """A notice may be refused as well, and a message may carry a part of a line only."""
    sink = ScriptedSink()
    async with outbox(sink) as box:
        tally, put = Tally(), 0
        for refusals in rounds:
            sink.failures[1] = [MessageRefused("no") if refused else None for refused in refusals]
            fill(box, lines, tally)
            put += len(lines)
            await until(lambda put=put: tally.delivered + tally.lost == put)
        sink.failures[1] = []
        fill(box, ["the end"], tally)
        await until(lambda: "the end" in sink.text())
    assert tally.delivered + tally.lost == put + 1
    assert told(sink) == tally.lost
    whole = "".join(lines_in(sink.messages[1]))
    assert whole.count("short") == sum(line == "short" for line in lines) * len(rounds) - _lost_shorts(sink, lines)


def _lost_shorts(sink, lines):
    return sum(content.count("short") for _channel, content, nonce in sink.calls if nonce not in sink._known)


async def test_the_notice_of_a_cut_is_said_again(sink):
    sink.gate.clear()
    async with outbox(sink, bounds=Bounds(lines=100)) as box:
        tally = fill(box, ["first"])
        await until(lambda: sink.calls)
        fill(box, [f"{n:03} " + "x" * 60 for n in range(1000)], tally)
        sink.failures[1] = [MessageRefused("no")] * 12
        sink.gate.set()
        await until(lambda: tally.queued == 0 and not sink.failures[1])
        fill(box, ["the end"], tally)
        await until(lambda: "the end" in sink.text())
    (cut,) = re.findall(r"✂ (\d+) lines left out here", sink.text())
    assert told(sink) + int(cut) == tally.lost


async def test_what_the_relay_says_of_itself_is_said_again_but_not_for_ever(sink):
    """A server's name in it may be what Discord refuses; then it counts as a line that is missing."""
    async with outbox(sink) as box:
        voice, now = Voice(1, PLAIN, "", Tally(), Trail()), asyncio.get_running_loop().time()
        box.put(Item("✂ 3 lines left out here", voice, now, notice=True))
        sink.failures[1] = [MessageRefused("no")] * 2
        await until(lambda: sink.messages.get(1))
        assert sink.text() == "✂ 3 lines left out here"
        sink.failures[1] = [MessageRefused("no")] * 4
        box.put(Item("▶ **a bad name** is running", voice, now, notice=True))
        await until(lambda: len(sink.messages[1]) == 2)
    assert sink.messages[1][1] == "⚠ Discord refused 1 line here."


async def test_one_message_after_the_other_refused_is_no_matter_of_what_is_in_them(sink):
    """Each line would be thrown away for ever, and nobody would be told."""
    journal = MemoryJournal()
    sink.failures[1] = [MessageRefused("no", said="You shall not pass")] * 1000
    async with outbox(sink, journal=journal) as box:
        tally, lines = Tally(), 0
        while box.parked is None:
            fill(box, [f"line {lines}"], tally)
            calls, lines = len(sink.calls), lines + 1
            await until(lambda calls=calls: box.parked is not None or len(sink.calls) > calls)
        fill(box, ["after"], tally)
    assert len(sink.calls) == _HOPELESS
    (error,) = box.seen_parked
    assert isinstance(error, ChannelForbidden)
    assert "You shall not pass" in str(error)
    assert "Discord refused" in (await journal.unsettled())[1].content  # and will be told


async def test_a_count_that_an_earlier_life_could_not_tell_is_told(sink):
    """It was on its way when the bot was killed, and is refused again."""
    journal = MemoryJournal()
    sink.failures[1] = [MessageRefused("no")]
    async with outbox(sink, journal=journal) as box:
        tally = fill(box, ["a", "b", "c"])
        await until(lambda: tally.lost == 3)
        await until(lambda: sink.messages.get(1))
    told_then = Outgoing(1, "old-1", sink.messages[1][0], None, None, utc_now(), {})
    later = ScriptedSink()
    later.failures[1] = [MessageRefused("no")]
    async with outbox(later, unsettled=told_then) as box:
        fill(box, ["d"])
        await until(lambda: "d" in later.lines())
    assert told(later) == 3
    assert later.text().count("Discord refused a message with console lines here.") == 1


def answer(status, code):
    body = {"code": code, "message": "…"} if code else "<html>"
    return discord.HTTPException(SimpleNamespace(status=status, reason="", headers={}), body)


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (50001, About.ACCESS),
        (50013, About.RIGHTS),
        (10003, About.GONE),
        (50083, About.LOCKED),
        (160005, About.LOCKED),
        (240000, About.MESSAGE),
        (20009, About.MESSAGE),
        (200000, About.MESSAGE),
        (40333, About.WEATHER),
        (40004, About.WEATHER),
        (130000, About.WEATHER),
        (20028, About.LIMIT),
    ],
)
def test_a_code_counts_for_more_than_the_status_beside_it(status, code, expected):
    assert about(answer(status, code)) is expected


@given(st.integers(400, 599), st.integers(0, 1_000_000))
def test_only_two_codes_speak_of_rights_and_one_of_the_end(status, code):
    """Nothing is parked or forgotten for what a proxy, Cloudflare or a new code says."""
    why = about(answer(status, code))
    assert (why is About.RIGHTS) == (code == 50013)
    assert (why is About.ACCESS) == (code == 50001)
    assert (why is About.GONE) == (code == 10003)
    if status in {401, 408} or status >= 500 or (code == 0 and status in {403, 404}):
        assert why in {About.WEATHER, About.LIMIT} or code


@pytest.mark.parametrize("status", [401, 403, 404, 408, 500, 502, 503, 504, 520, 522, 524])
def test_what_has_no_code_of_discords_is_weather(status):
    assert about(answer(status, 0)) is About.WEATHER


@pytest.mark.parametrize(("status", "code"), [(403, 0), (403, 40333), (502, 0), (429, 0), (500, 130000)])
def test_an_answer_lost_in_the_weather_is_no_incident(status, code):
    """Whoever asked is told that it may have been done, and the log has no traceback."""
    assert "look before you repeat it" in sentence_for(answer(status, code), is_admin=False)


@pytest.mark.parametrize(("status", "code"), [(400, 50035), (403, 50013), (404, 10003)])
def test_what_discord_says_of_our_answer_is_an_incident(status, code):
    assert sentence_for(answer(status, code), is_admin=False) is None


def test_a_count_is_read_from_what_the_bot_says_itself_and_from_no_console():
    """A game may print what it likes."""
    printed = notices.lines_refused(99)
    entries = [Entry(text, style) for style in RelayStyle for text in ("x", printed) for text in pieces(text, style)]
    own = [Entry(notices.lines_refused(count), None) for count in (2, 1)]
    for order in ([*entries, *own], [own[0], *entries, own[1]], [*own, *entries]):
        assert notices.told_refused(take(order).content) == 3
    assert notices.told_refused("") == notices.told_refused(take(entries).content) == 0


def test_what_discord_says_is_shown_as_it_stands():
    """It is nobody's mark-up, and one sentence among others."""
    client = discord.Client(intents=discord.Intents.none())
    error = channel_forbidden(About.PLACE, client, 1, "no **messages**\nin <#2>")
    assert "“no \\*\\*messages\\*\\* in \\<\\#2\\>”" in str(error)
