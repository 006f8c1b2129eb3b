"""The secret keys: from the setting, or from a file that is made once and belongs to its owner alone."""

import logging
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.errors import ExitCode, StartupError
from bot.secret_keys import key_file, load_keys, read_keys


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
