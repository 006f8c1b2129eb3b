"""The words that every room shares: power states, signals, actions, panel kinds and relay styles."""

from enum import Enum, StrEnum


class PowerState(StrEnum):
    """What a server's process is doing, as Wings names it; UNKNOWN where nobody can tell."""

    OFFLINE = "offline"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    UNKNOWN = "unknown"


class Signal(StrEnum):
    """A power signal that the panel accepts."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"
    KILL = "kill"


class Action(StrEnum):
    """Something a grant can allow. The words are those people type in `/access grant`."""

    VIEW = "view"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    KILL = "kill"
    SAY = "say"
    COMMAND = "command"
    CONSOLE = "console"


class PanelKind(StrEnum):
    """The dialects of the client API."""

    PTERODACTYL = "pterodactyl"
    PELICAN = "pelican"
    PTERODACTYL_0_7 = "pterodactyl-0.7"

    @property
    def has_console(self) -> bool:
        """Whether a client key can reach the console: panel 0.7 offers no such route."""
        return self is not PanelKind.PTERODACTYL_0_7


class Separators(StrEnum):
    """Whether text for a game is searched for what ends a command there. The words are those of `/server edit`."""

    CHECKED = "checked"
    NONE = "none"


class ConsoleSyntax(Enum):
    """What is known of how a game's console takes commands apart."""

    UNKNOWN = "unknown"
    """Nothing, so it may have any separator that some game has."""
    MINECRAFT = "minecraft"
    """A line is a command there, by the word of the panel's egg."""
    LINE = "line"
    """A line is a command there, by the word of an admin."""


class RelayStyle(StrEnum):
    """How a relay draws lines: phones do not draw colours, so it is a choice per channel."""

    COLOUR = "colour"
    PLAIN = "plain"
