"""What a console session tells its listeners: typed events, one class per meaning."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import BotError
from bot.terms import PowerState


@dataclass(frozen=True, slots=True)
class ConsoleLine:
    """One line the server printed, still with its own escape sequences, without the line end."""

    text: str
    at: datetime
    """When it was read, UTC: Wings sends no times."""
    recovered: bool = False
    """True for a line missed while the socket was away and found in the history afterwards."""


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The power state changed, or became known."""

    state: PowerState
    previous: PowerState | None = None


@dataclass(frozen=True, slots=True)
class StatsUpdated:
    """What the server uses; about once a second while it runs."""

    state: PowerState
    memory_bytes: int
    cpu_percent: float
    """Percent of one core."""
    disk_bytes: int
    memory_limit_bytes: int | None = None
    network_rx_bytes: int = 0
    network_tx_bytes: int = 0
    uptime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class InstallStarted:
    """An installation began."""


@dataclass(frozen=True, slots=True)
class InstallOutput:
    """A line the installer printed; only root admins get it."""

    text: str


@dataclass(frozen=True, slots=True)
class InstallCompleted:
    """An installation ended, in success or failure: only the panel knows which."""


@dataclass(frozen=True, slots=True)
class TransferChanged:
    """A transfer to another node moved on; `status` in Wings' own words."""

    status: str


@dataclass(frozen=True, slots=True)
class TransferOutput:
    """A line of a transfer's log; only root admins get it."""

    text: str


@dataclass(frozen=True, slots=True)
class BackupCompleted:
    """A backup ended."""

    uuid: str
    successful: bool
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RestoreCompleted:
    """A backup was restored."""


@dataclass(frozen=True, slots=True)
class DaemonMessage:
    """Wings speaks about itself."""

    text: str


@dataclass(frozen=True, slots=True)
class DaemonError:
    """Wings refused something that was asked on the socket."""

    text: str


@dataclass(frozen=True, slots=True)
class ServerDeleted:
    """The server was deleted on its node."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The socket is authenticated and lines flow."""

    at: datetime
    lost_at: datetime | None = None
    """When the previous connection was lost; None for the first."""
    recovered: int = 0
    """How many missed lines were found in the history; they follow as `ConsoleLine(recovered=True)`."""
    complete: bool = True
    """False when lines may be missing between `lost_at` and now that the history no longer holds."""
    before: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """For a listener that begins here: the last lines printed before, which it does not get."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The socket is gone; the session is trying again by itself."""

    at: datetime
    reason: str
    """A sentence fit for a channel."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Trying again at once is hopeless; the session looks again slowly."""

    at: datetime
    error: BotError


@dataclass(frozen=True, slots=True)
class LinesDropped:
    """This listener was too slow and its queue too full: so many lines are not coming."""

    count: int


@dataclass(frozen=True, slots=True)
class LinesThrottled:
    """The node dropped lines before these, nobody knows how many: they came faster than it passes them on."""


ConsoleEvent = (
    ConsoleLine
    | StatusChanged
    | StatsUpdated
    | InstallStarted
    | InstallOutput
    | InstallCompleted
    | TransferChanged
    | TransferOutput
    | BackupCompleted
    | RestoreCompleted
    | DaemonMessage
    | DaemonError
    | ServerDeleted
    | Connected
    | Disconnected
    | Parked
    | LinesDropped
    | LinesThrottled
)
