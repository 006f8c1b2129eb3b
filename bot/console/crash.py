"""Pure: what Wings says on the console about a process that ended by itself, and how people are told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bot.console.marks import is_daemon_line
from bot.i18n import _
from bot.text.ansi import strip

_EXIT_CODE = re.compile(r"Exit code: (-?\d{1,10})\b")
_DETECTED = "Detected server process in a crashed state"
_OUT_OF_MEMORY = "Out of memory: "
_TOO_OFTEN = re.compile(r"Aborting automatic restart, last crash occurred less than (\d{1,6}) seconds? ago")
_LEFT_ALONE = "Aborting automatic restart, crash detection is disabled"
_LOOK = 300
"""Characters of a line that are looked at: Wings' own are far shorter."""


class Aftermath(Enum):
    """What Wings does about it."""

    RESTART = "it starts the server again"
    TOO_OFTEN = "nothing, for it crashed a short while ago too"
    LEFT_ALONE = "nothing, for crash detection is switched off for this server"


@dataclass(frozen=True, slots=True)
class Crash:
    """How a process ended that nobody had told to (`wings server/crash.go`)."""

    exit_code: int | None = None
    """None where Wings does not tell it: crash detection is off."""
    out_of_memory: bool = False
    aftermath: Aftermath = Aftermath.RESTART
    within: int | None = None
    """With TOO_OFTEN: in so many seconds it may crash once."""

    @property
    def is_clean(self) -> bool:
        """Whether the process ended as if it had been told to: by a `stop` typed in the game, for example."""
        return self.exit_code == 0 and not self.out_of_memory


class CrashWatch:
    """Puts together what Wings tells of one end in several lines, which follow the state `offline` within a moment."""

    def __init__(self) -> None:
        self._exit_code: int | None = None
        self._out_of_memory = False
        self._aftermath = Aftermath.RESTART
        self._within: int | None = None
        self._told = False
        self.is_complete = False
        """Whether nothing is to be expected that would change it, but that the server is started again."""

    @property
    def found(self) -> Crash | None:
        """What was told so far; None while nothing was."""
        if not self._told:
            return None
        return Crash(self._exit_code, self._out_of_memory, self._aftermath, self._within)

    def hear(self, line: str) -> None:
        """Take note of a console line; only Wings' own count."""
        if not is_daemon_line(line):
            return
        text = strip(line[:_LOOK])
        if code := _EXIT_CODE.search(text):
            self._exit_code, self._told = int(code[1]), True
        elif _OUT_OF_MEMORY in text:
            self._out_of_memory, self._told = f"{_OUT_OF_MEMORY}true" in text, True
        elif often := _TOO_OFTEN.search(text):
            self._aftermath, self._within = Aftermath.TOO_OFTEN, int(often[1])
            self._told = self.is_complete = True
        elif _LEFT_ALONE in text:
            self._aftermath = Aftermath.LEFT_ALONE
            self._told = self.is_complete = True


def last_words(lines: Sequence[str]) -> tuple[int, int]:
    """Return from where to where, in a console's last lines, a process printed that ended by itself.

    Those between what Wings says when it starts one and what it says of its end; it may have started another since.
    """
    daemons = [index for index, text in enumerate(lines) if is_daemon_line(text)]
    ends = [index for index in daemons if _DETECTED in strip(lines[index][:_LOOK])]
    end = ends[-1] if ends else len(lines)
    return max((index + 1 for index in daemons if index < end), default=0), end


def crash_text(server: str, crash: Crash, *, after: int | None = None) -> str:
    """Return the sentences that tell it. `server` is Markdown; `after`: how many seconds after it was started."""
    if crash.is_clean or crash.exit_code is None:
        ended = (
            _("⏹ **{server}** ended by itself after {seconds} s.") if after else _("⏹ **{server}** ended by itself.")
        )
    elif crash.out_of_memory:
        ended = _("💥 **{server}** crashed after {seconds} s") if after else _("💥 **{server}** crashed")
        ended = f"{ended} {_('(it ran out of memory).')}"
    else:
        ended = _("💥 **{server}** crashed after {seconds} s") if after else _("💥 **{server}** crashed")
        ended = f"{ended} {_('(exit code {code}).')}"
    text = f"{ended} {_aftermath(crash.aftermath)}"
    return text.format(server=server, seconds=after, code=crash.exit_code, within=crash.within)


def _aftermath(aftermath: Aftermath) -> str:
    return {
        Aftermath.RESTART: _("Wings starts it again."),
        Aftermath.TOO_OFTEN: _(
            "Wings does not start it again, because it crashed less than {within} s before too: its console says why."
        ),
        Aftermath.LEFT_ALONE: _("Wings does not start it again: crash detection is switched off for it."),
    }[aftermath]
