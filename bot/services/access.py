"""Who may do what: grants map a role to actions on a server. An empty map means nobody."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.errors import BadInput, NotAllowed
from bot.i18n import _
from bot.services.action_log import noted, refusals
from bot.services.console_input import parse_patterns
from bot.services.granting import GrantChange, Patterns, Wish, decide, wider
from bot.services.members import Member
from bot.services.permits import MemberRights, Permit
from bot.store.grants import ANY
from bot.store.store import Store
from bot.store.values import Grant, LinkedServer, Panel
from bot.terms import Action
from bot.text.markdown import code, escape

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
class AccessRow:
    """A grant with the names people know."""

    grant: Grant
    server_name: str | None
    panel_label: str | None


@dataclass(frozen=True, slots=True)
class Revoked:
    """What was taken from a role."""

    taken: tuple[AccessRow, ...]
    left: frozenset[Action]
    """What it may do with every linked server still."""


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

    async def rights_of(self, member: Member, *, fitting: str = "") -> MemberRights:
        """Return all that the member may do in the guild, from one look at what was granted.

        `fitting`: only with servers in whose folded name or identifier that occurs.
        """
        at = asyncio.get_running_loop().time()
        found = await self._store.rights.read(member.guild_id, member.role_ids, fitting=fitting)
        return MemberRights(member, found, at=at)

    async def require(
        self, member: Member, action: Action, server: LinkedServer, *, command: str | None = None
    ) -> Permit:
        """Return the permit for the action; NotAllowed where no grant names it, or the server is not linked any more.

        `command` is the console command meant by Action.COMMAND, matched against the grants' patterns.
        """
        with refusals(member, f"{action.value} on “{server.name}”", server):
            return (await self.rights_of(member)).permit(action, server, command=command)

    async def confirm(self, permit: Permit) -> None:
        """Raise NotAllowed unless the same permit would be given now: it may have been waited with for many seconds.

        Grants, links and panels are read again. The member's roles, and whether he has Manage Server, are still those
        that came with his command or press: Discord tells bots nothing more about members.
        """
        try:
            now = (await self.rights_of(permit.member)).permit(permit.action, permit.server, command=permit.command)
        except NotAllowed as error:
            raise NotAllowed(
                _("{reason} That has changed while your request was waiting.").format(reason=error)
            ) from error
        if now.panel.id != permit.panel.id:
            raise NotAllowed(
                _("Which key acts for you on **{server}** has changed while your request was waiting.").format(
                    server=escape(permit.server.name)
                )
            )

    async def require_linked(self, member: Member, server: LinkedServer) -> None:
        """Raise NotAllowed unless this very server is linked in the member's guild still: buttons outlive links."""
        (await self.rights_of(member)).linked(server)

    async def visible(self, member: Member, action: Action, *, fitting: str = "") -> Sequence[LinkedServer]:
        """Return the guild's linked servers with which the member may do `action`, by name.

        `fitting`: only those in whose folded name or identifier that occurs.
        """
        rights = await self.rights_of(member, fitting=fitting)
        return [server for server in rights.servers if action in rights.actions(server)]

    @noted("access grant")
    async def grant(
        self,
        member: Member,
        *,
        role_id: int,
        allow: str,
        server: LinkedServer | None,
        panel: Panel | None,
        commands: str | None,
        patterns: Patterns = Patterns.ASK,
        only: bool = False,
    ) -> GrantChange:
        """Give a role actions on one server or all, beside those it has; BadInput where a word is no preset or action.

        `only`: those not named are taken from it. Raises AskFirst where its patterns for `/command` would go, or come
        to limit what it could send, and `patterns` does not say that they shall.
        """
        self.require_admin(member)
        wish = Wish(parse_actions(allow), parse_patterns(commands) if commands is not None else None, patterns, only)
        if wish.commands and Action.COMMAND not in wish.actions:
            raise BadInput(_("`commands` limits the action **command**, so name that in `allow` as well."))
        if server and panel and (await self._store.panels.urls(member.guild_id)).get(server.panel_id) != panel.url:
            raise BadInput(
                _("**{server}** lives on another panel than **{panel}**, so that key cannot act on it.").format(
                    server=escape(server.name), panel=escape(panel.label)
                )
            )
        before, after = await self._store.grants.change(
            member.guild_id,
            role_id,
            partial(decide, wish=wish),
            server.id if server else None,
            panel_id=panel.id if panel else None,
        )
        others = await self._store.grants.list(member.guild_id)
        return GrantChange(before, after, after.actions - wish.actions, wider(after, others))

    @noted("access revoke")
    async def revoke(self, member: Member, *, role_id: int, server: LinkedServer | None) -> Revoked:
        """Take a role's grants away, for one server or (None) altogether; return what it had and what is left."""
        self.require_admin(member)
        where = ANY if server is None else server.id
        taken = await self._store.grants.take(member.guild_id, role_id, where)
        left = [
            g for g in await self._store.grants.list(member.guild_id) if g.role_id == role_id and g.server_id is None
        ]
        rows = await self._named(member.guild_id, taken)
        return Revoked(tuple(rows), frozenset(action for grant in left for action in grant.actions))

    async def check(self, member: Member, *, who: Member, server: LinkedServer) -> AccessCheck:
        """Return what `who` may do with the server and why."""
        self.require_admin(member)
        if who.is_admin:
            return AccessCheck(frozenset(Action), dict.fromkeys(Action, ()), ())
        grants = (await self.rights_of(who)).grants_on(server)
        reasons = {
            action: tuple(g.role_id for g in grants if action in g.actions)
            for action in Action
            if any(action in g.actions for g in grants)
        }
        labels = await self._store.panels.labels(member.guild_id)
        others = {labels[g.panel_id] for g in grants if g.panel_id is not None and g.panel_id in labels}
        return AccessCheck(frozenset(reasons), reasons, tuple(sorted(others)), _patterns(grants))

    async def list(self, member: Member) -> Sequence[AccessRow]:
        """Return all grants of the guild."""
        self.require_admin(member)
        return await self._named(member.guild_id, await self._store.grants.list(member.guild_id))

    async def _named(self, guild_id: int, grants: Sequence[Grant]) -> Sequence[AccessRow]:
        names = {s.id: s.name for s in await self._store.servers.list(guild_id)}
        labels = await self._store.panels.labels(guild_id)
        return [
            AccessRow(
                grant=g,
                server_name=names.get(g.server_id) if g.server_id is not None else None,
                panel_label=labels.get(g.panel_id) if g.panel_id is not None else None,
            )
            for g in grants
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
                _("{word} is neither a preset ({presets}) nor an action ({actions}); commas separate several").format(
                    word=code(word[:50]), **_vocabulary()
                )
                + _with_commas(text)
            )
    return allowed


def _with_commas(text: str) -> str:
    """Return the end of that sentence: where every word of the text means something, with what to type instead."""
    words = dict.fromkeys(re.findall(r"\w+", text.casefold()))
    if len(words) < 2 or not words.keys() <= {*PRESETS, *Action}:
        return "."
    return _(": {words}.").format(words=code(", ".join(words)))


def _vocabulary() -> dict[str, str]:
    return {"presets": ", ".join(PRESETS), "actions": ", ".join(Action)}


def _patterns(grants: Iterable[Grant]) -> tuple[str, ...]:
    """The patterns of all grants of Action.COMMAND together; none when one of them has none and so allows anything."""
    lists = [grant.commands for grant in grants if Action.COMMAND in grant.actions]
    return tuple(dict.fromkeys(p for patterns in lists for p in patterns)) if all(lists) else ()
