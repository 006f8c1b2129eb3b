"""Follows what a power signal leads to: one public message, edited as news arrives, to the end."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, TypeAlias

import discord

from bot.discord_replies import BROKEN_LINE, CONTENT_LIMIT, answer, clip
from bot.errors import BotError
from bot.i18n import _
from bot.services import Progress
from bot.told import told
from cogs._context import Interaction

_log = logging.getLogger(__name__)

EDIT_SECONDS = 1.5
"""The least time between two edits of the message."""
WATCH_SECONDS = 14 * 60.0
"""How long the message can be edited: Discord's token lives 15 minutes."""


Offer: TypeAlias = Callable[[Callable[..., Awaitable[object]]], discord.ui.View]
"""Makes the buttons for "later", given what edits the message that they stand under."""


class Reply(Protocol):
    """The one message that shows how things go."""

    async def show(self, text: str) -> None:
        """Show the text in the place of what was shown before."""
        ...

    async def show_step(self, step: Progress) -> None:
        """Show a step in the place of what was shown before, with a button where it offers more."""
        ...


class CommandReply:
    """The public answer to a slash command."""

    def __init__(self, interaction: Interaction, offer: Offer) -> None:
        self._interaction = interaction
        self._offer = offer

    async def show(self, text: str) -> None:
        """Fill or edit the answer."""
        await answer(self._interaction, text, private=False)

    async def show_step(self, step: Progress) -> None:
        """Fill or edit the answer; a button comes under a last step that offers one."""
        view = self._offer(self._interaction.edit_original_response) if step.later else None
        await answer(self._interaction, step.sentence, view=view, private=False)


class ButtonReply:
    """A public message for what a private button did, naming who pressed it."""

    def __init__(
        self, interaction: Interaction, offer: Offer, *, arrived: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """`arrived` is called once, when it was shown that the server is as was asked."""
        self._interaction = interaction
        self._offer = offer
        self._arrived = arrived
        self._message: discord.WebhookMessage | None = None

    async def show(self, text: str) -> None:
        """Post the message, later edit it."""
        await self._put(f"{self._interaction.user.mention}: {text}", None)

    async def show_step(self, step: Progress) -> None:
        """Post the message, later edit it; a button comes under a last step that offers one."""
        mention = self._interaction.user.mention
        text = step.by.replace("{member}", mention) if step.by is not None else f"{mention}: {step.sentence}"
        await self._put(text, self._offer(self._edit) if step.later else None)
        if step.ok is True and self._arrived is not None:
            arrived, self._arrived = self._arrived, None
            await arrived()

    async def _put(self, text: str, view: discord.ui.View | None) -> None:
        content = clip(text, CONTENT_LIMIT)
        if self._message is None:
            shown = view if view is not None else discord.utils.MISSING
            self._message = await self._interaction.followup.send(content, view=shown, wait=True)
        else:
            await self._message.edit(content=content, view=view)

    async def _edit(self, **changes: Any) -> object:
        return await self._message.edit(**changes) if self._message is not None else None


async def follow_outcome(
    steps: AsyncIterator[Progress],
    reply: Reply,
    *,
    is_admin: bool = False,
    clock: Callable[[], float] | None = None,
) -> Progress:
    """Show each step, at most one in EDIT_SECONDS, the newest first, until the last or until editing ends; return it.

    Raises what the first step raises (nothing was shown yet, so the failure can stay private). A failure after
    that is shown as the last step, as it is told to whoever asked: `is_admin` or not.
    """
    clock = clock or asyncio.get_running_loop().time
    ends_at = clock() + WATCH_SECONDS
    try:
        step = await anext(steps)
        watcher = _Watcher(steps, reply, clock, ends_at=ends_at, is_admin=is_admin)
        await watcher.begin(step)
        return step if step.done else await watcher.watch(step)
    finally:
        if isinstance(steps, AsyncGenerator):
            await steps.aclose()


class _Watcher:
    """Shows the newest step when an edit is due, however fast steps arrive.

    Where Discord cannot be reached just then, it is shown with the next edit: the server goes on meanwhile.
    """

    def __init__(
        self,
        steps: AsyncIterator[Progress],
        reply: Reply,
        clock: Callable[[], float],
        *,
        ends_at: float,
        is_admin: bool,
    ) -> None:
        self._steps = steps
        self._reply = reply
        self._clock = clock
        self._ends_at = ends_at
        self._is_admin = is_admin
        self._shown_at = clock()
        self._unshown: Progress | None = None
        self._shown: str | None = None

    async def begin(self, first: Progress) -> None:
        """Show the first step; raises what Discord has against it."""
        self._unshown = first
        await (self._flush_at_last() if first.done else self._flush())

    async def watch(self, latest: Progress) -> Progress:
        """Show what follows a step; return the last one."""
        following = asyncio.create_task(self._next())
        try:
            while True:
                done, _pending = await asyncio.wait({following}, timeout=self._patience())
                if done:
                    step = following.result()
                    if step is None:
                        break
                    latest = self._unshown = step
                    if step.done:
                        break
                    following = asyncio.create_task(self._next())
                if self._clock() >= self._ends_at:
                    await self._give_up(latest)
                    return latest
                if self._clock() >= self._shown_at + EDIT_SECONDS:
                    await self._flush()
            await self._flush_at_last()
        except BotError as error:
            self._unshown = Progress(told(error, is_admin=self._is_admin), done=True, ok=False)
            await self._flush_at_last()
        except discord.NotFound:
            _log.info("The message that showed an outcome was deleted; nobody watches any more")
        except Exception:
            await self._reply.show(
                _("{sentence}\nI lost sight of how it went on; see `/status`.").format(sentence=latest.sentence)
            )
            raise
        finally:
            await _cancelled(following)
        return latest

    async def _next(self) -> Progress | None:
        return await anext(self._steps, None)

    def _patience(self) -> float:
        """Seconds until something must be done although no step arrived."""
        due = self._ends_at if self._unshown is None else min(self._shown_at + EDIT_SECONDS, self._ends_at)
        return max(0.0, due - self._clock())

    async def _flush(self) -> None:
        step, self._unshown = self._unshown, None
        if step is not None and (step.later or step.sentence != self._shown):
            try:
                await self._reply.show_step(step)
                self._shown = step.sentence
            except BROKEN_LINE as error:
                _log.info("A step of an outcome could not be shown, and is shown with the next: %r", error)
                self._unshown = step
            self._shown_at = self._clock()

    async def _flush_at_last(self) -> None:
        """Show the last step, however often it takes; nothing follows that would show it."""
        await self._flush()
        while self._unshown is not None and self._clock() < self._ends_at:
            await asyncio.sleep(EDIT_SECONDS)
            await self._flush()

    async def _give_up(self, latest: Progress) -> None:
        await self._reply.show(
            _("{sentence}\nDiscord lets me update this message no longer; see `/status` for how it goes on.").format(
                sentence=latest.sentence
            )
        )


async def _cancelled(task: "asyncio.Task[Progress | None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
