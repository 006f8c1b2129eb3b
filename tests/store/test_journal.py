"""The relays' journal: written ahead, settled, read again in the next life."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from bot.store.store import Store
from bot.store.values import Outgoing
from bot.terms import PanelKind
from bot.vitals import DeliveredTail

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EARLIER, LATER = DeliveredTail(b"earlier.", NOW), DeliveredTail(b"earlier.later...", NOW, offline=True)


def outgoing(channel_id: int, nonce: str = "n-1", attachment: bytes | None = None, **tails: DeliveredTail) -> Outgoing:
    by_id = {int(name.removeprefix("r")): tail for name, tail in tails.items()}
    name = None if attachment is None else "console.log"
    return Outgoing(channel_id, nonce, "```\nline\n```", name, attachment, NOW, by_id)


async def relay_of(store: Store, channel_id: int = 11) -> int:
    panel = await store.panels.add(7, "https://panel.example", PanelKind.PELICAN, f"P{channel_id}", "ptlc_key")
    server = await store.servers.link(7, panel.id, f"S{channel_id}", f"{channel_id:08x}", f"u-{channel_id}")
    return (await store.relays.add(7, server.id, channel_id)).id


async def test_a_message_on_its_way_is_there_after_a_restart_and_counts_as_delivered(opened) -> None:
    async with opened() as store:
        relay = await relay_of(store)
        assert await store.journal.tails([relay]) == {}
        store.journal.note({relay: EARLIER})
        await store.journal.write_ahead(outgoing(11, attachment=b"\x00file", **{f"r{relay}": LATER}))
    async with opened() as store:
        assert await store.journal.unsettled() == {11: outgoing(11, attachment=b"\x00file", **{f"r{relay}": LATER})}
        assert await store.journal.tails([relay]) == {relay: LATER}
        assert await store.journal.tails([relay + 1]) == {}


async def test_a_settled_message_is_forgotten_and_its_tails_stay(opened) -> None:
    async with opened() as store:
        relay = await relay_of(store)
        await store.journal.write_ahead(outgoing(11, **{f"r{relay}": LATER}))
        store.journal.settle(11, {relay: LATER})
    async with opened() as store:
        assert await store.journal.unsettled() == {}
        assert await store.journal.tails([relay]) == {relay: LATER}


async def test_the_next_message_takes_the_place_of_a_settled_one(opened) -> None:
    async with opened() as store:
        relay = await relay_of(store)
        await store.journal.write_ahead(outgoing(11, "n-1", **{f"r{relay}": EARLIER}))
        store.journal.settle(11, {relay: EARLIER})
        await store.journal.write_ahead(outgoing(11, "n-2", **{f"r{relay}": LATER}))
        assert [message.nonce for message in (await store.journal.unsettled()).values()] == ["n-2"]


async def test_relays_that_are_gone_leave_nothing_behind(store: Store) -> None:
    relay = await relay_of(store)
    await store.relays.remove(relay)
    store.journal.note({relay: LATER})
    await store.journal.write_ahead(outgoing(11, **{f"r{relay}": LATER}))
    assert await store.journal.unsettled() == {}
    store.journal.settle(11, {})
    await store.journal.write_ahead(outgoing(12))
    assert await store.journal.tails([relay]) == {}


async def test_no_console_line_lies_in_the_tail(opened, tmp_path) -> None:
    from bot.console.marks import mark

    async with opened() as store:
        relay = await relay_of(store)
        store.journal.note({relay: DeliveredTail(mark("java -Drcon.password=hunter2"), NOW)})
    stored = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert b"hunter2" not in stored


async def test_trouble_is_told_to_those_who_wait_and_does_not_last(store: Store, monkeypatch, caplog) -> None:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def broken():
        raise OSError("the disk is full")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(store._database, "writing_often", broken)
        with pytest.raises(OSError, match="full"):
            await store.journal.write_ahead(outgoing(11))
    assert "journal" in caplog.text
    await relay_of(store)
    await store.journal.write_ahead(outgoing(11))
    assert 11 in await store.journal.unsettled()


async def test_many_channels_share_a_transaction(store: Store) -> None:
    """What 40 messages a second cost is paid by a few transactions, not by 40."""
    transactions = 0
    original = store._database.writing_often

    def counted():
        nonlocal transactions
        transactions += 1
        return original()

    store._database.writing_often = counted  # type: ignore[method-assign]
    tails = {f"r{n}": DeliveredTail(bytes(2400), NOW) for n in range(1, 3)}
    began = time.process_time()
    for _round in range(5):
        await asyncio.gather(*(store.journal.write_ahead(outgoing(channel, **tails)) for channel in range(40)))
        for channel in range(40):
            store.journal.settle(channel, {})
    assert transactions <= 10
    assert time.process_time() - began < 2
