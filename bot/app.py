"""The composition root: opens and closes every long-lived thing in order; the only place that knows every room."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any

from bot import application, open_files
from bot.client import WingcordClient
from bot.console.hub import ConsoleHub
from bot.discord_gateway import log_in, point_rest_at, stay_connected
from bot.discord_guilds import DiscordGuilds
from bot.discord_probe import who_am_i
from bot.discord_replies import finish_answers
from bot.discord_report import ParkedReports
from bot.discord_sink import DiscordSink, rate_limit_trace
from bot.health import Health
from bot.panel.pool import PanelPool
from bot.relay.guild import Equipment
from bot.relay.pace import Paces
from bot.relay.supervisor import RelaySupervisor
from bot.relay.wanted import WantedRelay
from bot.services import Access, Consoles, Guilds, Panels, Power, Relays, Servers, Services
from bot.services.connections import Connections
from bot.services.guilds import GuildTiming
from bot.services.lately import Lately
from bot.settings import Settings, require_token
from bot.sole_store import open_alone
from bot.store.store import Store, peek
from bot.store.values import Relay
from bot.text.redaction import Redactor, redactor
from bot.vitals import RelayHealth

_log = logging.getLogger(__name__)
_FLUSH_SECONDS = 3.0
"""For the relays' last lines at the end: with everything else, the process is gone within 5 s of a SIGTERM."""
_GOODBYE_SECONDS = 1.0
"""For what people have just asked for to be answered, be it with the news that it cannot be told any more."""


async def run(settings: Settings, *, guild_timing: GuildTiming | None = None) -> None:
    """Run the bot until SIGTERM or Ctrl-C; raises StartupError when it cannot start or Discord throws it out."""
    token = require_token(settings)
    stop = _stop_signal()
    open_files.allow_many()
    async with AsyncExitStack() as stack:
        await _refuse_other_application(settings, token)
        store, sole_bot = await stack.enter_async_context(open_alone(settings))
        pool = PanelPool(allow_private=settings.allow_private_panels)
        stack.push_async_callback(pool.close)
        hub = ConsoleHub(allow_private=settings.allow_private_panels)
        stack.push_async_callback(hub.close)
        bot = _Bot(store, pool, hub, partial(redactor, await store.masking_secret.get()), guild_timing or GuildTiming())
        stack.push_async_callback(bot.services.panels.close)

        point_rest_at(settings.discord_api_url)
        stack.push_async_callback(bot.finish)
        await _serve_health(settings, stack, store, bot.client)
        # Only now: discord.py cannot close a client that nobody tried to log in.
        stack.push_async_callback(bot.client.close)
        own = await log_in(bot.client, token, gateway_url=settings.discord_gateway_url)
        # What waits for a panel or a game server ends now, and says so while there still is a client to say it with.
        stack.push_async_callback(finish_answers, _GOODBYE_SECONDS)
        stack.push_async_callback(pool.close)
        stack.push_async_callback(bot.services.power.close)
        stack.push_async_callback(bot.reports.close)
        stack.push_async_callback(bot.relays.close, _FLUSH_SECONDS)
        stack.push_async_callback(bot.leave_guilds_alone)
        # What is loaded by now stays: looked through for garbage, it would stop everything for 75 ms now and then.
        gc.collect()
        gc.freeze()
        remember = partial(application.remember, store.state, own)
        await bot.work_until(stop, alone=store.stay_alone(sole_bot), remember=remember)
        _log.info("Ending: delivering what was read")


