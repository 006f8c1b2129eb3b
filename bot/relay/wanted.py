"""What the composition root gives the relays: which should run, and how a console is listened to."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bot.console.events import ConsoleEvent
from bot.console.target import ConsoleTarget
from bot.store.values import Relay
from bot.vitals import DeliveredTail


@dataclass(frozen=True, slots=True)
class WantedRelay:
    """A relay that should run. Whatever changes in it restarts the relay."""

    relay: Relay
    server_name: str
    target: ConsoleTarget
    away: bool = False
    """Whether the bot is not in its guild just now: then it does not run, and nothing of it is forgotten."""


OpenConsole = Callable[[WantedRelay, DeliveredTail | None], AbstractAsyncContextManager[AsyncIterator[ConsoleEvent]]]
"""Gives a listener of a server's console, which goes on behind the tail, if there is one, with the lines missed since.

Entering it starts the console's session if need be.
"""
