"""The error tree. `str(error)` is always one sentence fit for the person who asked; details go to the log.

BotError
├── NotAllowed                 the member has no grant for it
├── BadInput                   what was typed cannot be used
│   ├── UnknownServer          no linked server of that name (that this member may use)
│   │   └── WhichServer        several could be meant, and none was named
│   └── LimitReached           the guild has as many of them as it may have
├── PanelError                 the panel, or the node behind it, did not do it
│   ├── PanelUnreachable       no usable connection: name, port, certificate, time-out
│   │   └── AddressForbidden   a private or loopback address, which this bot must not contact
│   ├── NotAPanel              something answered, but not the panel's API (login page, redirect, proxy page)
│   ├── KeyRefused             the key is wrong, of the wrong kind, or bound to other addresses
│   ├── KeyMissing             the key was deleted when the bot was removed from the guild, and not entered again yet
│   ├── PermissionMissing      the key is fine, its panel user lacks a permission
│   ├── ServerNotFound         the panel does not know this server, or the key may not see it
│   ├── ServerBusy             a state that forbids everything else (`reason` says which)
│   ├── ServerOffline          a command, and the server is not running
│   ├── RequestInvalid         the panel found the input invalid
│   ├── RateLimited            too many requests; `retry_after` in seconds
│   ├── NodeUnreachable        the panel works, the node does not answer
│   ├── NotSupported           this panel kind cannot do it
│   ├── OutcomeUnknown         sent, but the answer never came; must not be sent again
│   └── PanelBroken            the panel failed by itself
├── ConsoleError               the console socket cannot be had
│   ├── ConsoleRefused         refused for a reason that time alone does not mend
│   └── ConsoleTimeout         not connected in time
├── StoreUnavailable           the bot's own database cannot be used just now (`reason` says why)
└── StartupError               the program cannot start; carries the exit code
"""

from collections.abc import Sequence
from enum import IntEnum, StrEnum


class BotError(Exception):
    """A foreseen failure whose text may be shown to the person who asked."""


class NotAllowed(BotError):
    """The member has no grant for what was asked."""


class BadInput(BotError):
    """What was typed cannot be used; the text says why and what to type instead."""


class UnknownServer(BadInput):
    """No linked server of that name that the member may use."""


class WhichServer(UnknownServer):
    """Several servers could be meant, and none was named."""

    def __init__(self, message: str, *, names: Sequence[str]) -> None:
        super().__init__(message)
        self.names = tuple(names)
        """All that could be meant."""


class LimitReached(BadInput):
    """The guild has as many of something as the owner of the bot lets each have."""


class PanelError(BotError):
    """The panel, or the node behind it, did not do what was asked."""


class PanelUnreachable(PanelError):
    """No usable connection to the panel."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
        """Whether anybody can act on the text: it says to wait, and names whose trouble it is."""


class AddressForbidden(PanelUnreachable):
    """The address is private or loopback and this bot must not contact such addresses."""


class NotAPanel(PanelError):
    """Something answered, but it is not the panel's API."""


class KeyRefused(PanelError):
    """The panel refuses the key itself."""


class KeyMissing(PanelError):
    """The key was deleted when the bot was removed from the guild; nobody has entered it again yet."""


class PermissionMissing(PanelError):
    """The key works, but its panel user lacks a permission."""


class ServerNotFound(PanelError):
    """The panel does not know this server, or the key may not see it."""


class BusyReason(StrEnum):
    """Why a server is in a state that forbids everything but looking at it."""

    SUSPENDED = "suspended"
    MAINTENANCE = "maintenance"
    INSTALLING = "installing"
    INSTALL_FAILED = "install_failed"
    REINSTALL_FAILED = "reinstall_failed"
    NOT_INSTALLED = "not installed"
    """One of the three above, and nobody said which."""
    RESTORING = "restoring"
    TRANSFERRING = "transferring"
    UNKNOWN = "unknown"


class ServerBusy(PanelError):
    """The server is in a state that forbids what was asked."""

    def __init__(self, message: str, *, reason: BusyReason) -> None:
        super().__init__(message)
        self.reason = reason


class ServerOffline(PanelError):
    """A command was sent to a server that is not running."""


class RequestInvalid(PanelError):
    """The panel found the input invalid."""


class RateLimited(PanelError):
    """The panel counts too many requests."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds to wait before the next request."""


class NodeUnreachable(PanelError):
    """The panel works, but the node that runs the server does not answer it."""


class NotSupported(PanelError):
    """This kind of panel cannot do what was asked."""


class OutcomeUnknown(PanelError):
    """A power signal or command was sent, but no answer came: it may or may not have happened."""


class PanelBroken(PanelError):
    """The panel failed by itself."""


class ConsoleError(BotError):
    """The console socket cannot be had."""


class ConsoleRefused(ConsoleError):
    """The console is refused for a reason that time alone does not mend."""


class ConsoleTimeout(ConsoleError):
    """The console did not connect in time."""

    def __init__(self, message: str, *, brief: str) -> None:
        super().__init__(message)
        self.brief = brief
        """The same without what stands in the way, which is for those who run panel and node."""


class StoreTrouble(StrEnum):
    """Why the bot's own database cannot be used."""

    BUSY = "busy"
    FULL = "full"
    READ_ONLY = "read-only"
    REPLACED = "replaced"
    """Its file was moved, deleted or replaced under the running bot."""
    UNREACHABLE = "unreachable"
    BROKEN = "broken"
    """Its disk fails, or what it holds is damaged."""


class StoreUnavailable(BotError):
    """The bot's own database cannot be used just now."""

    def __init__(self, message: str, *, reason: StoreTrouble) -> None:
        super().__init__(message)
        self.reason = reason


class ExitCode(IntEnum):
    """What the process returns, so that a service manager can tell the reasons apart."""

    OK = 0
    UNFORESEEN = 1
    SETTINGS = 2
    TOKEN = 3
    DISCORD = 4
    DATABASE = 5
    DATABASE_NEWER = 6
    SECRET_KEYS = 7
    HTTP_LISTEN = 8
    APPLICATION = 9


class StartupError(BotError):
    """The program cannot start; the text is the one line shown, `exit_code` what the process returns."""

    def __init__(self, message: str, *, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code
