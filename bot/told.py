"""Pure: which sentence of a failure is for whom. What only an admin can mend is not asked of anybody else."""

from bot.errors import BotError, ConsoleTimeout, KeyMissing, KeyRefused, NotAPanel, PanelUnreachable
from bot.i18n import _


def told(error: BotError, *, is_admin: bool) -> str:
    """Return the sentence for who asked: the error's own for whoever has Manage Server, who can act on it.

    Anybody else is told what it means for him and whom to ask: addresses, ports and keys are not his business.
    """
    if is_admin:
        return str(error)
    if isinstance(error, KeyMissing) or isinstance(error.__cause__, KeyMissing):
        return _(
            "The panel's key was deleted when I was removed from this Discord server: tell an admin here, who can "
            "enter it again."
        )
    if isinstance(error, KeyRefused):
        return _("The bot's key for this server's panel does not work any more: tell an admin here.")
    if isinstance(error, NotAPanel) or (isinstance(error, PanelUnreachable) and not error.passing):
        return _(
            "The bot cannot reach this server's panel just now: try again later. If it stays so, tell an admin here, "
            "or whoever hosts the server."
        )
    if isinstance(error, ConsoleTimeout):
        return _("{what} Try again later. If it stays so, tell an admin here.").format(what=error.brief)
    return str(error)
