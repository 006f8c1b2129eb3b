"""Answers that no panel wrote: login pages, redirects, proxies, firewalls and front pages. Pure."""

from bot.errors import BadInput, NotAPanel, PanelBroken, PanelError, PanelUnreachable
from bot.i18n import _
from bot.panel.asked import Answer, Asked, ConnectionHiccup
from bot.panel.urls import origin_of

_LONGEST_LOCATION = 2_000


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
    if answer.status in {502, 520, 521, 522, 523, 525, 526, 530} and not asked.is_action:
        return ConnectionHiccup(_cannot_reach())
    if answer.status in {502, 521, 522, 523, 525, 526, 530}:
        return PanelUnreachable(_cannot_reach())
    return None


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


def _cannot_reach() -> str:
    return _("The web server in front of the panel cannot reach it: its administrator must look; try again later.")


def _redirect(location: str) -> NotAPanel:
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
                origin=origin
            )
        )
    return NotAPanel(
        _("The address redirects elsewhere on the same site: connect the panel with the address it really has.")
    )
