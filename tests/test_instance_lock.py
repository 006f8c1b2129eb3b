"""Only one bot works on a database file."""

import pytest

from bot.errors import ExitCode, StartupError
from bot.instance_lock import sole_owner


def test_a_second_bot_on_the_same_database_is_refused_until_the_first_is_gone(tmp_path):
    file = tmp_path / "wingcord.db"
    with sole_owner(file):
        with pytest.raises(StartupError, match="Another bot") as refused, sole_owner(file):
            pass
        assert refused.value.exit_code == ExitCode.DATABASE
    with sole_owner(file):
        pass


def test_databases_side_by_side_do_not_mind_one_another(tmp_path):
    with sole_owner(tmp_path / "one.db"), sole_owner(tmp_path / "two.db"), sole_owner(None):
        pass


def test_a_lock_file_that_cannot_be_used_is_told_in_one_line(tmp_path):
    (tmp_path / "wingcord.lock").mkdir()
    with pytest.raises(StartupError, match=r"lock file .*wingcord\.lock cannot be used: is a directory") as refused:
        sole_owner(tmp_path / "wingcord.db").__enter__()
    assert refused.value.exit_code == ExitCode.DATABASE


def test_what_goes_wrong_while_the_lock_is_held_is_nobody_elses_fault(tmp_path):
    with pytest.raises(FileNotFoundError, match="mine"), sole_owner(tmp_path / "wingcord.db"):
        raise FileNotFoundError("mine")


def test_a_lock_file_left_by_a_killed_bot_locks_nobody_out(tmp_path):
    (tmp_path / "wingcord.lock").write_bytes(b"12345")
    with sole_owner(tmp_path / "wingcord.db"):
        pass
