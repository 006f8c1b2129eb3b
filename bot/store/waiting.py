"""The rows of what waits for the channels: packed, encrypted, and forgotten as it is delivered."""

import json
import logging
import zlib
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Integer, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.store.tables import RelayMessageRow, RelayRow, RelayWaitingRow
from bot.store.values import Outgoing, WaitingBatch, WaitingItem
from bot.store.vault import Vault

_log = logging.getLogger(__name__)
# Log lines shrink to a tenth even so; more effort would only cost time.
_QUICKLY = 1

_CHANNEL = RelayWaitingRow.channel_id == bindparam("channel")
_THROUGH = bindparam("through", type_=BigInteger)
_DELIVERED = delete(RelayWaitingRow).where(_CHANNEL, RelayWaitingRow.last <= _THROUGH)
_BEGUN = (
    update(RelayWaitingRow)
    .where(_CHANNEL, RelayWaitingRow.first <= _THROUGH + 1)
    .values(done=_THROUGH, parts=bindparam("parts", type_=Integer))
)
_ORPHANS = delete(RelayWaitingRow).where(RelayWaitingRow.channel_id.not_in(select(RelayRow.channel_id)))


async def add(connection: AsyncConnection, batches: Iterable[WaitingBatch], vault: Vault) -> None:
    """Write batches down."""
    await connection.execute(
        insert(RelayWaitingRow),
        [
            {
                "channel_id": batch.channel_id,
                "first": batch.first,
                "last": batch.last,
                "done": 0,
                "parts": 0,
                "sealed": vault.seal(_packed(batch)),
            }
            for batch in batches
        ],
    )


async def settle(connection: AsyncConnection, messages: Collection[Outgoing]) -> None:
    """Forget what these messages carried."""
    ends = [{"channel": message.channel_id, "through": message.through, "parts": message.parts} for message in messages]
    await connection.execute(_DELIVERED, [{"channel": end["channel"], "through": end["through"]} for end in ends])
    await connection.execute(_BEGUN, ends)


async def forget(connection: AsyncConnection, channel_ids: Collection[int]) -> None:
    """Forget all that waits for these channels."""
    await connection.execute(delete(RelayWaitingRow).where(RelayWaitingRow.channel_id.in_(channel_ids)))


async def read(session: AsyncSession, vault: Vault) -> list[WaitingBatch]:
    """Return what no message carries, in order; what waits for channels without a relay is forgotten.

    So is what no secret key fits, and all behind it: what is missing in the midst of it nobody would miss.
    """
    await session.execute(_ORPHANS)
    messages = select(RelayMessageRow.channel_id, RelayMessageRow.through, RelayMessageRow.parts)
    carried = {row.channel_id: (row.through, row.parts) for row in await session.execute(messages)}
    rows = await session.scalars(select(RelayWaitingRow).order_by(RelayWaitingRow.channel_id, RelayWaitingRow.first))
    found: list[WaitingBatch] = []
    unreadable: set[int] = set()
    for row in rows.all():
        batch = _batch(row, vault) if row.channel_id not in unreadable else None
        if batch is None:
            unreadable.add(row.channel_id)
            await session.delete(row)
            continue
        rest = batch.behind(*max((row.done, row.parts), carried.get(row.channel_id, (0, 0))))
        if rest.items:
            found.append(rest)
    for channel_id in unreadable:
        _log.warning("what waited for channel %s was encrypted with another secret key: it is lost", channel_id)
    return found


def _packed(batch: WaitingBatch) -> bytes:
    items = [
        [item.relay_id, item.text, item.at.timestamp(), b64encode(item.marks).decode(), item.notice]
        for item in batch.items
    ]
    # As ASCII: a console's lines may hold halves of characters that no other encoding takes.
    return zlib.compress(json.dumps([items, sorted(batch.offline)]).encode("ascii"), _QUICKLY)


def _batch(row: RelayWaitingRow, vault: Vault) -> WaitingBatch | None:
    packed = vault.unseal(row.sealed)
    if packed is None:
        return None
    items, offline = cast("tuple[list[list[Any]], list[int]]", json.loads(zlib.decompress(packed)))
    return WaitingBatch(
        row.channel_id,
        row.first,
        tuple(
            WaitingItem(relay_id, text, datetime.fromtimestamp(at, UTC), b64decode(marks), notice)
            for relay_id, text, at, marks, notice in items
        ),
        frozenset(offline),
    )
