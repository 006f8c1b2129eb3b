"""The relays' journal: what each has delivered, and the message on its way to each channel, across SIGKILL.

Many channels write here many times a second, so writes are gathered: one transaction carries whatever came in while
the one before it ran.
"""

import asyncio
import json
import logging
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.tables import RelayMessageRow, RelayRow, RelayTailRow
from bot.store.values import Outgoing
from bot.vitals import DeliveredTail

_log = logging.getLogger(__name__)
# Seconds. A message must wait for its writing down; that another was delivered may be told with the next one's.
_GATHER = 0.004
_PATIENCE = 0.25

_ADD_TAIL = insert(RelayTailRow).from_select(
    ["relay_id", "marks", "at", "offline"],
    # From the relay's own row: a relay that was removed meanwhile leaves nothing behind.
    select(
        RelayRow.id,
        bindparam("marks", type_=RelayTailRow.marks.type),
        bindparam("at", type_=RelayTailRow.at.type),
        bindparam("offline", type_=RelayTailRow.offline.type),
    ).where(RelayRow.id == bindparam("relay_id")),
)


class Journal:
    """What must be known after a restart to lose nothing and say nothing twice."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tails: dict[int, DeliveredTail] = {}
        self._messages: dict[int, Outgoing | None] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._closing = False
        self._something = asyncio.Event()
        self._urgent = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def tails(self, relay_ids: Collection[int]) -> dict[int, DeliveredTail]:
        """Return the delivered tails of those relays that have one.

        A message on its way counts as delivered: it will be, before anything else.
        """
        wanted = select(RelayTailRow).where(RelayTailRow.relay_id.in_(relay_ids))
        async with self._database.reading() as session:
            rows = await session.scalars(wanted)
            tails = {row.relay_id: DeliveredTail(row.marks, row.at, row.offline) for row in rows}
            for text in await session.scalars(select(RelayMessageRow.tails)):
                tails |= {relay_id: tail for relay_id, tail in _tails(text).items() if relay_id in relay_ids}
        return tails

    async def unsettled(self) -> dict[int, Outgoing]:
        """Return, by channel id, the messages that an earlier life was sending and does not know the end of.

        Those for channels without a relay are forgotten.
        """
        orphans = delete(RelayMessageRow).where(RelayMessageRow.channel_id.not_in(select(RelayRow.channel_id)))
        async with self._database.writing() as session:
            await session.execute(orphans)
            return {row.channel_id: _message(row) for row in await session.scalars(select(RelayMessageRow))}

    async def write_ahead(self, message: Outgoing) -> None:
        """Write down a message about to be sent, in place of the channel's one before; return when it is written.

        Raises:
            Exception: whatever the database's trouble is.
        """
        self._messages[message.channel_id] = message
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        self._note(urgent=True)
        await written

    def settle(self, channel_id: int, tails: Mapping[int, DeliveredTail]) -> None:
        """Note that the channel's message is done with, and how far its relays are; written down soon."""
        self._tails.update(tails)
        self._messages[channel_id] = None
        self._note(urgent=False)

    def note(self, tails: Mapping[int, DeliveredTail]) -> None:
        """Note how far relays are without a message: they began, or what came is not shown; written down soon."""
        self._tails.update(tails)
        self._note(urgent=False)

    async def close(self) -> None:
        """Write down what is noted, and end."""
        self._closing = True
        self._something.set()
        self._urgent.set()
        if self._writer is not None:
            await self._writer

    def _note(self, *, urgent: bool) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_forever(), name="relay journal")
        self._something.set()
        if urgent:
            self._urgent.set()

    async def _write_forever(self) -> None:
        while self._something.is_set() or not self._closing:
            await self._something.wait()
            if not self._closing:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_PATIENCE):
                        await self._urgent.wait()
                await asyncio.sleep(_GATHER)
            await self._write()

    async def _write(self) -> None:
        self._something.clear()
        self._urgent.clear()
        tails, self._tails = self._tails, {}
        messages, self._messages = self._messages, {}
        waiting, self._waiting = self._waiting, []
        try:
            await self._commit(tails, messages)
        except Exception as error:  # noqa: BLE001 - relays go on without a journal; those that wait are told
            _log.warning("the relays' journal could not be written: %s", type(error).__name__)
            for one in waiting:
                if not one.done():
                    one.set_exception(error)
        else:
            for one in waiting:
                if not one.done():
                    one.set_result(None)

    async def _commit(self, tails: dict[int, DeliveredTail], messages: dict[int, Outgoing | None]) -> None:
        async with self._database.writing_often() as connection:
            if tails:
                await _replace_tails(connection, tails)
            if messages:
                await connection.execute(delete(RelayMessageRow).where(RelayMessageRow.channel_id.in_(messages)))
            rows = [_row(message) for message in messages.values() if message is not None]
            if rows:
                await connection.execute(insert(RelayMessageRow), rows)


async def _replace_tails(connection: AsyncConnection, tails: Mapping[int, DeliveredTail]) -> None:
    await connection.execute(delete(RelayTailRow).where(RelayTailRow.relay_id.in_(tails)))
    await connection.execute(
        _ADD_TAIL,
        [
            {"relay_id": relay_id, "marks": tail.marks, "at": tail.at, "offline": tail.offline}
            for relay_id, tail in tails.items()
        ],
    )


def _row(message: Outgoing) -> dict[str, object]:
    tails = {
        relay_id: [b64encode(tail.marks).decode(), tail.at.isoformat() if tail.at else None, tail.offline]
        for relay_id, tail in message.tails.items()
    }
    return {
        "channel_id": message.channel_id,
        "nonce": message.nonce,
        "content": message.content,
        "filename": message.filename,
        "attachment": message.attachment,
        "made_at": message.made_at,
        "tails": json.dumps(tails),
    }


def _message(row: RelayMessageRow) -> Outgoing:
    return Outgoing(
        channel_id=row.channel_id,
        nonce=row.nonce,
        content=row.content,
        filename=row.filename,
        attachment=row.attachment,
        made_at=row.made_at,
        tails=_tails(row.tails),
    )


def _tails(text: str) -> dict[int, DeliveredTail]:
    stored = cast("dict[str, Any]", json.loads(text))
    return {
        int(relay_id): DeliveredTail(b64decode(marks), datetime.fromisoformat(at) if at else None, bool(offline))
        for relay_id, (marks, at, offline) in stored.items()
    }
