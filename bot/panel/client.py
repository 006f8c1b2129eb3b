"""The client of one panel with one key: one short method per operation, the same values whatever the panel's kind."""

import asyncio

from bot.errors import NodeUnreachable, NotSupported
from bot.i18n import _
from bot.panel import listing, recognise, sentences
from bot.panel.asked import Asked, Operation
from bot.panel.budget import GENERAL, Budget
from bot.panel.checks import check_identifier
from bot.panel.flights import Flights
from bot.panel.models import ConsoleTicket, PanelIdentity, Resources, Server, ServerList
from bot.panel.nodes import node_down
from bot.panel.requests import Requests, unexpected
from bot.panel.tickets import parse_ticket
from bot.panel.timing import PanelTiming
from bot.panel.transport import Confirm, Sessions, Transport
from bot.panel.wire import is_missing, parse_resources, parse_server
from bot.terms import PanelKind, PowerState, Signal
from bot.text.console_line import one_line

LONGEST_COMMAND = 2000
"""Characters. Wings' socket refuses frames over 4096 bytes, games' consoles far less; Discord's options end at 6000."""
_SIGNAL_PERMISSIONS = {
    Signal.START: "control.start",
    Signal.STOP: "control.stop",
    Signal.RESTART: "control.restart",
    Signal.KILL: "control.stop",  # 1.x has no permission of its own for it
}


