"""Percentiles, several runs in one, targets and the table."""

from dataclasses import replace

import pytest

from bench.__main__ import jobs
from bench.figures import Result, combine, percentile
from bench.loads import BURST_LINES, LOADS, Load, choose
from bench.table import comparison, missed, table, verdict
from bench.watch import Printed

GOOD = Result(
    name="10", title="10 lines/s", program="bot", chaos=False, emitted=100, delivered=100, lost=0, silent=0, pending=0,
    beyond=0, counted=0, duplicates=0, disorder=0, damaged=0, p50=0.5, p95=1.0, longest=1.2, worst_p95=1.0,
    worst_delivered=100.0, messages=10, files=1, refused=0, seconds=10.0, cpu=0.5, idle_memory=100.0, peak_memory=110.0,
    wings_dropped=0, own_cpu=5.0, own_delay=0.0, set_up=3.0,
)  # fmt: skip


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (95, 95), (100, 100), (1, 1)])
def test_a_percentile_is_the_value_that_so_many_do_not_exceed(percent, value):
    assert percentile(list(range(100, 0, -1)), percent) == value


def test_the_percentile_of_one_is_it_and_of_none_is_zero():
    assert percentile([7.0], 95) == 7.0
    assert percentile([], 95) == 0.0


def test_figures_per_line_follow_from_the_counts():
    assert GOOD.percent == 100.0
    assert GOOD.growth == 10.0
    assert GOOD.core == pytest.approx(500.0)  # half a second for 100 lines: five cores for 1,000 lines a second
    assert GOOD.per_thousand(GOOD.messages) == 100.0


def test_of_several_runs_the_median_counts_but_the_worst_of_what_must_never_happen():
    runs = [
        replace(GOOD, p95=p95, duplicates=twice, delivered=got)
        for p95, twice, got in ((1, 0, 100), (9, 3, 99), (2, 0, 100))
    ]
    one = combine(runs)
    assert (one.p95, one.duplicates, one.delivered, one.runs) == (2, 3, 99, 3)


def test_a_result_survives_json():
    assert Result.from_json(GOOD.as_json() | {"a figure of the future": 1}) == GOOD


def test_what_misses_its_target_is_named_and_what_reaches_it_is_not():
    assert missed(GOOD) == []
    assert verdict([GOOD]) == "Every target is reached."
    slow = replace(GOOD, p95=2.0, refused=2, duplicates=1)
    assert missed(slow) == ["1 lines twice", "p95 2 instead of < 1.5 s", "2 answers 429"]


def test_losses_beyond_the_history_are_forgiven_where_they_are_told():
    assert missed(replace(GOOD, chaos=True, lost=5, beyond=5, p95=60)) == []
    assert missed(replace(GOOD, chaos=True, lost=5, beyond=5, silent=2)) == ["2 lines lost without a word"]
    assert missed(replace(GOOD, lost=5, beyond=4)) == ["1 lines lost that could have been had"]


def test_what_one_run_lost_is_not_held_against_what_another_could_not_have():
    runs = [replace(GOOD, chaos=True, lost=lost, beyond=lost) for lost in (100, 900, 300)]
    assert missed(combine(runs)) == []
    assert combine(runs).lost == combine(runs).beyond == 900
    assert missed(combine([*runs, replace(GOOD, chaos=True, lost=8, beyond=5)])) == [
        "3 lines lost that could have been had"
    ]


def test_the_script_has_no_targets():
    assert missed(replace(GOOD, program="script", delivered=1, lost=99, silent=99)) == []


def test_the_table_says_100_percent_only_when_nothing_is_missing():
    text = table([GOOD, replace(GOOD, emitted=100_000, delivered=99_999)])
    assert " 100 % " in text
    assert " 99.99 % " in text
    assert len({len(line) for line in text.splitlines()[2:]}) == 1


def test_two_runs_are_compared_load_by_load():
    text = comparison([GOOD, replace(GOOD, name="gone")], [replace(GOOD, p95=0.4)])
    assert "1.00 > 0.40" in text
    assert len(text.splitlines()) == 3
    assert "nothing" not in text and "no load" in comparison([], [GOOD])


def test_a_schedule_prints_every_server_at_its_rate_in_order_of_time():
    due = list(Load("x", "x", rate=2, servers=3, seconds=10).schedule())
    assert len(due) == 60
    assert [when for when, _ in due] == sorted(when for when, _ in due)
    assert [sum(server == one for _, server in due) for one in range(3)] == [20, 20, 20]
    assert due[-1][0] < 10


def test_a_burst_stays_below_what_wings_throttles():
    due = [when for when, _ in Load("x", "x", burst=5000).schedule()]
    assert len(due) == 5000
    assert max(due.count(when) for when in set(due)) == BURST_LINES < 2000


def test_loads_are_chosen_by_name():
    assert [load.name for load in choose("10, 2000")] == ["10", "2000"]
    assert choose(None) == list(LOADS)
    with pytest.raises(ValueError, match="nonsense"):
        choose("10,nonsense")


def test_each_load_may_be_run_with_cuts_too():
    ten = choose("10")
    assert [(script, cut) for _, script, cut in jobs(ten, chaos="no", baseline=True)] == [(False, False), (True, False)]
    assert [(script, cut) for _, script, cut in jobs(ten, chaos="only", baseline=False)] == [(False, True)]


def test_a_line_is_beyond_the_history_only_when_nobody_listened_and_no_history_held_it():
    printed = Printed(times=[float(number) for number in range(400)], histories=[(0.0, 0)], endings=[])
    assert not printed.beyond(10)
    printed.endings.append(100.0)
    printed.histories.append((350.5, 351))
    assert printed.beyond(150)
    assert not printed.beyond(201), "the history held it"
    assert not printed.beyond(50), "it was heard live"
    assert not printed.beyond(380), "it was heard live, after the cut"
