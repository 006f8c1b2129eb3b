"""Pure: from the power states seen after a signal to the sentence that says how it ended.

Wings carries out one power action at a time and drops a start, stop or restart without a word while another is under
way (`wings server/power.go`). So what is seen may be somebody else's doing: only what this signal brings about counts
for it.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.console.crash import CrashWatch, crash_text
from bot.i18n import _
from bot.terms import PowerState, Signal

CACHED_SECONDS = 25.0
"""A panel answers from a cache of 20 s (1.x, Pelican), and the bot asks again after 5."""
_OFFLINE, _STARTING = PowerState.OFFLINE, PowerState.STARTING
_RUNNING, _STOPPING = PowerState.RUNNING, PowerState.STOPPING
_EFFECTS = {
    Signal.START: frozenset({_STARTING, _RUNNING}),
    Signal.STOP: frozenset({_STOPPING, _OFFLINE}),
    Signal.RESTART: frozenset({_STOPPING, _OFFLINE, _STARTING}),
    Signal.KILL: frozenset({_STOPPING, _OFFLINE}),
}
"""The states into which a signal brings a server; any other that it gets into is somebody else's doing."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What to tell the person who sent a signal; `done` on the last one."""

    sentence: str
    done: bool = False
    ok: bool | None = None
    """Whether it ended as asked; None while it goes on and where nobody can tell. On one that is not the last: it is as
    asked by now, and whether it stays so is still watched."""
    later: bool = False
    """Nothing was started because the server is still stopping: it can be once it is off."""
    crashed: bool = False
    """The server failed: its console's last lines tell why."""
    by: str | None = None
    """The sentence for where it must be said who did it, with `{member}` in it."""


@dataclass(frozen=True, slots=True)
class OutcomeTiming:
    """How long an outcome is awaited, in seconds."""

    reaction: float = 60.0
    """Wings checks disk space and permissions before it changes the state, silently."""
    patience: float = 300.0
    """Some games never print the line by which Wings knows they are up."""
    settle: float = 3.0
    """So long a state must last where another action may be under way: a restart is off only for a moment."""
    until_off: float = 540.0
    """How long a start waits for the end of a stop. With `patience`, that is as long as Discord lets it be told."""


