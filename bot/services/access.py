"""Who may do what: grants map a role to actions on a server. An empty map means nobody."""

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import BadInput, NotAllowed
from bot.i18n import _
from bot.names import is_one_line
from bot.services.members import Member
from bot.store.grants import ANY
from bot.store.store import Store
from bot.store.values import Grant, LinkedServer, Panel
from bot.terms import Action
from bot.text.markdown import escape

_VIEWER = frozenset({Action.VIEW})
_OPERATOR = _VIEWER | {Action.START, Action.STOP, Action.RESTART, Action.SAY}
_MODERATOR = _OPERATOR | {Action.COMMAND, Action.CONSOLE}
PRESETS: dict[str, frozenset[Action]] = {
    "viewer": _VIEWER,
    "operator": _OPERATOR,
    "moderator": _MODERATOR,
    "admin": frozenset(Action),
}
"""What the words viewer, operator, moderator and admin stand for in `/access grant`."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to act, and the panel row whose key acts."""

    panel_id: int


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A grant with the names people know."""

    grant: Grant
    server_name: str | None
    panel_label: str | None


@dataclass(frozen=True, slots=True)
class AccessCheck:
    """What somebody may do with a server, and because of which roles."""

    actions: frozenset[Action]
    reasons: dict[Action, tuple[int, ...]]
    """The roles that give each action; empty tuples for admins, who need none."""
    panel_labels: tuple[str, ...]
    """Other panels whose keys act for some of it."""
    commands: tuple[str, ...] = ()
    """The patterns that `/command` is limited to; none means any command."""


class Access:
    """Answers every question about rights; all other services ask here."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def require_admin(self, member: Member) -> None:
        """Raise NotAllowed unless the member has Manage Server."""
        if not member.is_admin:
            raise NotAllowed(_("Only members with the *Manage Server* permission can do this."))

    async def require(
        self, member: Member, action: Action, server: LinkedServer, *, command: str | None = None
    ) -> Permit:
        """Return with which key the member may act; raise NotAllowed where no grant names it.

        `command` is the console command meant by Action.COMMAND, matched against the grants' patterns. The
        key that the server was linked with goes before a grant's other key.
        """
        await self.require_linked(member, server)
        if member.is_admin:
            return Permit(server.panel_id)
        grants = [g for g in await self._grants_of(member, server) if action in g.actions]
        if not grants:
            raise NotAllowed(_missing(action, server))
        if command is not None:
            grants = [g for g in grants if _command_allowed(command, g.commands)]
            if not grants:
                raise NotAllowed(
                    _(
                        "None of your roles allows that command on **{server}**; an admin can widen the patterns."
                    ).format(server=escape(server.name))
                )
        panels = [g.panel_id for g in grants]
        other = None if None in panels else panels[0]
        return Permit(other if other is not None else server.panel_id)

    async def confirm(
        self, permit: Permit, member: Member, action: Action, server: LinkedServer, *, command: str | None = None
    ) -> None:
        """Raise NotAllowed unless the permit would be given again: what was allowed may have waited for seconds."""
        if await self.require(member, action, server, command=command) != permit:
            raise NotAllowed(
                _("The key that acts for you on **{server}** was changed meanwhile, so nothing was sent.").format(
                    server=escape(server.name)
                )
            )

    async def require_linked(self, member: Member, server: LinkedServer) -> None:
        """Raise NotAllowed unless this very server is linked in the member's guild still: buttons outlive links.

        Its id alone would not tell, because SQLite gives the id of the newest row again once that row is gone.
        """
        now = await self._store.servers.get(server.id)
        if now is None or (now.guild_id, now.panel_id, now.uuid) != (member.guild_id, server.panel_id, server.uuid):
            raise NotAllowed(_("**{server}** is not linked here any more.").format(server=escape(server.name)))

    async def allowed(self, member: Member, server: LinkedServer) -> frozenset[Action]:
        """Return everything the member may do with the server."""
        if server.guild_id != member.guild_id:
            return frozenset()
        if member.is_admin:
            return frozenset(Action)
        return _union(await self._grants_of(member, server))

    async def visible(self, member: Member, action: Action) -> list[LinkedServer]:
        """Return the guild's linked servers with which the member may do `action`, by name."""
        servers = await self._store.servers.list(member.guild_id)
        if member.is_admin:
            return servers
        grants = await self._store.grants.list(member.guild_id)
        urls = await self._store.panels.urls(member.guild_id)
        return [
            s
            for s in servers
            if any(action in g.actions and g.role_id in member.role_ids and _covers(g, s, urls) for g in grants)
        ]

    async def grant(
        self,
        member: Member,
        *,
        role_id: int,
        allow: str,
        server: LinkedServer | None,
        panel: Panel | None,
        commands: str | None,
    ) -> Grant:
        """Give a role actions on one server or all; BadInput where a word is no preset and no action."""
        self.require_admin(member)
        actions = parse_actions(allow)
        patterns = parse_patterns(commands)
        if patterns and Action.COMMAND not in actions:
            raise BadInput(_("`commands` limits the action **command**, so name that in `allow` as well."))
        if server and panel and (await self._store.panels.urls(member.guild_id)).get(server.panel_id) != panel.url:
            raise BadInput(
                _("**{server}** lives on another panel than **{panel}**, so that key cannot act on it.").format(
                    server=escape(server.name), panel=escape(panel.label)
                )
            )
        return await self._store.grants.add(
            member.guild_id,
            role_id,
            actions,
            server_id=server.id if server else None,
            panel_id=panel.id if panel else None,
            commands=patterns,
        )

    async def revoke(self, member: Member, *, role_id: int, server: LinkedServer | None) -> int:
        """Take a role's grants away, for one server or (None) altogether; return how many there were."""
        self.require_admin(member)
        return await self._store.grants.revoke(member.guild_id, role_id, ANY if server is None else server.id)

    async def check(self, member: Member, *, who: Member, server: LinkedServer) -> AccessCheck:
        """Return what `who` may do with the server and why."""
        self.require_admin(member)
        if who.is_admin:
            return AccessCheck(frozenset(Action), dict.fromkeys(Action, ()), ())
        grants = await self._grants_of(who, server)
        reasons = {
            action: tuple(g.role_id for g in grants if action in g.actions)
            for action in Action
            if any(action in g.actions for g in grants)
        }
        labels = await self._store.panels.labels(member.guild_id)
        others = {labels[g.panel_id] for g in grants if g.panel_id is not None and g.panel_id in labels}
        return AccessCheck(_union(grants), reasons, tuple(sorted(others)), _patterns(grants))

    async def _grants_of(self, member: Member, server: LinkedServer) -> list[Grant]:
        """The grants of the member's roles that cover the server, those naming it first."""
        urls = await self._store.panels.urls(member.guild_id)
        grants = [
            g
            for g in await self._store.grants.list(member.guild_id)
            if g.role_id in member.role_ids and _covers(g, server, urls)
        ]
        return sorted(grants, key=lambda g: (g.server_id is None, g.id))

    async def list(self, member: Member) -> list[AccessRow]:
        """Return all grants of the guild."""
        self.require_admin(member)
        names = {s.id: s.name for s in await self._store.servers.list(member.guild_id)}
        labels = await self._store.panels.labels(member.guild_id)
        return [
            AccessRow(
                grant=g,
                server_name=names.get(g.server_id) if g.server_id is not None else None,
                panel_label=labels.get(g.panel_id) if g.panel_id is not None else None,
            )
            for g in await self._store.grants.list(member.guild_id)
        ]


