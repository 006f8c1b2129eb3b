"""The process may open as many sockets as the system lets it."""

import pytest

from bot import open_files

resource = pytest.importorskip("resource")


@pytest.fixture
def few():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < 512:
        pytest.skip("this machine allows few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_is_raised_as_far_as_one_may(few):
    wanted = open_files.ENOUGH if few == resource.RLIM_INFINITY else min(few, open_files.ENOUGH)
    assert open_files.allow_many() == wanted
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, few)


def test_a_limit_that_cannot_be_raised_stays(few, monkeypatch):
    def refuse(*_limit):
        raise ValueError

    monkeypatch.setattr(open_files.resource, "setrlimit", refuse)
    assert open_files.allow_many() == 256
    monkeypatch.undo()


def test_a_system_without_such_a_limit_needs_none(monkeypatch):
    monkeypatch.setattr(open_files, "resource", None)
    assert open_files.allow_many() is None
