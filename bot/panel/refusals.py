"""Every refusal a panel can give, judged by status, exception name and text, turned into one sentence each. Pure.

Sources: panel `app/Exceptions/Handler.php`, `app/Exceptions/Http/Connection/DaemonConnectionException.php`,
`app/Http/Middleware/Api/**`, `app/Http/Controllers/Api/Client/Servers/CommandController.php`; 0.7 `app/Exceptions/**`;
Pelican `app/Repositories/Daemon/*`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from bot.errors import (
    BusyReason,
    KeyRefused,
    NotAPanel,
    PanelBroken,
    PanelError,
    PanelUnreachable,
    RequestInvalid,
    ServerNotFound,
)
from bot.i18n import _
from bot.panel import sentences
from bot.panel.asked import Answer, Asked, Operation
from bot.panel.nodes import node_failure
from bot.panel.strangers import cannot_reach, node, stranger
from bot.terms import PanelKind


class Doubt(Enum):
    """What one further read can settle where the answer alone is ambiguous."""

    WHICH_STATE = "which state the server is in"
    KEY_OR_PERMISSION = "whether the key itself is refused"
    SERVER_OR_ROUTE = "whether the server or the route is missing"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error to raise, and what could still be found out to make it more precise."""

    error: PanelError
    doubt: Doubt | None = None


def judge(answer: Answer, asked: Asked) -> Refusal:
    """Return what a refused request means. 429 is the budget's business and does not come here."""
    if answer.from_panel and (failure := node_failure(answer, asked)) is not None:
        return Refusal(failure)
    if (of_node := node(answer)) is not None:
        return Refusal(of_node)
    if not answer.from_panel and (error := stranger(answer, asked)) is not None:
        return Refusal(error)
    rule = _RULES.get(answer.status)
    return rule(answer, asked) if rule is not None else Refusal(_unforeseen(answer, asked))


def _bad_request(answer: Answer, asked: Asked) -> Refusal:
    if answer.code == "TwoFactorAuthRequiredException":
        return Refusal(
            KeyRefused(
                _(
                    "The panel demands two-factor authentication, and the key's user has not set it up: do that in the "
                    "panel's account page; the key then works."
                )
            )
        )
    return _invalid(answer, asked)


def _unauthorised(_answer: Answer, _asked: Asked) -> Refusal:
    return Refusal(sentences.key_refused())


def _forbidden(answer: Answer, asked: Asked) -> Refusal:
    detail = answer.detail.lower()
    if "ip address" in detail:
        return Refusal(
            KeyRefused(
                _(
                    "The panel accepts this key only from certain IP addresses, and this bot's is not among them: "
                    "add it to the key's allowed addresses, or make a key without that list."
                )
            )
        )
    if "application api key" in detail:
        return Refusal(
            KeyRefused(
                _(
                    "That is an application key: the bot needs a client key, which you make under Account, API "
                    "Credentials in the panel."
                )
            )
        )
    if not asked.about_server:
        return Refusal(sentences.key_refused())
    if answer.code == "HttpForbiddenException" or "unauthorized" in detail:
        return Refusal(sentences.permission_missing(asked))
    # 0.7 and panels before 1.8 use the same words for a wrong key and for a missing permission.
    return Refusal(sentences.permission_missing(asked), Doubt.KEY_OR_PERMISSION)


def _not_found(answer: Answer, asked: Asked) -> Refusal:
    if not asked.about_server:
        return Refusal(
            NotAPanel(
                _(
                    "There is no client API at this address: check the panel's URL (Pterodactyl before 0.7.4 has no "
                    "such API at all)."
                )
            )
        )
    if answer.detail.startswith("The route "):
        return Refusal(sentences.not_in_this_version())
    doubt = Doubt.SERVER_OR_ROUTE if asked.operation is not Operation.SERVER else None
    if "does not exist on this server" in answer.detail:
        return Refusal(
            ServerNotFound(
                _(
                    "The key's panel user has no access to this server: its owner can add the user under Users in the "
                    "panel."
                )
            )
        )
    return Refusal(sentences.server_not_found(), doubt)


