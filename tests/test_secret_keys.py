"""The secret keys: from the setting, or from a file that is made once and belongs to its owner alone."""

import asyncio
import logging
import os
import resource
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.errors import ExitCode, StartupError
from bot.secret_keys import key_file, make_key_file, read_keys

ROOT = str(Path(__file__).resolve().parents[1])


def load_keys(configured: str | None, file: Path) -> tuple[str, ...] | None:
    keys = read_keys(configured, file)
    if keys is None:
        make_key_file(file)
    return keys or read_keys(None, file)


def test_the_setting_names_several_keys_newest_first(tmp_path: Path) -> None:
    assert load_keys(" new , old,", tmp_path / "a.key") == ("new", "old")
    assert list(tmp_path.iterdir()) == []


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = key_file(tmp_path / "data" / "wingcord.db")
    assert file == tmp_path / "data" / "wingcord.key"
    assert read_keys(None, file) is None
    (key,) = load_keys(None, file)
    Fernet(key)
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_keys(None, file) == (key,)
    assert [entry.name for entry in file.parent.iterdir()] == ["wingcord.key"]


def test_a_key_file_holds_several_keys_by_line(tmp_path: Path) -> None:
    file = tmp_path / "wingcord.key"
    file.write_text("new\n\nold, older\n")
    assert read_keys(None, file) == ("new", "old", "older")


def test_a_key_file_that_others_can_read_is_warned_about(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "wingcord.key"
    load_keys(None, file)
    with caplog.at_level(logging.WARNING):
        load_keys(None, file)
        assert caplog.messages == []
        file.chmod(0o640)
        load_keys(None, file)
    assert "chmod 600" in caplog.text


def test_a_key_file_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="cannot be used: not a directory") as refused:
        load_keys(None, tmp_path / "file" / "wingcord.key")
    assert refused.value.exit_code == ExitCode.SECRET_KEYS


@pytest.fixture
def no_room():
    """No file may grow: what a full disk is to whoever writes."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, former[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, former)


def test_without_room_for_the_key_file_nothing_is_left_behind(tmp_path: Path, no_room) -> None:
    with pytest.raises(StartupError, match="cannot be used: file too large") as refused:
        make_key_file(tmp_path / "data" / "wingcord.key")
    assert refused.value.exit_code == ExitCode.SECRET_KEYS
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("content", ["", "\n", "  \n\n"])
def test_an_empty_key_file_that_an_earlier_version_left_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "wingcord.key"
    file.write_text(content)
    file.chmod(0o644)
    assert read_keys(None, file) is None
    make_key_file(file)
    (key,) = read_keys(None, file) or ()
    Fernet(key)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["wingcord.key"]


def test_a_key_file_is_never_seen_unfinished_or_readable_for_others(tmp_path: Path, monkeypatch) -> None:
    """It has its name only when it is whole, and no other name that anybody would take for a key file."""
    seen: list[tuple[list[str], int]] = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        names = [entry.name for entry in tmp_path.iterdir()]
        seen.append((names, os.fstat(descriptor).st_mode & 0o777))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    before = os.umask(0)
    try:
        make_key_file(tmp_path / "wingcord.key")
    finally:
        os.umask(before)
    (name,), mode = seen[0]
    assert name.startswith("wingcord.key.") and mode == 0o600
    assert seen[1][0] == ["wingcord.key"], "the folder too is on the disk"


def test_a_file_system_without_hard_links_is_no_hindrance(tmp_path: Path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (key,) = load_keys(None, tmp_path / "wingcord.key") or ()
    make_key_file(tmp_path / "wingcord.key")
    assert read_keys(None, tmp_path / "wingcord.key") == (key,)
    assert [entry.name for entry in tmp_path.iterdir()] == ["wingcord.key"]


async def test_of_many_first_starts_at_once_all_have_one_key(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from bot.secret_keys import *; file = pathlib.Path('data/wingcord.key');"
        " sys.stdin.readline(); make_key_file(file); print(*read_keys(None, file))"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, cwd=tmp_path, env=os.environ | {"PYTHONPATH": ROOT},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(6)
    ]  # fmt: skip
    outputs = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    keys = {out.split()[-1] for out, _err in outputs}
    assert len(keys) == 1
    assert keys == {(tmp_path / "data" / "wingcord.key").read_bytes().strip()}
