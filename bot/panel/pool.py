"""All panel clients of the process: one per address and key, over HTTP sessions that check where they connect."""

import importlib.metadata
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp

from bot.logs import mask_key
from bot.panel import bounds
from bot.panel.checks import check_key
from bot.panel.client import PanelClient
from bot.panel.guard import guarded_connector
from bot.panel.timing import PanelTiming
from bot.panel.transport import ConfirmedRequest, Sessions
from bot.terms import PanelKind

MOST_CLIENTS = 5_000
IDLE_SECONDS = 3600.0


@dataclass(slots=True)
class _Entry:
    client: PanelClient
    unmask: Callable[[], None]
    """Ends the masking of the key in the log. Keys of old panels have no prefix by which the log would know them."""
    used_at: float
    is_stored: bool = False
    trials: int = 0


class PanelPool:
    """Hands out clients and owns their sessions. Use it inside one event loop, and close it at the end.

    A client that nobody asked for in an hour is dropped when another one is made, and made anew when it is asked for.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        timing: PanelTiming | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allow_private = allow_private
        self._timing = timing or PanelTiming()
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        """By address and key, the longest unused first."""
        self._sessions: Sessions | None = None

    def client(self, *, url: str, key: str, kind: PanelKind | None = None) -> PanelClient:
        """Return the one client of a normalised URL and a stored key; KeyRefused if the text cannot be a key."""
        entry = self._entry(url, key, kind)
        entry.is_stored = True
        return entry.client

    @contextmanager
    def trial(self, *, url: str, key: str) -> Generator[PanelClient]:
        """Lend the client of a key that is not stored yet; it is forgotten at the end unless it was stored meanwhile.

        Raises KeyRefused if the text cannot be a key.
        """
        entry = self._entry(url, key, None)
        entry.trials += 1
        try:
            yield entry.client
        finally:
            entry.trials -= 1
            if not entry.is_stored and not entry.trials:
                self._drop(url, key)

    def forget(self, *, url: str, key: str) -> None:
        """Drop the client and its key from memory; what it is doing ends by itself, and lets go of the key then."""
        entry = self._entries.get((url, key))
        if entry is not None:
            entry.is_stored = False
            if not entry.trials:
                self._drop(url, key)

    async def close(self) -> None:
        """End every request and close the sessions."""
        entries, self._entries = list(self._entries.values()), OrderedDict()
        sessions, self._sessions = self._sessions, None
        for entry in entries:
            entry.unmask()
            await entry.client.close()
        if sessions is not None:
            await sessions.reads.close()
            await sessions.actions.close()

    def _entry(self, url: str, key: str, kind: PanelKind | None) -> _Entry:
        check_key(key)
        entry = self._entries.get((url, key))
        if entry is None:
            self._make_room()
            client = PanelClient(url=url, key=key, kind=kind, sessions=self._open(), timing=self._timing)
            entry = self._entries[url, key] = _Entry(client, mask_key(key), self._clock())
        elif entry.client.kind is None:
            entry.client.kind = kind
        entry.used_at = self._clock()
        self._entries.move_to_end((url, key))
        return entry

    def _make_room(self) -> None:
        """Drop what was not used for long, and more where there are too many."""
        longest_ago = self._clock() - IDLE_SECONDS
        for (url, key), entry in list(self._entries.items()):
            if entry.used_at > longest_ago and len(self._entries) < MOST_CLIENTS:
                break
            if not entry.trials:
                self._drop(url, key)

    def _drop(self, url: str, key: str) -> None:
        entry = self._entries.pop((url, key), None)
        if entry is not None:
            entry.unmask()

    def _open(self) -> Sessions:
        if self._sessions is None:
            self._sessions = Sessions(reads=self._session(for_actions=False), actions=self._session(for_actions=True))
        return self._sessions

    def _session(self, *, for_actions: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=guarded_connector(allow_private=self._allow_private, keep_alive=not for_actions),
            request_class=ConfirmedRequest if for_actions else aiohttp.ClientRequest,
            # A session cookie from a login page would turn every POST into 419 (Sanctum's stateful mode).
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "Accept": "application/json",
                # Said here, for the library would offer whatever decoders it finds on this machine.
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": f"Wingcord/{_version()}",
            },
            trust_env=False,  # neither proxies nor .netrc of the host may see or change keys
            # Security policies and debug bars are longer than the library's 8 KiB; all of them are bounded besides.
            max_field_size=bounds.LONGEST_HEADER,
            max_line_size=bounds.LONGEST_HEADER,
        )


def _version() -> str:
    try:
        return importlib.metadata.version("wingcord")
    except importlib.metadata.PackageNotFoundError:  # run from a source tree that is not installed
        return "0"
