"""What `/access` says."""

from collections.abc import Iterable

from bot.i18n import _
from bot.services import AccessCheck, AccessRow, GrantChange, Revoked
from bot.store.values import Grant, LinkedServer
from bot.terms import Action
from bot.text.command_patterns import limits, pattern_list
from cogs._render import safe

_MOST_TAKEN = 10


def action_list(actions: Iterable[Action]) -> str:
    """Return actions as the words that people type, in their order: they are names, not verbs."""
    chosen = frozenset(actions)
    return " · ".join(action.value for action in Action if action in chosen)


def role_mention(role_id: int, guild_id: int) -> str:
    """Return a mention that shows the role's name; nobody is pinged, because replies allow no mentions."""
    return "@everyone" if role_id == guild_id else f"<@&{role_id}>"


def granted_text(
    change: GrantChange, server: LinkedServer | None, *, any_linked: bool, panel_label: str | None = None
) -> str:
    """Return the reply to `/access grant`: what the role can do now, and what it could before.

    `panel_label`: of the panel whose key acts, where that is named by the grant.
    """
    before, after = change.before, change.after
    if server is not None:
        where = _("on **{server}**").format(server=safe(server.name))
    else:
        where = _("on every linked server") if any_linked else _("on every server that you link; none is linked yet")
    role = role_mention(after.role_id, after.guild_id)
    if before is not None and before == after:
        first = _("{role} could do that already, {where}: {actions}.")
    elif before is not None and before.actions != after.actions:
        first = _("✅ {role} can now do this, {where}: {actions}. (Before: {before}.)")
    else:
        first = _("✅ {role} can now do this, {where}: {actions}.")
    had = action_list(before.actions) if before is not None else ""
    by_key = " ".join((where, *_key_words(panel_label)))
    lines = [first.format(role=role, where=by_key, actions=action_list(after.actions), before=had)]
    lines += _commands_line(before, after)
    if change.wider is not None:
        there = _("on every linked server") if change.wider.server_id is None else where
        text = _("⚠️ Another grant lets {role} send any console command, {where}: these limits do not hold there.")
        lines.append(text.format(role=role, where=there))
    if after.role_id == after.guild_id:
        lines.append(_("⚠️ That role is everyone: every member of this Discord server may do it."))
    if change.unnamed:
        kept = action_list(change.unnamed)
        lines.append(_("-# What you did not name stays: {actions}. The button takes it away.").format(actions=kept))
    return "\n".join(lines)


def commands_text(patterns: Iterable[str]) -> str:
    """Return what patterns for `/command` mean; nothing where they let any command through."""
    limiting = limits(patterns)
    if not limiting:
        return ""
    text = _("Console commands allowed: {patterns}. Anything else is refused.")
    return text.format(patterns=pattern_list(limiting))


def _commands_line(before: Grant | None, after: Grant) -> Iterable[str]:
    if Action.COMMAND not in after.actions:
        return
    text = commands_text(after.commands)
    if before is None or Action.COMMAND not in before.actions or before.commands == after.commands:
        if text:
            yield text
        return
    had = limits(before.commands)
    former = pattern_list(had) if had else _("any command")
    yield _("{now} (Before: {before}.)").format(now=text or _("Any console command is allowed."), before=former)


def revoked_text(revoked: Revoked, role_id: int, guild_id: int, server: LinkedServer | None) -> str:
    """Return the reply to `/access revoke`: what was taken by name, and what holds all the same."""
    role, left = role_mention(role_id, guild_id), action_list(revoked.left)
    if server is None:
        if not revoked.taken:
            return _("{role} has no rights on any server, so there was nothing to take.").format(role=role)
        first = _("✅ {role} can no longer use any server. Taken:").format(role=role)
        entries = [
            f"{' '.join((servers_words(row), *_key_words(row.panel_label)))}: {action_list(row.grant.actions)}"
            for row in revoked.taken[:_MOST_TAKEN]
        ]
        if len(revoked.taken) > _MOST_TAKEN:
            entries.append(_("and {count} more").format(count=len(revoked.taken) - _MOST_TAKEN))
        return "\n-# ".join([first, *entries])
    name = safe(server.name)
    if not revoked.taken and not left:
        text = _("{role} has no rights on **{server}**, so there was nothing to take.")
    elif not revoked.taken:
        text = _(
            "{role} has no rights that name **{server}**, so nothing was taken. What it can do on every linked server "
            "holds there too: {left}. `/access revoke` without `server` takes that."
        )
    elif not left:
        text = _("✅ {role} can no longer use **{server}**. Taken: {taken}.")
    else:
        text = _(
            "✅ Taken from {role} on **{server}**: {taken}. What it can do on every linked server holds there still: "
            "{left}. `/access revoke` without `server` takes that too."
        )
    taken = action_list(action for row in revoked.taken for action in row.grant.actions)
    return text.format(role=role, server=name, taken=taken, left=left)


def servers_words(row: AccessRow) -> str:
    """Return which servers a grant is about."""
    return f"**{safe(row.server_name)}**" if row.server_name is not None else _("every linked server")


def _key_words(panel_label: str | None) -> Iterable[str]:
    """Yield by whose key a grant acts, where it names one."""
    if panel_label is not None:
        yield _("with the key of **{panel}**").format(panel=safe(panel_label))


def grant_entry(row: AccessRow, guild_id: int) -> str:
    """Return a grant's entry in `/access list`."""
    grant = row.grant
    lines = [f"{role_mention(grant.role_id, guild_id)} · {servers_words(row)}", action_list(grant.actions)]
    lines += _key_words(row.panel_label)
    if limits(grant.commands):
        lines.append(_("commands: {patterns}").format(patterns=pattern_list(grant.commands)))
    return "\n-# ".join(lines)


def check_text(member: str, linked: LinkedServer, found: AccessCheck, *, is_admin: bool, guild_id: int) -> str:
    """Return the reply to `/access check`; `member` is a mention."""
    names = {"member": member, "server": safe(linked.name)}
    if is_admin:
        text = _("{member} may do everything on **{server}**, by the *Manage Server* permission.")
        return text.format(**names)
    if not found.actions:
        text = _("{member} may do nothing on **{server}**: none of their roles has a grant. `/access grant` gives one.")
        return text.format(**names)
    lines = [_("{member} on **{server}**:").format(**names)]
    for action in Action:
        roles = ", ".join(role_mention(role_id, guild_id) for role_id in dict.fromkeys(found.reasons.get(action, ())))
        if action in found.actions:
            lines.append(_("✅ **{action}** by {roles}").format(action=action.value, roles=roles))
        else:
            lines.append(f"❌ {action.value}")
    if text := commands_text(found.commands):
        lines.append(text)
    if found.panel_labels:
        labels = ", ".join(f"**{safe(label)}**" for label in found.panel_labels)
        lines.append(_("Some of it with the key of {labels}.").format(labels=labels))
    return "\n".join(lines)
