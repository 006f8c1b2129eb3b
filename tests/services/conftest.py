"""A store in a temporary file, and members to act as."""

import pytest
from cryptography.fernet import Fernet

from bot.services.members import Member
from bot.store.store import Store

GUILD = 900


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/wingcord.db", [Fernet.generate_key().decode()])
    yield opened
    await opened.close()


@pytest.fixture
def admin():
    return Member(GUILD, 1, "Olivia", frozenset(), is_admin=True)


@pytest.fixture
def helper():
    return Member(GUILD, 2, "Hank", frozenset({70}), is_admin=False)
