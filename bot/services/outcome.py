"""Pure: from the power states seen after a signal to the sentence that says how it ended."""

import re
from dataclasses import dataclass

from bot.i18n import _
from bot.terms import PowerState, Signal

_EXIT_CODE = re.compile(r"Exit code: (-?\d+)")


@dataclass(frozen=True, slots=True)
class Progress:
    """What to tell the person who sent a signal; `done` on the last one."""

    sentence: str
    done: bool = False
    ok: bool | None = None
    """Whether it ended as asked; None while it goes on and where nobody can tell."""


@dataclass(frozen=True, slots=True)
class OutcomeTiming:
    """How long an outcome is awaited, in seconds."""

    reaction: float = 60.0
    """Wings checks disk space and permissions before it changes the state, silently."""
    patience: float = 300.0
    """Some games never print the line by which Wings knows they are up."""


class Outcome:
    """Follows one signal. Feed it every state seen; it answers with progress, or None where nothing is new."""

    def __init__(
        self, signal: Signal, server: str, *, before: PowerState, sent_at: float, timing: OutcomeTiming
    ) -> None:
        self._signal = signal
        self._server = server
        self._state: PowerState = before
        self._sent_at = sent_at
        self._timing = timing
        self._moved = False
        self._was_starting = before is PowerState.STARTING and signal is Signal.START
        self._exit_code: str | None = None
        self._out_of_memory = False

    @property
    def crashed(self) -> bool:
        """Whether the server went down while starting: its last words may follow within a second or two."""
        return self._was_starting and self._state is PowerState.OFFLINE

    def hear(self, line: str) -> None:
        """Take note of what Wings prints about a crash."""
        if found := _EXIT_CODE.search(line):
            self._exit_code = found[1]
        self._out_of_memory |= "Out of memory: true" in line

    def observe(self, state: PowerState, now: float, *, fresh: bool = False) -> Progress | None:
        """Return progress when the state says something new. `fresh`: the process is younger than the signal."""
        if state is PowerState.UNKNOWN:
            return None
        changed = state is not self._state
        self._moved |= changed or fresh
        self._state = state
        if self._signal in {Signal.STOP, Signal.KILL} and state is PowerState.OFFLINE:
            return self._end(_("**{server}** is offline after {seconds} s."), now, ok=True)
        if self._signal in {Signal.START, Signal.RESTART}:
            if state is PowerState.RUNNING and (self._moved or self._signal is Signal.START):
                return self._end(_("**{server}** is running after {seconds} s."), now, ok=True)
            if self.crashed:
                return self.crash(now)
            self._was_starting |= state is PowerState.STARTING
        return Progress(_on_the_way(state).format(server=self._server)) if changed else None

    def crash(self, now: float) -> Progress:
        """Return how a start that failed ended, with what Wings said about it so far."""
        if self._out_of_memory:
            text = _("**{server}** crashed after {seconds} s: it ran out of memory. Wings may try again by itself.")
        elif self._exit_code is not None:
            text = _(
                "**{server}** crashed after {seconds} s with exit code {code}; "
                "its console says why. Wings may try again by itself."
            )
        else:
            text = _(
                "**{server}** went down again after {seconds} s without getting up; its console says why. "
                "Wings may try again by itself."
            )
        return self._end(text, now, ok=False)

    def overdue(self, now: float) -> Progress | None:
        """Return the last word once waiting longer makes no sense; None before."""
        waited = now - self._sent_at
        if waited < self._timing.reaction or (self._moved and waited < self._timing.patience):
            return None
        if not self._moved:
            return self._end(
                _(
                    "The panel accepted the signal, but **{server}** has not reacted within {seconds} s; "
                    "another power action may be running, or the node is busy. Look at `/status` in a minute."
                ),
                now,
                ok=False,
            )
        if self._state is PowerState.STARTING:
            return self._end(
                _(
                    "**{server}** is still starting after {seconds} s. "
                    "Some games never report that they are ready, so it may well be up."
                ),
                now,
                ok=None,
            )
        if self._state is PowerState.STOPPING:
            return self._end(
                _("**{server}** is still stopping after {seconds} s; Wings ends it by force after 10 minutes."),
                now,
                ok=None,
            )
        return self._end(_("**{server}** stopped, but has not come back within {seconds} s."), now, ok=False)

    def _end(self, text: str, now: float, *, ok: bool | None) -> Progress:
        seconds = max(0, round(now - self._sent_at))
        return Progress(text.format(server=self._server, seconds=seconds, code=self._exit_code), done=True, ok=ok)


def _on_the_way(state: PowerState) -> str:
    return {
        PowerState.STARTING: _("**{server}** is starting …"),
        PowerState.STOPPING: _("**{server}** is stopping …"),
        PowerState.OFFLINE: _("**{server}** is offline, waiting for it to start …"),
    }.get(state, _("**{server}** is still running …"))


def needless(signal: Signal, server: str, state: PowerState) -> Progress | None:
    """Return the answer to a signal that would change nothing; None when it is worth sending."""
    if signal is Signal.START and state is PowerState.RUNNING:
        return Progress(_("**{server}** is running already.").format(server=server), done=True, ok=True)
    if signal in {Signal.STOP, Signal.KILL} and state is PowerState.OFFLINE:
        return Progress(_("**{server}** is offline already.").format(server=server), done=True, ok=True)
    return None
