"""Whatever happens to rights while actions wait: what reaches the panel was covered in that moment, by that very key."""

import asyncio
import itertools
import json
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.console.hub import ConsoleHub
from bot.console.timing import ConsoleTiming
from bot.errors import NotAllowed
from bot.panel.client import PanelClient
from bot.panel.pool import PanelPool
from bot.panel.timing import PanelTiming
from bot.services.granting import Patterns
from bot.services.members import Member
from bot.store.store import Store
from bot.terms import Action
from sandbox.panel import Fault, PanelStandIn, Profile, faults

from .place import Place

ROLES = (70, 71)
NAMES = ("Castle", "Tower")
RIGHTS = ["control.console", "control.restart"]
DEEDS = (Action.RESTART, Action.SAY, Action.COMMAND)
CHANGES = [
    "grant",
    "grant",
    "revoke",
    "replace_key",
    "replace_key",
    "link",
    "link",
    "unlink",
    "connect",
    "remove_panel",
]


@dataclass(frozen=True)
class Key:
    """A panel row of the guild as the model knows it: each key it ever has belongs to a panel user of its own."""

    row: object
    user: str


@dataclass
class GivenGrant:
    role: int
    actions: frozenset
    server: str | None
    panel: int | None
    patterns: tuple[str, ...]


@dataclass
class Model:
    """What was granted, kept apart from the store and asked in another way."""

    keys: dict[int, Key] = field(default_factory=dict)
    linked: dict[str, int] = field(default_factory=dict)
    """By name: the panel row that the server was linked with."""
    links: Counter[str] = field(default_factory=Counter)
    """By name: how often the server was linked. Leave for one link is none for the next."""
    grants: list[GivenGrant] = field(default_factory=list)

    def acting(self, role: int, action: Action, server: str, text: str) -> tuple[int, str, int] | None:
        """The panel row and the panel user whose key must act, and by which link; None where it must not happen."""
        if server not in self.linked:
            return None
        fitting = [
            grant
            for grant in self.grants
            if grant.role == role
            and action in grant.actions
            and grant.server in (None, server)
            and (action is not Action.COMMAND or not grant.patterns or text.split(maxsplit=1)[0] in grant.patterns)
        ]
        rows = {grant.panel for grant in fitting}
        if not rows:
            return None
        if None in rows:
            row = self.linked[server]
        else:
            by_server = sorted(fitting, key=lambda grant: grant.server is None)  # else in the order they were given
            row = by_server[0].panel
        return row, self.keys[row].user, self.links[server]

    def forget_panel(self, row: int) -> None:
        gone = {name for name, by in self.linked.items() if by == row}
        self.linked = {name: by for name, by in self.linked.items() if by != row}
        self.grants = [g for g in self.grants if g.panel != row and g.server not in gone]
        del self.keys[row]


@dataclass
class Deed:
    """Something that a member has asked for and that waits for the panel."""

    role: int
    action: Action
    server: str
    text: str
    by: tuple[int, str, int]
    task: asyncio.Task


class World:
    """One panel and one store for all runs, each in a guild of its own."""

    def __init__(self, runner: asyncio.Runner, place: Place, servers):
        self.run = runner.run
        self.place = place
        self.made = servers
        self.guilds = itertools.count(1000)
        self.numbers = itertools.count(1)
        self.asked_for_states = 0

    def new_key(self) -> tuple[str, str]:
        """A key of a new panel user who reaches both servers; without a console, so that the state is asked for."""
        panel = self.place.panel
        user = panel.add_user(f"user{next(self.numbers)}")
        for made in self.made.values():
            made.subusers[user.uuid] = list(RIGHTS)
        return panel.add_key(user), user.username


async def _open(stack: AsyncExitStack, runner: asyncio.Runner, url: str, secret_keys: list[str]) -> World:
    store = await Store.open(url, secret_keys)
    stack.push_async_callback(store.close)
    panel = await stack.enter_async_context(PanelStandIn(Profile.PELICAN, general_limit=10**6, websocket_limit=10**6))
    pool = PanelPool(allow_private=True, timing=PanelTiming(resources_fresh=0.0, resources_scarce=0.0))
    stack.push_async_callback(pool.close)
    hub = ConsoleHub(allow_private=True, timing=ConsoleTiming(ticket_fetches=10**6, linger=0.01))
    stack.push_async_callback(hub.close)
    place = Place(panel, store, pool, hub, [])
    stack.push_async_callback(place.services.panels.close)
    made = {name: panel.add_server(name, owner=place.owner, running=True, boot_seconds=0.01) for name in NAMES}
    return World(runner, place, made)


