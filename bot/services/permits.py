"""Pure: from what was granted to the permits it gives. A permit is the only way to a panel's client or a console."""

from dataclasses import KW_ONLY, InitVar, dataclass, field

from bot.errors import NotAllowed
from bot.i18n import _
from bot.services.console_input import allows, refusal
from bot.services.forbidden import may_not
from bot.services.members import Member
from bot.store.values import Grant, GuildRights, LinkedServer, Panel
from bot.terms import Action
from bot.text.command_patterns import TypedCommand
from bot.text.markdown import escape


class _Seal:
    """What only this module has, so that nobody else makes a permit."""


_SEAL = _Seal()


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave for one member to do one thing with one server. Get one from `Access`; it cannot be made or altered.

    It tells how things stood when it was given. Before anything is sent by it, `Access.confirm` looks again.
    """

    member: Member
    action: Action
    server: LinkedServer
    panel: Panel
    """Whose key acts, and by whose key the console is heard."""
    _: KW_ONLY
    command: str | None = None
    """The console command that it is for, where it was asked for one."""
    grant: Grant | None = None
    """What gives it; None for a member with Manage Server, who needs no grant."""
    at: float = field(compare=False)
    """When the rights were looked at, in seconds on the event loop's clock."""
    seal: InitVar[_Seal]

    def __post_init__(self, seal: _Seal) -> None:
        if seal is not _SEAL:
            raise TypeError("only what was looked up gives a permit")


class MemberRights:
    """What a member may do with the servers of the guild, as it stood at one moment."""

    def __init__(self, member: Member, guild: GuildRights, *, at: float) -> None:
        """`at`: when it was looked at, in seconds on the event loop's clock."""
        self._member = member
        self._at = at
        self._panels = guild.panels
        self._servers = {server.id: server for server in guild.servers if server.panel_id in guild.panels}
        self._grants: dict[int | None, list[Grant]] = {}
        for grant in guild.grants:
            if grant.role_id in member.role_ids:
                self._grants.setdefault(grant.server_id, []).append(grant)
        self._on_all: dict[str, tuple[list[Grant], frozenset[Action]]] = {}

    @property
    def any_panel(self) -> bool:
        """Whether the guild has connected a panel."""
        return bool(self._panels)

    @property
    def servers(self) -> list[LinkedServer]:
        """All linked servers of the guild, by name, whether the member may see them or not."""
        return list(self._servers.values())

    def permit(self, action: Action, server: LinkedServer, *, command: str | None = None) -> Permit:
        """Return the permit for the action; NotAllowed where no grant names it, or the server is not linked any more.

        `command` is matched against the grants' patterns; BadInput where it could become more than the one that fits.
        The key that the server was linked with goes before a grant's other key.
        """
        server = self.linked(server)
        if self._member.is_admin:
            own = self._panels[server.panel_id]
            return Permit(self._member, action, server, own, command=command, at=self._at, seal=_SEAL)
        grants = [grant for grant in self.grants_on(server) if action in grant.actions]
        if not grants:
            raise NotAllowed(may_not(action, server.name))
        if command is not None:
            typed = TypedCommand(command)
            allowing = [grant for grant in grants if allows(grant.commands, typed, server)]
            if not allowing:
                raise refusal((pattern for grant in grants for pattern in grant.commands), typed, server)
            grants = allowing
        grant = next((grant for grant in grants if grant.panel_id is None), grants[0])
        panel = self._panels[server.panel_id if grant.panel_id is None else grant.panel_id]
        return Permit(self._member, action, server, panel, command=command, grant=grant, at=self._at, seal=_SEAL)

    def permits(self, action: Action) -> list[Permit]:
        """Return a permit for each server with which the member may do `action`, by the servers' names."""
        return [self.permit(action, server) for server in self._servers.values() if action in self.actions(server)]

    def actions(self, server: LinkedServer) -> frozenset[Action]:
        """Return everything the member may do with the server; nothing where it is not linked here any more."""
        if self._found(server) is None:
            return frozenset()
        if self._member.is_admin:
            return frozenset(Action)
        naming = self._naming(server)
        return self._speaking_of_all(server)[1].union(*(grant.actions for grant in naming))

    def grants_on(self, server: LinkedServer) -> list[Grant]:
        """Return the grants of the member's roles that speak of the server, those naming it first."""
        return [*self._naming(server), *self._speaking_of_all(server)[0]]

    def linked(self, server: LinkedServer) -> LinkedServer:
        """Return the server as it is linked now; NotAllowed where this very one is not linked here any more."""
        found = self._found(server)
        if found is None:
            raise NotAllowed(_("**{server}** is not linked here any more.").format(server=escape(server.name)))
        return found

    def _found(self, server: LinkedServer) -> LinkedServer | None:
        """Ids are never given again. What hangs on them is compared all the same: a database can be put back."""
        now = self._servers.get(server.id)
        if now is None or (now.guild_id, now.panel_id, now.uuid) != (server.guild_id, server.panel_id, server.uuid):
            return None
        return now

    def _naming(self, server: LinkedServer) -> list[Grant]:
        return [grant for grant in self._grants.get(server.id, []) if self._fits(grant, server)]

    def _speaking_of_all(self, server: LinkedServer) -> tuple[list[Grant], frozenset[Action]]:
        """Return the grants about all servers that hold for this one, and what they allow together.

        They are the same for all servers of a panel, and looked up once: there may be hundreds of each.
        """
        panel = self._panels.get(server.panel_id)
        url = "" if panel is None else panel.url
        found = self._on_all.get(url)
        if found is None:
            grants = [grant for grant in self._grants.get(None, []) if self._fits(grant, server)]
            found = self._on_all[url] = grants, frozenset(action for grant in grants for action in grant.actions)
        return found

    def _fits(self, grant: Grant, server: LinkedServer) -> bool:
        """Whether the grant's key, if it has one of its own, can act on the server: it acts on its own panel's only."""
        if grant.panel_id is None:
            return True
        other, own = self._panels.get(grant.panel_id), self._panels.get(server.panel_id)
        return other is not None and own is not None and other.url == own.url
