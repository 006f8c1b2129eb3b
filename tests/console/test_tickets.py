"""The tickets of one console: what is asked for with a key that was replaced meanwhile says nothing of the new one."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.console.tickets import TicketCache
from bot.console.timing import ConsoleTiming
from bot.errors import KeyRefused

from .conftest import FakeTicket


class SlowPanel:
    """Refuses the old key as soon as it is told to, and takes the new one."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        self.times = 0

    async def console_ticket(self, identifier: str) -> FakeTicket:
        self.times += 1
        self.asked.set()
        if self.times == 1:
            await self.answer.wait()
            raise KeyRefused("The old key is refused.")
        return FakeTicket("token", "ws://127.0.0.1:9/unset", datetime.now(UTC) + timedelta(minutes=10))


@pytest.mark.parametrize("replaced", [True, False])
async def test_a_refusal_of_the_former_key_is_no_refusal_of_the_new_one(replaced: bool) -> None:
    panel = SlowPanel()
    tickets = TicketCache(panel, "aaaaaaaa", timing=ConsoleTiming(), now=lambda: datetime.now(UTC))
    getting = asyncio.create_task(tickets.get())
    await panel.asked.wait()
    if replaced:
        tickets.forget()
    panel.answer.set()
    if replaced:
        assert tickets.holds(await getting)
    else:
        with pytest.raises(KeyRefused):
            await getting
    assert panel.times == 1 + replaced