class Rights(RuleBasedStateMachine):
    """Admins change the rights while members' actions wait for the panel's word about the server's state."""

    world: World
    tally: Counter[str]

    def __init__(self):
        super().__init__()
        self.guild = next(self.world.guilds)
        self.services = self.world.place.services
        self.panel = self.world.place.panel
        self.admin = Member(self.guild, 1, "Olivia", frozenset(), is_admin=True)
        self.model = Model()
        self.deeds: list[Deed] = []
        self.close_gate()

    def close_gate(self):
        self.panel.faults.clear()
        self.gate = asyncio.Event()
        self.panel.faults.add(Fault(faults.Hold(self.gate), path="/resources$", times=None))
        self.start = len(self.panel.requests)

    def do(self, work):
        return self.world.run(work)

    # What admins do

    @initialize()
    def begin_with_two_keys_and_a_role_for_each(self):
        for _key in range(2):
            self.connect()
        first, second = self.model.keys
        for name in NAMES:
            self.link_by(name, first)
        for role, row in zip(ROLES, (None, second), strict=True):
            self.grant_that(GivenGrant(role, frozenset(DEEDS), None, row, ()))

    @rule(data=st.data())
    def change(self, data):
        """One rule for all of them, so that members have their turns as well."""
        for change in data.draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3)):
            getattr(self, change)(data.draw)

    def connect(self, _draw=None):
        if len(self.model.keys) == 3:
            return
        key, user = self.world.new_key()
        label = f"P{next(self.world.numbers)}"
        connected = self.do(self.services.panels.connect(self.admin, url=self.panel.url, key=key, label=label))
        self.model.keys[connected.panel.id] = Key(connected.panel, user)

    def replace_key(self, draw):
        if self.model.keys:
            row = draw(self.rows())
            key, user = self.world.new_key()
            self.do(self.services.panels.replace_key(self.admin, self.model.keys[row].row, key))
            self.model.keys[row] = replace(self.model.keys[row], user=user)

    def remove_panel(self, draw):
        if self.model.keys:
            row = draw(self.rows())
            self.do(self.services.panels.remove(self.admin, self.model.keys[row].row))
            self.model.forget_panel(row)

    def link(self, draw):
        for name in NAMES:
            if self.model.keys and name not in self.model.linked:
                self.link_by(name, draw(self.rows()))

    def link_by(self, name, row):
        panel, text = self.model.keys[row].row, self.world.made[name].identifier
        self.do(self.services.servers.link(self.admin, panel=panel, text=text, name=name))
        self.model.linked[name] = row
        self.model.links[name] += 1

    def unlink(self, draw):
        if self.model.linked:
            name = draw(self.names())
            self.do(self.services.servers.unlink(self.admin, self.server(name)))
            del self.model.linked[name]
            self.model.grants = [g for g in self.model.grants if g.server != name]

    def grant(self, draw):
        actions = draw(st.sets(st.sampled_from(DEEDS), min_size=1))
        name = draw(st.none() | self.names()) if self.model.linked else None
        row = draw(st.none() | self.rows()) if self.model.keys else None
        patterns = draw(st.sampled_from([(), ("list",)])) if Action.COMMAND in actions else ()
        self.grant_that(GivenGrant(draw(st.sampled_from(ROLES)), frozenset(actions), name, row, patterns))

    def grant_that(self, given):
        self.do(
            self.services.access.grant(
                self.admin,
                role_id=given.role,
                allow=", ".join(given.actions),
                server=None if given.server is None else self.server(given.server),
                panel=None if given.panel is None else self.model.keys[given.panel].row,
                commands=", ".join(f"{pattern} *" for pattern in given.patterns) or None,
                patterns=Patterns.REPLACE,
                only=True,
            )
        )
        same = (given.role, given.server, given.panel)
        self.model.grants = [g for g in self.model.grants if (g.role, g.server, g.panel) != same]
        self.model.grants.append(given)

    def revoke(self, draw):
        role = draw(st.sampled_from(ROLES))
        name = draw(st.none() | self.names()) if self.model.linked else None
        server = None if name is None else self.server(name)
        self.do(self.services.access.revoke(self.admin, role_id=role, server=server))
        self.model.grants = [g for g in self.model.grants if g.role != role or name not in (None, g.server)]

    # What members do

    @precondition(lambda self: self.model.linked and len(self.deeds) < 6)
    @rule(data=st.data(), word=st.sampled_from(["list", "seed"]))
    def begin(self, data, word):
        """Mostly something that is allowed: the rest is refused at once, and nothing waits."""
        text = f"{word} {next(self.world.numbers)}"
        every = [(role, action, name) for role in ROLES for action in DEEDS for name in self.model.linked]
        allowed = [one for one in every if self.model.acting(*one, text)]
        role, action, name = data.draw(st.sampled_from(allowed or every) | st.sampled_from(every))
        member = Member(self.guild, role, "Hank", frozenset({role}), is_admin=False)
        by = self.model.acting(role, action, name, text)
        task = self.do(self.set_about(member, action, name, text, refused=by is None))
        if by is not None:
            self.deeds.append(Deed(role, action, name, text, by, task))

    async def set_about(self, member, action, name, text, *, refused):
        server = await self.linked(name)
        if refused:
            command = text if action is Action.COMMAND else None
            with pytest.raises(NotAllowed):
                await self.services.access.require(member, action, server, command=command)
            return None
        asked = self.world.asked_for_states
        task = asyncio.create_task(self.act(member, action, server, text))
        await self.panel.wait_for(lambda: self.world.asked_for_states > asked, timeout=30)
        return task

    async def act(self, member, action, server, text):
        permit = await self.services.access.require(member, action, server)
        if action is Action.SAY:
            await self.services.consoles.say(permit, text)
        elif action is Action.COMMAND:
            await self.services.consoles.command(permit, text)
        else:
            steps = self.services.power.follow(permit)
            await anext(steps)
            await steps.aclose()

    @precondition(lambda self: len(self.deeds) >= 3)
    @rule()
    def release(self):
        """The panel answers: everything that waited is sent or refused, as the rights are now."""
        expected = Counter(
            self.as_sent(deed)
            for deed in self.deeds
            if self.model.acting(deed.role, deed.action, deed.server, deed.text) == deed.by
        )
        assert self.sent() == Counter()
        self.tally["sent"] += expected.total()
        self.tally["refused"] += len(self.deeds) - expected.total()
        self.gate.set()
        outcomes = self.do(self.finish())
        assert self.sent() == expected
        for deed, outcome in zip(self.deeds, outcomes, strict=True):
            covered = self.model.acting(deed.role, deed.action, deed.server, deed.text) == deed.by
            if covered:
                assert outcome is None, (deed, outcome)
            else:
                assert isinstance(outcome, NotAllowed), (deed, outcome)
                assert str(outcome).endswith("Nothing was sent.")
        self.deeds.clear()
        self.close_gate()

    async def finish(self):
        outcomes = await asyncio.gather(*(deed.task for deed in self.deeds), return_exceptions=True)
        for made in self.world.made.values():
            await self.panel.wait_for(lambda made=made: made.state == "running", timeout=30)
        return [outcome if isinstance(outcome, BaseException) else None for outcome in outcomes]

    # What is seen of it at the panel

    def as_sent(self, deed):
        words = {Action.RESTART: "restart", Action.SAY: f"say {deed.text}", Action.COMMAND: deed.text}
        return self.world.made[deed.server].identifier, words[deed.action], deed.by[1]

    def sent(self):
        posts = [request for request in self.panel.requests[self.start :] if request.method == "POST"]
        return Counter(
            (post.path.split("/")[4], next(iter(json.loads(post.body).values())), post.user) for post in posts
        )

    @invariant()
    def only_keys_of_those_who_wait_have_asked(self):
        asked = {
            request.user
            for request in self.panel.requests[self.start :]
            if request.path.endswith(("/resources", "/websocket"))
        }
        assert asked <= {deed.by[1] for deed in self.deeds}

    def teardown(self):
        if self.deeds:
            self.release()

    # Small helps

    def rows(self):
        return st.sampled_from(sorted(self.model.keys))

    def names(self):
        return st.sampled_from(sorted(self.model.linked))

    async def linked(self, name):
        return next(s for s in await self.world.place.store.servers.list(self.guild) if s.name == name)

    def server(self, name):
        return self.do(self.linked(name))


@pytest.fixture
def count_questions(monkeypatch):
    """Identical questions become one request, so those who ask are counted before they are joined."""
    genuine = PanelClient.resources

    async def counted(client, identifier):
        Rights.world.asked_for_states += 1
        return await genuine(client, identifier)

    monkeypatch.setattr(PanelClient, "resources", counted)


@pytest.mark.timeout(180)
@pytest.mark.usefixtures("count_questions")
def test_only_what_is_covered_when_it_is_sent_reaches_the_panel_and_by_the_key_that_covers_it(url, keys):
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        Rights.tally = Counter()
        Rights.world = runner.run(_open(stack, runner, url, keys))
        try:
            run_state_machine_as_test(
                Rights,
                settings=settings(
                    max_examples=12,
                    stateful_step_count=25,
                    deadline=None,
                    phases=[Phase.generate],  # real sockets: making a failure smaller would take many minutes
                    report_multiple_bugs=False,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(stack.aclose())
    assert Rights.tally["sent"] > 0 < Rights.tally["refused"]
