"""The list of a key's servers, read page by page: bounded in servers, bytes, time and log lines whatever is sent."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from bot import time_slice
from bot.errors import PanelUnreachable, RateLimited
from bot.i18n import _
from bot.panel import recognise
from bot.panel.asked import AnswerTooLong, Asked, Operation
from bot.panel.bounds import MOST_PAGES, MOST_SERVERS, PAGE_SIZES
from bot.panel.models import ListedServer, ListEnd, ServerList
from bot.panel.requests import Requests, no_list
from bot.panel.wire import parse_listed
from bot.terms import PanelKind

log = logging.getLogger(__name__)

PATH = "/api/client"
_BARREN_PAGES = 2
"""So many pages in a row without a new server end the list: its panel shows the same ones again and again."""


class ServerListing:
    """One reading of the list."""

    def __init__(self, requests: Requests, kind: PanelKind, url: str) -> None:
        self._requests = requests
        self._kind = kind
        self._url = url
        self._found: dict[str, ListedServer] = {}
        self._end = ListEnd.COMPLETE
        self._pages = 0
        self._left_out = 0

    async def read(self, seconds: float) -> ServerList:
        """Return the list as far as it is read within `seconds`; any PanelError where nothing is.

        A root admin who owns nothing gets all the panel's servers instead (`type=admin-all`): the list is there to
        link servers from, and an empty one would hide that the key controls them all.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._read_pages({})
                if not self._found and self._kind is not PanelKind.PTERODACTYL_0_7:
                    await self._read_pages({"type": "admin-all"})
        except TimeoutError:
            if not self._found:
                raise _too_slow(seconds) from None
            self._end = ListEnd.TOO_SLOW
        except RateLimited:
            if not self._found:
                raise
            self._end = ListEnd.TOO_SLOW
        finally:
            self._tell()
        return ServerList(tuple(self._found.values()), self._end)

    async def _read_pages(self, query: Mapping[str, str]) -> None:
        sizes = iter(PAGE_SIZES)
        size = next(sizes)
        page, barren = 1, 0
        while barren < _BARREN_PAGES:
            if self._pages == MOST_PAGES:
                self._end = ListEnd.TOO_MANY
                return
            try:
                answer = await self._page(query, page, size)
            except AnswerTooLong:
                smaller = next(sizes, None)
                if smaller is None or self._kind is PanelKind.PTERODACTYL_0_7:  # whose pages have the size they have
                    raise
                page, size = (page - 1) * (size // smaller) + 1, smaller
                continue
            before = len(self._found)
            await self._take(answer)
            if self._end is not ListEnd.COMPLETE or page >= recognise.total_pages(answer):
                return
            barren = 0 if len(self._found) > before else barren + 1
            page += 1

    async def _page(self, query: Mapping[str, str], page: int, size: int) -> dict[str, Any]:
        self._pages += 1
        if self._kind is not PanelKind.PTERODACTYL_0_7:
            query = {**query, "per_page": str(size)}
        return await self._requests.read(Asked(Operation.LIST, PATH, self._kind, query={**query, "page": str(page)}))

    async def _take(self, answer: dict[str, Any]) -> None:
        entries = recognise.servers_of(answer)
        if entries is None:
            raise no_list()
        if len(entries) > PAGE_SIZES[0]:
            self._end = ListEnd.TOO_MANY
            self._left_out += len(entries) - PAGE_SIZES[0]
        slices = time_slice.shared()
        for entry in entries[: PAGE_SIZES[0]]:
            await slices.breathe()
            try:
                server = parse_listed(entry)
            except ValueError:
                self._left_out += 1  # without a usable identifier
                continue
            self._found.setdefault(server.uuid, server)  # unsorted pages may overlap
            if len(self._found) > MOST_SERVERS:
                del self._found[server.uuid]
                self._end = ListEnd.TOO_MANY
                return

    def _tell(self) -> None:
        """Log what was left out in one line, however much it is."""
        if self._left_out:
            log.warning("%d entries in the server list of %s cannot be used: left out", self._left_out, self._url)


def _too_slow(seconds: float) -> PanelUnreachable:
    return PanelUnreachable(
        _(
            "The panel did not tell its servers within {n} seconds: try again in a minute, or link a server by its "
            "identifier."
        ).format(n=round(seconds))
    )
