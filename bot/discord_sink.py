"""Puts relay messages into Discord channels, and tells the relays' pace what Discord's rate-limit headers say."""

import asyncio
import re
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Protocol

# aiohttp is discord.py's own HTTP client: its trace hook is the only way to see the headers of an answer. No request is
# made with it here.
import aiohttp
import discord

from bot.discord_refusals import NO_LINE, About, about
from bot.discord_remedies import channel_forbidden
from bot.i18n import _
from bot.relay.sink import Attachment, ChannelForbidden, MessageRefused, SinkError, SinkUnavailable, channel_gone

_CREATE_MESSAGE = re.compile(r"/channels/(\d+)/messages$")
_LOOK_BACK = 50
_LONGEST_HEADER = 64
"""Characters of a number."""
_LONGEST_HOLD = 86_400.0
_MOST_MESSAGES = 100_000.0
_WHILE_LIMITED = 60.0
"""Seconds to send nothing into a channel for which nobody says how long."""
# How far Discord's clock and ours may be apart.
_CLOCKS_APART = timedelta(seconds=30)
# Carries from `DiscordSink.send` to the trace, through discord.py, who is waiting for the answer to this request.
_accepted: ContextVar["asyncio.Future[None] | None"] = ContextVar("accepted", default=None)


class RateFeed(Protocol):
    """What is told about rate limits (see `bot.relay.pace.Paces`)."""

    def seen(self, channel_id: int, *, limit: int, remaining: int, reset_after: float) -> None:
        """Take over the headers of an answer to create-message."""
        ...

    def hold(self, channel_id: int, seconds: float, *, everywhere: bool) -> None:
        """Send nothing for so many seconds: the answer was a 429."""
        ...


