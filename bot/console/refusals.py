"""Why a console cannot be had: worth another try soon, or hopeless until somebody mends something. With sentences."""

from bot.errors import (
    AddressForbidden,
    BotError,
    BusyReason,
    ConsoleRefused,
    KeyRefused,
    NotSupported,
    PermissionMissing,
    ServerBusy,
    ServerNotFound,
)
from bot.i18n import _
from bot.text.markdown import escape


class Lost(Exception):
    """The connection ended or could not be made; trying again soon makes sense. The text is a sentence."""


class Hopeless(Exception):
    """Trying again soon is hopeless."""

    def __init__(self, error: BotError, *, for_good: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.for_good = for_good
        """True when not even a slow second look makes sense."""


def judge(error: BotError) -> Lost | Hopeless:
    """Tell which of the two a failed question to the panel, or a failed look-up of the node, is."""
    if isinstance(error, NotSupported):
        return Hopeless(error, for_good=True)
    if isinstance(
        error, AddressForbidden | ConsoleRefused | KeyRefused | PermissionMissing | ServerBusy | ServerNotFound
    ):
        return Hopeless(error)
    return Lost(str(error))


def suspended(name: str) -> Hopeless:
    """Close code 4409 (and 4400, which the panel's own page treats alike)."""
    return Hopeless(
        ServerBusy(
            _("{name} is suspended; only your host can lift that.").format(name=escape(name)),
            reason=BusyReason.SUSPENDED,
        )
    )


def deleted(name: str) -> Hopeless:
    """The node announced that the server is gone."""
    return Hopeless(
        ServerNotFound(
            _("{name} was deleted from its node: unlink it, unless it is being moved to another one.").format(
                name=escape(name)
            )
        )
    )


def moved(name: str) -> Lost:
    """A transfer moved on; what matters now happens on another node."""
    return Lost(_("{name} is being moved to another node.").format(name=escape(name)))


def unknown_to_node(name: str, node: str) -> Hopeless:
    """HTTP 404 in the handshake."""
    return Hopeless(
        ConsoleRefused(
            _(
                "The node at {node} does not know {name}, though the panel does: it may be in the middle of a transfer "
                "or badly deleted; tell your host if it stays so."
            ).format(node=escape(node), name=escape(name))
        )
    )


def origin_refused(node: str, origins: list[str]) -> Hopeless:
    """HTTP 403 in the handshake for every Origin we know."""
    return Hopeless(
        ConsoleRefused(
            _(
                "The node at {node} refuses the console because it expects another panel address than {origins}: "
                "connect the panel with the address in `remote` of the node's config.yml, "
                "or add ours to `allowed_origins` there."
            ).format(node=escape(node), origins=_(" and ").join(map(escape, origins)))
        )
    )


def bad_socket_url() -> Hopeless:
    """The panel's answer names no usable socket."""
    return Hopeless(
        ConsoleRefused(
            _(
                "The panel gave an address for the console that cannot be used: its administrators have to check the "
                "node's address in the panel."
            )
        )
    )


def no_connect_permission() -> Hopeless:
    """Also what a new Wings answers to an old panel whose tokens lack the scope (Wings 1.12.2, panel 1.12.3)."""
    return Hopeless(
        ConsoleRefused(
            _(
                "The node does not let this key's user into the console. Either the user lacks the permission "
                "“websocket.connect”, or the panel is older than its node: update the panel to 1.12.3 or newer."
            )
        )
    )


def other_server() -> Hopeless:
    """`server uuid mismatch`."""
    return Hopeless(ConsoleRefused(_("The node says the panel's ticket belongs to another server: tell your host.")))


def bad_signature() -> Hopeless:
    """`daemon error` in answer to `auth`: the token does not fit the node's secret."""
    return Hopeless(
        ConsoleRefused(
            _(
                "The node cannot verify the panel's ticket, so the node's token in its config.yml is not the panel's: "
                "copy the configuration from the panel again and restart Wings."
            )
        )
    )


def tickets_refused() -> Hopeless:
    """Two tickets in a row refused, each just issued."""
    return Hopeless(
        ConsoleRefused(
            _(
                "The node refuses even fresh tickets of the panel as too old: "
                "the clocks of panel and node differ, and their administrators have to set them."
            )
        )
    )


def handshake_sentence(node: str, status: int, body: str, *, secure: bool) -> str:
    """Say what a refused handshake means that may pass by itself."""
    if status == 400 and "too many open" in body.lower():
        return _(
            "{node} already has as many consoles of this server open as it allows: "
            "close some browser tabs that show the panel."
        ).format(node=escape(node))
    if status == 400 and not secure and "https" in body.lower():
        return _(
            "{node} expects encrypted connections, but the panel says it does not: "
            "the panel's administrators have to switch the node to SSL in the panel."
        ).format(node=escape(node))
    if 300 <= status < 400:
        return _(
            "{node} redirects the console elsewhere, which is not followed: a proxy before the node is set up wrongly."
        ).format(node=escape(node))
    if status == 429:
        return _("{node} counts too many requests: a proxy before the node limits them.").format(node=escape(node))
    if status in {403, 503} and is_page(body):
        return _(
            "A proxy before {node} blocks the console: whoever runs the node has to let the bot's address through."
        ).format(node=escape(node))
    if status >= 500:
        return _("{node} is out of order, or the proxy before it does not reach it (status {status}).").format(
            node=escape(node), status=status
        )
    return _("{node} refuses the console (status {status}): tell your host.").format(node=escape(node), status=status)


def is_page(body: str) -> bool:
    """Whether an answer is a web page, so that a proxy gave it and not Wings."""
    return "<html" in body.lower() or "<!doctype" in body.lower()


def too_long() -> str:
    """Say that the connection was ended because of what the node sent."""
    return _(
        "The node sent a message longer than any that Wings sends, so the connection was ended: "
        "whoever runs the node has to look."
    )


def closed_sentence(code: int | None) -> str:
    """Say what the end of a connection means."""
    if code == 1001:
        return _("The node closed the console; it is probably restarting.")
    if code == 1009:
        return _("The node closed the console because a message was too long.")
    return _("The connection to the node was cut.")
