"""Which consoles go to which channels; the supervisor is woken when that changes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.errors import BadInput, BotError, BusyReason, KeyRefused, NotSupported, ServerNotFound
from bot.i18n import _
from bot.names import refuse_blank
from bot.services.access import Access
from bot.services.action_log import note, noted
from bot.services.connections import Catalogue
from bot.services.members import Member
from bot.store.store import Store
from bot.store.values import LinkedServer, Panel, Pause, Relay
from bot.terms import RelayStyle
from bot.text.filters import LineFilter
from bot.text.markdown import escape
from bot.vitals import RelayHealth

LONGEST_PAUSE = 7 * 24 * 60
"""In minutes: whoever wants silence for longer wants no relay."""
_LOOK_SECONDS = 4.0
"""How long a new relay's panel may take to say how the server is: the relay itself is made by then."""


@dataclass(frozen=True, slots=True)
class RelayRow:
    """A relay, its server's name and its health; None while it is not running."""

    relay: Relay
    server_name: str
    health: RelayHealth | None


class Relays:
    """Add, remove and list relays."""

    def __init__(
        self,
        store: Store,
        access: Access,
        *,
        changed: Callable[[int], None],
        health: Callable[[Relay], RelayHealth | None],
        catalogue: Callable[[Panel], Awaitable[Catalogue]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._access = access
        self._changed = changed
        self._health = health
        self._catalogue = catalogue
        self._now = now

    @noted("relay add")
    async def add(
        self,
        member: Member,
        *,
        server: LinkedServer,
        channel_id: int,
        style: RelayStyle = RelayStyle.COLOUR,
        include: str | None = None,
        exclude: str | None = None,
        redact: bool = True,
        collapse: bool = False,
    ) -> tuple[Relay, tuple[str, ...]]:
        """Send the server's console to the channel from now on; return the relay and warnings to show.

        Raises BadInput for a bad pattern or a relay that exists, NotSupported on panel 0.7.
        """
        self._access.require_admin(member)
        refuse_blank("include", include)
        refuse_blank("exclude", exclude)
        LineFilter.compile(include, exclude)
        panel = await self._store.panels.get(member.guild_id, server.panel_id)
        if panel is not None and not panel.kind.has_console:
            raise NotSupported(
                _("**{server}** is on a 0.7 panel, which gives API keys no console to relay.").format(
                    server=escape(server.name)
                )
            )
        relay = await self._store.relays.add(
            member.guild_id,
            server.id,
            channel_id,
            style=style,
            include=include,
            exclude=exclude,
            redact=redact,
            collapse=collapse,
        )
        self._changed(member.guild_id)
        return relay, tuple([warning async for warning in self._warnings(server, panel, redact=redact)])

    async def _warnings(self, server: LinkedServer, panel: Panel | None, *, redact: bool) -> AsyncIterator[str]:
        """Yield what the admin of a new relay should know."""
        if not redact:
            yield _(
                "Masking is off: players' IP addresses, e-mail addresses and whatever secrets the console prints "
                "will be readable by everyone who can see the channel."
            )
        silent = await self._why_silent(server, panel)
        if silent is not None:
            yield silent

    async def _why_silent(self, server: LinkedServer, panel: Panel | None) -> str | None:
        """Return why the server's console prints nothing for now, as far as its panel soon says so."""
        if panel is None or not panel.has_key:
            return None
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                busy = (await (await self._catalogue(panel)).server(server.identifier)).busy
        except (KeyRefused, ServerNotFound) as error:  # what does not pass by itself
            text = _("No line of **{server}** can come for now: {reason}")
            return text.format(server=escape(server.name), reason=error)
        except (BotError, TimeoutError):
            return None  # the relay says by itself what keeps the console away
        return None if busy is None else _silence(busy).format(server=escape(server.name))

    @noted("relay remove")
    async def remove(self, member: Member, *, server: LinkedServer | None, channel_id: int) -> tuple[str, ...]:
        """Stop relaying into the channel, one server's console or (None) all; return whose consoles those were.

        Raises BadInput where there is nothing to remove.
        """
        self._access.require_admin(member)
        doomed = await self._chosen(member, server, channel_id)
        await self._store.relays.remove([relay.id for relay in doomed])
        self._changed(member.guild_id)
        return await self._names(member, doomed)

    async def remove_dead(self, member: Member, *, server: LinkedServer, channels: Collection[int]) -> int:
        """End the server's relays into channels that exist no more, which nobody can name; return how many.

        `channels` are those known to exist. That one is not among them proves nothing, for a thread may be archived and
        a guild have an outage: the relay must have been parked because Discord says that the channel is gone.
        """
        self._access.require_admin(member)
        dead: list[int] = []
        for relay in await self._store.relays.list(member.guild_id):
            health = self._health(relay)
            gone = health is not None and health.channel_gone
            if relay.server_id == server.id and relay.channel_id not in channels and gone:
                dead.append(relay.id)
        if dead:
            await self._store.relays.remove(dead)
            self._changed(member.guild_id)
            note(member, "relay remove, of dead ones", "done", server=server.id)
        return len(dead)

    @noted("relay pause")
    async def pause(
        self, member: Member, *, server: LinkedServer | None, channel_id: int, minutes: int
    ) -> tuple[tuple[str, ...], datetime | None]:
        """Keep lines out of the channel for so many minutes, one server's or (None) all; 0 shows them again at once.

        A pause of a paused relay moves its end. Returns whose consoles that concerned and the end of the pause, UTC;
        None for one that ended. Raises BadInput for a time out of bounds and where there is nothing to do.
        """
        self._access.require_admin(member)
        if not 0 <= minutes <= LONGEST_PAUSE:
            text = _("A console can be paused for 1 to {most} minutes; 0 shows it again.")
            raise BadInput(text.format(most=LONGEST_PAUSE))
        chosen = await self._chosen(member, server, channel_id)
        now = self._now()
        until = now + timedelta(minutes=minutes)
        if not minutes:
            chosen = tuple(relay for relay in chosen if relay.pause is not None and relay.pause.until > now)
            if not chosen:
                raise BadInput(_not_paused(server, channel_id))
        pauses: dict[int, Pause] = {}
        for relay in chosen:
            present = relay.pause if relay.pause is not None and relay.pause.until > now else Pause(now, until)
            pauses[relay.id] = Pause(present.since, until, present.skipped)
        await self._store.relays.pause(pauses)
        self._changed(member.guild_id)
        return await self._names(member, chosen), until if minutes else None

    async def _chosen(self, member: Member, server: LinkedServer | None, channel_id: int) -> tuple[Relay, ...]:
        """Return the guild's relays into a channel, of one server or (None) of all; BadInput if there are none."""
        chosen = tuple(
            relay
            for relay in await self._store.relays.of_channel(channel_id)
            if relay.guild_id == member.guild_id and (server is None or relay.server_id == server.id)
        )
        if not chosen:
            raise BadInput(_not_shown(server, channel_id))
        return chosen

    async def _names(self, member: Member, relays: Collection[Relay]) -> tuple[str, ...]:
        """Return the names of the servers whose consoles are relayed; “?” for one unlinked in this very moment."""
        names = {server.id: server.name for server in await self._store.servers.list(member.guild_id)}
        return tuple(names.get(relay.server_id, "?") for relay in relays)

    async def list(self, member: Member) -> Sequence[RelayRow]:
        """Return the guild's relays with their health."""
        self._access.require_admin(member)
        names = {s.id: s.name for s in await self._store.servers.list(member.guild_id)}
        return [
            RelayRow(relay, names.get(relay.server_id, "?"), self._health(relay))
            for relay in await self._store.relays.list(member.guild_id)
        ]


def _not_shown(server: LinkedServer | None, channel_id: int) -> str:
    """Say of just what was asked about that it is not shown in the channel: another console may be."""
    if server is None:
        text = _("No console goes to {channel}. `/relay list` tells what goes where.")
        return text.format(channel=f"<#{channel_id}>")
    text = _("The console of **{server}** does not go to {channel}. `/relay list` tells what goes where.")
    return text.format(server=escape(server.name), channel=f"<#{channel_id}>")


def _not_paused(server: LinkedServer | None, channel_id: int) -> str:
    if server is None:
        return _("No console is paused in {channel}; every line is shown.").format(channel=f"<#{channel_id}>")
    text = _("The console of **{server}** is not paused in {channel}; every line is shown.")
    return text.format(server=escape(server.name), channel=f"<#{channel_id}>")


def _silence(busy: BusyReason) -> str:
    """Return why a server that is busy so shows no lines, with {server} in it."""
    match busy:
        case BusyReason.SUSPENDED:
            return _("**{server}** is suspended by its host: its lines come once that is lifted.")
        case BusyReason.INSTALLING | BusyReason.NOT_INSTALLED:
            return _("**{server}** is not installed yet: its lines come once that is done.")
        case BusyReason.INSTALL_FAILED | BusyReason.REINSTALL_FAILED:
            return _("The installation of **{server}** failed: its lines come once that is mended in the panel.")
        case BusyReason.MAINTENANCE:
            return _("The node of **{server}** is under maintenance: its lines come once that is over.")
        case _:
            return _("**{server}** is busy on its panel just now: its lines come once that is over.")
