"""The value that decides the marks of masked text: one for the life of a database, whatever its secret keys are."""

import logging

from sqlalchemy import select

from bot.store.database import Database
from bot.store.locks import put
from bot.store.tables import PanelRow, StateRow
from bot.store.vault import Vault

_log = logging.getLogger(__name__)
_FACT = "masking_secret"


class MaskingSecret:
    """Kept in the database, encrypted."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def get(self) -> bytes:
        """Return the value, 64 bytes; where there is none yet, make it so that all marks stay as they were.

        They used to be made with the secret key itself, the newest one: with what the panel keys are encrypted with as
        long as `rotate` has not been called.
        """
        async with self._database.writing() as session:
            row = await session.get(StateRow, _FACT)
            value = None if row is None else self._vault.unseal(row.value.encode())
            if value is None:
                if row is not None:
                    _log.warning("no secret key fits the value that decides the marks of masked text: they change")
                keys = select(PanelRow.key_encrypted).where(PanelRow.key_encrypted.is_not(None))
                encrypted = await session.scalar(keys.order_by(PanelRow.id).limit(1))
                value = self._vault.digest(encrypted)
                await put(session, StateRow, {"key": _FACT, "value": self._vault.seal(value).decode()})
            return value

    async def rotate(self) -> None:
        """Encrypt the value with the newest secret key where an older one encrypted it."""
        async with self._database.writing() as session:
            row = await session.get(StateRow, _FACT, with_for_update=True)
            if row is not None:
                row.value = self._vault.reseal(row.value.encode()).decode()