class Outcome:
    """Follows one signal. Feed it every state seen; it answers with progress, or None where nothing is new."""

    def __init__(
        self,
        signal: Signal,
        server: str,
        *,
        before: PowerState,
        sent_at: float,
        timing: OutcomeTiming,
        uptime: timedelta | None = None,
        joined: bool = False,
    ) -> None:
        """`server` is Markdown. `uptime`: how long its process was up before, as far as was known.

        `joined`: nothing was sent, for just that was under way already.
        """
        self._uptime = uptime
        self._signal = signal
        self._server = server
        self._state: PowerState = before
        self._since = sent_at
        self.sent_at = sent_at
        """In seconds, on the clock that `observe` is told."""
        self._timing = timing
        self._joined = joined
        self._taken = joined
        self._moved = False
        """Whether it got from one known state into another."""
        self._polled = False
        """Whether the newest state is the panel's word: what came between may never be known."""
        self._was_starting = before is _STARTING and (joined or signal is Signal.START)
        self._stopped_meanwhile = False
        self._crash = CrashWatch()

    @property
    def state(self) -> PowerState:
        """The newest state known."""
        return self._state

    @property
    def crashed(self) -> bool:
        """Whether the server went down while starting: its last words may follow within a second or two."""
        return self._was_starting and not self._stopped_meanwhile and self._state is _OFFLINE

    @property
    def _is_dropped(self) -> bool:
        """Whether another action turns out to be under way, beside which Wings takes no further one."""
        if self._signal is Signal.START:
            return self._state is _STOPPING
        return self._signal is not Signal.KILL and self._moved and self._state is _RUNNING

    def hear(self, line: str) -> None:
        """Take note of what Wings prints about a crash."""
        self._crash.hear(line)

    def is_fresh(self, uptime: timedelta | None, now: float) -> bool:
        """Whether a process that is up so long, by a word that may be 25 s old, began after the signal.

        The one that was there before has been up for longer than it was then, all the more as time goes by.
        """
        if not uptime or not self._uptime:
            return False
        return uptime < self._uptime + timedelta(seconds=max(0.0, now - self.sent_at - CACHED_SECONDS))

    def observe(self, state: PowerState, now: float, *, fresh: bool = False, polled: bool = False) -> Progress | None:
        """Return progress when the state says something new.

        `fresh`: the process is younger than the signal. `polled`: no further states come soon.
        """
        if state is PowerState.UNKNOWN:
            return None
        changed, self._polled = state is not self._state, polled
        if changed:
            self._moved |= self._state is not PowerState.UNKNOWN
            self._state, self._since = state, now
        self._taken |= fresh or (changed and state in _EFFECTS[self._signal])
        if self._signal in {Signal.STOP, Signal.KILL}:
            if state is _OFFLINE and (changed or polled):
                return self._stopped(done=polled)
        elif state is _RUNNING and self._taken:
            return self._up(now)
        elif self.crashed:
            return self.crash(now)
        elif self._was_starting and state is _OFFLINE:
            return self._end(
                _("⏹ **{server}** was stopped before it was up: by another command, or in the panel."), now, ok=False
            )
        else:
            self._stopped_meanwhile |= self._was_starting and state is _STOPPING
            self._was_starting |= state is _STARTING
        return Progress(self._on_the_way().format(server=self._server)) if changed else None

    def crash(self, now: float) -> Progress:
        """Return how a start that failed ended, with what Wings said about it so far."""
        crash, seconds = self._crash.found, self._seconds(now)
        if crash is not None:
            return Progress(crash_text(self._server, crash, after=seconds), done=True, ok=False, crashed=True)
        text = _(
            "💥 **{server}** went down again after {seconds} s without getting up; its console says why. "
            "Wings may start it again by itself."
        )
        return replace(self._end(text, now, ok=False), crashed=True)

    def overdue(self, now: float) -> Progress | None:
        """Return the last word once waiting longer makes no sense; None before."""
        settled = now - self._since >= self._timing.settle
        if self._signal in {Signal.STOP, Signal.KILL} and self._taken and settled:
            if self._state is _OFFLINE:
                return self._stopped(done=True)
            if self._state in {_STARTING, _RUNNING}:
                return self._came_back(now)
        if not self._taken and settled and self._is_dropped:
            return self._dropped(now)
        waited = now - self.sent_at
        if not self._taken and waited >= self._timing.reaction:
            return self._no_reaction(now)
        if self._signal is Signal.RESTART and self._state is _OFFLINE and now - self._since >= self._timing.reaction:
            return self._stays_down(now)
        return self._too_long(now) if waited >= self._timing.patience else None

    def _up(self, now: float) -> Progress:
        seconds = self._seconds(now)
        if self._signal is Signal.RESTART and not self._joined:
            text = (
                _("🟢 **{server}** is back up (restarted in {seconds} s).")
                if seconds
                else _("🟢 **{server}** is back up.")
            )
        else:
            timed = seconds and not self._joined
            text = _("🟢 **{server}** is up (took {seconds} s).") if timed else _("🟢 **{server}** is up.")
        return self._end(text, now, ok=True)

    def _stopped(self, *, done: bool) -> Progress:
        if self._signal is Signal.KILL and not self._joined:
            text, by = _("💀 **{server}** was killed."), _("💀 {member} killed **{server}**.")
            by = by.format(server=self._server, member="{member}")
            return Progress(text.format(server=self._server), done=done, ok=True, by=by)
        if self._joined and not self._moved:
            return Progress(already_off(self._server), done=done, ok=True)
        seconds = self._seconds(self._since)
        text = _("⏹ **{server}** has stopped ({seconds} s).") if seconds else _("⏹ **{server}** has stopped.")
        return Progress(text.format(server=self._server, seconds=seconds), done=done, ok=True)

    def _came_back(self, now: float) -> Progress:
        return self._end(
            _(
                "**{server}** went down, but it is starting again: a restart was under way, or somebody started it. "
                "Use `/stop` once it is up if it shall stay off."
            ),
            now,
            ok=False,
        )

    def _dropped(self, now: float) -> Progress:
        if self._signal is Signal.START:
            text = (
                _("**{server}** is stopping: your start was refused, or somebody has stopped it since.")
                if self._polled
                else _("**{server}** was just stopping, so your start was refused.")
            )
            return Progress(text.format(server=self._server), done=True, ok=False, later=True)
        if self._signal is Signal.RESTART:
            text = _(
                "**{server}** was just starting, so your restart was refused. Use `/restart` again if you want one."
            )
        else:
            text = _("**{server}** was just starting, so your stop was refused. Use `/stop` again.")
        return self._end(text, now, ok=False)

    def _no_reaction(self, now: float) -> Progress:
        text = _(
            "The panel accepted it, but **{server}** has not reacted within {seconds} s: another power action is under "
            "way, or the node is busy. Look at `/status`, then try again."
        )
        return self._end(text, now, ok=False)

    def _stays_down(self, now: float) -> Progress:
        text = _(
            "**{server}** went down, but has not come back within {seconds} s: somebody's stop may have been faster "
            "than your restart. Use `/start`."
        )
        return self._end(text, now, ok=False)

    def _too_long(self, now: float) -> Progress:
        if self._state is _STARTING:
            text = _(
                "**{server}** is still starting after {seconds} s. "
                "Some games never report that they are ready, so it may well be up."
            )
        elif self._state is _STOPPING:
            text = _("**{server}** is still stopping after {seconds} s; Wings ends it by force after 10 minutes.")
        else:
            text = _("After {seconds} s **{server}** is not where you wanted it. Look at `/status`, then try again.")
        return self._end(text, now, ok=False if self._state in {_OFFLINE, _RUNNING} else None)

    def _seconds(self, until: float) -> int:
        return max(0, round(until - self.sent_at))

    def _end(self, text: str, now: float, *, ok: bool | None) -> Progress:
        return Progress(text.format(server=self._server, seconds=self._seconds(now)), done=True, ok=ok)

    def _on_the_way(self) -> str:
        return {
            _STARTING: _("**{server}** is starting …"),
            _STOPPING: _("**{server}** is stopping …"),
            _OFFLINE: _("**{server}** is off, waiting for it to start …"),
        }.get(self._state, _("**{server}** is still running …"))


def already_off(server: str) -> str:
    """Return what is said of a server that need not be stopped; `server` is Markdown."""
    return _("**{server}** is off already.").format(server=server)
