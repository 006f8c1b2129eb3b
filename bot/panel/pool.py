"""All panel clients of the process: one per address and key, over HTTP sessions that check where they connect."""

import importlib.metadata

import aiohttp

from bot.logs import register_secret
from bot.panel.checks import check_key
from bot.panel.client import PanelClient
from bot.panel.guard import guarded_connector
from bot.panel.timing import PanelTiming
from bot.panel.transport import ConfirmedRequest, Sessions
from bot.terms import PanelKind


class PanelPool:
    """Hands out clients and owns their sessions. Use it inside one event loop, and close it at the end."""

    def __init__(self, *, allow_private: bool, timing: PanelTiming | None = None) -> None:
        self._allow_private = allow_private
        self._timing = timing or PanelTiming()
        self._clients: dict[tuple[str, str], PanelClient] = {}
        self._sessions: Sessions | None = None

    def client(self, *, url: str, key: str, kind: PanelKind | None = None) -> PanelClient:
        """Return the one client of a normalised URL and a key; KeyRefused if the text cannot be a key."""
        check_key(key)
        client = self._clients.get((url, key))
        if client is None:
            register_secret(key)  # keys of old panels have no prefix by which the log would know them
            client = PanelClient(url=url, key=key, kind=kind, sessions=self._open(), timing=self._timing)
            self._clients[url, key] = client
        elif client.kind is None:
            client.kind = kind
        return client

    def forget(self, *, url: str, key: str) -> None:
        """Drop the client, and with it the key, from memory; what it is doing ends by itself."""
        self._clients.pop((url, key), None)

    async def close(self) -> None:
        """End every request and close the sessions."""
        clients, self._clients = list(self._clients.values()), {}
        sessions, self._sessions = self._sessions, None
        for client in clients:
            await client.close()
        if sessions is not None:
            await sessions.reads.close()
            await sessions.actions.close()

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
        )


def _version() -> str:
    try:
        return importlib.metadata.version("wingcord")
    except importlib.metadata.PackageNotFoundError:  # run from a source tree that is not installed
        return "0"
