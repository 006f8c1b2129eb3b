"""What the journal writes down in several transactions comes to the same as in one, and each leaves no hole."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.store.journal_news import News, _weight
from bot.store.values import WaitingBatch, WaitingItem
from bot.store.waiting import Sealed
from bot.vitals import DeliveredTail

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHANNELS = (1, 2, 3)


@dataclass
class Written:
    """What lies in the database, as far as the journal's statements decide it."""

    waiting: dict[int, list[WaitingBatch]] = field(default_factory=dict)
    begun: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    messages: dict[int, object] = field(default_factory=dict)

    def write(self, news):
        for channel_id, row in news.messages.items():
            self.messages.pop(channel_id, None)
            if row is not None:
                self.messages[channel_id] = row["nonce"]
        for channel_id in news.forgotten:
            self.waiting.pop(channel_id, None)
        for channel_id, batches in news.batches.items():
            kept = [one for one in self.waiting.get(channel_id, []) if one.last < batches[0].first]
            self.waiting[channel_id] = [*kept, *batches]
        for channel_id, (through, parts) in news.progress.items():
            left = [one for one in self.waiting.get(channel_id, []) if one.last > through]
            self.waiting[channel_id] = left
            for one in left:
                if one.first <= through + 1:
                    self.begun[channel_id, one.first] = (through, parts)

    def numbers(self, channel_id):
        """What would be read after a restart: which items, and how many parts of each are done with."""
        found = []
        for one in self.waiting.get(channel_id, []):
            rest = one.behind(*self.begun.get((channel_id, one.first), (0, 0)))
            found += [(rest.first + place, item.parts) for place, item in enumerate(rest.items)]
        return found


def batch(channel_id, first, sizes):
    return WaitingBatch(
        channel_id, first, tuple(WaitingItem(1, "x" * size, NOW, b"", notice=False, offline=False) for size in sizes)
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), st.sampled_from(CHANNELS), st.lists(st.integers(0, 400), min_size=1, max_size=4)),
        st.tuples(st.just("deliver"), st.sampled_from(CHANNELS), st.tuples(st.integers(1, 3), st.integers(0, 2))),
        st.tuples(st.just("send"), st.sampled_from(CHANNELS), st.integers(0, 1000)),
        st.tuples(st.just("forget"), st.sampled_from(CHANNELS), st.none()),
        st.tuples(st.just("write"), st.none(), st.none()),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 1500))
def test_in_pieces_it_comes_to_the_same_and_whatever_is_written_has_no_hole_and_nothing_twice(steps, most):
    news, written = News(), Written()
    kept, done = dict.fromkeys(CHANNELS, 0), dict.fromkeys(CHANNELS, (0, 0))
    sent = dict[int, object]()
    for number, (what, channel_id, value) in enumerate([*steps, *[("write", None, None)] * 200]):
        if what == "keep":
            news.batches.setdefault(channel_id, []).append(batch(channel_id, kept[channel_id] + 1, value))
            kept[channel_id] += len(value)
        elif what == "deliver":
            through = min(kept[channel_id], done[channel_id][0] + value[0])
            done[channel_id] = (through, value[1] if through < kept[channel_id] else 0)
            news.deliver(channel_id, *done[channel_id])
            news.messages[channel_id] = None
            sent.pop(channel_id, None)
        elif what == "send":
            news.messages[channel_id] = {"nonce": f"n-{number}", "content": "x" * value}
            sent[channel_id] = f"n-{number}"
        elif what == "forget":
            news.forget(channel_id)
            news.messages[channel_id] = None
            sent.pop(channel_id, None)
            done[channel_id] = (kept[channel_id], 0)
        else:
            taken = news.take(most)
            size = sum(_weight(one) for batches in taken.batches.values() for one in batches)
            largest = max((_weight(one) for batches in taken.batches.values() for one in batches), default=0)
            assert size <= most + largest * (1 + len(CHANNELS))
            written.write(taken)
            for each in CHANNELS:
                through, parts = done[each]
                expected = [(one, parts if one == through + 1 else 0) for one in range(through + 1, kept[each] + 1)]
                found = written.numbers(each)
                assert found == expected[: len(found)]
                assert each not in written.messages or written.messages[each] == sent[each]
    assert not news
    for each in CHANNELS:
        assert len(written.numbers(each)) == kept[each] - done[each][0]
    assert written.messages == sent


def test_a_channel_with_a_flood_does_not_keep_the_others_waiting():
    news = News(tails={1: DeliveredTail(b"", NOW)})
    for first in range(1, 101):
        news.batches.setdefault(1, []).append(batch(1, first, [500]))
    news.batches[2] = [batch(2, 1, [10])]
    taken = news.take(2000)
    assert [one.first for one in taken.batches[2]] == [1]
    assert 1 <= len(taken.batches[1]) <= 3
    assert taken.tails
    assert not news.tails


def test_what_has_gathered_for_long_is_taken_in_time_that_grows_with_it_alone():
    """After hours without a database there may be ten thousands of batches, and all others wait meanwhile."""

    def seconds(count):
        """The best of three tries: others use the processor too."""
        tries = []
        for _try in range(3):
            news = News(batches={1: [Sealed(1, number, number, b"x" * 20) for number in range(1, count + 1)]})
            began = time.thread_time()
            taken = news.take(2 * 1024 * 1024)
            tries.append(time.thread_time() - began)
            assert len(taken.batches[1]) == count
        return min(tries)

    assert seconds(40_000) < 8 * seconds(10_000)
