"""Answers that no panel wrote: login pages, redirects, proxies, firewalls and front pages. Pure."""

import re

from bot.errors import BadInput, NotAPanel, PanelBroken, PanelError, PanelUnreachable, RateLimited
from bot.i18n import _
from bot.panel.asked import Answer, Asked, ConnectionHiccup
from bot.panel.urls import origin_of
from bot.text.markdown import escape

_LONGEST_LOCATION = 2_000
_GATES = re.compile(
    r"cloudflareaccess\.com|/cdn-cgi/access/|/outpost\.goauthentik\.io/|/application/o/authorize|/oauth2/(?:start|sign_in|auth)|"
    r"/protocol/openid-connect/|/login/oauth/authorize|[?&](?:rd|rm)=http|accounts\.google\.com|login\.microsoftonline\.com|"
    r"/_oauth|/saml2?/|authelia|keycloak",
    re.IGNORECASE,
)
"""Where those that ask for a log-in of their own send people: Cloudflare Access, authentik, oauth2-proxy, Authelia."""
_WINGS_WORDS = frozenset(
    {
        "You are not authorized to access this endpoint.",
        "The required authorization heads were not present in the request.",
    }
)


def stranger(answer: Answer, asked: Asked) -> PanelError | None:
    """Return the error for an answer without the panel's own error shape; None if the status alone tells enough."""
    if answer.status in {301, 302, 303, 307, 308}:
        return _redirect(answer.headers.get("Location", "")[:_LONGEST_LOCATION])
    if answer.headers.get("cf-mitigated") or "just a moment" in answer.text[:2000].lower():
        return NotAPanel(
            _(
                "Cloudflare wants a human in front of the panel, so the bot cannot pass: its administrator must "
                "exempt /api "
                "from the challenge."
            )
        )
    if answer.status == 401:
        return NotAPanel(
            _(
                "The web server in front of the panel asks for a password of its own: its administrator must "
                "exempt /api "
                "from it."
            )
            if "basic" in answer.headers.get("WWW-Authenticate", "").lower() or answer.is_web_page
            else _("Something that is not the panel's API refuses the bot: check the panel's address.")
        )
    if answer.status == 400:
        return NotAPanel(
            _(
                "The web server did not understand the request: check whether the panel's address starts with "
                "https:// or http://."
            )
        )
    if answer.status in {403, 406, 415, 451}:
        return NotAPanel(
            _(
                "A firewall in front of the panel turned the bot away: its administrator must let the bot "
                "through to /api."
            )
        )
    if answer.status in {404, 405, 410} and not answer.payload:
        return NotAPanel(_("A web server answered, but there is no panel at this address: check the panel's URL."))
    if answer.status in {409, 412, 422} and not answer.payload:
        return NotAPanel(
            _(
                "Something in front of the panel answered in its place (error {status}): its administrator must let "
                "the bot through to /api."
            ).format(status=answer.status)
        )
    return _proxy(answer, asked)


def _proxy(answer: Answer, asked: Asked) -> PanelError | None:
    """Return the error for what a proxy says of a panel that it does not reach."""
    if answer.status == 503 and _is_laravels_page(answer):
        return None
    unreached = {502, 503, 521, 522, 523, 525, 526, 530}
    if answer.status in unreached or (answer.status == 520 and not asked.is_action):
        return cannot_reach(asked)
    return None


def _is_laravels_page(answer: Answer) -> bool:
    """Whether it is the page that a panel in maintenance mode shows when it was rendered beforehand.

    Source: Laravel `resources/views/errors/minimal.blade.php`.
    """
    beginning = answer.text[:20_000]
    return "antialiased" in beginning and "nunito" in beginning.lower()


def not_the_api() -> NotAPanel:
    """Return the error for a page where JSON was due."""
    return NotAPanel(
        _(
            "A web page answered instead of the panel's API: check the panel's address; it is the one the panel "
            "itself has "
            "in the browser."
        )
    )


def noise_before_it() -> PanelBroken:
    """Return the error for PHP's own messages in front of the answer."""
    return PanelBroken(
        _(
            "The panel prints PHP messages before its answers, so that nobody can read them: its administrator must "
            "switch display_errors (php.ini) and APP_DEBUG (.env) off."
        )
    )


def too_many_for_a_proxy(retry_after: float) -> RateLimited:
    """Return the error for a 429 that the panel did not give."""
    text = _(
        "Something in front of the panel counts too many requests from this bot: its administrator must let the bot "
        "through to /api; trying again helps for a while."
    )
    return RateLimited(text, retry_after=retry_after)


def node(answer: Answer) -> NotAPanel | None:
    """Return the error for the answer of a node, whose address was taken for its panel's; None for any other's.

    Wings asks for its own token first, whatever the path: Wings `router/middleware/middleware.go` RequireAuthorization.
    It says which panel it belongs to: SetAccessControlHeaders.
    """
    payload = answer.payload or {}
    if answer.status not in {401, 403} or "errors" in payload or payload.get("error") not in _WINGS_WORDS:
        return None
    try:
        panel = origin_of(answer.headers.get("Access-Control-Allow-Origin", "")[:_LONGEST_LOCATION])
    except BadInput:
        panel = ""
    if panel:
        return NotAPanel(
            _(
                "That is the address of a node (Wings), not of the panel. The node says that its panel is at {panel}; "
                "use that one."
            ).format(panel=escape(panel))
        )
    return NotAPanel(
        _(
            "That is the address of a node (Wings), not of the panel: take the address at which you see the panel in "
            "your browser."
        )
    )


def cannot_reach(asked: Asked) -> PanelUnreachable:
    """Return the error for a proxy that does not reach the panel; a read may be tried again."""
    kind = PanelUnreachable if asked.is_action else ConnectionHiccup
    return kind(_cannot_reach(), passing=True)


def _cannot_reach() -> str:
    return _(
        "The web server in front of the panel cannot reach it: try again later, and tell your host if it stays so."
    )


def _redirect(location: str) -> NotAPanel:
    if _GATES.search(location):
        return NotAPanel(
            _(
                "Something in front of the panel wants people to log in first (Cloudflare Access, Authelia or the "
                "like), so the bot cannot pass: its administrator must exempt /api from that."
            )
        )
    if "/auth/login" in location or location.rstrip("/").endswith("/login"):
        return NotAPanel(
            _(
                "The panel sent its login page instead of an answer: check the panel's address, and that no "
                "proxy in front "
                "of it removes the Accept or Authorization header."
            )
        )
    try:
        origin = origin_of(location)
    except BadInput:
        origin = ""
    if origin:
        return NotAPanel(
            _("The address redirects to {origin}: connect the panel with the address it really has.").format(
                origin=escape(origin)
            )
        )
    return NotAPanel(
        _("The address redirects elsewhere on the same site: connect the panel with the address it really has.")
    )
