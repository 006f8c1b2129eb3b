"""Power actions and crash handling of one server: one at a time, and what the console is told about them."""

import asyncio
from typing import TYPE_CHECKING

from sandbox.panel.game import Exit

if TYPE_CHECKING:
    from sandbox.panel.runtime import Runtime

STOP_SECONDS = 600.0
SIGNAL_SECONDS = 10.0
CRASH_SECONDS = 60.0
ACTIONS = ("start", "stop", "restart", "kill")


class PowerError(Exception):
    """A power action that cannot be done; the text is what an admin is told."""


class LockedError(PowerError):
    """Another power action is running."""


class Power:
    """What Wings does with power actions (`wings server/power.go`, `server/crash.go`)."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._server = runtime.server
        self._lock = asyncio.Lock()
        self._last_crash: float | None = None

    def accept(self, action: str) -> None:
        """What Wings does with the panel's request: accept, and try in the background; refusals are only logged."""
        self.received(action)
        self._runtime.spawn(self.quietly(action))

    def received(self, action: str) -> None:
        """Remember that this signal reached the node."""
        self._runtime.signals.append(action)
        self._runtime.note("signal", action)

    async def quietly(self, action: str) -> None:
        """Do an action whose failure nobody is told."""
        try:
            await self.act(action)
        except PowerError as error:
            self._runtime.note("world", f"power {action} refused: {error}")

    async def act(self, action: str) -> None:
        """Do a power action to its end; raises PowerError."""
        if action not in ACTIONS:
            raise PowerError("invalid power action")
        if action == "kill":
            self._kill()
            await self._runtime.exited.wait()
            return
        if self._lock.locked():
            raise LockedError("failed to acquire exclusive lock on server")
        async with self._lock:
            if action in ("stop", "restart"):
                await self._stop()
            if action in ("start", "restart"):
                await self._start()

    def _refusal(self) -> str | None:
        if self._server.status == "suspended":
            return "server is currently in a suspended state"
        if self._runtime.installing or self._server.status == "installing":
            return "server is currently installing"
        if self._server.status == "restoring_backup":
            return "server is currently being restored"
        if self._server.transferring:
            return "server is currently being transferred"
        return "server is running" if self._runtime.state != "offline" else None

    async def _start(self) -> None:
        refusal = self._refusal()
        if refusal is not None:
            raise PowerError(refusal)
        runtime = self._runtime
        await runtime.exited.wait()
        for text in self._preparations():
            runtime.daemon_line(text)
        runtime.set_state("starting")
        runtime.daemon_line("Pulling Docker container image, this could take a few minutes to complete...")
        runtime.publish("install output", f"Pulling from {self._server.docker_image}")
        await runtime.clock.sleep(self._server.spec.boot_seconds / 10)
        runtime.daemon_line("Finished pulling Docker container image")
        if runtime.state == "starting":  # otherwise it was killed while pulling
            runtime.launch(booted=False)

    def _preparations(self) -> list[str]:
        texts = [
            "Updating process configuration files...",
            "Ensuring file permissions are set correctly, this could take a few seconds...",
        ]
        if self._server.limits.disk:
            verb = "checking" if self._server.node.facts.pelican else "Checking"
            texts.insert(0, f"{verb} server disk space usage, this could take a few seconds...")
        return texts

    async def _stop(self) -> None:
        runtime = self._runtime
        if runtime.state == "offline" or runtime.game is None:
            return
        runtime.set_state("stopping")
        facts = self._server.node.facts
        by_signal = self._server.spec.stop_command.startswith("^")
        if by_signal and not facts.modern_wings:
            runtime.game.end(137)  # Wings 1.11 does not know ^C and falls through to SIGKILL
        elif by_signal:
            runtime.game.interrupt()
        else:
            runtime.game.stdin(self._server.spec.stop_command)
        if by_signal and not facts.pelican:
            runtime.set_state("offline")  # without waiting for the process
            return
        patience = SIGNAL_SECONDS if by_signal else STOP_SECONDS
        try:
            await asyncio.wait_for(runtime.exited.wait(), runtime.clock.real(patience))
        except TimeoutError:
            self._kill()
            await runtime.exited.wait()

    def _kill(self) -> None:
        runtime = self._runtime
        if runtime.state == "offline":
            return
        runtime.set_state("stopping")
        if runtime.game is not None:
            runtime.game.end(137)
        else:
            runtime.set_state("offline")

    def crashed(self, ended: Exit) -> None:
        """The process ended by itself: say so, and start it again unless it does that too often."""
        runtime, spec = self._runtime, self._server.spec
        if not spec.detect_crashes:
            runtime.daemon_line("Aborting automatic restart, crash detection is disabled for this instance.")
            return
        if ended.code == 0 and not ended.oom and not spec.clean_exit_is_crash:
            return
        runtime.daemon_line("---------- Detected server process in a crashed state! ----------")
        runtime.daemon_line(f"Exit code: {ended.code}")
        runtime.daemon_line(f"Out of memory: {'true' if ended.oom else 'false'}")
        now = runtime.clock.elapsed()
        last, self._last_crash = self._last_crash, now
        if last is not None and now - last < CRASH_SECONDS:
            runtime.daemon_line("Aborting automatic restart, last crash occurred less than 60 seconds ago.")
            return
        runtime.spawn(self.quietly("start"))
