"""The relays' journal: written ahead, settled, read again in the next life."""

import asyncio
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, select

from bot.errors import StartupError
from bot.store.store import Store
from bot.store.tables import RelayWaitingRow
from bot.store.values import Departure, Outgoing, WaitingBatch, WaitingItem
from bot.store.vault import Vault
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
        store.journal.settle(outgoing(11, **{f"r{relay}": LATER}))
    async with opened() as store:
        assert await store.journal.unsettled() == {}
        assert await store.journal.tails([relay]) == {relay: LATER}


async def test_the_next_message_takes_the_place_of_a_settled_one(opened) -> None:
    async with opened() as store:
        relay = await relay_of(store)
        await store.journal.write_ahead(outgoing(11, "n-1", **{f"r{relay}": EARLIER}))
        store.journal.settle(outgoing(11, **{f"r{relay}": EARLIER}))
        await store.journal.write_ahead(outgoing(11, "n-2", **{f"r{relay}": LATER}))
        assert [message.nonce for message in (await store.journal.unsettled()).values()] == ["n-2"]


async def test_relays_that_are_gone_leave_nothing_behind(store: Store) -> None:
    relay = await relay_of(store)
    await store.relays.remove([relay])
    store.journal.note({relay: LATER})
    await store.journal.write_ahead(outgoing(11, **{f"r{relay}": LATER}))
    assert await store.journal.unsettled() == {}
    store.journal.forget(11)
    await store.journal.write_ahead(outgoing(12))
    assert await store.journal.tails([relay]) == {}


async def test_no_console_line_lies_in_the_tail(opened, stored) -> None:
    from bot.console.marks import mark

    async with opened() as store:
        relay = await relay_of(store)
        store.journal.note({relay: DeliveredTail(mark("java -Drcon.password=hunter2"), NOW)})
    assert b"hunter2" not in stored()


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
            store.journal.settle(outgoing(channel))
    assert transactions <= 10
    assert time.process_time() - began < 2


def batch(first: int, *texts: str, channel: int = 11, relay: int = 1) -> WaitingBatch:
    items = tuple(WaitingItem(relay, text, NOW, b"marks", notice=False, offline=first > 1) for text in texts)
    return WaitingBatch(channel, first, items)


def texts(batches: list[WaitingBatch]) -> list[str]:
    return [item.text for batch in batches for item in batch.items]


async def test_what_waits_is_there_after_a_restart_as_it_was(opened) -> None:
    async with opened() as store:
        await relay_of(store)
        await relay_of(store, 12)
        notice = WaitingItem(1, "-# a notice", NOW, b"", notice=True, offline=True)
        kept = [batch(1, "a \x1b[31mred", "\ud83d half"), WaitingBatch(11, 3, (notice,)), batch(4, "b")]
        for one in (*kept, batch(1, "c", channel=12)):
            store.journal.keep(one)
    async with opened() as store:
        assert await store.journal.waiting() == {11: kept, 12: [batch(1, "c", channel=12)]}


async def test_what_a_message_carries_waits_no_more(opened) -> None:
    carrying = replace(outgoing(11), through=3)
    async with opened() as store:
        await relay_of(store)
        store.journal.keep(batch(1, "a", "b"))
        store.journal.keep(batch(3, "c", "d", "e"))
        await store.journal.write_ahead(carrying)
    async with opened() as store:
        assert await store.journal.waiting() == {11: [batch(4, "d", "e")]}
        assert await store.journal.unsettled() == {11: carrying}
        store.journal.settle(carrying)
    async with opened() as store:  # the same without the message
        assert await store.journal.waiting() == {11: [batch(4, "d", "e")]}
        store.journal.settle(replace(carrying, through=5))
    async with opened() as store:
        assert await store.journal.waiting() == {}


async def test_a_line_that_went_in_part_is_known_to_have(opened) -> None:
    carrying = replace(outgoing(11), through=2, parts=1)
    kept = [batch(1, "a", "b"), batch(3, "long", "d")]
    async with opened() as store:
        await relay_of(store)
        for one in kept:
            store.journal.keep(one)
        await store.journal.write_ahead(carrying)
        assert await store.journal.waiting() == {11: [kept[1].behind(2, 1)]}
        store.journal.settle(carrying)
    async with opened() as store:
        (rest,) = (await store.journal.waiting())[11]
        assert [(item.text, item.parts) for item in rest.items] == [("long", 1), ("d", 0)]
        await store.journal.write_ahead(replace(carrying, parts=2))
        (rest,) = (await store.journal.waiting())[11]
        assert [(item.text, item.parts) for item in rest.items] == [("long", 2), ("d", 0)]


