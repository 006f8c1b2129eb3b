"""`python -m bot` runs the bot; `check` says what is wrong with a set-up, `adopt` hands the database to another bot.

Whatever keeps it from starting is one line on standard error and an exit code of its own:

====  =========================================================
code  meaning
====  =========================================================
0     ended as asked (SIGTERM, Ctrl-C); `check` found nothing wrong
1     an error nobody foresaw, its traceback in the log; `check` found something wrong
2     the settings (or the command line) cannot be used
3     DISCORD_TOKEN is missing, or Discord refuses it
4     Discord cannot be reached
5     the database cannot be opened
6     the database was made by a newer version of this program
7     the secret keys cannot be used, or do not fit what is stored
8     HTTP_LISTEN cannot be served
9     the database belongs to another Discord application than the token
====  =========================================================
"""

import argparse
import asyncio
import logging
import secrets
import sys

from bot.errors import ExitCode, StartupError
from bot.i18n import _
from bot.logs import register_secret, set_up_logs
from bot.settings import Settings, load_settings, require_token
from bot.terminal import bear_with_any_terminal, say

log = logging.getLogger(__name__)


def main() -> int:
    """Run what the command line asks for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bot", description=_("A Discord bot for game-server panels."))
    parser.add_argument("task", nargs="?", choices=["run", "check", "adopt"], default="run", help=_("default: run"))
    task = parser.parse_args().task
    bear_with_any_terminal()
    try:
        settings = load_settings()
        if settings.discord_token is not None:
            register_secret(settings.discord_token.get_secret_value())
        if task == "check":
            return _check(settings)
        if task == "adopt":
            return _adopt(settings)
        set_up_logs(settings.log_level, settings.log_format)
        _run(settings)
    except StartupError as error:
        say(str(error), aside=True)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.OK
    except Exception:  # the last resort: nobody should have to read a traceback to know what happened
        incident = secrets.token_hex(3).upper()
        log.critical("Incident %s", incident, exc_info=True)
        text = _("The bot stopped because of a bug (incident {incident}); the log has the details.")
        say(text.format(incident=incident), aside=True)
        return ExitCode.UNFORESEEN
    return ExitCode.OK


def _run(settings: Settings) -> None:
    require_token(settings)
    # Imported late: the line above should not have to wait for discord.py.
    from bot.app import run

    asyncio.run(run(settings))


def _check(settings: Settings) -> ExitCode:
    from bot.check import check
    from bot.discord_probe import what_is_not_given

    set_up_logs("error", settings.log_format)

    async def tell_all() -> bool:
        fine = True
        async for finding in check(settings, rights=what_is_not_given):
            say(str(finding))
            fine = fine and finding.fine
        return fine

    return ExitCode.OK if asyncio.run(tell_all()) else ExitCode.UNFORESEEN


def _adopt(settings: Settings) -> ExitCode:
    from bot.adopt import adopt

    set_up_logs("error", settings.log_format)
    say(asyncio.run(adopt(settings)))
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
