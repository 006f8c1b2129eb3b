"""What may be sent to a panel at all: refused here with a sentence before anything reaches the network."""

import re

from bot.errors import KeyRefused, ServerNotFound
from bot.i18n import _

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY = re.compile(r"[!-~]{8,512}")


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
