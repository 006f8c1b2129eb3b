"""What may be sent to a panel at all: refused here with a sentence before anything reaches the network."""

import re
import unicodedata

from bot.errors import BadInput, KeyRefused, ServerNotFound
from bot.i18n import _

LONGEST_COMMAND = 2000
"""Characters. Wings' socket refuses frames over 4096 bytes, games' consoles far less; Discord's options end at 6000."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY = re.compile(r"[!-~]{8,512}")


def check_command(command: str) -> str:
    """Return the command as it will be sent, trimmed as the panel would; BadInput unless it is one line of text."""
    command = command.strip(" \t")
    if not command.strip():
        raise BadInput(_("The command is empty: type what you would type into the console."))
    # Zl and Zp are line ends too; Cf (format, e.g. the joiners inside emoji) is harmless to a console.
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp", "Cs"} for char in command):
        raise BadInput(
            _("A command is one line: leave out line breaks and control characters, and send one at a time.")
        )
    if len(command) > LONGEST_COMMAND:
        raise BadInput(_("The command is too long: at most {n} characters fit.").format(n=LONGEST_COMMAND))
    return command


def check_identifier(identifier: str) -> str:
    """Return a server's identifier if it can stand in a request path; ServerNotFound otherwise."""
    if not _IDENTIFIER.fullmatch(identifier):
        raise ServerNotFound(
            _(
                "No panel has a server with such an identifier: copy the short id from the server's address in "
                "the panel."
            )
        )
    return identifier


def check_key(key: str) -> str:
    """Return the key if it can stand in a header; KeyRefused otherwise. Old keys have no prefix: none is asked for."""
    if not _KEY.fullmatch(key):
        raise KeyRefused(
            _("That is no API key: copy it again from your account page in the panel (it starts with ptlc_ or pacc_).")
        )
    return key
