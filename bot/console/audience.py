"""Who listens to a session, and how each of them is told where things stand."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from bot import time_slice
from bot.console.events import Connected, ConsoleEvent, StatsUpdated, StatusChanged
from bot.console.listener import Listener, Place
from bot.console.marks import DELIVERED_LINES
from bot.console.memory import Memory, Missed
from bot.vitals import DeliveredTail

logger = logging.getLogger(__name__)


class Audience:
    """The listeners of one session. Those who know where things stand are told of lines; the others wait for that."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._listeners: dict[Listener, bool] = {}
        """By listener: whether it was told where things stand."""
        self._greetings: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._listeners)

    def join(self, listener: Listener) -> None:
        """Have somebody listen, who is still to be greeted."""
        self._listeners[listener] = False

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        self._listeners.pop(listener, None)

    @property
    def pasts(self) -> list[DeliveredTail]:
        """What listeners had in an earlier life of the program."""
        return [listener.past for listener in self._listeners if listener.past is not None]

    def tell(self, event: ConsoleEvent) -> None:
        """Tell everybody."""
        for listener in self._listeners:
            listener.put(event)

    def tell_greeted(self, event: ConsoleEvent) -> None:
        """Tell those who were told where things stand before."""
        for listener, greeted in self._listeners.items():
            if greeted:
                listener.put(event)

    def greet(self, connected: Connected, events: Iterable[StatusChanged | StatsUpdated]) -> None:
        """Tell those who were not told yet where things stand: that lines flow, and these events."""
        strangers = [listener for listener, greeted in self._listeners.items() if not greeted]
        if not strangers:
            return
        before = tuple(line.text for line in self._memory.tail(DELIVERED_LINES))
        for listener in strangers:
            self._listeners[listener] = True
            if listener.past is None:
                for event in (Connected(connected.at, before=before), *events):
                    listener.put(event)
            else:
                missed = self._memory.since(listener.past)
                catching_up = _catch_up(listener, listener.reserve(), missed, connected, [*events])
                task = asyncio.create_task(catching_up, name="console greeting")
                self._greetings.add(task)
                task.add_done_callback(self._greetings.discard)

    def stop(self) -> None:
        """Find out nothing any more for anybody."""
        for task in self._greetings:
            task.cancel()


async def _catch_up(
    listener: Listener,
    place: Place,
    missed: Callable[[], Missed],
    connected: Connected,
    events: list[StatusChanged | StatsUpdated],
) -> None:
    """Tell a listener what came since its earlier life, as soon as that is found; until then it hears nothing."""
    try:
        lines, complete = await time_slice.shared().aside(missed)
    except Exception:  # nobody must wait for ever for what cannot be found
        logger.exception("a listener cannot be told what it missed")
        lines, complete = [], False
    await time_slice.shared().breathe()
    listener.fill(place, [Connected(connected.at, None, len(lines), complete), *lines, *events])
