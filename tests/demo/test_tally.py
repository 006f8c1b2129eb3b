"""The count of lines printed and lines shown: what makes a lying channel visible."""

from types import SimpleNamespace

from sandbox.demo.tally import Tally, console_lines
from sandbox.discord import Attachment


def post(content="", files=(), channel=7):
    return SimpleNamespace(content=content, attachments=list(files), channel=SimpleNamespace(id=channel))


def block(*lines):
    return "```ansi\n" + "\n".join(lines) + "\n```"


def counts(tally):
    return [(each["server"], each["printed"], each["shown"], each["left_out"]) for each in tally.counts()]


def test_lines_are_counted_as_a_terminal_shows_them():
    assert console_lines("\x1b[32mgreen\x1b[0m") == ["green"]
    assert console_lines("12%\r57%\r100%") == ["100%"]
    assert console_lines("one\r\ntwo\r") == ["one", "two"]


def test_counting_begins_with_the_first_line_that_a_channel_shows():
    tally = Tally()
    for text in ("long ago", "a", "\x1b[31mb\x1b[0m", "c"):
        tally.printed("castle", text)
    tally.posted(post(block("\x1b[0;31mb\x1b[0m", "c")))
    assert counts(tally) == [("castle", 2, 2, 0)]
    tally.printed("castle", "d")
    assert counts(tally) == [("castle", 3, 2, 0)]


def test_masked_and_continued_lines_count_once():
    tally = Tally()
    for text in ("first", "login from 203.0.113.7", "long " * 500):
        tally.printed("castle", text)
    tally.posted(post(block("first", "login from ‹ip-1›", "long long ↩")))
    tally.posted(post(block("↪ long long")))
    assert counts(tally) == [("castle", 3, 3, 0)]


def test_files_count_line_by_line():
    tally = Tally()
    for number in range(500):
        tally.printed("castle", f"line {number}")
    tally.posted(post(block("line 0")))
    data = "".join(f"line {number}\n" for number in range(1, 500)).encode()
    tally.posted(post("📎", [Attachment(1, "console.log", data, "text/plain")]))
    assert counts(tally) == [("castle", 500, 500, 0)]


def test_a_lost_line_shows_as_missing_until_the_channel_says_so():
    tally = Tally()
    for number in range(10):
        tally.printed("castle", f"line {number}")
    tally.posted(post(block("line 0", "line 1")))
    tally.posted(post(block("line 5")))
    assert counts(tally) == [("castle", 10, 3, 0)]
    tally.posted(
        post(
            "⚠ The console of **Castle** is back; lines between <t:1:T> and <t:2:T> may be missing.\n"
            + block("line 8", "line 9")
        )
    )
    assert counts(tally) == [("castle", 10, 5, 5)]


def test_lines_left_out_with_a_count_are_told_apart():
    tally = Tally()
    for number in range(5):
        tally.printed("castle", f"line {number}")
    tally.posted(post(block("line 0")))
    tally.posted(post("✂ 4 lines left out here: they came faster than the bot could take them."))
    assert counts(tally) == [("castle", 5, 1, 4)]


def test_two_servers_in_one_channel_are_counted_apart():
    tally = Tally()
    for server in ("castle", "survival"):
        for number in range(3):
            tally.printed(server, f"{server} {number}")
    tally.posted(post(block("castle 0", "castle 1") + "\n" + block("survival 0", "survival 1", "survival 2")))
    assert counts(tally) == [("castle", 3, 2, 0), ("survival", 3, 3, 0)]


def test_memory_stays_bounded():
    tally = Tally()
    for number in range(70_000):
        tally.printed("castle", f"line {number}")
    known = tally._printed["castle"]
    assert len(known.recent) == len(known.numbers) == 30_000
    tally.posted(post(block("line 69999")))
    assert counts(tally) == [("castle", 1, 1, 0)]