async def test_what_is_noted_at_once_is_written_down_in_order(opened) -> None:
    """All of this may be one transaction: each thing must win over those noted before it, and over no other."""
    async with opened() as store:
        await relay_of(store)
        store.journal.keep(batch(1, "gone"))
        store.journal.settle(replace(outgoing(11), through=9))
        store.journal.forget(11)
        store.journal.keep(batch(1, "a", "b"))
        store.journal.settle(replace(outgoing(11), through=1))
        store.journal.keep(batch(3, "c"))
    async with opened() as store:
        assert texts((await store.journal.waiting())[11]) == ["b", "c"]
        store.journal.forget(11)
    async with opened() as store:
        assert await store.journal.waiting() == {}


async def test_trouble_leaves_no_hole_in_what_waits(opened, monkeypatch) -> None:
    async with opened() as store:
        await relay_of(store)

        def broken():
            raise OSError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(store._database, "writing_often", broken)
            store.journal.keep(batch(1, "a", "b"))
            with pytest.raises(OSError, match="disk"):
                await store.journal.write_ahead(replace(outgoing(11), through=1))
        store.journal.settle(replace(outgoing(11), through=1))
        store.journal.keep(batch(3, "c"))
    async with opened() as store:
        assert texts((await store.journal.waiting())[11]) == ["b", "c"]
        assert await store.journal.unsettled() == {}


async def test_what_could_not_be_written_is_written_when_the_trouble_is_over(opened, monkeypatch) -> None:
    """Also where nothing else comes that would be."""
    monkeypatch.setattr("bot.store.journal._RETRY", 0.01)
    async with opened() as store:
        await relay_of(store)
        attempts = 0
        original = store._database.writing_often

        def broken_twice():
            nonlocal attempts
            attempts += 1
            if attempts <= 2:
                raise OSError("the disk is full")
            return original()

        monkeypatch.setattr(store._database, "writing_often", broken_twice)
        store.journal.keep(batch(1, "a"))
        async with asyncio.timeout(10):
            while attempts < 3 or not await store.journal.waiting():  # noqa: ASYNC110  what the disk has tells no one
                await asyncio.sleep(0.01)


async def test_a_commit_that_was_said_to_fail_and_did_not_does_no_harm(opened, monkeypatch) -> None:
    async with opened() as store:
        await relay_of(store)
        original = store.journal._commit

        async def lost_answer(news):
            await original(news)
            raise OSError("the connection was lost")

        with monkeypatch.context() as patch:
            patch.setattr(store.journal, "_commit", lost_answer)
            store.journal.keep(batch(1, "a", "b"))
            with pytest.raises(OSError, match="connection"):
                await store.journal.write_ahead(outgoing(11))
        store.journal.keep(batch(3, "c"))
        await store.journal.write_ahead(outgoing(11))
        assert texts((await store.journal.waiting())[11]) == ["a", "b", "c"]


async def test_what_waits_is_encrypted_anew_with_a_new_key(opened, keys) -> None:
    new = Fernet.generate_key().decode()
    async with opened() as store:
        await relay_of(store)
        store.journal.keep(batch(1, "a"))
        await store.journal.write_ahead(outgoing(11, attachment=b"file"))
    async with opened([new, *keys]):
        pass
    async with opened([new]) as store:
        assert texts((await store.journal.waiting())[11]) == ["a"]
        assert await store.journal.unsettled() == {11: outgoing(11, attachment=b"file")}


async def test_what_waits_for_a_channel_without_relay_is_forgotten(opened) -> None:
    async with opened() as store:
        store.journal.keep(batch(1, "a"))
    async with opened() as store:
        assert await store.journal.waiting() == {}
        async with store._database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(RelayWaitingRow)) == 0


async def test_what_waits_cannot_be_read_in_any_file(opened, stored) -> None:
    async with opened() as store:
        await relay_of(store)
        store.journal.keep(batch(1, "login hunter2", "login hunter2"))
        await store.journal.write_ahead(replace(outgoing(11, attachment=b"login hunter2"), content="login hunter2"))
    assert b"hunter2" not in stored()
    assert "hunter2" not in repr(batch(1, "login hunter2"))