def rate_limit_trace(feed: RateFeed) -> aiohttp.TraceConfig:
    """Return what to give `discord.Client(http_trace=...)` so that `feed` hears of every create-message answer."""

    async def on_request_end(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        found = _CREATE_MESSAGE.search(end.url.path) if end.method == "POST" else None
        if found is None:
            return
        channel_id, headers = int(found[1]), end.response.headers
        waiting = _accepted.get()
        if waiting is not None and not waiting.done() and 200 <= end.response.status < 300:
            waiting.set_result(None)
        tell_rates(feed, channel_id, end.response.status, headers)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(on_request_end)
    return trace


def tell_rates(feed: RateFeed, channel_id: int, status: int, headers: Mapping[str, str]) -> None:
    """Tell what an answer's headers say: figures that cannot be read, or that no Discord gives, say nothing."""
    if status == 429:
        everywhere = headers.get("X-RateLimit-Scope") == "global" or "X-RateLimit-Global" in headers
        seconds = _figure(headers.get("Retry-After", "1"), 1e12)
        if seconds is not None:
            feed.hold(channel_id, min(seconds, _LONGEST_HOLD), everywhere=everywhere)
        return
    limit, remaining = (_figure(headers.get(f"X-RateLimit-{name}"), _MOST_MESSAGES) for name in ("Limit", "Remaining"))
    reset_after = _figure(headers.get("X-RateLimit-Reset-After"), _LONGEST_HOLD)
    if limit is not None and remaining is not None and reset_after is not None and limit >= 1:
        feed.seen(channel_id, limit=int(limit), remaining=int(remaining), reset_after=reset_after)


def _figure(text: str | None, most: float) -> float | None:
    """Return the number from 0 up to `most` that a header holds; None for anything else."""
    try:
        value = float((text or "")[:_LONGEST_HEADER])
    except ValueError:
        return None
    return value if 0 <= value <= most else None


class DiscordSink:
    """The relays' `Sink`, by a discord.py client that is logged in."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._resting: set[asyncio.Task[None]] = set()
        self._newest: dict[int, int] = {}

    async def send(self, channel_id: int, content: str, *, nonce: str, attachment: Attachment | None = None) -> None:
        """Post one message: silent, without mentions and link previews. See `bot.relay.sink.Sink`.

        Returns as soon as Discord has accepted it: discord.py's own call returns only when the window ends if the
        message used up its last slot, and is left to rest until then.
        """
        accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        token = _accepted.set(accepted)
        posting = asyncio.create_task(self._post(channel_id, content, nonce, attachment))
        _accepted.reset(token)
        try:
            await asyncio.wait({posting, accepted}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            posting.cancel()
            raise
        if not accepted.done():
            await posting
            return
        self._resting.add(posting)
        posting.add_done_callback(self._rested)

    def newest(self, channel_id: int) -> int:
        """Return the id of the newest message known to be in the channel. See `bot.relay.sink.Sink`."""
        return self._newest.get(channel_id, 0)

    async def arrived(self, channel_id: int, content: str, since: datetime, *, after: int) -> bool:
        """Look for a message among the channel's newest. See `bot.relay.sink.Sink`."""
        channel = self._client.get_partial_messageable(channel_id)
        own = self._client.user.id if self._client.user is not None else None
        try:
            async for message in channel.history(limit=_LOOK_BACK):
                late = message.id > after and message.created_at >= since - _CLOCKS_APART
                if late and message.author.id == own and message.content.strip() == content.strip():
                    self._know(channel_id, message.id)
                    return True
        except discord.HTTPException as error:
            refused = self._refused(channel_id, error)
            if isinstance(refused, ChannelForbidden):
                return False
            raise (_unreachable() if isinstance(refused, MessageRefused) else refused) from error
        except NO_LINE as error:
            raise _unreachable() from error
        return False

    def _know(self, channel_id: int, message_id: int) -> None:
        self._newest[channel_id] = max(message_id, self.newest(channel_id))

    def _rested(self, posting: "asyncio.Task[None]") -> None:
        self._resting.discard(posting)
        if not posting.cancelled():
            posting.exception()  # looked at, so that asyncio does not complain: the message is in the channel

    async def _post(self, channel_id: int, content: str, nonce: str, attachment: Attachment | None) -> None:
        channel = self._client.get_partial_messageable(channel_id)
        files = [discord.File(BytesIO(attachment.data), attachment.filename)] if attachment is not None else []
        try:
            # discord.py sets `enforce_nonce` with every nonce: Discord answers a repeat with the first message.
            message = await channel.send(
                content,
                files=files,
                nonce=nonce,
                silent=True,
                suppress_embeds=True,
                allowed_mentions=discord.AllowedMentions.none(),
            )
            self._know(channel_id, message.id)
        except discord.RateLimited as error:
            raise SinkUnavailable(_limited(), retry_after=error.retry_after) from error
        except discord.HTTPException as error:
            raise self._refused(channel_id, error) from error
        except NO_LINE as error:
            raise _unreachable() from error

    def _refused(self, channel_id: int, error: discord.HTTPException) -> SinkError:
        why = about(error)
        match why:
            case About.GONE:
                return channel_gone()
            case About.MESSAGE:
                text = _("Discord refused a message of this relay; its lines are counted as lost.")
                return MessageRefused(text, said=error.text if error.code else "")
            case About.LIMIT:
                # Without a `Via` header discord.py takes a 429 for a ban by Cloudflare and does not wait by itself.
                return SinkUnavailable(_limited(), retry_after=_WHILE_LIMITED)
            case About.WEATHER:
                return _weather(error)
            case _:
                return channel_forbidden(why, self._client, channel_id, error.text)


def _weather(error: discord.HTTPException) -> SinkUnavailable:
    if error.status == 401:  # were the token void, the gateway would say so, and the bot would end
        text = _("Discord does not know the bot's token at the moment; the message is sent again until it does.")
        return SinkUnavailable(text)
    if error.status >= 500 or error.status == 408:
        return SinkUnavailable(_("Discord has trouble of its own; the message is sent again until it is taken."))
    return _unreachable()


def _unreachable() -> SinkUnavailable:
    return SinkUnavailable(_("Discord cannot be reached; the message is sent again until it can."))


def _limited() -> str:
    return _("Discord counts too many requests of the bot; the message is sent again when it allows.")
