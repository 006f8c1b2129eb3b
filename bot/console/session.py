"""One supervised console: connects, reconnects with growing pauses, parks what is hopeless, never ends by itself."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from random import Random

from websockets.asyncio.client import ClientConnection

from bot.console.dial import Dialler
from bot.console.events import ConsoleLine, StatsUpdated
from bot.console.feed import Feed
from bot.console.link import Link
from bot.console.listener import Listener, SessionHealth
from bot.console.refusals import Hopeless, Lost, judge
from bot.console.target import ConsoleTarget
from bot.console.tickets import TicketCache
from bot.console.timing import ConsoleTiming
from bot.errors import BotError
from bot.i18n import _
from bot.repeats import Repeats
from bot.terms import PowerState

logger = logging.getLogger(__name__)


class ConsoleSession:
    """Shared by all who listen to one server."""

    def __init__(
        self,
        target: ConsoleTarget,
        *,
        tickets: TicketCache,
        allow_private: bool,
        timing: ConsoleTiming,
        now: Callable[[], datetime],
        random: Random,
    ) -> None:
        self.target = target
        self._tickets = tickets
        self._timing = timing
        self._now = now
        self._random = random
        self._feed = Feed(target.name, timing=timing, now=now)
        self._dialler = Dialler(target.name, target.panel_url, allow_private=allow_private, timing=timing)
        self._repeats = Repeats(at_first=1)
        self._failures = 0
        self._was_healthy = False
        self._look_again = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(self._run(), name=f"console {self.target.name}")

    async def stop(self) -> None:
        """Close the socket and wait until nothing is left running."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._feed.ended()

    def adopt(self, target: ConsoleTarget) -> None:
        """Use this target's panel from now on; look again at once if parked: somebody else wants to know."""
        if self.target.panel is not target.panel:
            self.target = target
            self._tickets.panel = target.panel
            self._look_again.set()

    def renew(self) -> None:
        """Cut the connection, if there is one, and make another; look again at once if parked."""
        self._look_again.set()
        if self._socket is not None:
            self._socket.transport.abort()

    def attach(self, listener: Listener) -> None:
        """Let a listener hear everything from now on."""
        self._feed.attach(listener)

    def detach(self, listener: Listener) -> None:
        """Forget a listener."""
        self._feed.detach(listener)

    @property
    def wanted(self) -> bool:
        """Whether anybody listens."""
        return self._feed.listeners > 0

    @property
    def ever_live(self) -> bool:
        """Whether lines ever flowed."""
        return self._feed.ever_live

    @property
    def state(self) -> PowerState:
        """The power state; UNKNOWN while the console is not live."""
        return self._feed.state

    @property
    def stats(self) -> StatsUpdated | None:
        """The newest stats; None while the console is not live."""
        return self._feed.stats

    @property
    def health(self) -> SessionHealth:
        """How the session is doing."""
        return self._feed.health

    def tail(self, count: int) -> list[ConsoleLine]:
        """Return up to `count` of the most recent lines."""
        return self._feed.memory.tail(count)

    async def ready(self, timeout: float, *, besides: BotError | None = None) -> None:
        """Wait until lines flow, at most `timeout` seconds. Raises what it is parked for, or ConsoleTimeout."""
        await self._feed.ready(timeout, besides=besides)

    async def _run(self) -> None:
        while True:
            verdict = await self._attempt()
            if isinstance(verdict, Hopeless):
                await self._stay_parked(verdict)
            else:
                self._feed.lost(str(verdict))
                await asyncio.sleep(self._pause())

    async def _attempt(self) -> Lost | Hopeless:
        """Connect, and stay connected for as long as it lasts. Returns why it ended."""
        try:
            await self._connect()
        except (Lost, Hopeless) as verdict:
            return verdict
        except BotError as exc:
            return judge(exc)
        except Exception as exc:  # noqa: BLE001 - whatever goes wrong in here, a console must not die silently
            self._repeats.defect(logger, exc, "console of %s: unexpected failure", self.target.name)
            return Lost(_("Something in the bot itself broke while it listened to the console; its log tells more."))
        return Lost(_("The connection to the node was cut."))

    async def _connect(self) -> None:
        ticket = await self._tickets.get()
        socket = await self._dialler.open(ticket.socket_url, ticket.issuer)
        if not self._tickets.holds(ticket):
            socket.transport.abort()
            raise Lost(_("The panel's key was replaced while the console was being opened."))
        began = asyncio.get_running_loop().time()
        self._socket = socket
        link = Link(
            socket,
            ticket,
            name=self.target.name,
            tickets=self._tickets,
            feed=self._feed,
            timing=self._timing,
            now=self._now,
            random=self._random,
        )
        try:
            await link.run()
        finally:
            self._socket = None
            lasted = asyncio.get_running_loop().time() - began
            if self._feed.live and lasted >= self._timing.healthy_after:
                self._failures, self._was_healthy = 0, True

    def _pause(self) -> float:
        """Full jitter over a doubling range: many sessions cut at once must not come back at once."""
        if self._was_healthy:
            self._was_healthy = False
            return self._random.uniform(0.0, self._timing.backoff_soon)
        first, cap = self._timing.backoff_first, self._timing.backoff_cap
        self._failures += 1
        return self._random.uniform(first, min(cap, first * 2.0 ** min(self._failures, 16)))

    async def _stay_parked(self, verdict: Hopeless) -> None:
        """Wait until the panel has no objection any more."""
        self._feed.parked(verdict.error)
        self._look_again.clear()
        while not await self._wait_to_look(verdict):
            try:
                server = await self.target.panel.server(self.target.identifier)
            except BotError as exc:
                logger.debug("console of %s: still waiting: %s", self.target.name, exc)
                continue
            if server.busy is None:
                return

    async def _wait_to_look(self, verdict: Hopeless) -> bool:
        """Wait for the next look. True: something has changed, so that no look is needed before another try."""
        pause = None if verdict.for_good else self._random.uniform(0.9, 1.1) * self._timing.recheck
        try:
            async with asyncio.timeout(pause):
                return await self._look_again.wait()
        except TimeoutError:
            return False
