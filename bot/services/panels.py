"""Connecting a guild to panels: a key is verified before it is stored, and never shown again."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.errors import BadInput, BotError, ServerNotFound, UnknownServer
from bot.i18n import _
from bot.names import fold, is_one_line, refuse_blank
from bot.panel.models import PanelIdentity
from bot.panel.models import Server as PanelServer
from bot.panel.pool import PanelPool
from bot.panel.urls import normalise_panel_url
from bot.services.access import Access
from bot.services.action_log import noted
from bot.services.connections import Connections
from bot.services.finding import fits, not_on_panel, on_panel
from bot.services.members import Member
from bot.services.minecraft import learn_minecraft
from bot.store.store import Store
from bot.store.values import Panel
from bot.text.markdown import escape

_log = logging.getLogger(__name__)
_FRESH_SECONDS = 60.0
_MAX_LABEL = 50


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
        self._pool = pool
        self._connections = connections
        self._changed = changed
        self._clock = clock
        self._lists: dict[int, list[PanelServer]] = {}
        self._read_at: dict[int, float] = {}
        self._refreshes: dict[int, asyncio.Task[None]] = {}

    @noted("panel connect")
    async def connect(self, member: Member, *, url: str, key: str, label: str) -> ConnectedPanel:
        """Verify the key, recognise the panel's kind, store it; raises PanelError or BadInput, storing nothing.

        LimitReached is raised before the panel hears of it.
        """
        self._access.require_admin(member)
        address = normalise_panel_url(url)
        name = _check_label(label) or address.split("//", 1)[-1][:_MAX_LABEL]
        if fold(name) in map(fold, (await self._store.panels.labels(member.guild_id)).values()):
            raise BadInput(
                _(
                    "A panel called **{label}** is already connected; choose another label, "
                    "or use `/panel replace-key` to change its key."
                ).format(label=escape(name))
            )
        await self._store.panels.require_room(member.guild_id)
        identity, servers = await self._verify(address, key)
        panel = await self._store.panels.add(member.guild_id, identity.url, identity.kind, name, key.strip())
        self._remember(panel.id, servers)
        return await self._connected(panel, identity)

    @noted("panel replace-key")
    async def replace_key(self, member: Member, panel: Panel, key: str) -> ConnectedPanel:
        """Put a new key in the place of the old one, once the panel has accepted it."""
        self._access.require_admin(member)
        identity, servers = await self._verify(panel.url, key)
        await self.require_connected(member, panel)
        former = await self._store.panels.replace_key(panel.id, key.strip())
        if former is None:
            raise _gone(panel)
        self._connections.dropped(former, panel, await self._store.servers.list(panel.guild_id))
        self._remember(panel.id, servers)
        await learn_minecraft(self._store, panel.id, servers)
        return await self._connected(panel, identity)

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
            raise BadInput(_("Say which panel: {labels}.").format(labels=labels))
        raise BadInput(_("No panel of that label is connected; there is {labels}.").format(labels=labels))

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
        former = await self._store.panels.remove(panel.id)
        if former is None:
            raise _gone(panel)
        self._connections.dropped(former, panel, servers)
        self._lists.pop(panel.id, None)
        self._changed(member.guild_id)
        return sum(server.panel_id == panel.id for server in servers)

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
        choices: list[LinkChoice] = []
        for each in panels:
            self._refresh_soon(each)
            choices += await self._choices(each)
        return [c for c in choices if fits(typed, c.name, c.identifier)][:25]

    async def find_server(self, panel: Panel, text: str) -> PanelServer:
        """Return the panel's server of that name or identifier, from memory where it is known.

        Raises UnknownServer, BadInput when several bear the name, PanelError when the panel cannot be asked.
        """
        refuse_blank("server", text)
        found = on_panel(text, self._lists.get(panel.id, []))
        found = found or on_panel(text, await self._read(panel))
        if found is not None:
            return found
        wanted = text.strip().lower()
        if not wanted.isascii() or not wanted.replace("-", "").replace("_", "").isalnum():
            raise UnknownServer(not_on_panel(panel, text))
        try:  # a root admin's key reaches more than it lists
            return await (await self._connections.catalogue(panel)).server(wanted)
        except ServerNotFound as error:
            raise UnknownServer(not_on_panel(panel, text)) from error

    async def close(self) -> None:
        """End the background reads."""
        for task in self._refreshes.values():
            task.cancel()
        await asyncio.gather(*self._refreshes.values(), return_exceptions=True)

    async def _verify(self, url: str, key: str) -> tuple[PanelIdentity, Sequence[PanelServer]]:
        stripped = key.strip()
        if not stripped or not stripped.isascii() or any(c.isspace() or not c.isprintable() for c in stripped):
            raise BadInput(_("That is not an API key: it is one word, made in the panel under *API Credentials*."))
        client = self._pool.client(url=url, key=stripped)
        try:
            identity = await client.recognise()
            return identity, await client.list_servers()
        except BotError:
            self._pool.forget(url=url, key=stripped)
            raise

    async def _connected(self, panel: Panel, identity: PanelIdentity) -> ConnectedPanel:
        notes: list[str] = []
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
        if not self._lists.get(panel.id):
            notes.append(
                _("The key's user sees no server yet: add it as subuser in the panel, then use `/server link`.")
            )
        return ConnectedPanel(panel, identity.username, await self._choices(panel), tuple(notes))

    async def _choices(self, panel: Panel) -> Sequence[LinkChoice]:
        linked = {s.uuid for s in await self._store.servers.list(panel.guild_id)}
        return [
            LinkChoice(s.identifier, s.name, panel.id) for s in self._lists.get(panel.id, []) if s.uuid not in linked
        ]

    async def _read(self, panel: Panel) -> Sequence[PanelServer]:
        servers = await (await self._connections.catalogue(panel)).list_servers()
        self._remember(panel.id, servers)
        await learn_minecraft(self._store, panel.id, servers)
        return servers

    def _remember(self, panel_id: int, servers: Sequence[PanelServer]) -> None:
        self._lists[panel_id] = sorted(servers, key=lambda s: s.name.casefold())
        self._read_at[panel_id] = self._clock()

    def _refresh_soon(self, panel: Panel) -> None:
        """Read the list again in the background, at most once a minute and never twice at once."""
        if panel.id in self._refreshes or self._clock() - self._read_at.get(panel.id, -1e9) < _FRESH_SECONDS:
            return
        self._read_at[panel.id] = self._clock()
        task = asyncio.create_task(self._refresh(panel), name=f"server list of panel {panel.id}")
        self._refreshes[panel.id] = task
        task.add_done_callback(lambda _task: self._refreshes.pop(panel.id, None))

    async def _refresh(self, panel: Panel) -> None:
        try:
            await self._read(panel)
        except BotError as error:
            _log.info("The server list of panel %s could not be read: %s", panel.id, error)

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
    stripped = label.strip()
    if stripped and (len(stripped) > _MAX_LABEL or not is_one_line(stripped)):
        raise BadInput(_("A label is one line of at most {count} characters.").format(count=_MAX_LABEL))
    return stripped
