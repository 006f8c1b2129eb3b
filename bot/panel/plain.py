"""Whether what is said to a panel can be read on the way."""

from urllib.parse import urlsplit

from bot.addresses import is_public, resolve_public
from bot.errors import PanelUnreachable


async def is_plain_and_public(url: str) -> bool:
    """Whether a panel's address has no encryption and leads, by any of its addresses, across the internet."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return False
    try:
        found = await resolve_public(parts.hostname, parts.port or 80, allow_private=True)
    except PanelUnreachable:
        return True  # it answered a moment ago
    return any(is_public(address.ip) for address in found)
