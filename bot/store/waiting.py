"""The rows of what waits for the channels: encrypted, and forgotten as it is delivered."""

import json
import logging
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Integer, bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from bot.store.tables import RelayMessageRow, RelayRow, RelayWaitingRow
from bot.store.values import WaitingBatch, WaitingItem
from bot.store.vault import Vault

_log = logging.getLogger(__name__)

_CHANNEL = RelayWaitingRow.channel_id == bindparam("channel")
_THROUGH = bindparam("through", type_=BigInteger)
_STALE = delete(RelayWaitingRow).where(_CHANNEL, RelayWaitingRow.last >= bindparam("number", type_=BigInteger))
_DELIVERED = delete(RelayWaitingRow).where(_CHANNEL, RelayWaitingRow.last <= _THROUGH)
_BEGUN = (
    update(RelayWaitingRow)
    .where(_CHANNEL, RelayWaitingRow.first <= _THROUGH + 1)
    .values(done=_THROUGH, parts=bindparam("delivered_parts", type_=Integer))
)
_ORPHANS = delete(RelayWaitingRow).where(RelayWaitingRow.channel_id.not_in(select(RelayRow.channel_id)))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch as it lies in the database."""

    channel_id: int
    first: int
    last: int
    sealed: bytes


def seal(batch: WaitingBatch, vault: Vault) -> Sealed:
    """Return a batch encrypted."""
    items = [
        [
            item.relay_id,
            item.text,
            item.at.timestamp(),
            b64encode(item.marks).decode(),
            int(item.notice),
            int(item.offline),
        ]
        for item in batch.items
    ]
    # As ASCII: a console's lines may hold halves of characters that no other encoding takes.
    return Sealed(batch.channel_id, batch.first, batch.last, vault.seal(json.dumps(items).encode("ascii")))


async def add(connection: AsyncConnection, batches: Sequence[Sealed]) -> None:
    """Write batches down, in place of whatever has their numbers or higher ones: that a commit failed may be untrue."""
    lowest: dict[int, int] = {}
    for batch in batches:
        lowest.setdefault(batch.channel_id, batch.first)
    await connection.execute(_STALE, [{"channel": key, "number": number} for key, number in lowest.items()])
    await connection.execute(
        insert(RelayWaitingRow),
        [
            {
                "channel_id": batch.channel_id,
                "first": batch.first,
                "last": batch.last,
                "done": 0,
                "parts": 0,
                "sealed": batch.sealed,
            }
            for batch in batches
        ],
    )


async def deliver(connection: AsyncConnection, progress: Mapping[int, tuple[int, int]]) -> None:
    """Forget, by channel id, the items up to a number, and note how many parts of the next are delivered."""
    ends = [(channel_id, through, parts) for channel_id, (through, parts) in progress.items()]
    await connection.execute(_DELIVERED, [{"channel": key, "through": through} for key, through, _parts in ends])
    await connection.execute(
        _BEGUN, [{"channel": key, "through": through, "delivered_parts": parts} for key, through, parts in ends]
    )


async def forget(connection: AsyncConnection, channel_ids: Collection[int]) -> None:
    """Forget all that waits for these channels."""
    await connection.execute(delete(RelayWaitingRow).where(RelayWaitingRow.channel_id.in_(channel_ids)))


async def nothing(session: AsyncSession) -> bool:
    """Whether nothing waits and nothing is on its way."""
    return not any([await session.scalar(select(exists().select_from(t))) for t in (RelayWaitingRow, RelayMessageRow)])


async def secret_keys_fit(session: AsyncSession, vault: Vault) -> bool:
    """Whether anything that waits or is on its way can be read, or there is nothing."""
    found = False
    for sealed in await session.scalars(select(RelayWaitingRow.sealed)):
        found = True
        if vault.unseal(sealed) is not None:
            return True
    for content in await session.scalars(select(RelayMessageRow.content)):
        found = True
        if vault.unseal(content.encode()) is not None:
            return True
    return not found


async def renew(session: AsyncSession, vault: Vault) -> None:
    """Encrypt with the newest secret key what an older one encrypted, messages on their way included."""
    for row in (await session.scalars(select(RelayWaitingRow))).all():
        row.sealed = vault.reseal(row.sealed)
    for message in (await session.scalars(select(RelayMessageRow))).all():
        message.content = vault.reseal(message.content.encode()).decode()
        if message.attachment is not None:
            message.attachment = vault.reseal(message.attachment)


async def read(session: AsyncSession, vault: Vault, channel_ids: Collection[int] | None = None) -> list[WaitingBatch]:
    """Return what no message carries, for these channels or all; what waits for channels without a relay is forgotten.

    So is what cannot be read (no secret key fits), and all behind it: a hole in the midst of it nobody would notice.
    """
    await session.execute(_ORPHANS)
    messages = select(RelayMessageRow.channel_id, RelayMessageRow.through, RelayMessageRow.parts)
    carried = {row.channel_id: (row.through, row.parts) for row in await session.execute(messages)}
    query = select(RelayWaitingRow).order_by(RelayWaitingRow.channel_id, RelayWaitingRow.first)
    if channel_ids is not None:
        query = query.where(RelayWaitingRow.channel_id.in_(channel_ids))
    rows = await session.scalars(query)
    found: list[WaitingBatch] = []
    unreadable: set[int] = set()
    for row in rows.all():
        through, parts = max((row.done, row.parts), carried.get(row.channel_id, (0, 0)))
        if row.last <= through:
            continue
        batch = _batch(row, vault) if row.channel_id not in unreadable else None
        if batch is None:
            unreadable.add(row.channel_id)
            await session.delete(row)
        else:
            found.append(batch.behind(through, parts))
    for channel_id in unreadable:
        _log.warning("what waited for channel %s cannot be read, be it for another secret key: it is lost", channel_id)
    return found


def _batch(row: RelayWaitingRow, vault: Vault) -> WaitingBatch | None:
    plain = vault.unseal(row.sealed)
    if plain is None:
        return None
    try:
        stored = cast("list[list[Any]]", json.loads(plain))
        items = tuple(
            WaitingItem(
                relay_id, text, datetime.fromtimestamp(at, UTC), b64decode(marks), bool(notice), offline=bool(offline)
            )
            for relay_id, text, at, marks, notice, offline in stored
        )
    except (ValueError, TypeError):
        return None
    return WaitingBatch(row.channel_id, row.first, items)
