"""The last lines of removed relays in channels that no relay goes into any more; nobody waits for them."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from bot.errors import BotError
from bot.relay.pace import Paces
from bot.relay.postman import Postman, PostTiming
from bot.relay.sink import Sink
from bot.store.values import Outgoing

_log = logging.getLogger(__name__)


class Farewells:
    """Posts them in the background, each at its guild's turn, for a short while each; what cannot be posted is dropped.

    A relay that is removed is gone at once, whatever becomes of its last line.
    """

    def __init__(
        self,
        sink: Sink,
        paces: Paces,
        *,
        patience: float,
        timing: PostTiming | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`patience`, in seconds: how long is tried to post one."""
        self._sink, self._paces = sink, paces
        self._patience, self._timing, self._now = patience, timing or PostTiming(), now
        self._saying: dict[int, asyncio.Task[None]] = {}

    def say(self, guild_id: int, channel_id: int, text: str) -> None:
        """Post a text in a channel, soon; never waits."""
        self.take_back(channel_id)
        task = asyncio.create_task(self._say(guild_id, channel_id, text), name=f"farewell in {channel_id}")
        self._saying[channel_id] = task
        task.add_done_callback(lambda done: self._said(channel_id, done))

    def take_back(self, channel_id: int) -> None:
        """Say nothing any more: a new relay begins there, behind whose first line it would make no sense."""
        task = self._saying.pop(channel_id, None)
        if task is not None:
            task.cancel()

    async def close(self, timeout: float) -> None:
        """Let those under way arrive, within `timeout` seconds."""
        tasks = list(self._saying.values())
        if tasks:
            await asyncio.wait(tasks, timeout=timeout)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _say(self, guild_id: int, channel_id: int, text: str) -> None:
        turns, pace = self._paces.turns.of(guild_id, channel_id), self._paces.of(channel_id)
        postman = Postman(
            sink=self._sink, pace=pace, turns=turns, closing=asyncio.Event(), timing=self._timing, now=self._now
        )
        message = Outgoing(
            channel_id=channel_id,
            nonce=secrets.token_hex(12),
            content=text,
            filename=None,
            attachment=None,
            made_at=self._now(),
            tails={},
        )
        try:
            async with asyncio.timeout(self._patience):
                await asyncio.sleep(max(0.0, pace.delay(asyncio.get_running_loop().time(), full=True)))
                await turns.turn()
                await postman.post(message)
        except (BotError, TimeoutError) as error:
            _log.info("channel %s is not told that its last relay was removed: %s", channel_id, error or "no time")
        except Exception:  # noqa: BLE001 - a last line is worth no trouble
            _log.exception("channel %s could not be told that its last relay was removed", channel_id)

    def _said(self, channel_id: int, done: "asyncio.Task[None]") -> None:
        if self._saying.get(channel_id) is done:
            del self._saying[channel_id]
