"""A guild with as much as it may have: what a key typed there costs stays far from what would hold others up."""

import sys

import pytest
from sqlalchemy import event

from bot.names import fold
from bot.services.access import Access
from bot.services.members import Member
from bot.services.permits import MemberRights
from bot.services.servers import Servers
from bot.store.values import Grant, GuildRights, LinkedServer, Panel
from bot.terms import Action, PanelKind

from .conftest import GUILD

NAMES = ["Castle", "ＷＩＤＥ Castle", "Straße", "100%", "under_score", "Überall"]


@pytest.fixture
async def servers(store):
    panel = await store.panels.add(GUILD, "https://panel.example.test", PanelKind.PELICAN, "Main", "ptlc_planted")
    for number, name in enumerate(NAMES):
        await store.servers.link(GUILD, panel.id, name, f"AbC{number:05}", f"uuid-{number}")
    # Nothing here asks a panel.
    return Servers(store, Access(store), None, None, changed=lambda _guild: None)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", NAMES),
        ("castle", ["Castle", "ＷＩＤＥ Castle"]),
        (" wide  CAST", ["ＷＩＤＥ Castle"]),
        ("STRASSE", ["Straße"]),
        ("%", ["100%"]),
        ("_", ["under_score"]),
        ("0%", ["100%"]),
        ("über", ["Überall"]),
        ("abc00002", ["Straße"]),
        ("nothing", []),
        ("\x00", []),
        ("a\ud800", []),
        ("\u202ecastle", []),
        ("x" * 6000, []),
        ("\ufdfa" * 100, []),
        ("\ufdfa" * 200, []),
        ("\ufdfa" * 3000, []),  # over 50,000 bytes once folded, for which SQLite searches for nothing
    ],
)
async def test_names_are_suggested_by_what_occurs_in_them_as_they_are_compared(servers, admin, typed, found):
    for action in (None, Action.VIEW):
        assert sorted(await servers.names(admin, action, typed)) == sorted(found)


async def test_the_name_that_is_longest_when_folded_is_found_by_all_of_it(servers, admin, store):
    """U+FDFA becomes 18 characters, and none becomes more: what is longer than 100 of it occurs in no name."""
    assert len(fold("\ufdfa")) == 18 == max(len(fold(chr(code))) for code in range(sys.maxunicode + 1))
    panel = (await store.panels.list(GUILD))[0]
    await store.servers.link(GUILD, panel.id, "\ufdfa" * 100, "longest", "uuid-longest")
    assert await servers.names(admin, None, "  " + "\ufdfa" * 100) == ["\ufdfa" * 100]


async def test_what_does_not_fit_is_not_even_read(servers, admin, helper, store):
    castle = next(one for one in await store.servers.list(GUILD) if one.name == "Castle")
    await store.grants.add(GUILD, 70, [Action.VIEW], castle.id)
    asked = []
    engine = store._database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert await servers.names(helper, Action.VIEW, "castle") == ["Castle"]
    (reading,) = [statement for statement in asked if "FROM servers" in statement]
    assert "LIKE" in reading
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 3


async def test_only_what_the_member_may_use_is_suggested_and_at_most_25(servers, admin, helper, store):
    panel = (await store.panels.list(GUILD))[0]
    for number in range(30):
        await store.servers.link(GUILD, panel.id, f"Arena {number:02}", f"arena{number:03}", f"arena-{number}")
    assert await servers.names(helper, Action.VIEW, "arena") == []
    assert await servers.names(helper, None, "arena") == []
    assert await servers.names(admin, None, "arena") == [f"Arena {number:02}" for number in range(25)]
    await store.grants.add(GUILD, 70, [Action.START])
    assert len(await servers.names(helper, Action.START, "arena")) == 25
    assert await servers.names(helper, Action.VIEW, "arena") == []


class Counted(MemberRights):
    """Counts how often a grant is compared with a server."""

    compared = 0

    def _fits(self, grant, server):
        self.compared += 1
        return super()._fits(grant, server)


@pytest.mark.parametrize("general", [True, False])
def test_many_grants_are_not_compared_with_each_of_many_servers(general):
    panels = {n: Panel(n, GUILD, f"https://p{n % 25}.example", PanelKind.PELICAN, f"P{n}") for n in range(25)}
    servers = tuple(
        LinkedServer(n, GUILD, n % 25, f"S{n}", f"{n:08x}", f"uuid-{n}", "say {message}") for n in range(500)
    )
    grants = tuple(
        Grant(n, GUILD, n // 25, frozenset({Action.VIEW}), server_id=None if general else n, panel_id=n % 25)
        for n in range(500)
    )
    member = Member(GUILD, 2, "Hank", frozenset(range(20)), is_admin=False)
    rights = Counted(member, GuildRights(servers, panels, grants), at=0.0)
    assert all(rights.actions(server) == {Action.VIEW} for server in servers)
    assert rights.compared <= 25 * 500
    permits = rights.permits(Action.VIEW)
    assert [permit.server for permit in permits] == list(servers)
    assert all(permit.panel.id == permit.server.panel_id for permit in permits)
    assert rights.compared <= 2 * 25 * 500
