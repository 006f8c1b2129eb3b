"""What a refusal by Discord is about: the place, the message, or the weather on the way to either."""

from enum import Enum, auto
from typing import Final

# discord.py lets its HTTP client's errors through when a connection breaks. No request is made with it here.
import aiohttp
import discord

NO_LINE: Final = (aiohttp.ClientError, OSError)
"""What is raised where Discord gave no answer. A time-out is an OSError."""


class About(Enum):
    """What somebody, or time, has to mend."""

    GONE = auto()
    """The channel was deleted."""
    ACCESS = auto()
    """The bot cannot see the channel or the guild."""
    RIGHTS = auto()
    """The bot lacks a right in the channel."""
    LOCKED = auto()
    """The thread is locked."""
    THREADS = auto()
    """The guild has as many open threads as it may have, so that an archived one cannot be opened."""
    PLACE = auto()
    """Something else about the channel keeps the bot from posting there."""
    MESSAGE = auto()
    """What was to be posted; something else may be taken."""
    LIMIT = auto()
    """Too many requests."""
    WEATHER = auto()
    """Trouble of Discord's own, or of something in between: it says nothing about the request."""


# Discord's own codes (Discord docs, JSON error codes); the status beside them differs now and then. What lacks one was
# answered by something in between, such as Cloudflare or a proxy that has lost its way.
_BY_CODE = {
    10003: About.GONE,  # Unknown Channel
    50001: About.ACCESS,  # Missing Access
    50013: About.RIGHTS,  # Missing Permissions; also for a bot that was timed out
    50083: About.LOCKED,  # Thread is archived; if it was not locked as well, the message would have opened it
    160005: About.LOCKED,  # Thread is locked
    160006: About.THREADS,  # Maximum number of active threads reached
    50008: About.PLACE,  # Cannot send messages in a non-text channel
    50009: About.PLACE,  # Channel verification level is too high for you to gain access
    20009: About.MESSAGE,  # Explicit content cannot be sent to the desired recipient(s)
    20031: About.MESSAGE,  # Your ... contains words that are not allowed
    40005: About.MESSAGE,  # Request entity too large
    50006: About.MESSAGE,  # Cannot send an empty message
    50035: About.MESSAGE,  # Invalid Form Body
    50045: About.MESSAGE,  # File uploaded exceeds the maximum size
    200000: About.MESSAGE,  # Message was blocked by automatic moderation
    200001: About.MESSAGE,  # Title was blocked by automatic moderation
    240000: About.MESSAGE,  # Message blocked by harmful links filter
    20016: About.LIMIT,  # This action cannot be performed due to slow mode
    20022: About.LIMIT,  # announcement rate limits
    20028: About.LIMIT,  # The channel you are writing has hit the write rate limit
    20029: About.LIMIT,  # The write action on the server has hit the write rate limit
    40004: About.WEATHER,  # Send messages has been temporarily disabled
    40006: About.WEATHER,  # This feature has been temporarily disabled server-side
    40333: About.WEATHER,  # Cloudflare is blocking your request
    130000: About.WEATHER,  # API resource is currently overloaded
}
_NO_CODE = 0


def about(error: discord.HTTPException) -> About:
    """Return what a refused request to a channel is about.

    A code that is not known says something about the message, if anything: others may pass. 401 does not, for the
    token is found to be valid or not when the gateway is connected.
    """
    known = _BY_CODE.get(error.code)
    if known is not None:
        return known
    if error.status == 429:
        return About.LIMIT
    if error.status >= 500 or error.status in {401, 404, 405, 407, 408, 425}:
        return About.WEATHER
    if error.status == 403 and error.code == _NO_CODE:
        return About.WEATHER
    return About.MESSAGE
