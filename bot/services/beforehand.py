"""Pure: what is said before a signal is sent: that it need not be, cannot be yet, or has waited until it could be."""

from bot.i18n import _
from bot.services.outcome import OutcomeTiming, Progress, already_off
from bot.terms import PowerState, Signal

_OFFLINE, _STARTING = PowerState.OFFLINE, PowerState.STARTING
_RUNNING, _STOPPING = PowerState.RUNNING, PowerState.STOPPING


def before_sending(signal: Signal, server: str, state: PowerState, *, polled: bool = False) -> Progress | None:
    """Return the answer to a signal that would change nothing or be refused; None when it is worth sending.

    One that is not `done` tells that just this is under way: there is nothing to send, but something to follow. With
    `polled`, the state is the panel's word and may be old.
    """
    if signal in {Signal.START, Signal.RESTART} and state is _STOPPING:
        return _still_stopping(server)
    if signal is Signal.START and state is _STARTING:
        return Progress(_("**{server}** is starting already …").format(server=server))
    if signal is Signal.STOP and state is _STOPPING:
        return Progress(_("**{server}** is stopping already …").format(server=server))
    if signal in {Signal.STOP, Signal.KILL} and state is _OFFLINE and not polled:
        return Progress(already_off(server), ok=True)  # a restart is off for a moment only, so it is followed
    if signal is Signal.START and state is _RUNNING:
        text = _("**{server}** is running already.")
    elif signal in {Signal.STOP, Signal.KILL} and state is _OFFLINE:
        text = already_off(server)
    else:
        return None
    if polled:
        text = f"{text} {_('(The panel says so, and may be 20 s behind: try again then if it is not.)')}"
    return Progress(text.format(server=server), done=True, ok=True)


def _still_stopping(server: str) -> Progress:
    text = _("**{server}** is still stopping, so it cannot be started yet; nothing was sent.")
    return Progress(text.format(server=server), done=True, ok=False, later=True)


class UntilOff:
    """Waits, for a start, until a server that is stopping is off; its last progress is ok where it can be sent."""

    def __init__(self, server: str, *, since: float, timing: OutcomeTiming) -> None:
        """`server` is Markdown; `since`: when the waiting began, in seconds."""
        self._server = server
        self._began = since
        self._timing = timing
        self._state, self._since = _STOPPING, since
        self.crashed = False

    def hear(self, line: str) -> None:
        """Nothing that is printed matters here."""

    def crash(self, now: float) -> Progress:
        """Never asked for: nothing is being started."""
        raise AssertionError(f"waiting for a server to be off does not crash ({now})")

    def is_fresh(self, *_uptime_and_now: object) -> bool:
        """Tell nothing by how long a process is up: it is waited for a state."""
        return False

    def observe(self, state: PowerState, now: float, *, fresh: bool = False, polled: bool = False) -> Progress | None:
        """Take note of a state; return the end where no further ones come soon."""
        if state is PowerState.UNKNOWN:
            return None
        if state is not self._state:
            self._state, self._since = state, now
        return self._judged() if polled or fresh else None

    def overdue(self, now: float) -> Progress | None:
        """Return the last word once it has been off for a moment, or the waiting has taken too long."""
        if now - self._since >= self._timing.settle and (told := self._judged()) is not None:
            return told
        if now - self._began < self._timing.until_off:
            return None
        text = _(
            "**{server}** is still stopping after {minutes} minutes, and Wings ends it by force after 10. Nothing was "
            "sent: use `/start` when it is off."
        ).format(server=self._server, minutes=round(self._timing.until_off / 60))
        return Progress(text, done=True, ok=False)

    def _judged(self) -> Progress | None:
        if self._state in {_STARTING, _RUNNING}:
            text = _(
                "**{server}** is starting already: it was being restarted, or somebody was faster. Nothing was sent."
            )
            return Progress(text.format(server=self._server), done=True, ok=False)
        if self._state is not _OFFLINE:
            return None
        return Progress(_("**{server}** is off …").format(server=self._server), done=True, ok=True)