async def test_what_was_encrypted_with_a_lost_key_is_forgotten_with_all_behind_it(opened, caplog) -> None:
    """What is kept must have no holes; the console's history tells what is missing at its end."""
    async with opened() as store:
        await relay_of(store)
        store.journal.keep(batch(1, "a"))
        await store.journal.write_ahead(outgoing(11))
        vault, store.journal._vault = store.journal._vault, Vault([Fernet.generate_key().decode()])
        store.journal.keep(batch(2, "b"))
        await store.journal.write_ahead(outgoing(11))
        store.journal._vault = vault
        store.journal.keep(batch(3, "c"))
    async with opened() as store:
        assert texts((await store.journal.waiting())[11]) == ["a"]
        store.journal.keep(batch(2, "d"))  # takes their place
    async with opened() as store:
        assert texts((await store.journal.waiting())[11]) == ["a", "d"]
    assert caplog.text.count("cannot be read, be it for another secret key") == 1


@pytest.mark.parametrize("what", ["waiting", "message"])
async def test_a_start_with_wrong_secret_keys_is_refused_and_leaves_what_waits_alone(opened, what) -> None:
    """Also where no panel key would tell, because all were deleted."""
    left = Departure(datetime.now(UTC))
    async with opened() as store:
        await relay_of(store)
        (guild_id,) = await store.guilds.all()
        await store.departures.put(guild_id, left)
        assert await store.departures.delete_keys(guild_id, left, left)
        if what == "waiting":
            store.journal.keep(batch(1, "a"))
        else:
            await store.journal.write_ahead(outgoing(11))
        marks = await store.masking_secret.get()
    with pytest.raises(StartupError, match="other secret keys"):
        async with opened([Fernet.generate_key().decode()]):
            pass
    async with opened() as store:
        assert await store.masking_secret.get() == marks
        if what == "waiting":
            assert texts((await store.journal.waiting())[11]) == ["a"]
        else:
            assert set(await store.journal.unsettled()) == {11}


async def test_what_a_channel_delivers_touches_only_what_waits_for_it(store: Store) -> None:
    """While nothing can be written, much waits for many: each delivery must not look through all of it."""
    news = store.journal._news  # before the writer has had a turn
    for channel in (1, 2):
        for first in (1, 3):
            store.journal.keep(batch(first, "a", "b", channel=channel))
    others = news.batches[2]
    news.deliver(1, 2, 0)
    assert [one.first for one in news.batches[1]] == [3]
    assert news.batches[2] is others
    news.forget(1)
    assert list(news.batches) == [2]
    later = type(news)()
    later.batches[2] = [others[1]]
    news.add(later)
    assert [one.first for one in news.batches[2]] == [1, 3, 3]
    news.forget(2)


async def test_megabytes_are_sealed_while_the_loop_turns(opened, monkeypatch) -> None:
    """Packing and encrypting a flood takes a tenth of a second, and nobody else's acknowledgement must wait for it."""
    where: list[bool] = []
    seal = Vault.seal

    def noting(self: Vault, plain: bytes) -> bytes:
        where.append(threading.current_thread() is threading.main_thread())
        return seal(self, plain)

    async with opened() as store:
        relay = await relay_of(store)
        monkeypatch.setattr(Vault, "seal", noting)
        store.journal.keep(batch(1, "x" * 100_000, relay=relay))
        await store.journal.write_ahead(outgoing(11, attachment=b"x" * 1_000_000))
    assert where and not any(where)
    async with opened() as store:
        assert texts((await store.journal.waiting())[11]) == ["x" * 100_000]
        assert (await store.journal.unsettled())[11].attachment == b"x" * 1_000_000


async def test_however_much_is_noted_one_transaction_carries_a_bounded_part_and_all_is_written(
    opened, monkeypatch
) -> None:
    """Nobody waits for more than what he noted himself, and the rest follows at once."""
    monkeypatch.setattr("bot.store.journal._MOST", 20_000)
    sizes: list[int] = []
    async with opened() as store:
        for channel_id in range(11, 21):
            await relay_of(store, channel_id)
        real = store.journal._commit

        async def commit(news):
            sizes.append(sum(len(one.sealed) for batches in news.batches.values() for one in batches))
            await real(news)

        monkeypatch.setattr(store.journal, "_commit", commit)
        for first in range(1, 21):
            for channel_id in range(11, 21):
                item = WaitingItem(1, "x" * 2000, NOW, b"", notice=False, offline=False)
                store.journal.keep(WaitingBatch(channel_id, first, (item,)))
        await store.journal.write_ahead(outgoing(11))
        before = len(sizes)
        assert before < 3, "a message waits for its own transaction only"
        await store.journal.flush()
        waiting = await store.journal.waiting()
    assert {key: len(batches) for key, batches in waiting.items()} == dict.fromkeys(range(11, 21), 20)
    assert len(sizes) > 10
    assert max(sizes) < 40_000
