"""Pure: how somebody who may not do a thing is told so. Members are; admins may do everything."""

from bot.i18n import _
from bot.terms import Action
from bot.text.markdown import escape


def may_not(action: Action, server: str) -> str:
    """Return the sentence for an action that no grant of theirs names; `server` is the name as it was given."""
    text = {
        Action.VIEW: _("You may not look at **{server}**: none of your roles allows it. {remedy}"),
        Action.START: _("You may not start **{server}**: none of your roles allows it. {remedy}"),
        Action.STOP: _("You may not stop **{server}**: none of your roles allows it. {remedy}"),
        Action.RESTART: _("You may not restart **{server}**: none of your roles allows it. {remedy}"),
        Action.KILL: _("You may not kill **{server}**: none of your roles allows it. {remedy}"),
        Action.SAY: _("You may not speak on **{server}**: none of your roles allows it. {remedy}"),
        Action.COMMAND: _("You may not send console commands to **{server}**: none of your roles allows it. {remedy}"),
        Action.CONSOLE: _("You may not read the console of **{server}**: none of your roles allows it. {remedy}"),
    }[action]
    return text.format(server=escape(server), remedy=_("An admin can change that with `/access grant`."))


def may_nowhere(action: Action) -> str:
    """Return the sentence for an action that no grant of theirs names on any server, though others are."""
    text = {
        Action.VIEW: _("You may not look at any server here: none of your roles allows it. {remedy}"),
        Action.START: _("You may not start any server here: none of your roles allows it. {remedy}"),
        Action.STOP: _("You may not stop any server here: none of your roles allows it. {remedy}"),
        Action.RESTART: _("You may not restart any server here: none of your roles allows it. {remedy}"),
        Action.KILL: _("You may not kill any server here: none of your roles allows it. {remedy}"),
        Action.SAY: _("You may not speak on any server here: none of your roles allows it. {remedy}"),
        Action.COMMAND: _(
            "You may not send console commands to any server here: none of your roles allows it. {remedy}"
        ),
        Action.CONSOLE: _("You may not read the console of any server here: none of your roles allows it. {remedy}"),
    }[action]
    return text.format(remedy=_("An admin can change that with `/access grant`."))


def has_no_server() -> str:
    """Return the sentence for a member whom no grant names on any server."""
    return _("You have no server here yet. An admin can give your role one with `/access grant`.")


def none_linked(*, is_admin: bool, any_panel: bool) -> str:
    """Return the sentence for a guild without linked servers, by who asks."""
    if not is_admin:
        return _("No server is linked here yet. Ask an admin to link one with `/server link`.")
    if any_panel:
        return _("No server is linked yet. `/server link` makes one of your panel's usable here.")
    return _("No server is linked yet. Start with `/panel connect`.")