def parse_actions(text: str) -> frozenset[Action]:
    """Return the actions that a preset or a comma list means; BadInput names the word that is neither."""
    words = [word.strip().casefold() for word in text.split(",") if word.strip()]
    if not words:
        raise BadInput(_("Say what to allow: a preset ({presets}) or actions ({actions}).").format(**_vocabulary()))
    allowed: frozenset[Action] = frozenset()
    for word in words:
        if word in PRESETS:
            allowed |= PRESETS[word]
        elif word in set(Action):
            allowed |= {Action(word)}
        else:
            raise BadInput(
                _("`{word}` is neither a preset ({presets}) nor an action ({actions}).").format(
                    word=word.replace("`", "'")[:50], **_vocabulary()
                )
            )
    return allowed


def parse_patterns(text: str | None) -> tuple[str, ...]:
    """Return the command patterns of a comma list, `*` standing for anything; none where nothing was typed.

    Raises BadInput for control characters, and for text that names no pattern: none at all would allow every command.
    """
    patterns = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    if (text is not None and not patterns) or any(not is_one_line(part) for part in patterns):
        raise BadInput(_("A command pattern is one line of plain text, such as `whitelist *`."))
    return patterns


def _vocabulary() -> dict[str, str]:
    return {"presets": ", ".join(PRESETS), "actions": ", ".join(Action)}


def _missing(action: Action, server: LinkedServer) -> str:
    return _("None of your roles may **{action}** on **{server}**. An admin can allow it with `/access grant`.").format(
        action=action.value, server=escape(server.name)
    )


def _covers(grant: Grant, server: LinkedServer, urls: dict[int, str]) -> bool:
    """Whether the grant speaks of this server: another key acts only on servers of its own panel."""
    if grant.server_id not in (None, server.id):
        return False
    return grant.panel_id is None or urls.get(grant.panel_id) == urls.get(server.panel_id)


def _union(grants: Iterable[Grant]) -> frozenset[Action]:
    return frozenset(action for grant in grants for action in grant.actions)


def _patterns(grants: Iterable[Grant]) -> tuple[str, ...]:
    """The patterns of all grants of Action.COMMAND together; none when one of them has none and so allows anything."""
    lists = [grant.commands for grant in grants if Action.COMMAND in grant.actions]
    return tuple(dict.fromkeys(p for patterns in lists for p in patterns)) if all(lists) else ()


def _command_allowed(command: str, patterns: tuple[str, ...]) -> bool:
    """Whether the command, without a leading slash and in any case, fits a pattern; no patterns fit all."""
    folded = " ".join(command.strip().removeprefix("/").casefold().split())
    return not patterns or any(fnmatch.fnmatchcase(folded, _only_stars(pattern)) for pattern in patterns)


def _only_stars(pattern: str) -> str:
    """Return the pattern as fnmatch takes it; `?` and `[` stand for themselves, as in commands they do."""
    folded = " ".join(pattern.removeprefix("/").casefold().split())
    return re.sub(r"[?\[]", r"[\g<0>]", folded)
