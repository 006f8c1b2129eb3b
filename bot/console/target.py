"""What a console session needs to know about a server and its panel."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.errors import BusyReason


class Ticket(Protocol):
    """A short-lived token for a server's console socket, and where that socket is."""

    @property
    def token(self) -> str:
        """The JWT; a secret."""
        ...

    @property
    def socket_url(self) -> str:
        """`ws://` or `wss://`, as the panel gave it."""
        ...

    @property
    def expires_at(self) -> datetime:
        """UTC."""
        ...

    @property
    def issuer(self) -> str | None:
        """The panel's own idea of its URL."""
        ...


class ServerState(Protocol):
    """What is asked of a server's description."""

    @property
    def busy(self) -> BusyReason | None:
        """Why the server is in a state that forbids the console, if it is."""
        ...


class Panel(Protocol):
    """The two questions a console session asks a panel. Both raise PanelError."""

    async def console_ticket(self, identifier: str) -> Ticket:
        """Ask for a new ticket. The panel allows 5 a minute and server (panel `app/Enum/ResourceLimit.php`)."""
        ...

    async def server(self, identifier: str) -> ServerState:
        """Ask for the server's description."""
        ...


@dataclass(frozen=True, slots=True)
class ConsoleTarget:
    """One server whose console is wanted."""

    key: Hashable
    """Identity of the shared session, for example (panel row id, uuid)."""
    identifier: str
    uuid: str
    name: str
    """As people call it; used in sentences."""
    panel_url: str
    """Its origin is what the node expects in the `Origin` header."""
    panel: Panel = field(compare=False, repr=False)
