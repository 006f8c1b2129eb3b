"""A make-believe game server: a process that boots in colour, obeys a few commands and has players."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sandbox.panel.clock import Clock
from sandbox.panel.minecraft import Commands, NotUnderstood, Saved

INTERRUPT = "^C"
NAMES = ("Alex", "Steve", "Ruth_42", "Bjorn", "mango_cat", "Yuki", "Old_Tom", "Zoé")
CHAT = ("hello", "anyone got iron?", "brb", "who built this <castle>?", "gg & thanks", "lol", "creeper at spawn!!")


@dataclass(frozen=True)
class GameSpec:
    """How the make-believe game behaves; durations in modelled seconds.

    ``boots`` False means that the line which tells "done" never comes. ``players`` are on from the start. ``echo``
    is the terminal's echo of what is typed. ``ignores_stop`` keeps running after the stop command; a ``stop_command``
    of "^C" is a signal, with the haste that Wings has then.
    """

    boot_seconds: float = 1.0
    stop_seconds: float = 0.2
    boots: bool = True
    chatter: bool = False
    chatter_seconds: float = 5.0
    players: tuple[str, ...] = ()
    max_players: int = 20
    stop_command: str = "stop"
    done_pattern: str = ")! For help, type "
    echo: bool = True
    ignores_stop: bool = False
    version: str = "1.21.4"
    detect_crashes: bool = True
    clean_exit_is_crash: bool = True


@dataclass
class Exit:
    """How a process ended."""

    code: int = 0
    oom: bool = False


@dataclass
class Game:
    """One life of the process: ``run`` from start to exit. ``write`` receives raw terminal output."""

    spec: GameSpec
    clock: Clock
    rng: random.Random
    write: Callable[[bytes], None]
    prompt: str
    invocation: str
    saved: Saved = field(default_factory=Saved)
    players: list[str] = field(default_factory=list[str])
    _typed: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue[str])
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _exit: Exit = field(default_factory=Exit)

    async def run(self, *, booted: bool = False) -> Exit:
        """Live until stopped, killed or crashed; ``booted`` skips the boot (a process that was there already)."""
        self.players[:] = self.spec.players
        tasks = [asyncio.create_task(self._live(booted=booted))]
        if self.spec.chatter:
            tasks.append(asyncio.create_task(self._chatter()))
        try:
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._exit

    def stdin(self, text: str) -> None:
        """What was typed into the process; inner newlines make several lines, each echoed by the terminal."""
        for line in text.split("\n"):
            if self.spec.echo:
                self.write(f"{line}\r\n".encode())
            self._typed.put_nowait(line)

    def interrupt(self) -> None:
        """SIGINT: the game stops in its own time, and nothing is echoed."""
        self._typed.put_nowait(INTERRUPT)

    def end(self, code: int, *, oom: bool = False) -> None:
        """End the process now (kill or crash)."""
        if not self._ended.is_set():
            self._exit = Exit(code, oom)
            self._ended.set()

    async def _live(self, *, booted: bool) -> None:
        if not booted:
            await self._boot()
        commands = Commands(self.saved, self.players, self.spec.max_players, self.leaves, self.clock.elapsed)
        while True:
            await self._obey(commands, await self._typed.get())

    async def _boot(self) -> None:
        prompt = f"\x1b[1m\x1b[33m{self.prompt}\x1b[0m"
        self._raw(f"{prompt}java -version")
        self._raw('openjdk version "21.0.4" 2024-07-16 LTS')
        self._raw(f"{prompt}{self.invocation}")
        whitelist, who = ("on", "who is on it") if self.saved.whitelist_on else ("off", "anybody")
        lines = [
            f"\x1b[K\x1b[36m{{stamp}} INFO]: Starting minecraft server version {self.spec.version}\x1b[m",
            "{stamp} INFO]: Loading properties",
            f"\x1b[33m{{stamp}} WARN]: Whitelist is \x1b[1m{whitelist}\x1b[0m\x1b[33m, {who} may join\x1b[m",
            "{stamp} INFO]: Starting Minecraft server on *:25565",
            '{stamp} INFO]: Preparing level \x1b[38;5;208m"world"\x1b[0m',
            "Preparing spawn area: 12%\rPreparing spawn area: 57%\rPreparing spawn area: 100%",
            "Loaded plugins: \rWorldGuard, \x1b[32mChatty\x1b[0m",
        ]
        for line in lines:
            await self.clock.sleep(self.spec.boot_seconds / len(lines))
            self._raw(line.replace("{stamp}", self._stamp()))
        if self.spec.boots:
            self._raw(
                f"\x1b[K\x1b[32m{self._stamp()} INFO]: Done ({self.spec.boot_seconds:.3f}s"
                f'{self.spec.done_pattern}"help"\x1b[m'
            )

    async def _obey(self, commands: Commands, line: str) -> None:
        if line.strip() in (self.spec.stop_command, INTERRUPT):
            await self._stop()
        elif line.strip():
            try:
                for text in commands.answer(line):
                    self._info(text)
            except NotUnderstood as error:
                message, place = error.lines
                self._raw(f"\x1b[31m{self._stamp()} INFO]: {message}\x1b[m")
                self._raw(f"\x1b[31m{place}\x1b[m")

    async def _stop(self) -> None:
        self._info("Stopping the server")
        if self.spec.ignores_stop:
            return
        await self.clock.sleep(self.spec.stop_seconds / 2)
        for name in list(self.players):
            self.leaves(name, "Server closed")
        self._info("Saving worlds")
        await self.clock.sleep(self.spec.stop_seconds / 2)
        self._info("ThreadedAnvilChunkStorage: All dimensions are saved")
        self.end(0)

    async def _chatter(self) -> None:
        while True:
            await self.clock.sleep(self.spec.chatter_seconds * self.rng.uniform(0.5, 1.5))
            absent = [name for name in NAMES if name not in self.players and self.saved.lets_in(name)]
            choice = self.rng.random()
            if not absent and not self.players:
                continue
            if absent and (not self.players or choice < 0.25):
                self.joins(self.rng.choice(absent))
            elif choice < 0.4:
                self.leaves(self.rng.choice(self.players), "Disconnected")
            else:
                self.says(self.rng.choice(self.players), self.rng.choice(CHAT))

    def joins(self, name: str) -> None:
        """A player comes on, from an address of a documentation range."""
        network = self.rng.choice(("192.0.2", "198.51.100", "203.0.113"))
        address = f"{network}.{self.rng.randint(1, 254)}:{self.rng.randint(20000, 60000)}"
        self.players.append(name)
        self._info(f"UUID of player {name} is {self.rng.randbytes(16).hex()}")
        self._info(f"{name}[/{address}] logged in with entity id {self.rng.randint(1, 9999)} at (8.5, 64.0, 8.5)")
        self._raw(f"\x1b[33m{self._stamp()} INFO]: {name} joined the game\x1b[m")

    def says(self, name: str, text: str) -> None:
        """A player chats."""
        self._info(f"<{name}> {text}")

    def leaves(self, name: str, reason: str = "Disconnected") -> None:
        """A player goes."""
        self.players.remove(name)
        self._info(f"{name} lost connection: {reason}")
        self._raw(f"\x1b[33m{self._stamp()} INFO]: {name} left the game\x1b[m")

    def _stamp(self) -> str:
        return datetime.fromtimestamp(self.clock.now(), UTC).strftime("[%H:%M:%S")

    def _info(self, text: str) -> None:
        self._raw(f"{self._stamp()} INFO]: {text}")

    def _raw(self, text: str) -> None:
        self.write(f"{text}\r\n".encode())
