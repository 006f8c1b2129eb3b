"""Services that do what a test scripts, with the real signatures (checked in test_contract.py), and record what was asked."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.errors import BadInput, LimitReached, NotAllowed, UnknownServer, WhichServer
from bot.services import (
    PRESETS,
    AccessCheck,
    AccessRow,
    CommandAnswer,
    ConnectedPanel,
    GrantChange,
    LinkChoice,
    Member,
    PanelRow,
    Patterns,
    Permit,
    Progress,
    RelayRow,
    Revoked,
    Said,
    ServerOverview,
    ServerStatus,
    Services,
)
from bot.services.access import parse_actions
from bot.services.console_input import parse_patterns
from bot.services.forbidden import has_no_server, may_not
from bot.services.granting import Wish, decide
from bot.services.permits import MemberRights
from bot.store.values import Grant, GuildRights, LinkedServer, Panel, Relay
from bot.terms import Action, PanelKind, PowerState, RelayStyle, Signal

HANG = 100.0
"""Seconds that a hanging service takes: far more than Discord waits."""


def linked(name: str = "survival", *, number: int = 1, guild_id: int = 1) -> LinkedServer:
    return LinkedServer(
        id=number, guild_id=guild_id, panel_id=1, name=name, identifier=f"abc{number:05}", uuid=f"uuid-{number}"
    )


def panel(label: str = "home", *, number: int = 1) -> Panel:
    return Panel(
        id=number,
        guild_id=1,
        url="https://panel.example.com",
        kind=PanelKind.PTERODACTYL,
        label=label,
    )


def permit(member: Member, action: Action, server: LinkedServer) -> Permit:
    """What the real services would give a member with a grant for it."""
    grant = Grant(1, member.guild_id, next(iter(member.role_ids)), frozenset({action}))
    rights = MemberRights(member, GuildRights((server,), {server.panel_id: panel()}, (grant,)), at=0.0)
    return rights.permit(action, server)


@dataclass
class Script:
    """What the services know and do."""

    servers: list[LinkedServer] = field(default_factory=lambda: [linked()])
    panels: list[Panel] = field(default_factory=lambda: [panel()])
    role_actions: dict[int, frozenset[Action]] = field(default_factory=dict)
    steps: list[Progress | float | Exception] = field(
        default_factory=lambda: [Progress("Starting …"), Progress("running after 34 s", done=True, ok=True)]
    )
    """Yielded, slept (seconds) or raised, in order, by `power.follow`."""
    fails: dict[str, Exception] = field(default_factory=dict)
    """Raised by the method of that name, such as "panels.connect"."""
    hangs: set[str] = field(default_factory=set)
    """Methods that take HANG seconds."""
    status: ServerStatus | None = None
    overview: list[ServerOverview] | None = None
    known: list[ServerOverview] | None = None
    slow_panel: asyncio.Event | None = None
    """Set when the panels answer what `/servers` asks; None where they answer at once."""
    choices: list[LinkChoice] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)
    note: str | None = None
    said: Said | None = None
    """What becomes of what is said, if not what was told at once."""
    grants: list[AccessRow] = field(default_factory=list)
    relays: list[RelayRow] = field(default_factory=list)
    asked: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)
    which: bool = False
    """Whether several servers could be meant where none is named."""
    room: int | None = None
    """How many more servers can be linked, if there is a limit."""
    heard: list[tuple[object, ...]] = field(default_factory=list)
    """What the guilds service was told, in order."""

    async def step_in(self, method: str, *arguments: object) -> None:
        self.asked.append((method, arguments))
        if method in self.hangs:
            await asyncio.sleep(HANG)
        if method in self.fails:
            raise self.fails[method]

    def calls(self, method: str) -> list[tuple[object, ...]]:
        return [arguments for name, arguments in self.asked if name == method]

    def actions_of(self, member: Member) -> frozenset[Action]:
        if member.is_admin:
            return frozenset(Action)
        return frozenset(a for role_id in member.role_ids for a in self.role_actions.get(role_id, frozenset()))

    def services(self) -> Services:
        return Services(
            access=FakeAccess(self),
            panels=FakePanels(self),
            servers=FakeServers(self),
            power=FakePower(self),
            consoles=FakeConsoles(self),
            relays=FakeRelays(self),
            guilds=FakeGuilds(self),
        )


class _Fake:
    def __init__(self, script: Script) -> None:
        self._script = script

    def require_admin(self, member: Member) -> None:
        if not member.is_admin:
            raise NotAllowed("Only members with the *Manage Server* permission can do this.")


class FakeAccess(_Fake):
    async def require(self, member, action, server, *, command=None):
        await self._script.step_in("access.require", member, action)
        if action not in self._script.actions_of(member):
            raise NotAllowed(may_not(action, server.name))
        return permit(member, action, server)

    async def visible(self, member, action, *, fitting=""):
        await self._script.step_in("access.visible", action)
        return self._script.servers if action in self._script.actions_of(member) else []

    async def grant(self, member, *, role_id, allow, server, panel, commands, patterns=Patterns.ASK, only=False):
        self.require_admin(member)
        await self._script.step_in("access.grant", role_id, allow, server, panel, commands)
        wish = Wish(parse_actions(allow), parse_patterns(commands) if commands else None, patterns, only)
        server_id = server.id if server else None
        former = self._granted(role_id, server_id)
        actions, commands = decide(former, wish)
        panel_id = panel.id if panel else None
        after = Grant(1, member.guild_id, role_id, actions, server_id, panel_id=panel_id, commands=commands)
        self._script.grants = [row for row in self._script.grants if row.grant != former]
        self._script.grants.append(AccessRow(after, server.name if server else None, panel.label if panel else None))
        return GrantChange(former, after, after.actions - wish.actions)

    async def revoke(self, member, *, role_id, server):
        self.require_admin(member)
        await self._script.step_in("access.revoke", role_id, server)
        taken = [
            row
            for row in self._script.grants
            if row.grant.role_id == role_id and (server is None or row.grant.server_id == server.id)
        ]
        self._script.grants = [row for row in self._script.grants if row not in taken]
        left = self._granted(role_id, None)
        return Revoked(tuple(taken), left.actions if left else frozenset())

    def _granted(self, role_id, server_id):
        found = (row.grant for row in self._script.grants)
        return next((g for g in found if (g.role_id, g.server_id) == (role_id, server_id)), None)

    async def list(self, member):
        self.require_admin(member)
        await self._script.step_in("access.list")
        return self._script.grants

    async def check(self, member, *, who, server):
        self.require_admin(member)
        await self._script.step_in("access.check", who, server)
        actions = self._script.actions_of(who)
        roles = tuple(r for r in who.role_ids if r in self._script.role_actions)
        return AccessCheck(actions, dict.fromkeys(actions, roles), ("other",) if actions else ())


class FakePanels(_Fake):
    async def connect(self, member, *, url, key, label):
        self.require_admin(member)
        await self._script.step_in("panels.connect", url, key, label)
        return ConnectedPanel(panel(label or "panel.example.com"), "olivia", self._script.choices, self._script.notes)

    async def replace_key(self, member, panel, key):
        self.require_admin(member)
        await self._script.step_in("panels.replace_key", panel, key)
        return ConnectedPanel(panel, "olivia", [], ())

    async def find(self, member, label):
        self.require_admin(member)
        await self._script.step_in("panels.find", label)
        for each in self._script.panels:
            if not label or each.label == label:
                return each
        raise BadInput("No panel is called “x”.")

    async def remove(self, member, panel):
        self.require_admin(member)
        await self._script.step_in("panels.remove", panel)
        return len(self._script.servers)

    async def labels(self, member, typed):
        await self._script.step_in("panels.labels", typed)
        return [each.label for each in self._script.panels if typed in each.label] if member.is_admin else []

    async def link_choices(self, member, panel, typed):
        await self._script.step_in("panels.link_choices", panel, typed)
        return self._script.choices if member.is_admin else []

    async def list(self, member):
        self.require_admin(member)
        await self._script.step_in("panels.list")
        return [PanelRow(each, len(self._script.servers)) for each in self._script.panels]


class FakeServers(_Fake):
    async def resolve(self, member, text, *, channel_id, action):
        await self._script.step_in("servers.resolve", text, channel_id, action)
        server = self._find(text)
        if action not in self._script.actions_of(member):
            raise NotAllowed(may_not(action, server.name))
        return permit(member, action, server)

    async def resolve_admin(self, member, text, *, channel_id):
        self.require_admin(member)
        await self._script.step_in("servers.resolve_admin", text, channel_id)
        return self._find(text)

    async def names(self, member, action, typed):
        await self._script.step_in("servers.names", action, typed)
        allowed = member.is_admin if action is None else action in self._script.actions_of(member)
        return [s.name for s in self._script.servers if typed in s.name] if allowed else []

    async def link(self, member, *, panel, text, name=None, say_template=None):
        self.require_admin(member)
        await self._script.step_in("servers.link", panel, text, name, say_template)
        if self._script.room is not None and not self._script.room:
            raise LimitReached("No further server can be linked: 2 is the limit.")
        for choice in self._script.choices:
            if text in (choice.identifier, choice.name):
                self._script.room = None if self._script.room is None else self._script.room - 1
                return replace(linked(name or choice.name), identifier=choice.identifier)
        raise UnknownServer(f"The panel shows its key no server called “{text}”.")

    async def edit(self, member, server, *, name, say_template, separators=None):
        self.require_admin(member)
        await self._script.step_in("servers.edit", server, name, say_template, separators)
        if name is None and say_template is None and separators is None:
            raise BadInput("Say what to change.")
        return replace(
            server,
            name=name or server.name,
            say_template=say_template or server.say_template,
            separators=separators or server.separators,
        )

    async def unlink(self, member, server):
        self.require_admin(member)
        await self._script.step_in("servers.unlink", server)

    async def why_none(self, member):
        return has_no_server()

    async def known(self, member, among=None):
        await self._script.step_in("servers.known", among)
        if Action.VIEW not in self._script.actions_of(member):
            return []
        rows = self._script.known or [
            ServerOverview(row.server, PowerState.UNKNOWN, pending=True) for row in self._rows(None)
        ]
        return [row for row in rows if among is None or row.server.id in among]

    async def overview(self, member, among=None):
        if self._script.slow_panel is not None:
            await self._script.slow_panel.wait()
        await self._script.step_in("servers.overview", among)
        return self._rows(among) if Action.VIEW in self._script.actions_of(member) else []

    def _rows(self, among):
        rows = self._script.overview or [ServerOverview(s, PowerState.RUNNING) for s in self._script.servers]
        return [row for row in rows if among is None or row.server.id in among]

    async def status(self, permit):
        await self._script.step_in("servers.status", permit.server)
        base = self._script.status or ServerStatus(permit.server, PowerState.RUNNING, signals=tuple(Signal))
        allowed = self._script.actions_of(permit.member)
        return replace(base, signals=tuple(s for s in base.signals if Action(s.value) in allowed))

    def _find(self, text: str | None) -> LinkedServer:
        if text is None and self._script.which:
            raise WhichServer("Which server? Choose one.", names=[server.name for server in self._script.servers])
        for server in self._script.servers:
            if text is None or text in (server.name, server.identifier):
                return server
        raise UnknownServer(f"No linked server is called “{text}”.")


class FakePower(_Fake):
    async def follow(self, permit, *, when_off=False) -> AsyncIterator[Progress]:
        method = "power.follow when off" if when_off else "power.follow"
        await self._script.step_in(method, permit.member, permit.server, Signal(permit.action.value))
        for step in self._script.steps:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                yield step


class FakeConsoles(_Fake):
    async def say(self, permit, message, *, told=None):
        await self._script.step_in("consoles.say", permit.server, message)
        said = Said(f"Said on {permit.server.name}.")
        if told is not None:
            await told(said.sentence)
        return self._script.said or said

    async def command(self, permit, command):
        await self._script.step_in("consoles.command", permit.server, command)
        return CommandAnswer(command, tuple(self._script.lines), self._script.note)

    async def last_words(self, permit, count=15):
        await self._script.step_in("consoles.last_words", permit.action)
        return self._script.lines

    async def last_lines(self, permit, count):
        await self._script.step_in("consoles.last_lines", permit.server, count)
        return self._script.lines[-count:], self._script.note


class FakeRelays(_Fake):
    async def add(
        self,
        member,
        *,
        server,
        channel_id,
        style=RelayStyle.COLOUR,
        include=None,
        exclude=None,
        redact=True,
        collapse=False,
    ):
        self.require_admin(member)
        await self._script.step_in("relays.add", server, channel_id, style, include, exclude, redact, collapse)
        relay = Relay(1, member.guild_id, server.id, channel_id, style, include, exclude, redact, collapse=collapse)
        return relay, () if redact else ("Masking is off.",)

    async def remove(self, member, *, server, channel_id):
        self.require_admin(member)
        await self._script.step_in("relays.remove", server, channel_id)
        return (server.name,) if server is not None else ("survival", "lob_by")

    async def remove_dead(self, member, *, server, channels):
        self.require_admin(member)
        await self._script.step_in("relays.remove_dead", server, channels)
        return sum(row.relay.channel_id not in channels for row in self._script.relays)

    async def pause(self, member, *, server, channel_id, minutes):
        self.require_admin(member)
        await self._script.step_in("relays.pause", server, channel_id, minutes)
        names = (server.name,) if server is not None else ("survival", "lob_by")
        return names, datetime(2026, 11, 22, 13, tzinfo=UTC) if minutes else None

    async def list(self, member):
        self.require_admin(member)
        await self._script.step_in("relays.list")
        return self._script.relays


class FakeGuilds(_Fake):
    """Notes what it is told; none of its methods waits for anything."""

    def here(self, guild_id):
        self._script.heard.append(("here", guild_id))

    def left(self, guild_id):
        self._script.heard.append(("left", guild_id))

    def spoke(self, guild_id):
        self._script.heard.append(("spoke", guild_id))

    def role_deleted(self, guild_id, role_id):
        self._script.heard.append(("role deleted", guild_id, role_id))

    def connected(self):
        self._script.heard.append(("connected",))

    def rights_changed(self, guild_id):
        self._script.heard.append(("rights changed", guild_id))

    def thread_changed(self, guild_id, thread_id):
        self._script.heard.append(("thread changed", guild_id, thread_id))

    def channel_deleted(self, guild_id, channel_id):
        self._script.heard.append(("channel deleted", guild_id, channel_id))


class TreeState:
    """Keeps the fingerprint of the commands, and counts how often it was written."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.writes = 0

    async def get(self, key: str) -> str | None:
        return self.values.get(key)

    async def set(self, key: str, value: str) -> None:
        self.values[key] = value
        self.writes += 1


OPERATOR = PRESETS["operator"]
