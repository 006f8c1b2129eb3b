"""The make-believe resource usage of one server, in the two orders in which Wings writes it."""

import random
from typing import TYPE_CHECKING, Any

from sandbox.panel.clock import Clock
from sandbox.panel.console import go_json

if TYPE_CHECKING:
    from sandbox.panel.world import Limits

MIB = 1024 * 1024
HOST_MEMORY = 32 * 1024 * MIB


class Meter:
    """Memory in bytes, CPU in percent of one core, network in bytes since the start, uptime in ms."""

    def __init__(self, limits: "Limits", clock: Clock, rng: random.Random) -> None:
        self._limits = limits
        self._clock = clock
        self._rng = rng
        self._since: float | None = None
        self._limit_bytes = 0
        self.disk_bytes = 2_147_480_064
        self.disk_io = False

    def started(self) -> None:
        """The container was started now."""
        self._since = self._clock.elapsed()
        self._limit_bytes = docker_limit(self._limits.memory)

    def stopped(self) -> None:
        """The container has ended; the memory limit keeps its last value."""
        self._since = None

    def current(self, state: str) -> dict[str, Any]:
        """The usage now, keys in struct order."""
        uptime, cpu, memory = 0, 0.0, 0
        if self._since is not None:
            uptime = int((self._clock.elapsed() - self._since) * 1000)
            cpu = round(self._rng.uniform(5.0, 60.0), 3)
            base = self._limits.memory * MIB or 4096 * MIB
            memory = int(base * (0.35 + self._rng.uniform(0.0, 0.1)))
        values: dict[str, Any] = {
            "memory_bytes": memory,
            "memory_limit_bytes": self._limit_bytes,
            "cpu_absolute": cpu or 0,
            "network": {"rx_bytes": uptime * 2, "tx_bytes": uptime * 5},
            "uptime": uptime,
            "state": state,
            "disk_bytes": self.disk_bytes,
        }
        if self.disk_io:
            values["disk_io"] = {"read_bytes": uptime * 3, "write_bytes": uptime}
        return values

    def pushed(self, state: str) -> str:
        """The payload of a pushed `stats` event: keys sorted."""
        values = self.current(state)
        return go_json(dict(sorted(values.items())))

    def reply(self, state: str) -> str:
        """The payload of a `stats` reply: struct order."""
        return go_json(self.current(state))


def docker_limit(memory: int) -> int:
    """Docker's memory limit in bytes for a panel limit in MiB (`wings config/config_docker.go`)."""
    if memory <= 0:
        return HOST_MEMORY
    factor = 1.15 if memory <= 2048 else 1.10 if memory <= 4096 else 1.05
    return int(memory * MIB * factor)
