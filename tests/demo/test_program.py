"""The program: where it listens, who gets in, and how it ends."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from .conftest import is_alive, visit, wait_until

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="looks for the bot's process in /proc")


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_ends_everything_within_three_seconds_and_leaves_nothing_behind(start, number):
    program = start("--port", "0", "--ready")
    async with visit(program.address) as visitor:
        await visitor.until(lambda: "relay" in visitor.done)
        bot = program.bot_pid
        folder = Path(f"/proc/{bot}/cwd").readlink()  # noqa: ASYNC240  one look
        assert folder.name.startswith("wingcord-demo-")
        code, seconds = await asyncio.to_thread(program.end, number)
    assert code == 0
    assert seconds < 3.0
    assert "Traceback" not in program.output
    assert not is_alive(bot)
    assert not folder.exists()


@needs_proc
def test_the_bot_never_outlives_a_demo_that_is_killed_outright(start):
    program = start("--port", "0")
    bot = program.bot_pid
    program.end(signal.SIGKILL)
    wait_until(lambda: not is_alive(bot))


@needs_proc
async def test_a_bot_that_dies_is_told_about_and_started_again(start):
    program = start("--port", "0")
    async with visit(program.address) as visitor:
        await visitor.until(lambda: visitor.known["bot"]["state"] == "ready")
        first = program.bot_pid
        os.kill(first, signal.SIGKILL)
        await visitor.until(
            lambda: any("ended with code" in frame.get("bot", {}).get("text", "") for frame in visitor.frames)
        )
        await visitor.until(lambda: visitor.known["bot"]["state"] == "ready" and visitor.known["bot"]["restarts"] == 1)
        assert program.bot_pid != first
    assert "is started again in" in program.output


def test_it_listens_on_loopback_only_and_on_another_port_when_its_own_is_taken(start):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 8765))
            other.listen()
        except OSError:
            pass  # somebody else has it: as good
        program = start()
        assert program.base.startswith("http://127.0.0.1:")
        assert not program.base.endswith(":8765")


def test_a_port_asked_for_and_taken_is_one_sentence(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        program = start("--port", str(other.getsockname()[1]))
        assert program.finished() == 2
    assert program.output.count("\n") == 1
    assert "--port" in program.output


def test_data_is_kept_where_asked(start, tmp_path):
    folder = tmp_path / "kept"
    program = start("--port", "0", "--data", str(folder))
    wait_until(lambda: (folder / "wingcord.db").exists(), program)
    assert program.end()[0] == 0
    assert {path.name for path in folder.iterdir()} >= {"wingcord.db", "bot.log"}


def test_a_data_folder_that_cannot_be_made_is_one_sentence(start, tmp_path):
    (tmp_path / "file").write_text("")
    program = start("--data", str(tmp_path / "file" / "below"))
    assert program.finished() == 2
    assert program.output.count("\n") == 1
    assert "--data" in program.output


async def test_a_second_run_with_the_same_data_finds_everything_where_it_was(start, tmp_path):
    """The bot's database names a panel, its servers and a key: all of them are there again."""
    options = ("--port", "0", "--ready", "--data", str(tmp_path))
    first = start(*options)
    async with visit(first.address) as visitor:
        await visitor.until(lambda: len(visitor.done) == 5)
        castle = visitor.server("Castle")["id"]
    assert first.end()[0] == 0
    second = start(*options)
    async with visit(second.address) as visitor:
        await visitor.until(lambda: len(visitor.done) == 5)
        assert visitor.server("Castle")["id"] == castle
        await visitor.open("castle-console")
        await visitor.shows("Done (")
    assert second.end()[0] == 0
    assert "Traceback" not in second.output
