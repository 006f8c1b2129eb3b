"""What is said of a bot that a stranger besets."""

from dataclasses import replace

import pytest

from bench import kill, strangers
from bench.__main__ import chosen
from bench.loads import LOADS
from bench.strangers import Neighbourhood, missed, report

CALM = Neighbourhood(
    trouble="long-lines", asked=50, unanswered=0, p50=0.002, p95=0.02, longest=0.1, lines_p95=0.3, lines_missing=0, stretch=0.02,
    growth=12.0, log_bytes=300, cpu=2.0, own_delay=0.01, died=False,
)  # fmt: skip


def test_a_neighbour_who_notices_nothing_is_well():
    assert missed(CALM) == []
    assert "every target is reached" in report([CALM])


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"unanswered": 2}, "2 commands unanswered"),
        ({"p95": 0.31}, "p95 0.310 instead of < 0.3 s"),
        ({"lines_p95": 2.5}, "lines p95 2.50 instead of < 1 s"),
        ({"lines_missing": 1}, "1 of the neighbour's lines missing"),
        ({"stretch": 0.09}, "90 ms of the event loop in one piece"),
        ({"growth": 415.0}, "415 MB more instead of 50"),
        ({"log_bytes": 110_000_000}, "110,000,000 bytes of log"),
        ({"died": True}, "the bot died"),
    ],
)
def test_each_way_in_which_a_stranger_holds_others_up_is_named(change, phrase):
    beset = replace(CALM, **change)
    assert missed(beset) == [phrase]
    assert f"long-lines: {phrase}" in report([CALM, beset])


@pytest.mark.parametrize("module", [kill, strangers])
def test_a_trouble_that_there_is_not_is_named_beside_those_there_are(module, capsys):
    with pytest.raises(SystemExit):
        module._options(["--only", "nonsense"])
    said = capsys.readouterr().err
    assert "nonsense" in said
    assert all(name in said for name in module.TROUBLES)
    assert "_names" not in said


def test_strangers_are_part_of_everything_and_can_be_had_alone_or_left_out():
    assert chosen(None) == (list(LOADS), True)
    assert chosen("strangers") == ([], True)
    loads, beset = chosen("1,strangers,10")
    assert ([load.name for load in loads], beset) == (["1", "10"], True)
    assert chosen("1")[1] is False
    with pytest.raises(ValueError, match="no load is called"):
        chosen("strangers,nonsense")
