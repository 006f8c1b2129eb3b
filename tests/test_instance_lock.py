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
