"""Keeps the real bot running as a child process that can never outlive the demo."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.demo.bot_log import last_words

ROOT = Path(__file__).resolve().parents[2]
"""Where the packages `bot` and `sandbox` lie; the child runs in its data folder."""
GRACE = 1.0
"""Seconds for the bot to end by itself after SIGTERM."""
BACK_OFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before the next start after the bot has died by itself."""
LONG_ENOUGH = 60.0
"""Seconds after which a start counts as a success, and the back-off begins anew."""
MASK = "[secret]"
"""In place of the token, as in the bot's own log."""
PR_SET_PDEATHSIG = 1
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "SYSTEMROOT", "TMPDIR", "PYTHONDEVMODE")


@dataclass(frozen=True)
class BotState:
    """How the child is: `running`, `down` (it died), or `ended` (we ended it); `text` says why it is not there."""

    kind: str
    text: str = ""
    restarts: int = 0


class BotChild:
    """`python -m bot`, started again with growing pauses whenever it dies by itself."""

    def __init__(self, folder: Path, environment: dict[str, str], changed: Callable[[], None]) -> None:
        self.state = BotState("down")
        self.log = folder / "bot.log"
        self._folder = folder
        self._environment = environment
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def last_words(self) -> str:
        """What its log says last about why it is not there, in one line; empty where it says nothing."""
        return last_words(self.log).replace(self._environment.get("DISCORD_TOKEN") or MASK, MASK)

    def explain(self, text: str) -> None:
        """Say why the running bot has not come up; empty once it has."""
        if self.state.kind == "running" and self.state.text != text:
            self._tell(replace(self.state, text=text))

    def start(self) -> None:
        """Begin to keep the bot running."""
        self._task = asyncio.create_task(self._keep_running(), name="bot child")

    async def close(self) -> None:
        """End the bot: SIGTERM, and SIGKILL when it takes longer than GRACE."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), GRACE)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self._tell(BotState("ended"))

    async def _keep_running(self) -> None:
        failures = restarts = 0
        while True:
            began = time.monotonic()
            try:
                code = await self._live(restarts)
            except OSError as error:
                code, said = -1, str(error)
            else:
                said = self.last_words
            failures = 0 if time.monotonic() - began > LONG_ENOUGH else failures + 1
            pause = BACK_OFF[min(max(failures, 1), len(BACK_OFF)) - 1]
            restarts += 1
            text = f"The bot ended with code {code} and is started again in {pause:g} s. It said: {said or 'nothing'}"
            self._tell(BotState("down", text, restarts))
            await asyncio.sleep(pause)

    async def _live(self, restarts: int) -> int:
        """One life of the child; its exit code."""
        with self.log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # the terminal's Ctrl-C is for the demo, which ends the bot in order
                preexec_fn=_die_with(os.getpid()) if sys.platform == "linux" else None,
            )
        self._tell(BotState("running", restarts=restarts))
        return await self._process.wait()

    def _tell(self, state: BotState) -> None:
        self.state = state
        self._changed()


def environment(*, folder: Path, token: str, api_url: str) -> dict[str, str]:
    """The child's settings: only what it needs, so that nothing of the user's own set-up leaks into the demo."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "DISCORD_TOKEN": token,
        "DISCORD_API_URL": api_url,
        "ALLOW_PRIVATE_PANELS": "true",
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'wingcord.db'}",
    }


def _die_with(parent: int) -> Callable[[], None]:
    """What the new process does first: ask Linux to kill it when the demo dies, however it dies."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the demo died between fork and here
            os._exit(1)

    return ask
