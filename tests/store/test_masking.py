"""The value behind the marks of masked text: it stays, over updates of the bot and changes of the secret keys."""

import json
import logging

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from bot.errors import StartupError
from bot.store.store import Store
from bot.terms import PanelKind
from bot.text.redaction import redactor

SECRET_OF_THE_TESTS = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
MARK_OF_AN_EARLIER_VERSION = "\u2039ip-gqoof\u203a"
"""What stood for 203.0.113.9 on server 1 when marks were made with the secret key itself."""


async def mark(store: Store) -> str:
    return redactor(await store.masking_secret.get(), 1).redact("203.0.113.9")


async def panel_of(store: Store) -> None:
    await store.panels.add(1, "https://panel.example", PanelKind.PTERODACTYL, "Main", "ptlc_planted")


async def as_before_the_update(store: Store) -> None:
    async with store._database.writing() as session:
        await session.execute(text("DELETE FROM state WHERE key = 'masking_secret'"))


@pytest.mark.parametrize("with_panel", [True, False])
async def test_an_update_of_the_bot_changes_no_mark(opened, with_panel: bool) -> None:
    async with opened([SECRET_OF_THE_TESTS]) as store:
        if with_panel:
            await panel_of(store)
        await as_before_the_update(store)
    async with opened([SECRET_OF_THE_TESTS]) as store:
        assert await mark(store) == MARK_OF_AN_EARLIER_VERSION


async def test_an_update_and_a_new_secret_key_in_one_start_change_no_mark(opened) -> None:
    """Then the newest key is not the one that the marks were made with: that one still encrypts what is stored."""
    async with opened([SECRET_OF_THE_TESTS]) as store:
        await panel_of(store)
        await as_before_the_update(store)
    async with opened([Fernet.generate_key().decode(), SECRET_OF_THE_TESTS]) as store:
        assert await mark(store) == MARK_OF_AN_EARLIER_VERSION


async def test_marks_stay_when_secret_keys_are_rotated_and_the_old_ones_thrown_away(opened, keys) -> None:
    async with opened() as store:
        former = await mark(store)
    for _ in range(3):
        new = Fernet.generate_key().decode()
        async with opened([new, *keys]) as store:
            assert await mark(store) == former
        keys = [new]
        async with opened(keys) as store:
            assert await mark(store) == former


async def test_other_databases_have_other_marks(opened, keys) -> None:
    async with opened() as store:
        first = await mark(store)
        await as_before_the_update(store)
    async with opened([Fernet.generate_key().decode()]) as store:
        assert await mark(store) != first


async def test_the_value_lies_encrypted_and_is_not_the_secret_key(opened, stored, keys) -> None:
    async with opened() as store:
        value = await store.masking_secret.get()
        assert json.dumps(await store.state.get("masking_secret")).startswith('"gAAAAA')
        assert len(value) == 64
    assert value not in stored() and keys[0].encode() not in stored() and keys[0].encode() not in value


async def test_without_the_secret_key_marks_begin_anew_and_the_owner_is_told(opened, caplog) -> None:
    """Nothing else is stored that would need the lost key, so the bot starts."""
    async with opened() as store:
        former = await mark(store)
    lost = [Fernet.generate_key().decode()]
    async with opened(lost) as store:
        assert await mark(store) != former
        assert "marks of masked text: they change" in caplog.text
    caplog.clear()
    async with opened(lost):
        assert caplog.records == [] or all(record.levelno < logging.WARNING for record in caplog.records)


async def test_a_start_with_wrong_secret_keys_leaves_the_value_alone(opened) -> None:
    async with opened([SECRET_OF_THE_TESTS]) as store:
        await panel_of(store)
        former = await mark(store)
    with pytest.raises(StartupError):
        async with opened([Fernet.generate_key().decode()]):
            pass
    async with opened([SECRET_OF_THE_TESTS]) as store:
        assert await mark(store) == former
