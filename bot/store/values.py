"""What the database hands out: frozen values, never rows bound to a session."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.terms import Action, ConsoleSyntax, PanelKind, RelayStyle, Separators
from bot.vitals import DeliveredTail


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel that a guild connected, without its key: what commands and services pass around."""

    id: int
    guild_id: int
    url: str
    kind: PanelKind
    label: str
    """Unique within the guild, compared case-insensitively."""
    has_key: bool = True
    """False once its key was deleted because the bot was removed from the guild."""


@dataclass(frozen=True, slots=True)
class PanelKey:
    """What opens a panel: on its way from the store to the pool of panel clients, and nowhere else."""

    url: str
    kind: PanelKind
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Departure:
    """A guild that Discord does not show to the bot any more; nothing of it runs, and all of it is kept for a grace."""

    since: datetime
    """When that was noticed, UTC."""
    told_at: datetime | None = None
    """When Discord said by itself that the bot was removed; None where the guild was found missing."""
    confirmed_at: datetime | None = None
    """When Discord, asked, last gave the answer that a day of the grace is counted from."""
    days: int = 0
    """How many days of the grace are over."""
    keys_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much is stored for a guild."""

    panels: int
    keys: int
    """Of the panels, those whose key is stored."""
    servers: int
    grants: int
    relays: int


@dataclass(frozen=True, slots=True)
class LinkedServer:
    """A panel's server that a guild may use."""

    id: int
    guild_id: int
    panel_id: int
    name: str
    """What people type; unique within the guild, compared case-insensitively."""
    identifier: str
    uuid: str
    say_template: str = "say {message}"
    separators: Separators = Separators.CHECKED
    is_minecraft: bool = False
    """By the word of the panel's egg, as last heard."""

    @property
    def console_syntax(self) -> ConsoleSyntax:
        """How its console takes a line apart, as far as anybody said."""
        if self.separators is Separators.NONE:
            return ConsoleSyntax.LINE
        return ConsoleSyntax.MINECRAFT if self.is_minecraft else ConsoleSyntax.UNKNOWN


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may do: with one server or with all, optionally acting with another panel key."""

    id: int
    guild_id: int
    role_id: int
    actions: frozenset[Action]
    server_id: int | None = None
    """None means every linked server of the guild."""
    panel_id: int | None = None
    """The panel row whose key acts instead of the one the server was linked with."""
    commands: tuple[str, ...] = ()
    """Patterns for `/command`; empty means any command."""


@dataclass(frozen=True, slots=True)
class GuildRights:
    """What says who may do what in a guild, as it stood at one moment: read in one transaction, without any key."""

    servers: tuple[LinkedServer, ...]
    """Those linked that were asked about, by name."""
    panels: Mapping[int, Panel]
    """All connected ones, by id."""
    grants: tuple[Grant, ...]
    """Those of the roles that were asked about, oldest first."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A time, in UTC, for which a relay shows no lines."""

    since: datetime
    until: datetime
    skipped: int = 0
    """How many lines were not shown, as last saved."""


@dataclass(frozen=True, slots=True)
class Relay:
    """A server's console into a channel."""

    id: int
    guild_id: int
    server_id: int
    channel_id: int
    style: RelayStyle = RelayStyle.COLOUR
    include: str | None = None
    exclude: str | None = None
    redact: bool = True
    created_at: datetime | None = None
    collapse: bool = False
    """Identical lines in a row are shown once and counted."""
    pause: Pause | None = field(default=None, compare=False)
    """Kept until its end has been told, so it may be over. Not compared: a pause does not make it another relay."""


@dataclass(frozen=True, slots=True)
class RelayedServer:
    """A relay with the server whose console it shows, and where that server's panel is."""

    relay: Relay
    server: LinkedServer
    panel_url: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A relay message on its way into a channel."""

    channel_id: int
    nonce: str
    content: str
    filename: str | None
    attachment: bytes | None
    made_at: datetime
    """When it was first about to be sent, UTC."""
    tails: Mapping[int, DeliveredTail]
    """By relay id: what that relay has delivered once this message is."""
    through: int = 0
    """The number of the last item in the channel's `WaitingBatch`es that is done with then."""
    parts: int = 0
    """How many parts of the item behind that are, if it is a long one that takes several messages."""
    after: int = 0
    """The id of the newest message of the bot's that was known to be in the channel before; 0 if none was."""


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """A console line as it came, or a notice in Markdown, that a relay has taken and Discord has not."""

    relay_id: int
    text: str = field(repr=False)
    at: datetime
    """When it was taken, UTC."""
    marks: bytes
    """Digests of the console lines that are dealt with when it is delivered (see `DeliveredTail`)."""
    notice: bool
    offline: bool
    """Whether its server was known to be off after it and those with it."""
    parts: int = 0
    """How many parts of it were delivered: its beginning is not to be said again."""


@dataclass(frozen=True, slots=True)
class WaitingBatch:
    """Items that wait for one channel, in order."""

    channel_id: int
    first: int
    """The number of the first item; the others count on from it, and so do the batches behind it."""
    items: tuple[WaitingItem, ...]

    @property
    def last(self) -> int:
        """The number of the last item."""
        return self.first + len(self.items) - 1

    def behind(self, through: int, parts: int) -> "WaitingBatch":
        """Return what is left once all items up to a number, and so many parts of the one behind, are delivered."""
        start = max(0, through + 1 - self.first)
        items = self.items[start:]
        if items and self.first + start == through + 1:
            items = (replace(items[0], parts=parts), *items[1:])
        return replace(self, first=self.first + start, items=items)
