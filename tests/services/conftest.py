"""A store in a temporary file, and members to act as."""

import pytest

from bot.services.members import Member
from bot.store.store import Store

GUILD = 900


@pytest.fixture
async def store(url, keys):
    opened = await Store.open(url, keys)
    yield opened
    await opened.close()


@pytest.fixture
def admin():
    return Member(GUILD, 1, "Olivia", frozenset(), is_admin=True)


@pytest.fixture
def helper():
    return Member(GUILD, 2, "Hank", frozenset({70}), is_admin=False)
