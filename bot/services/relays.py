"""Which consoles go to which channels; the supervisor is woken when that changes."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import BadInput, NotSupported
from bot.i18n import _
from bot.services.access import Access
from bot.services.connections import Connections
from bot.services.members import Member
from bot.store.store import Store
from bot.store.values import LinkedServer, Relay
from bot.terms import RelayStyle
from bot.text.filters import LineFilter
from bot.text.markdown import escape
from bot.vitals import RelayHealth


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
        connections: Connections,
        *,
        changed: Callable[[int | None], None],
        health: Callable[[int], RelayHealth | None],
    ) -> None:
        self._store = store
        self._access = access
        self._connections = connections
        self._changed = changed
        self._health = health

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
    ) -> tuple[Relay, tuple[str, ...]]:
        """Send the server's console to the channel from now on; return the relay and warnings to show.

        Raises BadInput for a bad pattern or a relay that exists, NotSupported on panel 0.7.
        """
        self._access.require_admin(member)
        LineFilter.compile(include, exclude)
        panel = await self._connections.panel(server.guild_id, server.panel_id)
        if not panel.kind.has_console:
            raise NotSupported(
                _("**{server}** is on a 0.7 panel, which gives API keys no console to relay.").format(
                    server=escape(server.name)
                )
            )
        relay = await self._store.relays.add(
            member.guild_id, server.id, channel_id, style=style, include=include, exclude=exclude, redact=redact
        )
        self._changed(relay.id)
        warnings: list[str] = []
        if not redact:
            warnings.append(
                _(
                    "Masking is off: players' IP addresses, e-mail addresses and whatever secrets the console prints "
                    "will be readable by everyone who can see the channel."
                )
            )
        return relay, tuple(warnings)

    async def remove(self, member: Member, *, server: LinkedServer | None, channel_id: int) -> int:
        """Stop relaying into the channel, one server's console or (None) all; return how many relays ended."""
        self._access.require_admin(member)
        doomed = [
            r
            for r in await self._store.relays.of_channel(channel_id)
            if r.guild_id == member.guild_id and (server is None or r.server_id == server.id)
        ]
        if not doomed:
            raise BadInput(_("Nothing is relayed into that channel, so there is nothing to remove."))
        for relay in doomed:
            await self._store.relays.remove(relay.id)
        self._changed(None)
        return len(doomed)

    async def list(self, member: Member) -> list[RelayRow]:
        """Return the guild's relays with their health."""
        self._access.require_admin(member)
        names = {s.id: s.name for s in await self._store.servers.list(member.guild_id)}
        return [
            RelayRow(relay, names.get(relay.server_id, "?"), self._health(relay.id))
            for relay in await self._store.relays.list(member.guild_id)
        ]
