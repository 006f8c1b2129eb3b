"""What a console prints after something was typed into it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from bot.console.events import ConsoleLine
from bot.console.listener import Listener
from bot.terms import PowerState
from bot.text.ansi import strip

MAX_LINES = 200
_WORTH_HEARING = 64 * 1024
"""Characters of a command's answer."""


@dataclass(frozen=True, slots=True)
class AnswerTiming:
    """Waiting times in seconds; tests scale them."""

    ready: float = 4.0
    """For the socket to come up before a command is sent without hearing its answer."""
    first_line: float = 3.0
    """For the first line of an answer."""
    quiet: float = 0.8
    """Without a further line, the answer is over."""
    whole: float = 6.0
    """For the whole answer on a console that never falls silent."""

    @property
    def brief(self) -> "AnswerTiming":
        """The times where only a refusal is listened for, which comes at once."""
        return replace(self, first_line=self.first_line / 2, quiet=self.quiet / 2, whole=self.whole / 2)


async def answer_to(
    typed: str,
    send: Callable[[PowerState | None], Awaitable[None]],
    listener: Listener,
    *,
    timing: AnswerTiming,
    now: Callable[[], datetime],
) -> tuple[list[ConsoleLine], bool]:
    """Have something typed sent; return what the console printed then, without its echo, and whether there may be more.

    `send` is called with the power state as far as it is known.
    """
    heard = _Heard()
    reader = asyncio.create_task(heard.read(listener), name="answer of a console")
    try:
        sent_at = now()
        await send(known_state(listener))
        await heard.settle(timing)
    finally:
        reader.cancel()
        with suppress(asyncio.CancelledError):
            await reader
    return _without_echo([line for line in heard.lines if line.at >= sent_at], typed), heard.full


def known_state(listener: Listener) -> PowerState | None:
    """Return the state by the socket's word; None where it has none."""
    return listener.state if listener.state is not PowerState.UNKNOWN else None


class _Heard:
    """Lines as they come, and the moment they stop coming."""

    def __init__(self) -> None:
        self.lines: list[ConsoleLine] = []
        self._characters = 0
        self._more = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether no more is taken, although more may come."""
        return len(self.lines) >= MAX_LINES or self._characters >= _WORTH_HEARING

    async def read(self, listener: Listener) -> None:
        async for event in listener:
            if isinstance(event, ConsoleLine) and not event.recovered and not self.full:
                self.lines.append(event)
                self._characters += len(event.text)
                self._more.set()

    async def settle(self, timing: AnswerTiming) -> None:
        """Return when the console fell silent, or the answer has taken long enough."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timing.whole):
                wait = timing.first_line
                while not self.full:
                    async with asyncio.timeout(wait):
                        await self._more.wait()
                    self._more.clear()
                    wait = timing.quiet if len(self.lines) > 1 else max(timing.quiet, timing.first_line / 2)


def _without_echo(lines: list[ConsoleLine], command: str) -> list[ConsoleLine]:
    """Drop the terminal's echo of the command: the first line that is just it, perhaps behind a prompt."""
    for index, line in enumerate(lines[:3]):
        plain = strip(line.text).strip().lstrip("> ]").strip()
        if plain == command:
            return lines[:index] + lines[index + 1 :]
    return lines
