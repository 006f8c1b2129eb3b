"""What is said about relays: missing permissions, what a new one will do, and how each is doing."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import discord

from bot.discord_replies import clip
from bot.i18n import _, ngettext
from bot.services import RelayRow
from bot.store.values import LinkedServer, Relay
from bot.terms import RelayStyle
from bot.vitals import RelayHealth, RelayState
from cogs._render import code, safe, size, span

_MOST_NAMES = 10
_A_DAY = 24 * 60
"""In minutes."""


def added_text(relay: Relay, linked: LinkedServer) -> str:
    """Return what will happen from now on."""
    whole = relay.include is None and relay.exclude is None and not relay.collapse
    text = (
        _("✅ The console of **{server}** now goes to {channel}, every line in order.")
        if whole
        else _("✅ The console of **{server}** now goes to {channel}, in order.")
    )
    lines = [
        text.format(server=safe(linked.name), channel=f"<#{relay.channel_id}>"),
        _("Phones cannot show the colours; for readers on phones use `style:plain`.")
        if relay.style is RelayStyle.COLOUR
        else _("Lines are shown without colours."),
    ]
    if relay.include:
        lines.append(_("Only lines that match {pattern}.").format(pattern=code(relay.include, 200)))
    if relay.exclude:
        lines.append(_("Without lines that match {pattern}.").format(pattern=code(relay.exclude, 200)))
    if relay.collapse:
        lines.append(_("Identical lines in a row are shown once, with a count; the clock before them may differ."))
    if relay.redact:
        lines.append(_("IP addresses, e-mail addresses and tokens are masked."))
    return "\n".join(lines)


def removed_dead_text(linked: LinkedServer, count: int) -> str:
    """Return what was cleared away."""
    return ngettext(
        "The console of **{server}** no longer goes to {count} channel that was deleted. "
        "Its consoles in other channels stay; use the command once more to remove one.",
        "The console of **{server}** no longer goes to {count} channels that were deleted. "
        "Its consoles in other channels stay; use the command once more to remove one.",
        count,
    ).format(server=safe(linked.name), count=count)


def removed_text(servers: Sequence[str], channel_id: int) -> str:
    """Return whose consoles are not shown in the channel any more."""
    text = ngettext(
        "The console of {servers} no longer goes to {channel}.",
        "The consoles of {servers} no longer go to {channel}.",
        len(servers),
    )
    return text.format(servers=_named(servers), channel=f"<#{channel_id}>")


def paused_text(servers: Sequence[str], channel_id: int, until: datetime | None, *, minutes: int, here: bool) -> str:
    """Return what a pause (or, without an end, the end of one) means. `here`: it is about the channel of the reply."""
    channel = f"<#{channel_id}>"
    if until is None:
        text = ngettext(
            "▶ The console of {servers} is shown in {channel} again; what was left out is told there.",
            "▶ The consoles of {servers} are shown in {channel} again; what was left out is told there.",
            len(servers),
        )
        return text.format(servers=_named(servers), channel=channel)
    text = ngettext(
        "⏸ The console of {servers} is quiet in {channel} until {until} ({span}). "
        "Lines are counted, not shown; starts, stops and lost connections still are shown.",
        "⏸ The consoles of {servers} are quiet in {channel} until {until} ({span}). "
        "Lines are counted, not shown; starts, stops and lost connections still are shown.",
        len(servers),
    ).format(
        servers=_named(servers),
        channel=channel,
        until=discord.utils.format_dt(until, "t" if minutes < _A_DAY else "f"),
        span=discord.utils.format_dt(until, "R"),
    )
    end = (
        _("End it early: `/relay pause minutes:0`.")
        if here
        else _("End it early: `/relay pause minutes:0` in {channel}.")
    )
    return f"{text} {end.format(channel=channel)}"


def _named(servers: Sequence[str]) -> str:
    """Return the servers' names as Markdown, the first ones of very many."""
    names = ", ".join(f"**{safe(name)}**" for name in servers[:_MOST_NAMES])
    rest = len(servers) - _MOST_NAMES
    if rest <= 0:
        return names
    return ngettext("{names} and {count} more", "{names} and {count} more", rest).format(names=names, count=rest)


def relay_entry(row: RelayRow, *, now: datetime, rights: str | None = None) -> str:
    """Return a relay's lines in `/relay list`: short ones, so that a phone shows them. `now` is UTC.

    `rights`: what the bot cannot do in the channel.
    """
    lines = [f"**{safe(row.server_name)}** → <#{row.relay.channel_id}>", " · ".join(_settings(row.relay))]
    health = row.health
    if health is None:
        lines.append(_("not running; it starts within a minute"))
    else:
        lines += [" · ".join(_connection(health, now)), " · ".join(_counts(health)) or _("nothing delivered yet")]
        if health.queued_lines:
            waiting = ngettext("{count} line waiting ({size})", "{count} lines waiting ({size})", health.queued_lines)
            lines.append(waiting.format(count=_number(health.queued_lines), size=size(health.queued_bytes)))
    pause = row.relay.pause
    if pause is not None and pause.until > now:
        skipped = pause.skipped if health is None else max(pause.skipped, health.skipped)
        text = _("⏸ paused until {until}")
        if skipped:
            text = ngettext(
                "⏸ paused until {until}, {count} line left out so far",
                "⏸ paused until {until}, {count} lines left out so far",
                skipped,
            )
        lines.append(text.format(until=discord.utils.format_dt(pause.until, "f"), count=_number(skipped)))
    if health is not None and health.last_error:
        lines.append("⚠ " + clip(health.last_error, 300))
    if health is not None and health.again_at is not None:
        lines.append(_("I look again {when}").format(when=discord.utils.format_dt(health.again_at, "R")))
    if rights is not None:
        lines.append("⚠ " + rights)
    return "\n-# ".join(lines)


def _settings(relay: Relay) -> Iterator[str]:
    yield _("colour") if relay.style is RelayStyle.COLOUR else _("plain")
    yield _("masked") if relay.redact else _("**not masked**")
    if relay.collapse:
        yield _("repetitions counted")
    if relay.include:
        yield _("only {pattern}").format(pattern=code(relay.include, 80))
    if relay.exclude:
        yield _("without {pattern}").format(pattern=code(relay.exclude, 80))


def _connection(health: RelayHealth, now: datetime) -> Iterator[str]:
    if health.connected_since is not None:
        yield _("{state} for {age}").format(state=_state(health.state), age=span(now - health.connected_since))
    else:
        yield _state(health.state)
    if health.last_line_at is None:
        yield _("no line yet")
    else:
        yield _("last line {age} ago").format(age=span(now - health.last_line_at))
    if round(health.lag, 1):
        yield _("{seconds} s behind").format(seconds=f"{health.lag:.1f}")


def _counts(health: RelayHealth) -> Iterator[str]:
    if health.delivered:
        yield ngettext("{count} line delivered", "{count} lines delivered", health.delivered).format(
            count=_number(health.delivered)
        )
    if health.lost:
        yield ngettext("{count} line lost", "{count} lines lost", health.lost).format(count=_number(health.lost))
    if health.reconnects:
        reconnects = ngettext("{count} reconnect", "{count} reconnects", health.reconnects)
        yield reconnects.format(count=_number(health.reconnects))


def _state(state: RelayState) -> str:
    return {
        RelayState.CONNECTING: _("🟡 connecting"),
        RelayState.LIVE: _("🟢 live"),
        RelayState.LOST: _("🟠 lost, trying again"),
        RelayState.PARKED: _("🔴 not running"),
    }[state]


def _number(count: int) -> str:
    return f"{count:,}"
