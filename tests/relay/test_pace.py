"""When the next message may go."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.discord_sink import tell_rates
from bot.relay.pace import Pace, Paces
from bot.relay.turns import Turns


class Discord:
    """Discord's window for create-message: it opens with its first request and allows `limit` in it."""

    def __init__(self, limit=5, window=5.0, latency=0.05):
        self.limit, self.window, self.latency = limit, window, latency
        self.started, self.used = float("-inf"), 0
        self.refused = 0

    def request(self, pace, now):
        pace.sent(now)
        if now - self.started >= self.window:
            self.started, self.used = now, 0
        if self.used >= self.limit:
            self.refused += 1
            return
        self.used += 1
        left = self.started + self.window - now
        pace.seen(now + self.latency, limit=self.limit, remaining=self.limit - self.used, reset_after=left)


def play(pace, discord, *, seconds, full):
    """Send whenever the pace allows, one after the other; return when messages went."""
    now, sent = 0.0, []
    while now < seconds:
        delay = pace.delay(now, full=full)
        if delay > 0:
            now += delay + 0.001
            continue
        discord.request(pace, now)
        sent.append(now)
        now += discord.latency
    return sent


def test_a_quiet_channel_is_served_at_once():
    assert Pace().delay(1000.0, full=False) <= 0


def test_a_second_line_after_a_silence_follows_soon():
    pace, discord = Pace(), Discord()
    discord.request(pace, 100.0)
    assert 0 < pace.delay(100.1, full=False) < 0.4


def test_unfilled_messages_are_spread_over_the_window():
    sent = play(Pace(), Discord(), seconds=60, full=False)
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert max(gaps) < 1.5
    assert len(sent) >= 50


def test_full_messages_use_every_slot_and_the_last_one_late():
    discord = Discord()
    sent = play(Pace(), discord, seconds=60, full=True)
    assert discord.refused == 0
    assert len(sent) >= 55
    assert sent[3] < 0.5
    assert sent[4] > 3


def test_one_slot_is_kept_for_closing():
    pace, discord = Pace(), Discord()
    for index in range(4):
        discord.request(pace, index * 0.05)
    assert pace.delay(0.3, full=True) > 3
    assert pace.delay(0.3, full=True, closing=True) <= 0
    assert pace.slots(0.3) == 1


@given(
    st.integers(2, 10), st.floats(0.1, 10), st.floats(0.001, 0.3),
    st.lists(st.tuples(st.floats(0, 4), st.booleans()), min_size=1, max_size=60),
)  # fmt: skip
def test_no_load_provokes_a_429(limit, window, latency, arrivals):
    pace, discord = Pace(limit=limit, remaining=limit, window=window), Discord(limit, window, latency)
    now = 0.0
    for silence, full in arrivals:
        now += silence
        while (delay := pace.delay(now, full=full)) > 0:
            now += delay + 0.001
        discord.request(pace, now)
        now += latency
    assert discord.refused == 0


@given(st.floats(0, 100), st.booleans(), st.booleans())
def test_waiting_as_long_as_told_is_enough(later, full, closing):
    pace = Pace()
    pace.sent(0.0)
    pace.seen(0.1, limit=5, remaining=0, reset_after=5.0)
    delay = pace.delay(later, full=full, closing=closing)
    assert pace.delay(later + max(delay, 0) + 0.001, full=full, closing=closing) <= 0.35


def test_what_others_send_in_the_channel_counts():
    pace = Pace()
    pace.seen(0.0, limit=5, remaining=0, reset_after=3.0)
    assert pace.delay(1.0, full=True) == pytest.approx(2.05)


def test_a_429_holds_everything():
    pace = Pace()
    pace.hold(0.0, 40.0)
    assert pace.delay(10.0, full=True, closing=True) == pytest.approx(30.05)
    assert pace.slots(10.0) == 0


async def test_a_global_429_holds_every_channel_and_others_only_their_own():
    paces = Paces(Turns(per_second=1000))
    one, two = paces.of(1), paces.of(2)
    paces.hold(1, 5.0, everywhere=False)
    now = asyncio.get_running_loop().time()
    assert one.delay(now, full=True) > 4
    assert two.delay(now, full=True) <= 0
    paces.hold(2, 0.1, everywhere=True)
    await paces.turns.of(7, 1).turn()
    assert asyncio.get_running_loop().time() - now >= 0.1
    paces.seen(99, limit=5, remaining=1, reset_after=1.0)  # a channel without a relay is no concern


odd = st.one_of(
    st.floats().map(str),
    st.integers().map(str),
    st.text(max_size=30),
    st.sampled_from(["nan", "inf", "-inf", "1e999", "9" * 5000, "-1", "", "0", "5", "1.5"]),
)


@given(st.sampled_from([200, 400, 429, 500]), st.lists(st.tuples(odd, odd, odd, odd), max_size=4))
async def test_whatever_stands_in_discords_headers_the_next_message_goes_out_some_time(status, answers):
    """A delay that is no number would make the writer ask for it for ever."""
    paces = Paces()
    pace = paces.of(1)
    for limit, remaining, reset_after, retry_after in answers:
        tell_rates(
            paces,
            1,
            status,
            {
                "X-RateLimit-Limit": limit,
                "X-RateLimit-Remaining": remaining,
                "X-RateLimit-Reset-After": reset_after,
                "Retry-After": retry_after,
            },
        )
    now = asyncio.get_running_loop().time()
    for full in (True, False):
        assert pace.delay(now, full=full) < 100_000
        assert pace.delay(now + 200_000, full=full) <= 0
    assert pace.until_last(now, 7) < 1_000_000
