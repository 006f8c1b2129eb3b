"""Lines that a load prints, and reading them back from a channel."""

import pytest

from bench.lines import REPEATED, Writing
from bench.reading import Posted, arrived, read, recognise


@pytest.mark.parametrize("width", [25, 27, 80, 100, 3000])
def test_a_line_is_as_wide_as_asked_and_says_its_number_at_both_ends(width):
    line = Writing(width=width).plain(7, 123)
    assert len(line) == width
    assert line.startswith("s0007n000123 ")
    assert line.endswith(" e0007n000123")


def test_colour_changes_nothing_that_a_reader_sees():
    writing = Writing(colour=True)
    raw = writing.raw(1, 2)
    assert raw.count("\x1b[") > 5
    (shown,) = read([Posted(f"```ansi\n{raw}\n```")])
    assert shown.text == writing.plain(1, 2)
    assert shown.key == (1, 2)


def test_with_repeats_three_of_eight_lines_look_the_same():
    writing = Writing(repeats=True)
    texts = [writing.plain(0, number) for number in range(8)]
    assert texts.count(REPEATED) == 3
    assert len(set(texts)) == 6
    assert [writing.repeated(number) for number in range(8)] == [text == REPEATED for text in texts]


def test_lines_are_found_in_blocks_files_and_bare_messages_in_the_order_of_a_reader():
    line = Writing(width=40).plain
    posted = [
        Posted(f"-# **Castle**\n```ansi\n{line(0, 0)}\n\x1b[31m{line(0, 1)}\x1b[0m\n```\n▶ it is running"),
        Posted("📎 2 lines", (f"{line(0, 2)}\n{line(0, 3)}\n",)),
        Posted(line(0, 4)),
    ]
    assert [shown.key for shown in read(posted)] == [(0, number) for number in range(5)]
    assert [arrived(message) for message in posted] == [[(0, 0), (0, 1)], [(0, 2), (0, 3)], [(0, 4)]]


def test_a_line_cut_into_pieces_is_whole_again_and_has_arrived_only_with_its_last_piece():
    line = Writing(width=200).plain(0, 9)
    first = Posted(f"```ansi\n{line[:90]}↩\n```")
    second = Posted(f"```ansi\n↪ {line[90:]}\n```")
    assert [shown.text for shown in read([first, second])] == [line]
    assert arrived(first) == []
    assert arrived(second) == [(0, 9)]


def test_a_line_cut_between_a_message_and_a_file_is_whole_again():
    line = Writing(width=200).plain
    posted = [
        Posted(f"```ansi\n{line(0, 0)[:90]}↩\n```"),
        Posted(
            "📎 **2 lines** in 1 second, too fast for messages: all in the file (no warnings, no errors).",
            (f"↪ {line(0, 0)[90:]}\n{line(0, 1)}\n",),
        ),
    ]
    assert [shown.text for shown in read(posted)] == [line(0, 0), line(0, 1)]


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("✂ 1,200 lines left out here: the console was faster than Discord allows.", 1200),
        ("✂ 1 line left out here: it came faster than the bot could take it.", 1),
        ("⚠ Discord refused 3 lines here.", 3),
        ("⚠ Discord refused a message with console lines here.", 0),
        ("⚠ The console of **A** is back; lines between <t:1:T> and <t:2:T> may be missing.", 0),
        ("⚠ The console is back; lines between <t:1:T> and <t:2:T> may be missing. 150 missed lines were found.", 0),
    ],
)
def test_the_announcement_of_a_loss_is_recognised_with_its_number(text, counted):
    shown = recognise(text)
    assert shown is not None and shown.announces
    assert shown.counted == counted


@pytest.mark.parametrize(
    "text",
    [
        "▶ **Castle** is running",
        "⚠ No console of **Castle** since <t:1:T>. The node is away. I keep trying.",
        "✅ The console of **Castle** is back after 40 seconds; the 12 missed lines follow.",
        "📎 5,000 lines in 3 s, 2 warnings",
    ],
)
def test_other_words_of_the_bot_announce_no_loss(text):
    assert recognise(text) is None
