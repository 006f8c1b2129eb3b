"""Pure: which of several words about a server's state and usage is the newest, and what must not be shown as new."""

from dataclasses import dataclass

from bot.i18n import _
from bot.panel.models import Resources
from bot.services.lately import Deed
from bot.services.outcome import CACHED_SECONDS
from bot.terms import PowerState


@dataclass(frozen=True, slots=True)
class Live:
    """What a console tells that is open anyway."""

    state: PowerState = PowerState.UNKNOWN
    """UNKNOWN where none is."""
    usage: Resources | None = None
    """None where it tells none of a process that runs."""


@dataclass(frozen=True, slots=True)
class Newest:
    """What is to be shown."""

    state: PowerState
    usage: Resources | None = None
    """None where nobody knows it of this state, or of the process that runs now."""
    note: str | None = None
    """Why there is less than one would expect."""


def newest(told: Resources, live: Live, deed: Deed | None, *, cached: bool) -> Newest:
    """Return what is newest of the panel's word, a live console's and what was done a moment ago.

    `told` is the panel's, and if it is `cached`, up to 25 s old: its figures are shown neither beside another state
    than theirs nor as those of after a deed that they may be from before.
    """
    usage = live.usage or told
    if live.state not in {PowerState.UNKNOWN, usage.state}:
        return Newest(live.state)
    if live.usage is not None:
        is_old = deed is not None and deed.is_younger_than(live.usage.uptime)
    else:
        is_old = cached and deed is not None and deed.may_precede(usage.uptime, lag=CACHED_SECONDS)
    if deed is None or not is_old:
        return Newest(usage.state, usage if usage.state is not PowerState.UNKNOWN else None)
    state = next((each for each in (live.state, deed.state) if each is not PowerState.UNKNOWN), usage.state)
    if state is PowerState.OFFLINE or deed.under_way:
        return Newest(state)
    if live.state is not PowerState.UNKNOWN:
        return Newest(state, note=_("What it uses is not known yet: press *Refresh* in a moment."))
    return Newest(state, note=_("What it uses is not known yet: press *Refresh* in 20 seconds."))