class _Bot:
    """The rooms wired to one another: services wake the relays, relays write through the client."""

    def __init__(
        self,
        store: Store,
        pool: PanelPool,
        hub: ConsoleHub,
        redactor_of: Callable[[int], Redactor],
        guild_timing: GuildTiming,
    ) -> None:
        self._store = store
        self._redactor_of = redactor_of
        self._guild_timing = guild_timing
        self._tasks: set[asyncio.Task[None]] = set()
        self._guilds: asyncio.Task[None] | None = None
        self._access = Access(store)
        self._connections = Connections(store, self._access, pool, hub)
        paces = Paces()
        self.services = self._services(store, pool)
        self.client = WingcordClient(self.services, tree_state=store.state, http_trace=rate_limit_trace(paces))
        self.reports = ParkedReports(self.client)
        self.relays = RelaySupervisor(
            wanted=self._wanted_relays,
            equipment=Equipment(
                open_console=lambda wanted, past: hub.listen(wanted.target, past=past),
                sink=DiscordSink(self.client),
                paces=paces,
                journal=store.journal,
                redactor=redactor_of,
                report=self.reports.report,
                pauses=store.relays,
            ),
        )

    async def work_until(
        self, stop: asyncio.Event, *, alone: Coroutine[Any, Any, None], remember: Callable[[], Awaitable[None]]
    ) -> None:
        """Keep gateway and relays going; return when told to stop, raise when one of them ends by an error.

        `alone` watches that no other bot works on the database: where one does, nothing more is delivered. `remember`
        writes down whose database it is.
        """
        waiting = asyncio.create_task(stop.wait(), name="stop signal")
        watching = asyncio.create_task(alone, name="sole bot")
        guilds = self.services.guilds.run(DiscordGuilds(self.client), remember)
        self._guilds = asyncio.create_task(guilds, name="guilds")
        self._tasks = {
            asyncio.create_task(stay_connected(self.client), name="gateway"),
            asyncio.create_task(self.relays.run(), name="relays"),
        }
        try:
            ends = {waiting, watching, self._guilds, *self._tasks}
            done, _pending = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if watching in done:
                await self.relays.close(0)
            for task in done:
                task.result()
        finally:
            waiting.cancel()
            watching.cancel()

    async def leave_guilds_alone(self) -> None:
        """Delete nothing more, and write nothing down about guilds: what is missed is found out in the next life."""
        if self._guilds is not None:
            self._guilds.cancel()
            await asyncio.gather(self._guilds, return_exceptions=True)

    async def finish(self) -> None:
        """Wait for what ends by itself once relays and client are closed."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _services(self, store: Store, pool: PanelPool) -> Services:
        access, connections = self._access, self._connections
        panels = Panels(store, access, pool, connections, changed=self._wake_relays)
        lately = Lately()
        return Services(
            access=access,
            panels=panels,
            servers=Servers(store, access, panels, connections, changed=self._wake_relays, lately=lately),
            power=Power(connections, lately=lately),
            consoles=Consoles(access, connections, redactor=self._redactor_of),
            relays=Relays(
                store,
                access,
                changed=self._wake_relays,
                health=self._relay_health,
                catalogue=connections.catalogue,
            ),
            guilds=Guilds(
                store,
                changed=self._wake_relays,
                rights_changed=self._rights_changed,
                thread_changed=self._thread_changed,
                channel_gone=self._channel_gone,
                forget=panels.key_deleted,
                timing=self._guild_timing,
            ),
        )

    # Looked up at the time of the call: the relays are made after the services, which need the client in between.

    def _wake_relays(self, guild_id: int) -> None:
        self.relays.wake(guild_id)

    def _rights_changed(self, guild_id: int) -> None:
        self.relays.rights_changed(guild_id)

    def _thread_changed(self, guild_id: int, thread_id: int) -> None:
        self.relays.rights_changed(guild_id, thread_id)

    def _channel_gone(self, guild_id: int, channel_id: int) -> None:
        self.relays.channel_gone(guild_id, channel_id)

    def _relay_health(self, relay: Relay) -> RelayHealth | None:
        return self.relays.health(relay.guild_id, relay.id)

    async def _wanted_relays(self, guild_id: int | None) -> Sequence[WantedRelay]:
        """The relays in the database, of a guild or of all, with what is needed to run each."""
        away = await self.services.guilds.away()
        return [
            WantedRelay(
                one.relay,
                one.server.name,
                self._connections.relay_target(one.server, one.panel_url),
                away=one.relay.guild_id in away,
            )
            for one in await self._store.relays.wanted(guild_id)
        ]


async def _refuse_other_application(settings: Settings, token: str) -> None:
    """Raise StartupError before anything in the database is read or changed for an application it does not belong to.

    Discord is asked: the number inside a token is the bot's, which for old applications is not the application's.
    """
    owner = application.parsed(await peek(settings.database_url, application.FACT))
    if owner is not None:
        application.refuse_other(owner, await who_am_i(token, settings.discord_api_url))


def _stop_signal() -> asyncio.Event:
    """An event that SIGTERM, Ctrl-C and the closing of the terminal set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = [signal.SIGTERM, signal.SIGINT]
    hang_up: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows knows none
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:  # nohup has it ignored
        numbers.append(hang_up)
    for number in numbers:
        with suppress(NotImplementedError):  # Windows: Ctrl-C arrives as KeyboardInterrupt there
            loop.add_signal_handler(number, stop.set)
    return stop


async def _serve_health(settings: Settings, stack: AsyncExitStack, store: Store, client: WingcordClient) -> None:
    if settings.http_listen is None:
        return

    async def gateway() -> None:
        if not client.is_ready():
            raise ConnectionError

    health = Health({"database": store.ping, "gateway": gateway})
    await health.start(*settings.http_listen)
    stack.push_async_callback(health.close)