def _wrong_method(_answer: Answer, _asked: Asked) -> Refusal:
    return Refusal(
        NotAPanel(
            _(
                "Something in front of the panel changes requests on their way (often a redirect from http:// to "
                "https://): connect the panel with the exact address that the browser shows."
            )
        )
    )


def _conflict(answer: Answer, _asked: Asked) -> Refusal:
    detail = answer.detail.lower()
    words = {
        "suspended": BusyReason.SUSPENDED,
        "maintenance": BusyReason.MAINTENANCE,
        "installation": BusyReason.NOT_INSTALLED,
        "restoring": BusyReason.RESTORING,
        "transfer": BusyReason.TRANSFERRING,
    }
    reason = next((reason for word, reason in words.items() if word in detail), BusyReason.UNKNOWN)
    vague = reason in {BusyReason.UNKNOWN, BusyReason.NOT_INSTALLED}
    return Refusal(sentences.busy(reason), Doubt.WHICH_STATE if vague else None)


def _offline(answer: Answer, asked: Asked) -> Refusal:
    if asked.operation is Operation.COMMAND:
        return Refusal(sentences.server_offline())  # a proxy's own 502 was sorted out before
    return Refusal(_unforeseen(answer, asked))


def _session_mistaken(_answer: Answer, _asked: Asked) -> Refusal:
    return Refusal(
        PanelBroken(
            _(
                "The panel took the bot for a browser (error 419): a proxy in front of it adds cookies, Origin "
                "or Referer "
                "headers, which its administrator should switch off for /api."
            )
        )
    )


def _invalid(answer: Answer, _asked: Asked) -> Refusal:
    sentences = {
        "command": _("The panel does not accept this command: it must be one line that is not blank."),
        "signal": _("The panel does not know this power signal: its administrator may have to update the panel."),
    }
    default = _("The panel did not accept the request: tell the bot's owner, whose log says more.")
    return Refusal(RequestInvalid(sentences.get(answer.invalid_field, default)))


def _server_error(answer: Answer, asked: Asked) -> Refusal:
    if answer.code == "FatalThrowableError" and asked.about_server and asked.kind in {None, PanelKind.PTERODACTYL_0_7}:
        return Refusal(sentences.server_not_found())  # 0.7 trips over the server it did not find
    return Refusal(_unforeseen(answer, asked))


def _maintenance(answer: Answer, asked: Asked) -> Refusal:
    if answer.from_panel and not answer.code:
        return Refusal(cannot_reach(asked))  # a proxy that speaks JSON
    return Refusal(
        PanelUnreachable(
            _("The panel is in maintenance mode: try again once its administrator has finished the update."),
            passing=True,
        )
    )


def _timed_out(_answer: Answer, asked: Asked) -> Refusal:
    if asked.is_action:
        return Refusal(sentences.outcome_unknown())
    return Refusal(PanelUnreachable(_("The panel took too long to answer: try again in a minute."), passing=True))


def _unforeseen(answer: Answer, asked: Asked) -> PanelError:
    if answer.status >= 500:
        return PanelBroken(
            _(
                "The panel failed by itself (error {status}): try again, and tell its administrator if it stays so."
            ).format(status=answer.status)
        )
    return PanelBroken(
        _("The panel gave an answer that makes no sense here (HTTP {status} to {what}): tell the bot's owner.").format(
            status=answer.status, what=asked.operation.value
        )
    )


_RULES: dict[int, Callable[[Answer, Asked], Refusal]] = {
    400: _bad_request,
    401: _unauthorised,
    403: _forbidden,
    404: _not_found,
    405: _wrong_method,
    409: _conflict,
    412: _offline,
    419: _session_mistaken,
    422: _invalid,
    500: _server_error,
    502: _offline,
    503: _maintenance,
    504: _timed_out,
    520: _timed_out,
    524: _timed_out,
}
