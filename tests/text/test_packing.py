"""Packing console lines into messages."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.terms import RelayStyle
from bot.text import ansi, markdown
from bot.text.packing import LIMIT, PIECE_LIMIT, Block, Entry, block, pieces, size, take

STYLES = list(RelayStyle)
styles = st.sampled_from(STYLES)
CODE = re.compile(r"\x1b\[[0-9;]*m")
long_lines = st.builds(
    lambda parts, times: "".join(parts) * times,
    st.lists(st.one_of(st.text(max_size=30), st.sampled_from(["\x1b[31m", "\x1b[1;42m", "```", "👨‍👩‍👧", "e\u0301\u0302", "🇩🇪🇫🇷", "𝕏"])), max_size=8),
    st.integers(1, 120),
)  # fmt: skip


def shown(text):
    """What a reader sees of block content, the marks of cuts and broken fences taken away."""
    return ansi.strip(text).replace("\u200b", "").replace("↩", "").replace("↪ ", "")


@given(long_lines, styles)
def test_every_piece_fits_and_together_they_show_the_line(line, style):
    parts = pieces(line, style)
    assert all(0 < size(part) <= PIECE_LIMIT for part in parts)
    assert all("```" not in part for part in parts)
    assert "".join(map(shown, parts)) == shown(ansi.strip(line))


@given(long_lines, styles)
def test_every_piece_stands_for_itself(line, style):
    """Its colours are opened and closed within it, and a plain one has none."""
    for part in pieces(line, style):
        assert ansi.reduce(part) == part
        if style is RelayStyle.PLAIN:
            assert "\x1b" not in part


def test_a_cut_is_marked_and_the_colour_carries_over():
    first, second = pieces("\x1b[31m" + "x" * 2500, RelayStyle.COLOUR)
    assert first.startswith("\x1b[31mx")
    assert first.endswith("x\x1b[0m↩")
    assert second.startswith("↪ \x1b[31mx")
    assert second.endswith("x\x1b[0m")


@pytest.mark.parametrize("cluster", ["👨‍👩‍👧", "e\u0301\u0302", "🇩🇪", "👍🏽", "𝕏", "ก็"])
def test_clusters_are_not_torn_apart(cluster):
    for shift in range(8):
        for part in pieces("x" * shift + cluster * 900, RelayStyle.PLAIN):
            core = part.removesuffix("↩").removeprefix("↪ ").lstrip("x")
            assert core == cluster * (len(core) // len(cluster))


def test_an_endless_cluster_is_cut_all_the_same():
    parts = pieces("e" + "\u0301" * 6000, RelayStyle.PLAIN)
    assert sum(part.count("\u0301") for part in parts) == 6000
    assert len(parts) == 4


def test_an_empty_line_stays_visible():
    assert pieces("", RelayStyle.COLOUR) == ["\u200b"]
    assert pieces("\x1b[31m\x1b[0m", RelayStyle.COLOUR) == ["\u200b"]


@given(st.text(alphabet="`a\x1b[31m\u200b", max_size=60), styles)
def test_fences_cannot_be_closed_by_a_line(line, style):
    content = take([Entry(part, style) for part in pieces(line, style)]).content
    assert content.count("```") == 2


def entries_of(lines, style, source=""):
    return [Entry(piece, style, source) for line in lines for piece in pieces(line, style)]


@given(st.lists(st.one_of(st.text(max_size=300), long_lines), min_size=1, max_size=30), styles)
def test_messages_fit_and_carry_everything_in_order(lines, style):
    waiting = entries_of(lines, style)
    bodies = []
    while waiting:
        packed = take(waiting)
        assert 0 < packed.taken <= len(waiting)
        assert max(len(packed.content), len(packed.content.encode("utf-16-le")) // 2) <= LIMIT
        opening = "```ansi\n" if style is RelayStyle.COLOUR else "```\n"
        assert packed.content.startswith(opening)
        assert packed.content.endswith("\n```")
        bodies.append(packed.content.removeprefix(opening).removesuffix("\n```"))
        del waiting[: packed.taken]
    assert "\n".join(bodies) == "\n".join(entry.text for entry in entries_of(lines, style))


def test_a_message_takes_all_that_fits():
    packed = take(entries_of(["x" * 80] * 100, RelayStyle.PLAIN))
    assert packed.taken == 24


def test_a_notice_stands_outside_the_block_and_in_its_place():
    style = RelayStyle.COLOUR
    packed = take([Entry("one", style), Entry("**up**", None), Entry("two", style), Entry("three", style)])
    assert packed.content == "```ansi\none\n```\n**up**\n```ansi\ntwo\nthree\n```"
    assert take([Entry("**up**", None), Entry("two", style)]).content == "**up**\n```ansi\ntwo\n```"


def test_servers_are_named_where_they_change():
    style = RelayStyle.PLAIN
    waiting = [Entry("a", style, "One"), Entry("b", style, "One"), Entry("c", style, "Two")]
    packed = take(waiting, headers=True)
    assert packed.content == "-# One\n```\na\nb\n```\n-# Two\n```\nc\n```"
    assert packed.source == "Two"
    assert take(waiting[2:], headers=True, source="Two").content == "```\nc\n```"


def test_the_largest_piece_and_its_header_fit_one_message():
    entry = Entry("x" * PIECE_LIMIT, RelayStyle.COLOUR, "N" * 80)
    assert len(take([entry], headers=True).content) <= LIMIT


def test_a_reply_keeps_the_last_lines_and_tells_that_not_all_fit():
    found = block([f"line {n} " + "x" * 50 for n in range(100)], RelayStyle.PLAIN)
    assert size(found.text) <= LIMIT
    assert found.text.endswith("\n```")
    assert not found.whole
    assert f"line {100 - found.shown} " in found.text
    assert f"line {99 - found.shown} " not in found.text
    assert "line 99 " in found.text


def test_a_reply_can_keep_the_first_lines():
    found = block([f"line {n} " + "x" * 50 for n in range(100)], RelayStyle.COLOUR, 500, keep="head")
    assert found.text.startswith("```ansi\nline 0 ")
    assert f"line {found.shown - 1} " in found.text and f"line {found.shown} " not in found.text
    assert not found.whole


def test_a_line_that_is_cut_is_shown_and_not_whole():
    found = block(["x" * 5000], RelayStyle.PLAIN)
    assert (found.shown, found.whole) == (1, False)


def test_a_reply_that_fits_says_so():
    assert block(["a", "", "b"], RelayStyle.PLAIN) == Block("```\na\n\u200b\nb\n```", 3, whole=True)


@given(st.lists(long_lines, max_size=5), styles, st.integers(200, 2000), st.sampled_from(["head", "tail"]))
def test_a_reply_always_fits(lines, style, limit, keep):
    assert size(block(lines, style, limit, keep=keep).text) <= limit


def test_markdown_is_escaped_onto_one_line():
    assert markdown.escape("a_b *c*\n@everyone") == r"a\_b \*c\* \@everyone"


def test_size_counts_what_discord_may_count():
    assert size("a€") == 2
    assert size("𝕏") == 2
    assert unicodedata.name("𝕏")
