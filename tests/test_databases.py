"""What a machine without PostgreSQL is told, and that tests leave nothing of theirs behind."""

from pathlib import Path

import pytest

from .databases import PostgresServer, postgres_programs


def test_without_postgresql_a_test_is_skipped_with_one_sentence_that_helps(tmp_path: Path) -> None:
    with pytest.raises(
        pytest.skip.Exception, match=r"^PostgreSQL is not installed \(Debian: apt-get install postgresql"
    ):
        postgres_programs({"PATH": str(tmp_path)}, tmp_path)


def test_where_all_tests_must_run_a_missing_postgresql_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"apt-get install postgresql.*must not be skipped"):
        postgres_programs({"PATH": str(tmp_path), "CI": "true"}, tmp_path)


def test_the_newest_postgresql_is_taken(tmp_path: Path) -> None:
    for version in ("9", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch()
    assert postgres_programs({}, tmp_path) == tmp_path / "17" / "bin"


def test_a_database_is_gone_when_its_test_is(postgresql: PostgresServer) -> None:
    name = postgresql.new_database()
    assert postgresql.sql("SELECT count(*) FROM guilds", name) == "0"
    postgresql.drop_database(name)
    assert name not in postgresql.sql("SELECT datname FROM pg_database").splitlines()
