"""Failures behind the panel: the node's daemon is down, refuses the panel, or could not do it. Pure.

Sources: panel `app/Exceptions/Http/Connection/DaemonConnectionException.php`, `app/Repositories/Wings/*`;
Pelican `app/Repositories/Daemon/*` (Laravel's HTTP client exceptions); 0.7 uncaught Guzzle exceptions.
"""

import re

from bot.errors import NodeUnreachable
from bot.i18n import _
from bot.panel.asked import Answer, Asked, Operation

_NO_CONNECTION = {"ConnectionException", "ConnectException"}
_NODE_REFUSED = {"RequestException", "ClientException", "ServerException"}
_WINGS_STATUS = re.compile(r"\(code: (\d{3})\)")


def node_failure(answer: Answer, asked: Asked) -> NodeUnreachable | None:
    """Return the error if the panel says that the node, not the panel, is at fault; None otherwise."""
    code = answer.code
    if code in _NO_CONNECTION and answer.status == 500:
        return node_down()
    if code in _NODE_REFUSED and answer.status == 500:
        return NodeUnreachable(
            _(
                "The server's node refused or failed (on old panels a suspended server looks like this too): "
                "look at the "
                "server in the panel, and tell the node's administrator."
            )
        )
    if code != "DaemonConnectionException":
        return None
    return _wings_failure(answer, asked)


def node_down() -> NodeUnreachable:
    """Return the error for a node that does not answer the panel."""
    return NodeUnreachable(
        _(
            "The panel is fine, but the machine that runs this server does not answer. Try again later, or tell your "
            "host."
        )
    )


def _wings_failure(answer: Answer, asked: Asked) -> NodeUnreachable:
    """Judge by the status that Wings gave the panel, which `/resources` hides in the text behind a 504."""
    told = _WINGS_STATUS.search(answer.detail)
    status = int(told.group(1)) if told else answer.status
    if status in {401, 403}:
        return NodeUnreachable(
            _(
                "The server's node does not accept the panel's credentials: its administrator must copy the node's "
                "configuration from the panel to the node again."
            )
        )
    if status == 404:
        return NodeUnreachable(
            _("The server's node does not know this server: tell your host (restarting Wings often helps).")
        )
    if status == 500 and asked.operation is Operation.COMMAND:
        return NodeUnreachable(
            _(
                "The server's node could not pass the command on, perhaps because the server has never run: "
                "start it first."
            )
        )
    if 400 <= status < 500 or status == 500:
        return NodeUnreachable(
            _("The server's node reported a failure of its own: try again, and tell its administrator if it stays so.")
        )
    return node_down()
