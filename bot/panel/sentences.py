"""The sentences for failures that more than one place can find out."""

from bot.errors import (
    BusyReason,
    KeyRefused,
    NotSupported,
    OutcomeUnknown,
    PanelBroken,
    PanelUnreachable,
    PermissionMissing,
    ServerBusy,
    ServerNotFound,
    ServerOffline,
)
from bot.i18n import _
from bot.panel.asked import AnswerTooLong, Asked
from bot.text.markdown import escape


def busy(reason: BusyReason) -> ServerBusy:
    """Return the error for a server in a state that forbids everything but looking at it."""
    return ServerBusy(_busy_sentences()[reason], reason=reason)


def key_refused() -> KeyRefused:
    """Return the error for a key the panel does not know."""
    return KeyRefused(
        _(
            "The panel does not accept this key. Usual causes: a typo, a deleted key, an application key in the place "
            "of a client key, or *Allowed IPs* without the bot's address. A new one is made in the panel under "
            "*Account → API Credentials*; for a connected panel, `/panel replace-key` takes it."
        )
    )


def closing() -> PanelUnreachable:
    """Return the error for what was asked while the bot goes down: nothing was sent."""
    return PanelUnreachable(_("The bot is going offline just now: try again when it is back."), passing=True)


def too_long() -> AnswerTooLong:
    """Return the error for an answer of which no end is in sight."""
    return AnswerTooLong(_("The panel's answer is far too long to be real: check the panel's address."))


def breaks_the_rules(host: str, complaint: str) -> PanelUnreachable:
    """Return the error for an answer that is HTTP, but not as it must be.

    `host` is Markdown. What stands behind the colon in the library's complaint are the panel's words: not repeated.
    """
    text = _(
        "The web server at {host} breaks the rules of HTTP ({reason}): tell your host, who must check it and the "
        "proxies in front of the panel."
    )
    return PanelUnreachable(text.format(host=host, reason=escape(complaint.partition(":")[0][:80])))


def unasked_packing() -> PanelBroken:
    """Return the error for a compression that the library unpacks on some machines alone."""
    return PanelBroken(
        _(
            "The panel's answer is compressed in a way that was not asked for: whoever runs the web server or proxy in "
            "front of the panel must change that."
        )
    )


def permission_missing(asked: Asked) -> PermissionMissing:
    """Return the error for a key whose panel user may not do this on this server."""
    return PermissionMissing(
        _(
            "The key's panel user lacks the permission “{permission}” on this server: its owner can give it under "
            "Users in the panel."
        ).format(permission=asked.permission or _("access"))
    )


def not_in_this_version() -> NotSupported:
    """Return the error for a route that this panel version does not have."""
    return NotSupported(
        _(
            "This panel's version does not offer that: its administrator would have to update it, or reconnect "
            "the panel here."
        )
    )


def server_not_found() -> ServerNotFound:
    """Return the error for a server that the panel does not have, or does not show to this key."""
    return ServerNotFound(
        _("The panel has no such server, or does not show it to this key: it may have been deleted; check the link.")
    )


def server_offline() -> ServerOffline:
    """Return the error for a command to a server that is not running."""
    return ServerOffline(_("The server is not running, so it cannot take commands: start it first."))


def outcome_unknown() -> OutcomeUnknown:
    """Return the error for an action that was sent and never answered."""
    return OutcomeUnknown(
        _(
            "It was sent, but the panel's answer never came: it may or may not have happened. Look at the "
            "server's state "
            "before you try again."
        )
    )


def _busy_sentences() -> dict[BusyReason, str]:
    return {
        BusyReason.SUSPENDED: _("The server is suspended; only your host can lift that."),
        BusyReason.MAINTENANCE: _(
            "The server's node is under maintenance: try again when its administrator has finished."
        ),
        BusyReason.INSTALLING: _("The server is being installed: try again when that is done."),
        BusyReason.INSTALL_FAILED: _(
            "The server's installation has failed: look at its settings in the panel, and reinstall it there."
        ),
        BusyReason.REINSTALL_FAILED: _(
            "Reinstalling the server has failed: look at its settings in the panel, and reinstall it there."
        ),
        BusyReason.NOT_INSTALLED: _(
            "The server's installation is not complete: wait for it, or look in the panel whether it has failed."
        ),
        BusyReason.RESTORING: _("The server is being restored from a backup: try again when that is done."),
        BusyReason.TRANSFERRING: _("The server is being moved to another node: try again when that is done."),
        BusyReason.UNKNOWN: _("The server is in a state that forbids this now: look in the panel what it is doing."),
    }
