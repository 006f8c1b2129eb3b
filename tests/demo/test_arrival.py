"""When the bot does not come up, the page and the terminal say why: not what did not happen."""

import asyncio
import logging
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import TextFormatter
from sandbox.demo import arrival
from sandbox.demo.bot_child import BotChild
from sandbox.demo.bot_log import LONGEST, READ_BYTES, last_words, what_it_says
from tests.machines import without_compression

from .conftest import visit, wait_until

NOW = "2026-12-01 03:20:15"


def logged(level: str, name: str, text: str, error: BaseException | None = None) -> str:
    """What the bot's log has of it."""
    trouble = (type(error), error, error.__traceback__) if error is not None else None
    record = logging.LogRecord(name, logging.getLevelName(level), "", 0, text, (), trouble)
    return TextFormatter().format(record) + "\n"


def chained() -> ValueError:
    """An error with a cause, raised and caught, whose text has several lines."""
    try:
        try:
            raise ConnectionError("first")
        except ConnectionError as first:
            raise ValueError("400\nDetails:\n  none") from first
    except ValueError as error:
        return error


ENDED = "The bot stopped because of a bug (incident 1A2B3C); the log has the details."
TRACEBACK = """Traceback (most recent call last):
  File "bot/app.py", line 1, in run
    await gateway()
    ~~~~~~~^^
ConnectionError: first

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "bot/app.py", line 2, in run
    raise
aiohttp.client_exceptions.WSServerHandshakeError: 400, message='Invalid response status'
"""


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("", ""),
        ("\n \n", ""),
        (f"{NOW} INFO    bot.app: starting\n{NOW} INFO    bot.sync: Registered 13 commands\n", "Registered 13 commands"),
        (f"{NOW} WARNING bot.store: the disk is slow\n{NOW} INFO    bot.app: Ending\n", "the disk is slow"),
        (f"{NOW} INFO    bot.app: x\nDISCORD_TOKEN is missing.\n", "DISCORD_TOKEN is missing."),
        ("Traceback (most recent call last):\n  File x\nModuleNotFoundError: No module named 're2'\n", "ModuleNotFoundError: No module named 're2'"),
        (
            logged("ERROR", "discord.shard", "Retrying...", chained()) + logged("INFO", "bot.app", "Ending"),
            "Retrying... (ValueError: 400)",
        ),
        (logged("CRITICAL", "__main__", "Incident 1A2B3C", chained()) + ENDED + "\n", f"{ENDED} (ValueError: 400)"),
        (
            logged("INFO", "bot.app", "starting") + TRACEBACK,
            "starting (aiohttp.client_exceptions.WSServerHandshakeError: 400, message='Invalid response status')",
        ),
        (f"{NOW} ERROR   bot.app: {'x' * 400}\n", "x" * (LONGEST - 1) + "…"),
        ("Fatal Python error: Segmentation fault\n\nCurrent thread 0x1 (most recent call first):\n", "Current thread 0x1 (most recent call first):"),
    ],
)  # fmt: skip
def test_of_a_log_its_last_reason_is_told(log, words):
    assert what_it_says(log) == words


LINES = st.sampled_from(
    [
        f"{NOW} ERROR   a.b: text",
        f"{NOW} INFO    a: b",
        "Traceback (most recent call last):",
        "  File",
        "E: x",
        "  E: x",
        "  Traceback (most recent call last):",
        "",
        "|",
    ]
)


@given(st.lists(LINES | st.text(max_size=400)).map("\n".join))
def test_any_log_gives_one_line_of_bounded_length(log):
    words = what_it_says(log)
    assert len(words) <= LONGEST
    assert len(words.splitlines()) <= 1
    assert bool(words) == bool(log.strip())


def test_of_an_endless_log_only_the_end_is_read(tmp_path):
    log = tmp_path / "bot.log"
    log.write_bytes(b"\xff" * READ_BYTES * 3 + f"\n{NOW} ERROR   bot.app: the end\n".encode())
    assert last_words(log) == "the end"
    assert last_words(tmp_path / "none.log") == ""


async def test_a_bot_that_is_late_is_explained_in_both_places_until_it_is_there(stage, monkeypatch):
    """A child that lives and logs like a bot which cannot reach the gateway, and never comes up."""
    monkeypatch.setattr(arrival, "PATIENCE", 0.0)  # the page's text is renewed, so nothing depends on when
    bot, discord, said = stage.bot, stage.scene.discord, []
    bot._environment = {"DISCORD_TOKEN": "very-secret"}
    _program(stage, monkeypatch, "echo no gateway for very-secret; exec sleep 60")
    bot.start()
    watching = asyncio.create_task(arrival.watch_arrival(discord, bot, said.append))
    try:
        async with visit(stage.address) as visitor:
            await visitor.until(lambda: "no gateway for [secret]" in visitor.known["bot"]["text"])
            assert visitor.known["bot"]["state"] == "starting"
            discord.gateway.refusal = "The stand-in refused: it cannot."
            await visitor.until(lambda: discord.gateway.refusal in visitor.known["bot"]["text"])
            monkeypatch.setattr(type(discord), "has_bot", True)
            await visitor.until(lambda: visitor.known["bot"]["text"] == "")
            assert visitor.known["bot"]["state"] == "ready"
        assert len(said) == 2
        assert said[0].startswith("The bot has not come up.")
        assert said[1] == "The bot is ready."
    finally:
        watching.cancel()
        await bot.close()


async def test_what_killed_it_is_told_with_its_exit_code(stage, monkeypatch):
    bot = stage.bot
    _program(stage, monkeypatch, "echo The disk is full. >&2; exit 5")
    bot.start()
    try:
        async with visit(stage.address) as visitor:
            await visitor.until(lambda: visitor.known["bot"]["state"] == "down")
            assert "code 5" in visitor.known["bot"]["text"] and "The disk is full." in visitor.known["bot"]["text"]
            assert arrival.why_not_there(stage.scene.discord, bot) == bot.state.text
    finally:
        await bot.close()


def _program(stage, monkeypatch, commands: str) -> None:
    """Has the demo run this instead of the bot."""
    path = Path(stage.bot.log).with_name("python")
    path.write_text(f"#!/bin/sh\n{commands}\n")
    path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))
    stage.bot._changed = lambda: stage.live.all_stale("bot")


def test_a_bot_that_cannot_reach_its_gateway_is_explained_by_what_was_refused(start, tmp_path):
    """As on Python 3.14 with a stand-in that could not do zstd: the page said "0 command syncs, 0 shards connected"."""
    program = start("--port", "0", "--ready", **without_compression(tmp_path))
    wait_until(lambda: "Could not make everything ready" in program.output, program)
    told = program.output.split("Could not make everything ready")[1]
    assert "there is nothing to do it with" in told
    wait_until(lambda: "The bot has not come up." in program.output, program)
    assert "shards connected" not in program.output
    assert program.end()[0] == 0


def test_the_explanation_is_of_this_start_and_not_of_one_before(tmp_path):
    bot = BotChild(tmp_path, {}, lambda: None)
    bot.explain("It is late.")
    assert bot.state.text == ""
