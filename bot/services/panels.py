"""Connecting a guild to panels: a key is verified before it is stored, and never shown again."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot import time_slice
from bot.api_keys import meant, refuse_key
from bot.errors import BadInput, BotError, ServerNotFound, UnknownServer
from bot.i18n import _
from bot.names import fold, is_one_line, refuse_blank
from bot.panel.models import ListedServer, PanelIdentity
from bot.panel.plain import is_plain_and_public
from bot.panel.pool import PanelPool
from bot.panel.urls import normalise_panel_url
from bot.services.access import Access
from bot.services.action_log import noted
from bot.services.connections import Connections
from bot.services.finding import about_list, fits, is_by_name_only, not_on_panel, on_panel, pasted_identifier
from bot.services.key_trials import KeyTrials
from bot.services.members import Member
from bot.services.minecraft import learn_minecraft
from bot.services.server_lists import KeptList, ServerLists
from bot.store.store import Store
from bot.store.values import LinkedServer, Panel, PanelKey
from bot.text.markdown import escape

_MAX_LABEL = 50
_MOST_SUGGESTIONS = 25
_MOST_CHOICES = 250
"""In the menu after connecting, which shows 25 at a time; `/server link` finds the others."""


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """A server of a panel that could be linked."""

    identifier: str
    name: str
    panel_id: int


@dataclass(frozen=True, slots=True)
class ConnectedPanel:
    """A panel just connected, and what can be done with it next."""

    panel: Panel
    username: str | None
    choices: Sequence[LinkChoice]
    notes: tuple[str, ...]
    """Sentences the admin should read."""


@dataclass(frozen=True, slots=True)
class PanelRow:
    """A connected panel and how many linked servers hang on it."""

    panel: Panel
    servers: int


class Panels:
    """Connect, list, remove and re-key panels; remembers their server lists for autocomplete."""

    def __init__(
        self,
        store: Store,
        access: Access,
        pool: PanelPool,
        connections: Connections,
        *,
        changed: Callable[[int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._access = access
        self._connections = connections
        self._changed = changed
        self._lists = ServerLists(store, connections, clock)
        self._trials = KeyTrials(pool)

    @noted("panel connect")
    async def connect(self, member: Member, *, url: str, key: str, label: str) -> ConnectedPanel:
        """Verify the key, recognise the panel's kind, store it; raises PanelError or BadInput, storing nothing.

        LimitReached is raised before the panel hears of it.
        """
        self._access.require_admin(member)
        address, key = normalise_panel_url(url), meant(key)
        name = _check_label(label) or address.split("//", 1)[-1][:_MAX_LABEL]
        if fold(name) in map(fold, (await self._store.panels.labels(member.guild_id)).values()):
            raise BadInput(
                _(
                    "A panel called **{label}** is already connected; choose another label, "
                    "or use `/panel replace-key` to change its key."
                ).format(label=escape(name))
            )
        await self._store.panels.require_room(member.guild_id)
        async with self._trials.of(member.guild_id, address, key) as (identity, servers):
            panel = await self._store.panels.add(member.guild_id, identity.url, identity.kind, name, key)
            await self._connections.catalogue(panel)  # the one of the trial, which is kept by this
        return await self._connected(panel, identity, await self._lists.keep(panel, servers))

    @noted("panel replace-key")
    async def replace_key(self, member: Member, panel: Panel, key: str) -> ConnectedPanel:
        """Put a new key in the place of the old one, once the panel has accepted it."""
        self._access.require_admin(member)
        key = meant(key)
        async with self._trials.of(member.guild_id, panel.url, key) as (identity, servers):
            await self.require_connected(member, panel)
            there, former = await self._store.panels.replace_key(panel.id, key)
            if not there:
                raise _gone(panel)
            self._connections.dropped(former, panel, await self._store.servers.list(panel.guild_id))
            await self._connections.catalogue(panel)
        await learn_minecraft(self._store, panel.id, servers.servers)
        return await self._connected(panel, identity, await self._lists.keep(panel, servers))

    async def find(self, member: Member, label: str | None) -> Panel:
        """Return the panel of that label, or the only one when left out; BadInput lists what there is."""
        self._access.require_admin(member)
        panels = await self._store.panels.list(member.guild_id)
        if not panels:
            raise BadInput(_("No panel is connected yet; start with `/panel connect`."))
        refuse_blank("panel", label)
        if label is None and len(panels) == 1:
            return panels[0]
        for panel in panels:
            if label is not None and fold(panel.label) == fold(label):
                return panel
        labels = ", ".join(f"**{escape(p.label)}**" for p in panels[:20])
        if label is None:
            raise BadInput(_("Which panel? Choose one with the option `panel`: {labels}.").format(labels=labels))
        text = _("No panel is called “{text}”. Connected: {labels}.")
        raise BadInput(text.format(text=escape(label[:_MAX_LABEL]), labels=labels))

    async def require_connected(self, member: Member, panel: Panel) -> None:
        """Raise BotError unless this very panel is connected still: a form or button may act long after it was shown.

        Ids are never given again. What hangs on them is compared all the same: a database can be put back.
        """
        now = await self._store.panels.get(member.guild_id, panel.id)
        if now is None or (now.url, now.label) != (panel.url, panel.label):
            raise _gone(panel)

    @noted("panel remove")
    async def remove(self, member: Member, panel: Panel) -> int:
        """Forget a panel, its key and everything linked through it; return how many servers that were."""
        self._access.require_admin(member)
        await self.require_connected(member, panel)
        servers = await self._store.servers.list(member.guild_id)
        there, former = await self._store.panels.remove(panel.id)
        if not there:
            raise _gone(panel)
        self._connections.dropped(former, panel, servers)
        self._lists.forget(panel.id)
        self._changed(member.guild_id)
        return sum(server.panel_id == panel.id for server in servers)

    def key_deleted(self, former: PanelKey | None, panel: Panel, servers: Sequence[LinkedServer]) -> None:
        """Drop a key that was deleted from memory, with what was had by it; see `Connections.dropped`."""
        self._connections.dropped(former, panel, servers)
        self._lists.forget(panel.id)

    async def labels(self, member: Member, typed: str) -> Sequence[str]:
        """Return up to 25 labels that fit what was typed."""
        if not member.is_admin:
            return []
        labels = await self._store.panels.labels(member.guild_id)
        return [label for label in labels.values() if fits(typed, label)][:25]

    async def link_choices(self, member: Member, panel: Panel | None, typed: str) -> Sequence[LinkChoice]:
        """Return up to 25 servers not linked yet that fit what was typed, from memory; never waits for a panel."""
        if not member.is_admin:
            return []
        panels = [panel] if panel else await self._store.panels.list(member.guild_id)
        linked = {server.uuid for server in await self._store.servers.list(member.guild_id)}
        choices: list[LinkChoice] = []
        slices, wanted = time_slice.shared(), fold(typed)
        for each in panels:
            if each.has_key:
                self._lists.refresh_soon(each)
            kept = self._lists.of(each.id)
            for candidate in kept.candidates if kept is not None else ():
                await slices.breathe()
                server = candidate.server
                if server.uuid not in linked and (wanted in candidate.folded or wanted in server.identifier.lower()):
                    choices.append(LinkChoice(server.identifier, server.name, each.id))
                if len(choices) == _MOST_SUGGESTIONS:
                    return choices
        return choices

    async def find_server(self, panel: Panel, text: str) -> ListedServer:
        """Return the panel's server of that name or identifier, from memory where it is known.

        Raises UnknownServer, BadInput when several bear the name, PanelError when the panel cannot be asked.
        """
        refuse_blank("server", text)
        # An identifier needs no list: a root admin's key reaches more than it lists, and not every list can be read.
        text = pasted_identifier(text) or text
        found = on_panel(text, self._lists.of(panel.id))
        if found is None or is_by_name_only(text, found):
            found = await self._by_identifier(panel, text.strip().lower()) or found
        if found is not None:
            return found
        kept = await self._lists.read(panel)
        found = on_panel(text, kept)
        if found is None:
            raise UnknownServer(not_on_panel(panel, text, kept))
        return found

    async def close(self) -> None:
        """End the background reads."""
        await self._lists.close()

    async def _by_identifier(self, panel: Panel, identifier: str) -> ListedServer | None:
        if not identifier.isascii() or not identifier.replace("-", "").replace("_", "").isalnum():
            return None
        try:
            found = await (await self._connections.catalogue(panel)).server(identifier)
        except ServerNotFound:
            return None
        return ListedServer(found.identifier, found.uuid, found.name, is_minecraft=found.is_minecraft)

    async def _connected(self, panel: Panel, identity: PanelIdentity, kept: KeptList) -> ConnectedPanel:
        notes: list[str] = []
        if await is_plain_and_public(identity.url):
            notes.append(
                _(
                    "The panel's address is plain http://, so everyone on the way can read the key and what is done "
                    "with it. Have its administrator set up https://, then connect it anew with a new key."
                )
            )
        if not identity.kind.has_console:
            notes.append(
                _(
                    "Panel 0.7 gives API keys no console: status, power and commands work, "
                    "but no console channel, no `/console` and no answers to commands."
                )
            )
        if identity.is_admin:
            notes.append(
                _(
                    "This key belongs to a panel administrator and so reaches every server of the panel; "
                    "a panel user of its own, added as subuser where needed, is safer."
                )
            )
        linked = {server.uuid for server in await self._store.servers.list(panel.guild_id)}
        free = [c.server for c in kept.candidates if c.server.uuid not in linked]
        notes += about_list(kept, free=len(free), shown=_MOST_CHOICES)
        choices = [LinkChoice(server.identifier, server.name, panel.id) for server in free[:_MOST_CHOICES]]
        return ConnectedPanel(panel, identity.username, choices, tuple(notes))

    async def list(self, member: Member) -> Sequence[PanelRow]:
        """Return the guild's panels by label."""
        self._access.require_admin(member)
        servers = await self._store.servers.list(member.guild_id)
        return [
            PanelRow(panel, sum(s.panel_id == panel.id for s in servers))
            for panel in await self._store.panels.list(member.guild_id)
        ]


def _gone(panel: Panel) -> BotError:
    return BotError(
        _("The panel **{label}** is no longer connected, so nothing was changed.").format(label=escape(panel.label))
    )


def _check_label(label: str) -> str:
    """Return the label trimmed; empty where the form's field was left empty, which is how a form leaves it out."""
    refuse_blank("label", label or None)
    refuse_key("label", label)
    stripped = label.strip()
    if stripped and (len(stripped) > _MAX_LABEL or not is_one_line(stripped)):
        raise BadInput(
            _("A label is one line of at most {count} characters, without control characters.").format(count=_MAX_LABEL)
        )
    return stripped
