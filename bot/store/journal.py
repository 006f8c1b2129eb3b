"""The relays' journal: what each has delivered, what is on its way to each channel and what waits, across SIGKILL.

Many channels write here many times a second, so writes are gathered: one transaction carries whatever came in while
the one before it ran.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import time_slice
from bot.errors import StoreTrouble, StoreUnavailable
from bot.store import outgoing, waiting
from bot.store.database import Database
from bot.store.journal_news import News
from bot.store.tables import RelayMessageRow, RelayRow, RelayTailRow
from bot.store.troubles import Doing, unavailable
from bot.store.values import Outgoing, WaitingBatch
from bot.store.vault import Vault, other_keys
from bot.vitals import DeliveredTail

_log = logging.getLogger(__name__)
# Seconds. A message must wait for its writing down; that another was delivered may be told with the next one's.
_GATHER = 0.004
_PATIENCE = 0.25
# Seconds until what could not be written is tried again, should nothing else come in the meantime; and at the least.
_RETRY = 5.0
_RETRY_LEAST = 0.5
# Seconds that a message waits for its writing down while that fails, and that closing waits.
_WHILE_FAILING = 1.0
_CLOSING = 2.0
# Bytes of one transaction, of messages and of what waits each: written in some ten milliseconds, and others wait.
_MOST = 2 * 1024 * 1024


class _Awaited:
    """Somebody who waits until what is noted now is written down."""

    def __init__(self, news: News) -> None:
        self.written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._messages = {channel_id: row for channel_id, row in news.messages.items() if row is not None}
        self._batches = {channel_id: batches[-1].last for channel_id, batches in news.batches.items()}

    def look(self, rest: News) -> bool:
        """Tell whoever waits if nothing of it is left in the rest; return whether it was."""
        if any(rest.messages.get(channel_id) is row for channel_id, row in self._messages.items()):
            return False
        if any(batches[0].first <= self._batches.get(channel_id, 0) for channel_id, batches in rest.batches.items()):
            return False
        if not self.written.done():
            self.written.set_result(None)
        return True


class Journal:
    """What must be known after a restart to lose nothing and say nothing twice."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._news = News()
        self._awaiting: list[_Awaited] = []
        self._closing = False
        self._failing = False
        self._something = asyncio.Event()
        self._urgent = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def tails(self, relay_ids: Collection[int] | None = None) -> dict[int, DeliveredTail]:
        """Return the delivered tails of those of these relays, or (None) of all, that have one.

        A message on its way counts as delivered: it will be, before anything else.
        """
        rows, messages = select(RelayTailRow), select(RelayMessageRow.tails)
        if relay_ids is not None:
            channels = select(RelayRow.channel_id).where(RelayRow.id.in_(relay_ids))
            rows = rows.where(RelayTailRow.relay_id.in_(relay_ids))
            messages = messages.where(RelayMessageRow.channel_id.in_(channels))
        async with self._database.reading() as session:
            found = await session.scalars(rows)
            tails = {row.relay_id: DeliveredTail(row.marks, row.at, row.offline) for row in found}
            for text in await session.scalars(messages):
                tails |= outgoing.tails(text)
        return tails if relay_ids is None else {key: tail for key, tail in tails.items() if key in relay_ids}

    async def unsettled(self, channel_ids: Collection[int] | None = None) -> dict[int, Outgoing]:
        """Return, by channel id, the messages that were being sent, to these channels or all, and whose end is unknown.

        Those for channels without a relay are forgotten.
        """
        rows = select(RelayMessageRow)
        if channel_ids is not None:
            rows = rows.where(RelayMessageRow.channel_id.in_(channel_ids))
        orphans = delete(RelayMessageRow).where(RelayMessageRow.channel_id.not_in(select(RelayRow.channel_id)))
        async with self._database.writing() as session:
            await session.execute(orphans)
            found: dict[int, Outgoing] = {}
            for row in (await session.scalars(rows)).all():
                message = outgoing.message(row, self._vault)
                if message is None:
                    await session.delete(row)
                else:
                    found[row.channel_id] = message
            return found

    async def waiting(self, channel_ids: Collection[int] | None = None) -> dict[int, list[WaitingBatch]]:
        """Return, by channel id, what was read, for these channels or all, and not begun to be sent, in order."""
        async with self._database.writing() as session:
            found: dict[int, list[WaitingBatch]] = {}
            for batch in await waiting.read(session, self._vault, channel_ids):
                found.setdefault(batch.channel_id, []).append(batch)
            return found

    async def require_fitting_keys(self) -> None:
        """Refuse secret keys that open nothing of what waits: only where they fit, what cannot be read is damaged.

        Raises:
            StartupError: there is something, and none of it can be read.
        """
        async with self._database.reading() as session:
            if not await waiting.secret_keys_fit(session, self._vault):
                raise other_keys()

    async def rotate_keys(self) -> None:
        """Encrypt with the newest secret key what an older one encrypted."""
        async with self._database.reading() as session:
            if await waiting.nothing(session):
                return  # as nearly always: no need to wait for other writers
        async with self._database.writing() as session:
            await waiting.renew(session, self._vault)

    async def write_ahead(self, message: Outgoing) -> None:
        """Write down a message about to be sent, in place of the channel's one before; return when it is written.

        Raises:
            Exception: whatever the database's trouble is; the log was told. While it lasts, nobody waits long here.
        """
        row = await self._row(message)
        self._news.messages[message.channel_id] = row
        await self._wait(_Awaited(News(messages={message.channel_id: row})))

    async def flush(self) -> None:
        """Return when all that was noted so far is written down.

        Raises:
            Exception: whatever the database's trouble is; what was noted is tried again.
        """
        await self._wait(_Awaited(self._news))

    async def _wait(self, awaited: "_Awaited") -> None:
        self._awaiting.append(awaited)
        self._note(urgent=True)
        try:
            async with asyncio.timeout(_WHILE_FAILING if self._failing else None):
                await awaited.written
        except TimeoutError as error:
            raise unavailable(StoreTrouble.BUSY, Doing.WRITING) from error

    def settle(self, message: Outgoing) -> None:
        """Note that the channel's message is done with, and so how far its relays are; written down soon."""
        self._news.tails.update(message.tails)
        self._news.messages[message.channel_id] = None
        if message.through or message.parts:
            self._news.deliver(message.channel_id, message.through, message.parts)
        self._note(urgent=False)

    async def _row(self, message: Outgoing) -> dict[str, object]:
        if message.attachment is None:
            return outgoing.row(message, self._vault)
        return await time_slice.shared().aside(outgoing.row, message, self._vault)  # it may have megabytes

    def keep(self, batch: WaitingBatch) -> None:
        """Note what waits for a channel behind what was noted before; written down soon."""
        self._news.batches.setdefault(batch.channel_id, []).append(batch)
        self._note(urgent=False)

    def forget(self, channel_id: int) -> None:
        """Note that nothing waits for a channel any more, nor is on its way to it; written down soon."""
        self._news.forget(channel_id)
        self._news.messages[channel_id] = None
        self._note(urgent=False)

    def note(self, tails: Mapping[int, DeliveredTail]) -> None:
        """Note how far relays are without a message: they began, or what came is not shown; written down soon."""
        self._news.tails.update(tails)
        self._note(urgent=False)

    async def close(self) -> None:
        """Write down what is noted, if that can be done soon, and end."""
        self._closing = True
        self._something.set()
        self._urgent.set()
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=_CLOSING)
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

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
                await asyncio.sleep(_RETRY_LEAST if self._failing else _GATHER)
            await self._write()

    async def _write(self) -> None:
        self._something.clear()
        self._urgent.clear()
        rest, self._news = self._news, News()
        awaiting, self._awaiting = self._awaiting, []
        news = rest.take(_MOST)
        try:
            await self._seal(news)
            await self._commit(news)
        except Exception as error:  # noqa: BLE001 - relays go on without a journal; those that wait are told
            self._tell(error)
            # What waits must have no holes, and what is done with must not come again.
            news.add(rest)
            news.add(self._news)
            self._news = news
            asyncio.get_running_loop().call_later(_RETRY, self._something.set)
            for one in awaiting:
                if not one.written.done():
                    one.written.set_exception(error)
        else:
            self._tell(None)
            self._awaiting[:0] = [one for one in awaiting if not one.look(rest)]
            if rest:
                rest.add(self._news)
                self._news = rest
                self._something.set()
                self._urgent.set()

    async def _seal(self, news: News) -> None:
        """Encrypt what waits, once: a journal in trouble tries again and again."""
        for batches in news.batches.values():
            for place, batch in enumerate(batches):
                if isinstance(batch, WaitingBatch):
                    batches[place] = await time_slice.shared().aside(waiting.seal, batch, self._vault)

    def _tell(self, error: Exception | None) -> None:
        """Tell the owner once when the journal cannot be written, and once when it can be again."""
        if self._failing == (error is not None):
            return
        self._failing = error is not None
        if error is None:
            _log.warning("the relays' journal is written again")
        else:
            _log.error(
                "the relays' journal cannot be written; relays go on, but until it can be, a crash may lose or repeat"
                " what they are delivering: %s",
                error,
                exc_info=None if isinstance(error, StoreUnavailable) else error,
            )

    async def _commit(self, news: News) -> None:
        async with self._database.writing_often() as connection:
            if news.tails:
                await _replace_tails(connection, news.tails)
            if news.messages:
                await connection.execute(delete(RelayMessageRow).where(RelayMessageRow.channel_id.in_(news.messages)))
            rows = [row for row in news.messages.values() if row is not None]
            if rows:
                await connection.execute(insert(RelayMessageRow), rows)
            if news.forgotten:
                await waiting.forget(connection, news.forgotten)
            if news.batches:
                sealed = [
                    one for batches in news.batches.values() for one in batches if isinstance(one, waiting.Sealed)
                ]
                await waiting.add(connection, sealed)
            if news.progress:
                await waiting.deliver(connection, news.progress)


async def _replace_tails(connection: AsyncConnection, tails: Mapping[int, DeliveredTail]) -> None:
    # A relay that was removed meanwhile leaves nothing behind; one that is there stays until this is written.
    relays = select(RelayRow.id).where(RelayRow.id.in_(tails)).order_by(RelayRow.id)
    present = (await connection.scalars(relays.with_for_update(read=True, key_share=True))).all()
    await connection.execute(delete(RelayTailRow).where(RelayTailRow.relay_id.in_(present)))
    rows = [
        {"relay_id": key, "marks": tails[key].marks, "at": tails[key].at, "offline": tails[key].offline}
        for key in present
    ]
    if rows:
        await connection.execute(insert(RelayTailRow), rows)
