"""What a relay says in a channel in its own name: short Markdown lines, outside the blocks of console lines."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.i18n import _, ngettext
from bot.terms import PowerState
from bot.text import markdown

_LONGEST_NAME = 60
_NUMBER = re.compile(r"⚠.*?(\d+)")
_LONGEST_COUNT = 10
"""Digits."""
_LONGEST_REASON = 900
_MOST_NAMES = 10


def name(server_name: str) -> str:
    """Return a server's name as Markdown that shows it literally, shortened if need be."""
    shown = server_name if len(server_name) <= _LONGEST_NAME else server_name[: _LONGEST_NAME - 1] + "…"
    return markdown.escape(shown)


def state_changed(server: str, state: PowerState) -> str | None:
    """Return the line for a power state; None for one that is not worth a line. `server` is Markdown."""
    texts = {
        PowerState.STARTING: _("🔄 **{server}** is starting"),
        PowerState.RUNNING: _("▶ **{server}** is running"),
        PowerState.STOPPING: _("🔽 **{server}** is stopping"),
        PowerState.OFFLINE: _("⏹ **{server}** is offline"),
    }
    text = texts.get(state)
    return None if text is None else text.format(server=server)


def begins(server: str) -> str:
    """Return the line that marks where a new relay begins: what the console printed before is not shown."""
    return _("-# The console of {server} is shown from here on.").format(server=server)


def ends(servers: Sequence[str], waiting: int) -> str:
    """Return the last line of removed relays; `waiting`: lines not known to be posted, of which some may have been."""
    named = ", ".join(servers[:_MOST_NAMES])
    if len(servers) > _MOST_NAMES:
        named = _("{names} and {count} more").format(names=named, count=len(servers) - _MOST_NAMES)
    text = ngettext(
        "-# The console of {servers} is no longer shown here.",
        "-# The consoles of {servers} are no longer shown here.",
        len(servers),
    ).format(servers=named)
    if not waiting:
        return text
    left = ngettext(
        "{count} line that still waited may be missing.", "{count} lines that still waited may be missing.", waiting
    )
    return f"{text} {left.format(count=f'{waiting:,}')}"


def console_lost(server: str, since: datetime, reason: str) -> str:
    """Say that the console has been away for a while, and why: a sentence, or nothing."""
    text = (
        _("⚠ No console of **{server}** since {since}. {reason} I keep trying.")
        if reason
        else _("⚠ No console of **{server}** since {since}. I keep trying.")
    )
    return text.format(server=server, since=_clock(since), reason=_sentence(reason))


def console_back(server: str, away: timedelta, recovered: int, *, counted: bool = True) -> str:
    """Say that the console is back without a gap; not `counted` where some lines or all are not to be shown."""
    if recovered and not counted:
        text = _("✅ The console of **{server}** is back after {away}.")
    elif recovered:
        text = ngettext(
            "✅ The console of **{server}** is back after {away}; the {count} missed line follows.",
            "✅ The console of **{server}** is back after {away}; the {count} missed lines follow.",
            recovered,
        )
    else:
        text = _("✅ The console of **{server}** is back after {away}; nothing was missed.")
    return text.format(server=server, away=_duration(away), count=recovered)


def caught_up(server: str, since: datetime, recovered: int) -> str:
    """Say that the bot itself was away, and what follows now."""
    text = ngettext(
        "⏩ The bot was away; {count} line of **{server}** from after {since} follows.",
        "⏩ The bot was away; {count} lines of **{server}** from after {since} follow.",
        recovered,
    )
    return text.format(server=server, since=_clock(since), count=recovered)


def lines_in_file(count: int, since: datetime, until: datetime, warnings: int, errors: int, *, old: bool) -> str:
    """Say what is in the attached file. `old`: the lines waited long, else there were too many for messages."""
    trouble = _trouble(warnings, errors)
    if old:
        text = ngettext(
            "📎 **{count} line** could not be posted earlier, {since} to {until}: it is in the file ({trouble}).",
            "📎 **{count} lines** could not be posted earlier, {since} to {until}: all in the file ({trouble}).",
            count,
        )
        return text.format(count=f"{count:,}", since=_moment(since), until=_moment(until), trouble=trouble)
    text = ngettext(
        "📎 **{count} line** in {span}, too fast for messages: it is in the file ({trouble}).",
        "📎 **{count} lines** in {span}, too fast for messages: all in the file ({trouble}).",
        count,
    )
    span = _duration(max(until - since, timedelta(seconds=1)))
    return text.format(count=f"{count:,}", span=span, trouble=trouble)


def waited(since: datetime) -> str:
    """Say that the lines that follow are old."""
    return _("-# What follows is from {since} on: it could not be posted earlier.").format(since=_moment(since))


def message_refused() -> str:
    """Say that a message is missing here, of which nobody knows any more how many lines it had."""
    return _("⚠ Discord refused a message with console lines here.")


