"""What people see: states, sizes, embeds. Pure, bounded by Discord's limits, and safe with any name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import discord

from bot.discord_replies import clip
from bot.errors import BusyReason
from bot.i18n import _, ngettext
from bot.services import ServerOverview, ServerStatus
from bot.terms import PanelKind, PowerState, Signal
from bot.text import markdown
from bot.text.markdown import escape

_T = TypeVar("_T")

NAME_LIMIT = 80
"""Characters shown of a name that people chose."""
_PAGE_CHARACTERS = 3500
_PAGE_ENTRIES = 25
_GAP = "\n\n"
"""Between two entries: each has several lines, of which the next one's first would pass for one more."""
_LONGEST_STATE = 40
"""Characters around a server's name in its line."""
_DESCRIPTION_LIMIT = 4096
_DOTS = {
    PowerState.RUNNING: "🟢",
    PowerState.STARTING: "🟡",
    PowerState.STOPPING: "🟠",
    PowerState.OFFLINE: "⚫",
    PowerState.UNKNOWN: "⚪",
}
_BUSY_COLOURS = {
    BusyReason.SUSPENDED: discord.Colour.red(),
    BusyReason.INSTALL_FAILED: discord.Colour.red(),
    BusyReason.REINSTALL_FAILED: discord.Colour.red(),
}
"""Trouble is red; whatever is being done about a server is not."""
_COLOURS = {
    PowerState.RUNNING: discord.Colour.green(),
    PowerState.STARTING: discord.Colour.gold(),
    PowerState.STOPPING: discord.Colour.orange(),
    PowerState.OFFLINE: discord.Colour.dark_grey(),
    PowerState.UNKNOWN: discord.Colour.light_grey(),
}


def safe(text: str, limit: int = NAME_LIMIT) -> str:
    """Return a name or other text of people's, cut to `limit` characters, without mark-up or mentions."""
    return escape(clip(" ".join(text.split()), limit))


def code(text: str, limit: int = NAME_LIMIT) -> str:
    """Return text as inline code that it cannot break out of."""
    return markdown.code(clip(" ".join(text.split()), limit))


def state_words(state: PowerState) -> str:
    """Return the state as a coloured dot and a word."""
    words = {
        PowerState.RUNNING: _("running"),
        PowerState.STARTING: _("starting"),
        PowerState.STOPPING: _("stopping"),
        PowerState.OFFLINE: _("offline"),
        PowerState.UNKNOWN: _("unknown"),
    }
    return f"{_DOTS[state]} {words[state]}"


def signal_word(signal: Signal) -> str:
    """Return the word on a signal's button."""
    return {
        Signal.START: _("Start"),
        Signal.STOP: _("Stop"),
        Signal.RESTART: _("Restart"),
        Signal.KILL: _("Kill"),
    }[signal]


def under_way_words(signal: Signal) -> str:
    """Return what is said of a server in the place of its state while a signal is followed."""
    return {
        Signal.START: _("🟡 starting …"),
        Signal.STOP: _("🟠 stopping …"),
        Signal.RESTART: _("🟠 restarting …"),
        Signal.KILL: _("🟠 being killed …"),
    }[signal]


def kind_words(kind: PanelKind) -> str:
    """Return what a panel is called in the world."""
    return {
        PanelKind.PTERODACTYL: _("Pterodactyl 1.x"),
        PanelKind.PELICAN: _("Pelican"),
        PanelKind.PTERODACTYL_0_7: _("Pterodactyl 0.7"),
    }[kind]


def size(count: int) -> str:
    """Return bytes in the largest binary unit that leaves a number of at least one."""
    amount, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while amount >= 1024 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if units[0] == "B" or amount >= 100 else f"{amount:.1f} {units[0]}"


def span(duration: timedelta) -> str:
    """Return a duration in its largest unit: `8 s`, `5 min`, `3 h`, `2 d`; never none at all."""
    seconds = max(1, int(duration.total_seconds()))
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def status_embed(status: ServerStatus, *, now: datetime) -> discord.Embed:
    """Return what is known of a server; fields that nobody can tell are left out. `now` is UTC."""
    words, colour = state_words(status.state), _COLOURS[status.state]
    if status.busy is not None:
        words = busy_words(status.busy) + _busy_advice(status.busy)
        colour = _BUSY_COLOURS.get(status.busy, discord.Colour.gold())
    elif status.under_way is not None:
        words, colour = under_way_words(status.under_way), discord.Colour.gold()
    embed = discord.Embed(title=safe(status.server.name, 100), description=words, colour=colour)
    if status.note:
        embed.description = f"{embed.description}\n{clip(status.note, 1000)}"
    for name, value in _figures(status, now):
        embed.add_field(name=name, value=clip(value, 1024), inline=True)
    if status.panel_label:
        embed.set_footer(text=clip(_("Panel: {label}").format(label=status.panel_label), 200))
    embed.timestamp = now
    return embed


def meanwhile(status: ServerStatus, signal: Signal) -> ServerStatus:
    """Return what is left of a status once the signal is under way: no figure that it may belie, and no button."""
    return replace(
        status,
        under_way=signal,
        note=None,
        cpu_percent=None,
        memory_bytes=None,
        disk_bytes=None,
        network_rx_bytes=None,
        network_tx_bytes=None,
        uptime=None,
        signals=(),
    )


