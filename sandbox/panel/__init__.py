"""A stand-in for a game panel and its Wings, on real sockets.

What it models
--------------
Four pairs of panel and node, by ``Profile``: Pterodactyl 1.11, 1.12 and later (as of 1.12.3 with Wings 1.12.2),
Pelican, and 0.7 with its Node.js daemon. The panel: list, view, resources, websocket ticket, command, power, account,
permissions and activity, with the order of refusals, error bodies, rate limits, 20-second cache, pagination and
permission model of the real one, and its touchiness about Accept, Origin, Referer, cookies and trailing slashes. Wings:
the console socket with its handshake, real HS256 tickets, silent drops, budgets, expiry, revocation, close codes, slow
readers and console throttle. The game: a make-believe server that boots, obeys, chats, stops and crashes, the same for
the same seed. Things go wrong on demand: see ``faults``, and ``hostile`` for a panel that means harm.

::

    async with PanelStandIn(Profile.PELICAN, time_scale=0.1) as panel:
        owner, bot = panel.add_user("owner"), panel.add_user("botuser")
        server = panel.add_server("Paper Survival", owner=owner, boot_seconds=1.0)
        panel.add_subuser(server, bot, ["control.console", "control.start"])
        key = panel.add_key(bot)
        ...
        await panel.wait_for(lambda: server.state == "running")
        panel.faults.add(Fault(faults.cloudflare(), path="/power$"))

Any event can be sent to the sockets of a server with ``server.runtime.publish("backup completed", "{...}")``.

What it does not model
----------------------
* TLS, proxies, IPv6, DNS: everything is plain HTTP on 127.0.0.1, and the panel calls its nodes within the process (no
  15-second timeouts of its own; use ``Slow``).
* Files, backups, schedules, databases, users, startup and settings routes, the application API, the website behind the
  login, sessions and two-factor log-in. Their routes answer 404 (the application API: 403 to who is no administrator).
* Transfers between nodes beyond the flag and its refusals; the archive and the move do not happen. Installation sends
  the events of one, at once.
* Pelican's limited admin roles, and versions of Pelican before its rate limits.
* The true disorder of Wings: events leave in the order in which they happened (really, daemon lines and states may
  overtake one another), and two quick messages of a client are handled in order. ``stopping`` is skipped or doubled
  only on demand.
* Exact sizes of compressed frames: the 4096-byte limit measures what this end would have sent.
* The 0.7 daemon's own console (socket.io), which no client key reaches anyway.
* Colour tags in Wings' own lines, Docker's image pull, full disks.
* Real resource usage: numbers are drawn from a seeded random source.
"""

from sandbox.panel import faults
from sandbox.panel.faults import Fault, Faults, SocketClose, SocketTrouble
from sandbox.panel.game import GameSpec
from sandbox.panel.hostile import Hostile
from sandbox.panel.journal import Event, Request
from sandbox.panel.profiles import Profile
from sandbox.panel.standin import PanelStandIn
from sandbox.panel.wings import Node
from sandbox.panel.world import Server, User

__all__ = [
    "Event",
    "Fault",
    "Faults",
    "GameSpec",
    "Hostile",
    "Node",
    "PanelStandIn",
    "Profile",
    "Request",
    "Server",
    "SocketClose",
    "SocketTrouble",
    "User",
    "faults",
]
