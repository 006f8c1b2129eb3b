"""A server on its node: the process, its power states, its history, and what listeners are told."""

import asyncio
import random
from collections import deque
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from sandbox.panel.clock import Clock
from sandbox.panel.console import ConsoleThrottle, LineReader, text_of
from sandbox.panel.game import Game
from sandbox.panel.journal import Event, Journal
from sandbox.panel.minecraft import Saved
from sandbox.panel.power import Power
from sandbox.panel.stats import Meter

if TYPE_CHECKING:
    from sandbox.panel.session import Session
    from sandbox.panel.world import Server

HISTORY_LINES = 150


class Runtime:
    """One server on one node. Everything it publishes goes through ``pump`` in order."""

    def __init__(self, server: "Server", clock: Clock, journal: Journal, rng: random.Random) -> None:
        self.server = server
        self.clock = clock
        self.journal = journal
        self.rng = rng
        self.state = "offline"
        self.game: Game | None = None
        self.saved = Saved()
        self.sessions: set[Session] = set()
        self.commands: list[str] = []
        self.signals: list[str] = []
        self.meter = Meter(server.limits, clock, rng)
        self.attached = False
        self.installing = False
        self.throttle = ConsoleThrottle(clock)
        self.starts_running = False
        self._history: deque[str] = deque(maxlen=10_000)
        self._reader = LineReader()
        self._outbox: asyncio.Queue[tuple[str, tuple[str, ...], list[Session]]] = asyncio.Queue()
        self.exited = asyncio.Event()  # set while there is no process
        self.exited.set()
        self.power = Power(self)
        self._tasks: set[asyncio.Task[Any]] = set()

    # -- life ------------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run ``work`` beside, until it ends or the server is closed."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def open(self) -> None:
        """Begin: the pump that hands events to sockets, and (``starts_running``) a process that was there already."""
        self.spawn(self._pump())
        if self.starts_running:
            self.state = "running"
            self.launch(booted=True)

    async def close(self) -> None:
        """End everything at once, without a word to anybody."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def note(self, kind: str, text: str) -> None:
        """Put an event of this server into the journal."""
        self.journal.note(Event(self.clock.now(), kind, self.server.identifier, text))

    # -- what listeners are told -----------------------------------------------------------------------------

    def publish(self, event: str, *args: str) -> None:
        """Tell all sockets that have authenticated by now."""
        listeners = [session for session in self.sessions if session.out.attached]
        if listeners:
            self._outbox.put_nowait((event, args, listeners))

    async def _pump(self) -> None:
        while True:
            event, args, listeners = await self._outbox.get()
            late = [session for session in listeners if not session.out.offer(event, args)]
            if late:
                await asyncio.gather(*(session.out.offer_patiently(event, args) for session in late))

    def daemon_line(self, text: str) -> None:
        """A line from Wings itself: on the console, not in the history, not throttled."""
        line = f"\x1b[33m\x1b[1m[{self.server.node.facts.app_name} Daemon]:\x1b[39m {text}\x1b[0m"
        self.note("console", line)
        self.publish("console output", line)

    def emit(self, text: str | bytes) -> None:
        """Raw output of the process, complete lines."""
        data = text.encode() if isinstance(text, str) else text
        self.output(data if data.endswith(b"\n") else data + b"\n")

    def output(self, data: bytes) -> None:
        """Raw output of the process; may end within a line."""
        for line in self._reader.feed(data):
            self._line(text_of(line))

    def _line(self, text: str) -> None:
        if self.game is not None:
            self._history.append(text)
        if text and self.throttle.allows():
            self.note("console", text)
            self.publish("console output", text)
        elif text and self.throttle.first_refusal():
            self.daemon_line("Server is outputting console data too quickly -- throttling...")
        # Dropped lines count as well (`wings server/listeners.go`).
        spec = self.server.spec
        if self.state == "starting" and spec.boots and spec.done_pattern in text:
            self.set_state("running")
        if text == spec.stop_command and self.state in ("starting", "running"):
            self.set_state("offline")

    def history(self) -> list[str]:
        """What `send logs` gives: the last 150 lines since the container's start, nothing while it does not run."""
        return list(self._history)[-HISTORY_LINES:] if self.game is not None else []

    def set_state(self, state: str) -> None:
        """Change the power state and tell; the same state is not told twice."""
        if state == self.state:
            return
        self.state = state
        self.note("status", state)
        self.publish("status", state)
        if state == "offline":
            self.meter.stopped()
            self.publish("stats", self.meter.pushed(state))

    # -- the process -----------------------------------------------------------------------------------------

    @property
    def process_runs(self) -> bool:
        """True while there is a process (Docker's view; the state is Wings' view)."""
        return self.game is not None

    def launch(self, *, booted: bool) -> None:
        """Start the process with a fresh history; ``booted`` for one that has been up for long."""
        self._history.clear()
        self._reader = LineReader()
        self.meter.started()
        game = Game(
            self.server.spec,
            self.clock,
            self.rng,
            self.output,
            self.server.node.facts.container_prompt,
            _command_line(self.server),
            self.saved,
        )
        self.game = game
        self.attached = True
        self.exited.clear()
        self.spawn(self._watch(game, booted=booted))

    async def _watch(self, game: Game, *, booted: bool) -> None:
        measuring = asyncio.create_task(self._measure())
        try:
            ended = await game.run(booted=booted)
        finally:
            measuring.cancel()
            await asyncio.gather(measuring, return_exceptions=True)
        before = self.state
        self.game = None
        self.attached = False
        self.exited.set()
        self.set_state("offline")
        if before in ("starting", "running"):
            self.power.crashed(ended)

    async def _measure(self) -> None:
        while True:
            await asyncio.sleep(max(0.005, self.clock.real(1.0)))
            if self.state != "offline":
                self.publish("stats", self.meter.pushed(self.state))

    async def crash(self, exit_code: int, *, oom: bool) -> None:
        """End the process by itself; returns when its end has been noticed."""
        if self.game is None:
            raise RuntimeError("the server is not running")
        self.game.end(137 if oom and exit_code == 1 else exit_code, oom=oom)
        await self.exited.wait()

    # -- what it is asked ------------------------------------------------------------------------------

    def command(self, text: str) -> None:
        """Write a command to the process; the stop command makes the state stopping first."""
        self.commands.append(text)
        self.note("command", text)
        if self.game is None:
            return
        if text == self.server.spec.stop_command:
            self.set_state("stopping")
        self.game.stdin(text)

    def readopted(self) -> None:
        """A restarted Wings looks at its containers: those that run are running, whatever they were before."""
        if self.game is not None and self.state == "starting":
            self.set_state("running")

    def end_process(self) -> None:
        """The container is removed."""
        if self.game is not None:
            self.state = "stopping"
            self.game.end(137)

    # -- what the panel tells the node -----------------------------------------------------------------------

    def suspended(self) -> None:
        """A suspension: the game is stopped; Wings >= 1.12 cuts the sockets."""
        self.note("world", "suspended")
        self.spawn(self.power.quietly("stop"))
        if self.server.node.facts.modern_wings:
            self.drop_sockets()

    def install_started(self) -> None:
        """What listeners see when an installation begins."""
        self.installing = True
        if self.game is not None:
            self.spawn(self.power.quietly("stop"))
        self.publish("install started", "")
        self.publish("daemon message", "Starting installation process, this could take a few minutes...")
        self.publish("install output", "Downloading server.jar")

    def install_completed(self) -> None:
        """What listeners see when an installation has ended, well or not."""
        self.installing = False
        self.publish("daemon message", "Installation process completed.")
        self.publish("install completed", "")

    def drop_sockets(self) -> None:
        """Cut every socket of this server without a close frame."""
        for session in list(self.sessions):
            session.abort()


def _command_line(server: "Server") -> str:
    line = server.startup
    for variable in server.variables:
        line = line.replace("{{" + variable.env + "}}", variable.value)
    return line