class PanelClient:
    """Every operation a client key allows. Get one from `PanelPool`, so that a key's budget is shared.

    Any method may raise any PanelError; docstrings name only what is special. Reads may be repeated within a few
    seconds; identical ones in flight are one request. Power signals and commands are sent once or not at all, and not
    before `confirm` was asked: behind all waiting, with the connection made; what it raises is raised.
    """

    def __init__(
        self, *, url: str, key: str, kind: PanelKind | None, sessions: Sessions, timing: PanelTiming | None = None
    ) -> None:
        self.url = url
        self.kind = kind
        """None until recognised: by `recognise`, or on first need."""
        self._timing = timing or PanelTiming()
        self._budget = Budget(default_retry_after=self._timing.default_retry_after)
        self._requests = Requests(
            Transport(url=url, key=key, sessions=sessions, timing=self._timing), self._budget, self._timing
        )
        self._flights = Flights()
        self._usage: dict[str, tuple[float, Resources]] = {}

    def __repr__(self) -> str:
        return f"PanelClient(url={self.url!r}, kind={self.kind!r})"

    async def close(self) -> None:
        """End the reads under way."""
        await self._flights.close()

    async def recognise(self) -> PanelIdentity:
        """Find out the panel's kind and whose key this is, which also proves that the key works."""
        return await self._flights.join("recognise", self._recognise)

    async def list_servers(self) -> ServerList:
        """Return the servers that the key's user owns or is a subuser of, see `ServerListing.read`.

        Entries that make no sense are left out and counted in the log.
        """
        return await self._flights.join("list", self._list_servers)

    async def server(self, identifier: str, *, unbidden: bool = False) -> Server:
        """Return one server. Works in every state of the server, and does not need its node.

        `unbidden`: nobody waits for it, so a key that was refused is tried ever more rarely.
        """
        path = _path(identifier)

        async def read() -> Server:
            kind = await self._known_kind()
            answer = await self._requests.read(Asked(Operation.SERVER, path, kind, unbidden=unbidden))
            try:
                return parse_server(answer, kind=kind)
            except ValueError:
                raise unexpected() from None

        return await self._flights.join(("server", identifier, unbidden), read)

    async def resources(self, identifier: str) -> Resources:
        """Return the server's usage, at most some seconds older than the panel's own answer.

        Panels 1.x cache it for 20 s: never take it as proof that a signal has worked. State UNKNOWN means that the
        panel said something new. Raises ServerBusy where it refuses to look, NodeUnreachable where the node does not
        answer it.
        """
        path = _path(identifier)
        bucket = "utilization" if self.kind is PanelKind.PTERODACTYL_0_7 else GENERAL
        fresh = self._timing.resources_scarce if self._budget.is_scarce(bucket) else self._timing.resources_fresh
        known = self._usage.get(identifier)
        if known is not None and asyncio.get_running_loop().time() - known[0] < fresh:
            return known[1]
        return await self._flights.join(("resources", identifier), lambda: self._read_resources(identifier, path))

    async def send_command(
        self, identifier: str, command: str, *, confirm: Confirm, known_state: PowerState | None = None
    ) -> None:
        """Send one console line of at most `LONGEST_COMMAND` characters.

        Raises BadInput for anything but one line of text, ServerOffline where the server is not running. Pelican
        accepts and drops a command to a server that is off (`app/Repositories/Daemon/*` do not look at the node's
        answer), so there the state is checked first: `known_state` if the caller has it live from the console socket,
        else the panel's, which may be 20 s old. Nothing is sent where it cannot be told.
        """
        path = f"{_path(identifier)}/command"
        command = one_line(command, longest=LONGEST_COMMAND)
        kind = await self._known_kind()
        if kind is PanelKind.PELICAN:
            await self._require_running(identifier, known_state)
        permission = "send-command" if kind is PanelKind.PTERODACTYL_0_7 else "control.console"
        await self._requests.act(
            Asked(Operation.COMMAND, path, kind, body={"command": command}, permission=permission), confirm
        )

    async def send_signal(self, identifier: str, signal: Signal, *, confirm: Confirm) -> None:
        """Ask for a power change. Return means that the node will try, not that it has worked: follow the state."""
        path = f"{_path(identifier)}/power"
        kind = await self._known_kind()
        is_old = kind is PanelKind.PTERODACTYL_0_7
        permission = f"power-{signal.value}" if is_old else _SIGNAL_PERMISSIONS[signal]
        self._usage.pop(identifier, None)
        await self._requests.act(
            Asked(Operation.POWER, path, kind, body={"signal": signal.value}, permission=permission), confirm
        )

    async def console_ticket(self, identifier: str) -> ConsoleTicket:
        """Return a ticket for the server's console socket. Panels since 1.12 give five a minute and server: reuse it.

        Raises NotSupported on 0.7. Success says nothing about the node being up.
        """
        path = f"{_path(identifier)}/websocket"

        async def read() -> ConsoleTicket:
            kind = await self._known_kind()
            if not kind.has_console:
                raise NotSupported(
                    _("Panels of version 0.7 offer no console to API keys: power and blind commands are all there is.")
                )
            asked = Asked(
                Operation.TICKET,
                path,
                kind,
                permission="websocket.connect",
                bucket=f"websocket:{identifier}",
                unbidden=True,
            )
            return parse_ticket(await self._requests.read(asked))

        return await self._flights.join(("ticket", identifier), read)

    async def _known_kind(self) -> PanelKind:
        return self.kind or (await self.recognise()).kind

    async def _recognise(self) -> PanelIdentity:
        identity = await recognise.identify(self._requests, self.url)
        self.kind = identity.kind
        return identity

    async def _list_servers(self) -> ServerList:
        kind = await self._known_kind()
        return await listing.ServerListing(self._requests, kind, self.url).read(self._timing.whole_list)

    async def _read_resources(self, identifier: str, path: str) -> Resources:
        kind = await self._known_kind()
        is_old = kind is PanelKind.PTERODACTYL_0_7
        asked = Asked(
            Operation.RESOURCES,
            f"{path}/utilization" if is_old else f"{path}/resources",
            kind,
            bucket="utilization" if is_old else GENERAL,
        )
        answer = await self._requests.read(asked)
        try:
            usage = parse_resources(answer, kind=kind)
            missing = is_missing(answer)
        except ValueError:
            raise unexpected() from None
        if missing:  # Pelican's way of saying what Pterodactyl says with a 504
            raise node_down()
        self._remember(identifier, usage)
        return usage

    def _remember(self, identifier: str, usage: Resources) -> None:
        now = asyncio.get_running_loop().time()
        oldest = now - self._timing.resources_scarce
        self._usage = {name: known for name, known in self._usage.items() if known[0] > oldest}
        self._usage[identifier] = (now, usage)

    async def _require_running(self, identifier: str, known_state: PowerState | None) -> None:
        try:
            state = known_state or (await self.resources(identifier)).state
        except NodeUnreachable:
            state = PowerState.UNKNOWN
        if state is PowerState.OFFLINE:
            raise sentences.server_offline()
        if state is PowerState.UNKNOWN:
            raise NodeUnreachable(
                _("The panel cannot reach the server's node right now, so the command was not sent: try again later.")
            )


def _path(identifier: str) -> str:
    return f"{listing.PATH}/servers/{check_identifier(identifier)}"
