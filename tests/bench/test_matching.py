"""The verdict on a channel."""

from bench.lines import REPEATED, Writing
from bench.matching import judge
from bench.reading import Shown

WRITING = Writing(width=40)
SAME = Writing(width=40, repeats=True)
LOSS = Shown("✂ 2 lines left out here", announces=True, counted=2)
AGAIN = Shown(REPEATED, repeated=True)


def line(number, server=0):
    return Shown(WRITING.plain(server, number), key=(server, number))


def verdict(shown, emitted, writing=WRITING):
    return judge(shown, 0, emitted, lambda number: writing.plain(0, number), writing.repeated)


def test_all_lines_once_and_in_order_is_perfect():
    found = verdict([line(0), line(1), line(2)], 3)
    assert (found.emitted, found.delivered, found.lost) == (3, 3, ())
    assert found.duplicates == found.disorder == found.damaged == found.silent == found.pending == 0


def test_a_gap_is_silent_unless_something_in_its_place_speaks_of_it():
    assert verdict([line(0), line(3)], 4).silent == 2
    announced = verdict([line(0), LOSS, line(3)], 4)
    assert announced.lost == (1, 2)
    assert (announced.silent, announced.counted) == (0, 2)
    elsewhere = verdict([LOSS, line(0), line(3)], 4)
    assert elsewhere.silent == 2


def test_a_gap_at_the_beginning_or_end_needs_its_word_there():
    assert verdict([LOSS, line(2)], 3).silent == 0
    assert verdict([line(2), LOSS], 3).silent == 2
    assert verdict([line(0), LOSS], 3).lost == (1, 2)


def test_what_is_missing_behind_all_the_others_is_pending_not_lost():
    found = verdict([line(0)], 3)
    assert (found.delivered, found.lost, found.silent, found.pending) == (1, (), 0, 2)
    nothing = verdict([], 2)
    assert (nothing.delivered, nothing.pending) == (0, 2)


def test_a_line_that_is_there_twice_counts_as_delivered_once():
    found = verdict([line(0), line(1), line(0), line(1), line(2)], 3)
    assert (found.delivered, found.duplicates, found.disorder) == (3, 2, 0)


def test_a_line_behind_a_later_one_is_out_of_order():
    found = verdict([line(1), line(0), line(2)], 3)
    assert (found.delivered, found.disorder) == (3, 1)


def test_a_line_that_reads_differently_is_damaged():
    found = verdict([line(0), Shown("s0000n000001 cut short", key=(0, 1))], 2)
    assert (found.delivered, found.damaged) == (2, 1)


def test_lines_of_other_servers_in_the_channel_do_not_count():
    found = verdict([line(0), line(1, server=3), line(1)], 2)
    assert (found.delivered, found.duplicates) == (2, 0)


def test_lines_that_look_the_same_are_counted_between_their_neighbours():
    numbered = [line(number) for number in range(5)]
    whole = verdict([*numbered, AGAIN, AGAIN, AGAIN, line(8)], 9, SAME)
    assert (whole.delivered, whole.duplicates) == (9, 0)
    one_less = verdict([*numbered, AGAIN, AGAIN, line(8)], 9, SAME)
    assert (one_less.delivered, one_less.lost, one_less.silent) == (8, (7,), 1)
    one_more = verdict([*numbered, AGAIN, AGAIN, AGAIN, AGAIN, line(8)], 9, SAME)
    assert (one_more.delivered, one_more.duplicates) == (9, 1)


def test_lines_that_look_the_same_and_end_the_channel_are_pending_when_missing():
    found = verdict([*(line(number) for number in range(5)), AGAIN], 8, SAME)
    assert (found.delivered, found.lost, found.pending) == (6, (), 2)
