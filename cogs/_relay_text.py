"""What is said about relays: missing permissions, what a new one will do, and how each fares."""

from datetime import datetime, timedelta

import discord

from bot.discord_replies import clip
from bot.i18n import _, ngettext
from bot.services import RelayRow
from bot.store.values import LinkedServer, Relay
from bot.terms import RelayStyle
from bot.vitals import RelayHealth
from cogs._render import code, safe, size, span


def missing_permissions(permissions: discord.Permissions, *, in_thread: bool) -> list[str]:
    """Return, in Discord's words, what the bot needs in a console channel and does not have."""
    may_send = permissions.send_messages_in_threads if in_thread else permissions.send_messages
    needed = {
        _("View Channel"): permissions.view_channel,
        _("Send Messages in Threads") if in_thread else _("Send Messages"): may_send,
        _("Attach Files"): permissions.attach_files,
    }
    return [] if permissions.administrator else [f"**{name}**" for name, granted in needed.items() if not granted]


def added_text(relay: Relay, linked: LinkedServer) -> str:
    """Return what will happen from now on."""
    lines = [
        _(
            "From now on every console line of **{server}** goes to {channel}, in order; "
            "where lines are lost, a notice says so."
        ).format(server=safe(linked.name), channel=f"<#{relay.channel_id}>"),
        _("Colours are shown on computers; phones show plain blocks better: `style:plain`.")
        if relay.style is RelayStyle.COLOUR
        else _("Lines are shown without colours."),
    ]
    if relay.include:
        lines.append(_("Only lines that match {pattern}.").format(pattern=code(relay.include, 200)))
    if relay.exclude:
        lines.append(_("Without lines that match {pattern}.").format(pattern=code(relay.exclude, 200)))
    if relay.redact:
        lines.append(_("IP addresses, e-mail addresses and tokens are masked."))
    return "\n".join(lines)


def relay_entry(row: RelayRow, *, now: datetime) -> str:
    """Return a relay's lines in `/relay list`: two or three short ones, so that a phone shows them. `now` is UTC."""
    title = f"**{safe(row.server_name)}** → <#{row.relay.channel_id}>"
    if row.health is None:
        return f"{title}\n-# {_('not running; it starts within a minute')}"
    lines = [title, " · ".join(_figures(row.health, now))]
    if row.health.last_error:
        lines.append(clip(row.health.last_error, 300))
    return "\n-# ".join(lines)


def _figures(health: RelayHealth, now: datetime) -> list[str]:
    figures = [safe(health.state, 60)]
    if health.last_line_at is None:
        figures.append(_("no line yet"))
    else:
        figures.append(_("last line {age} ago").format(age=span(now - health.last_line_at)))
    figures.append(_("lag {seconds:.1f} s").format(seconds=health.lag))
    if health.queued_lines:
        figures.append(_("{count} queued ({size})").format(count=health.queued_lines, size=size(health.queued_bytes)))
    figures.append(ngettext("{count} delivered", "{count} delivered", health.delivered).format(count=health.delivered))
    figures.append(ngettext("{count} lost", "{count} lost", health.lost).format(count=health.lost))
    figures.append(
        ngettext("{count} reconnect", "{count} reconnects", health.reconnects).format(count=health.reconnects)
    )
    if health.connected_since is not None:
        age: timedelta = now - health.connected_since
        figures.append(_("connected for {age}").format(age=span(age)))
    return figures
