"""A guild with its services between a real store and a stand-in panel with its node, on real sockets."""

from dataclasses import replace
from functools import partial

from bot.services import Access, Consoles, Guilds, Panels, Power, Relays, Servers, Services
from bot.services.connections import Connections
from bot.services.hearing import AnswerTiming
from bot.services.lately import Lately
from bot.services.outcome import OutcomeTiming
from bot.services.power import PowerTiming
from bot.terms import Action
from bot.text.redaction import redactor

RIGHTS = ["websocket.connect", "control.console", "control.start", "control.stop", "control.restart"]


class Place:
    """A guild with services on top of a real store, a real pool and a real hub."""

    def __init__(self, panel, store, pool, hub, woken):
        self.panel = panel
        self.store = store
        self.hub = hub
        self.woken = woken
        self.user = panel.add_user("botuser")
        self.owner = panel.add_user("owner")
        self.key = panel.add_key(self.user)
        access = Access(store)
        self.connections = connections = Connections(store, access, pool, hub)
        panels = Panels(store, access, pool, connections, changed=woken.append)
        lately = self.lately = Lately()
        timing = PowerTiming(
            outcome=OutcomeTiming(reaction=15, patience=20), socket=4, poll=0.3, last_words=1, holds=0.5
        )
        self.services = Services(
            access=access,
            panels=panels,
            servers=Servers(store, access, panels, connections, changed=woken.append, lately=lately),
            power=Power(connections, lately=lately, timing=timing),
            consoles=Consoles(
                access,
                connections,
                redactor=partial(redactor, b"secret"),
                timing=AnswerTiming(ready=6, first_line=2, quiet=0.4, whole=4),
            ),
            relays=Relays(
                store,
                access,
                changed=woken.append,
                health=lambda _relay: None,
                catalogue=connections.catalogue,
            ),
            guilds=Guilds(
                store,
                changed=woken.append,
                rights_changed=woken.append,
                channel_gone=lambda *_: None,
                forget=panels.key_deleted,
            ),
        )

    def server(self, name, *, rights=RIGHTS, **game):
        made = self.panel.add_server(name, owner=self.owner, **game)
        self.panel.add_subuser(made, self.user, list(rights))
        return made

    async def connect(self, member, *, label="Main", key=None):
        return await self.services.panels.connect(member, url=self.panel.url, key=key or self.key, label=label)

    async def link(self, member, text, /, **how):
        panel = await self.services.panels.find(member, None)
        return await self.services.servers.link(member, panel=panel, text=text, **how)

    async def follow(self, member, server, signal):
        return [step async for step in await self.steps(member, server, signal)]

    async def steps(self, member, server, signal):
        """What happens when the member sends the signal."""
        return self.services.power.follow(await self.permit(member, Action(signal.value), server))

    def relay_target(self, server):
        """What a relay of the server would listen to."""
        return self.connections.relay_target(server, self.panel.url)

    def hasty(self, seconds):
        """Wait for no console longer than that."""
        power, consoles = self.services.power, self.services.consoles
        power._timing = replace(power._timing, socket=seconds)
        consoles._timing = replace(consoles._timing, ready=seconds)

    def slow_poll(self, seconds):
        """Ask the panel less often how a signal fares."""
        self.services.power._timing = replace(self.services.power._timing, poll=seconds)

    async def permit(self, member, action, server):
        return await self.services.access.require(member, action, server)

    async def status(self, member, server):
        return await self.services.servers.status(await self.permit(member, Action.VIEW, server))

    async def say(self, member, server, message):
        return await self.services.consoles.say(await self.permit(member, Action.SAY, server), message)

    async def command(self, member, server, command):
        return await self.services.consoles.command(await self.permit(member, Action.COMMAND, server), command)

    async def last_lines(self, member, server, count):
        return await self.services.consoles.last_lines(await self.permit(member, Action.CONSOLE, server), count)