def _figures(status: ServerStatus, now: datetime) -> Iterable[tuple[str, str]]:
    if status.cpu_percent is not None:
        yield _("CPU"), _load(status.cpu_percent, status.cpu_limit_percent)
    if status.memory_bytes is not None:
        yield _("Memory"), _of(size(status.memory_bytes), status.memory_limit_bytes, size)
    if status.disk_bytes is not None:
        yield _("Disk"), _of(size(status.disk_bytes), status.disk_limit_bytes, size)
    if status.network_rx_bytes is not None and status.network_tx_bytes is not None:
        text = _("↓ {received} · ↑ {sent} since the start")
        yield _("Network"), text.format(received=size(status.network_rx_bytes), sent=size(status.network_tx_bytes))
    if status.uptime:
        yield _("Started"), discord.utils.format_dt(now - status.uptime, "R")
    if status.address:
        yield _("Address"), code(status.address, 200)
    if status.node:
        yield _("Node"), safe(status.node)


def _load(percent: float, limit: float | None) -> str:
    """Return the load as a share of what the server may use; `percent` and `limit` are of one core."""
    if not limit:
        return _("{percent} % of one core").format(percent=f"{percent:.0f}")
    cores = limit / 100
    text = ngettext("{percent} % of {cores} core", "{percent} % of {cores} cores", 1 if cores == 1 else 2)
    return text.format(percent=f"{percent / cores:.0f}", cores=f"{cores:g}")


def _of(value: str, limit: _T | None, show: Callable[[_T], str]) -> str:
    return value if limit is None else _("{value} of {limit}").format(value=value, limit=show(limit))


def busy_words(reason: BusyReason) -> str:
    """Return what is said of a server, in the place of its state, that the panel lets nobody use."""
    return {
        BusyReason.SUSPENDED: _("⛔ suspended by the host"),
        BusyReason.MAINTENANCE: _("🛠 under maintenance"),
        BusyReason.INSTALLING: _("🛠 being installed"),
        BusyReason.INSTALL_FAILED: _("🔴 installation failed"),
        BusyReason.REINSTALL_FAILED: _("🔴 reinstallation failed"),
        BusyReason.NOT_INSTALLED: _("🛠 installing, or it failed"),
        BusyReason.RESTORING: _("🛠 restoring a backup"),
        BusyReason.TRANSFERRING: _("🛠 moving to another machine"),
        BusyReason.UNKNOWN: _("🛠 busy, the panel says not why"),
    }[reason]


def _busy_advice(reason: BusyReason) -> str:
    """Return what can be done about it; nothing where waiting is all."""
    if reason is BusyReason.SUSPENDED:
        return "\n" + _("Only the host can lift that.")
    if reason in {BusyReason.INSTALL_FAILED, BusyReason.REINSTALL_FAILED, BusyReason.NOT_INSTALLED}:
        return "\n" + _("Look in the panel why, and reinstall it there where it failed.")
    return ""


def overview_line(row: ServerOverview, note_limit: int = 200) -> str:
    """Return a server's line in `/servers`, with at most so many characters of its note."""
    words = state_words(row.state)
    if row.pending and row.state is PowerState.UNKNOWN:
        words = _("⏳ asking …")
    elif row.busy is not None:
        words = busy_words(row.busy)
    elif row.age is not None:
        words = _("{state}, {age} ago").format(state=words, age=span(row.age))
    line = f"**{safe(row.server.name)}** · {words}"
    return f"{line}\n-# {clip(row.note, note_limit)}" if row.note and note_limit else line


def overview_parts(rows: Sequence[ServerOverview]) -> list[list[ServerOverview]]:
    """Return the servers of each page of `/servers`: as many as fit by their names, whatever is said of them."""
    parts: list[list[ServerOverview]] = []
    room = 0
    for row in rows:
        room -= len(safe(row.server.name)) + _LONGEST_STATE
        if not parts or room < 0 or len(parts[-1]) == _PAGE_ENTRIES:
            parts.append([])
            room = _PAGE_CHARACTERS - len(safe(row.server.name)) - _LONGEST_STATE
        parts[-1].append(row)
    return parts


def overview_embed(rows: Sequence[ServerOverview], *, page: int, count: int) -> discord.Embed:
    """Return one page of `/servers`, of `count`; where notes are many and long, less of each is shown."""
    text = ""
    for limit in (200, 100, 50, 0):
        text = "\n".join(overview_line(row, limit) for row in rows)
        if len(text) <= _DESCRIPTION_LIMIT:
            break
    text = clip(text, _DESCRIPTION_LIMIT) or _("There is no server here any more that you may see.")
    embed = discord.Embed(title=_("Servers"), description=text, colour=discord.Colour.blurple())
    if count > 1:
        embed.set_footer(text=_("Page {number} of {count}").format(number=page + 1, count=count))
    return embed


def pages(title: str, entries: Sequence[str]) -> list[discord.Embed]:
    """Return entries, a gap between each two, spread over embeds within Discord's limits, short enough for a phone."""
    texts: list[str] = []
    current: list[str] = []
    for entry in entries:
        bounded = clip(entry, _PAGE_CHARACTERS)
        if current and (len(current) == _PAGE_ENTRIES or len(_GAP.join([*current, bounded])) > _PAGE_CHARACTERS):
            texts.append(_GAP.join(current))
            current = []
        current.append(bounded)
    texts.append(_GAP.join(current))
    embeds = [discord.Embed(title=title, description=text, colour=discord.Colour.blurple()) for text in texts]
    if len(embeds) > 1:
        for number, embed in enumerate(embeds, start=1):
            embed.set_footer(text=_("Page {number} of {count}").format(number=number, count=len(embeds)))
    return embeds