def lines_refused(count: int) -> str:
    """Say how many lines are missing here because Discord refused them."""
    return ngettext("⚠ Discord refused {count} line here.", "⚠ Discord refused {count} lines here.", count).format(
        count=count
    )


def told_refused(content: str) -> int:
    """Return how many lines a message of the bot's says to have been refused: in its own name, not in a console's."""
    total, in_block = 0, False
    for line in content.splitlines():
        if line.startswith("```"):  # no console line begins so, see `packing.pieces`
            in_block = not in_block
        found = _NUMBER.match(line)
        if found is not None and not in_block and len(found[1]) < _LONGEST_COUNT:
            count = int(found[1])
            total += count if line == lines_refused(count) else 0
    return total


def _trouble(warnings: int, errors: int) -> str:
    parts: list[str] = []
    if errors:
        parts.append(ngettext("{count} error", "{count} errors", errors).format(count=f"{errors:,}"))
    if warnings:
        parts.append(ngettext("{count} warning", "{count} warnings", warnings).format(count=f"{warnings:,}"))
    return ", ".join(parts) or _("no warnings, no errors")


def stopping() -> str:
    """Say why there is a file where messages would have done."""
    return _("The bot is stopping.")


def lines_missing(server: str, since: datetime, until: datetime, recovered: int) -> str:
    """Say that the console is back, and that not everything can be told."""
    text = _("⚠ The console of **{server}** is back; lines between {since} and {until} may be missing.").format(
        server=server, since=_clock(since), until=_clock(until)
    )
    if not recovered:
        return text
    found = ngettext("{count} missed line was found.", "{count} missed lines were found.", recovered)
    return f"{text} {found.format(count=recovered)}"


def parked(server: str, reason: str) -> str:
    """Say why there is no console for now."""
    text = _("⛔ There is no console of **{server}** for now: {reason}")
    return text.format(server=server, reason=_sentence(reason))


def lines_dropped(count: int) -> str:
    """Say that the bot could not keep up."""
    return ngettext(
        "✂ {count} line left out here: it came faster than the bot could take it.",
        "✂ {count} lines left out here: they came faster than the bot could take them.",
        count,
    ).format(count=count)


def lines_throttled(server: str) -> str:
    """Say that the node could not keep up."""
    return _(
        "✂ Lines of **{server}** are missing here, nobody knows how many: it printed faster than its node passes on."
    ).format(server=server)


def paused(server: str, until: datetime) -> str:
    """Say that lines are kept back from now on."""
    text = _("⏸ The console of **{server}** is paused until {until} ({span}): its lines are left out and counted.")
    return text.format(server=server, until=_moment(until), span=f"<t:{int(until.timestamp())}:R>")


def resumed(server: str, since: datetime, until: datetime, skipped: int, *, exact: bool) -> str:
    """Say that lines are shown again, and what was kept back; not `exact` where the bot itself was away meanwhile."""
    if not skipped:
        text = _("⏯ The console of **{server}** is shown again; nothing was left out between {since} and {until}.")
    elif exact:
        text = ngettext(
            "⏯ The console of **{server}** is shown again; {count} line was left out between {since} and {until}.",
            "⏯ The console of **{server}** is shown again; {count} lines were left out between {since} and {until}.",
            skipped,
        )
    else:
        text = ngettext(
            "⏯ The console of **{server}** is shown again; about {count} line was left out "
            "between {since} and {until}: the bot was restarted meanwhile.",
            "⏯ The console of **{server}** is shown again; about {count} lines were left out "
            "between {since} and {until}: the bot was restarted meanwhile.",
            skipped,
        )
    return text.format(server=server, count=skipped, since=_moment(since), until=_moment(until))


def install_started(server: str) -> str:
    """Say that an installation began."""
    return _("🛠 **{server}** is being installed").format(server=server)


def install_completed(server: str) -> str:
    """Say that an installation ended."""
    return _("🛠 The installation of **{server}** has ended").format(server=server)


def deleted(server: str) -> str:
    """Say that there is no such server any more."""
    return _("🗑 **{server}** was deleted on its node").format(server=server)


def _sentence(reason: str) -> str:
    return markdown.quoted(reason if len(reason) <= _LONGEST_REASON else reason[: _LONGEST_REASON - 1] + "…")


def _clock(moment: datetime) -> str:
    """Return a time that every reader sees in his own time zone."""
    return f"<t:{int(moment.timestamp())}:T>"


def _moment(moment: datetime) -> str:
    """Return a date and time that every reader sees in his own time zone."""
    return f"<t:{int(moment.timestamp())}:f>"


def _duration(length: timedelta) -> str:
    seconds = max(0, round(length.total_seconds()))
    if seconds < 120:
        return ngettext("{count} second", "{count} seconds", seconds).format(count=seconds)
    minutes = round(seconds / 60)
    if minutes < 120:
        return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)
    hours = round(minutes / 60)
    return ngettext("{count} hour", "{count} hours", hours).format(count=hours)
