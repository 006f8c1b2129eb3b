"""A measured child process: the bot or the baseline, with its processor time and memory as Linux tells them."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
_MEASURED = ("bot", "cogs", "migrations", "bench")
_INHERITED = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "TMPDIR", "LOG_LEVEL")
_TICKS = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1
_ENDING = 15.0
"""Seconds that a process gets to end by itself after SIGTERM."""


@contextmanager
def frozen_code() -> Generator[Path]:
    """Copy what is measured, so that a long run measures one state however much is edited meanwhile."""
    with TemporaryDirectory(prefix="wingcord-bench-code-") as folder:
        for package in _MEASURED:
            shutil.copytree(ROOT / package, Path(folder) / package, ignore=shutil.ignore_patterns("__pycache__"))
        yield Path(folder)


class Child:
    """`python -m MODULE`, with its packages from `code`, in a folder of its own.

    It dies with this process, whatever happens.
    """

    def __init__(self, module: str, folder: Path, code: Path, **environment: str) -> None:
        self.module = module
        self.folder = folder
        self.log = folder / "output.txt"
        self._environment = {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
            "PYTHONPATH": str(code),
            **environment,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._past_cpu = self._last_cpu = 0.0

    def tell(self, **environment: str) -> None:
        """Add to the environment of the next start."""
        self._environment |= environment

    async def start(self) -> None:
        """Start the process."""
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self.module,
                cwd=self.folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    async def stop(self) -> None:
        """End it with SIGTERM, or with SIGKILL if it takes too long."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ENDING):
                await process.wait()
        await self.kill()

    async def kill(self) -> None:
        """SIGKILL: no word of farewell, nothing written."""
        process = self._process
        if process is not None and process.returncode is None:
            self._past_cpu = self.cpu
            process.kill()
            await process.wait()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def last_words(self) -> str:
        """The end of its output."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    @property
    def cpu(self) -> float:
        """Processor seconds used so far, user and system, all lives together."""
        if self.alive:
            fields = self._proc("stat").rpartition(")")[2].split()
            self._last_cpu = self._past_cpu + (int(fields[11]) + int(fields[12])) / _TICKS
        return self._last_cpu  # of a process that died by itself, what was known last

    @property
    def memory(self) -> float:
        """Resident memory now, in MB (2**20 bytes); 0 when it does not run."""
        return self._status("VmRSS")

    @property
    def peak(self) -> float:
        """The most resident memory since its start or the last `forget_peak`, in MB; 0 when it does not run."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        """Let the peak begin anew: starting up (imports, migrations) is not what is measured."""
        if self.alive and self._process is not None:
            Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    def _status(self, name: str) -> float:
        if not self.alive:
            return 0.0
        for line in self._proc("status").splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
        return 0.0

    def _proc(self, name: str) -> str:
        process = self._process
        return "" if process is None else Path(f"/proc/{process.pid}/{name}").read_text()


def _die_with_parent() -> None:
    """Run in the new process: ask Linux to be killed when the parent dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
