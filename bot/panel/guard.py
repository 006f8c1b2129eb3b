"""The connector that checks every address at the moment it is connected to."""

import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.addresses import check_public, resolve_public
from bot.panel.bounded_socket import BoundedSocket


class GuardedResolver(AbstractResolver):
    """Looks names up; the addresses it returns are checked, and they are the ones connected to."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the checked addresses; raises what `resolve_public` raises."""
        return [
            ResolveResult(
                hostname=host,
                host=address.ip,
                port=address.port,
                family=address.family,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in await resolve_public(host, port, allow_private=self._allow_private)
            if family in {socket.AF_UNSPEC, address.family}
        ]

    async def close(self) -> None:
        """Nothing is held open."""


def guarded_connector(*, allow_private: bool, keep_alive: bool) -> aiohttp.TCPConnector:
    """Return a connector that contacts public addresses only, unless `allow_private`."""

    def make_socket(info: tuple[Any, ...]) -> socket.socket:
        # The last gate before a connection, and the only one that an IP literal in the URL passes: aiohttp asks no
        # resolver about those.
        family, kind, proto, _name, address = info
        if not allow_private:
            check_public(str(address[0]), host=str(address[0]))
        return BoundedSocket(family=family, type=kind, proto=proto)

    return aiohttp.TCPConnector(
        resolver=GuardedResolver(allow_private=allow_private),
        socket_factory=make_socket,
        force_close=not keep_alive,
        limit=0,  # the budget of each key limits, not the pool
    )
